/** `list-units --not-started`: every unit that is down, with the reason. */
import { EXIT } from './exit-status.ts';
import { hasOption, optionList } from './options.ts';
import { toneOf } from './text/style.ts';
import { renderTable, type Cell } from './text/table.ts';
import { harmless } from './text/width.ts';
import { unitArgument } from './unit-argument.ts';
import { complain, print, printJson, request, type Invocation, type VerbRun } from './verb.ts';

export function* listNotStarted(call: Invocation): VerbRun {
  const reply = yield* request('not-started', { patterns: call.words.map((word) => unitArgument(word)), types: optionList(call.options, 'type') });
  if (!reply.ok) {
    yield* complain(reply.failure.message);
    return EXIT.failed;
  }
  const { units } = reply.value;
  if (hasOption(call.options, 'json')) {
    yield* printJson(units);
    return EXIT.done;
  }
  const rows = units.map((unit): Cell[] => {
    const place = unit.origin === null || unit.origin === 'default' || unit.origin === 'implicit' ? '' : ` (${unit.origin})`;
    const root = unit.rootUnit === null ? '' : `; ${unit.rootUnit === unit.unit ? '' : `${unit.rootUnit} `}${unit.rootReason ?? ''}`;
    return [{ text: unit.unit }, { text: unit.active, tone: toneOf(unit.active) }, { text: harmless(`${unit.reason}${place}${root}`) }];
  });
  const legend = !hasOption(call.options, 'no-legend');
  if (rows.length > 0) yield* print(renderTable({ header: legend ? ['UNIT', 'ACTIVE', 'WHY'] : null, rows, elastic: hasOption(call.options, 'full') ? [] : [2] }, call.terminal));
  if (legend) yield* print(`${rows.length === 0 ? '' : '\n'}${String(rows.length)} loaded units are not running.`);
  return EXIT.done;
}
