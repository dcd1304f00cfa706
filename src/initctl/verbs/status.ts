import type { ManagerAnswer, UnitStatusAnswer } from '../../control/answers.ts';
import { formatInstant } from '../text/instant.ts';
import type { Usec } from '../../base/brand.ts';
import { formatTimeSpan } from '../../core/time/time-span.ts';
import { EXIT } from '../exit-status.ts';
import { countOption, hasOption, optionList, optionText } from '../options.ts';
import { renderStatus } from '../status-text.ts';
import type { Terminal } from '../terminal.ts';
import { formatAgo } from '../text/duration.ts';
import { processTree } from '../process-tree.ts';
import { dotOf, paint } from '../text/style.ts';
import { checkOutputFormat } from '../json-table.ts';
import { reloadWarning } from '../reload-warning.ts';
import { checkFilters, UNIT_STATES } from '../unit-filters.ts';
import { unitArguments } from '../unit-argument.ts';
import { complain, print, printJson, request, type Invocation, type Verb, type VerbRun } from '../verb.ts';

/** As many lines of log as systemctl shows. */
const LOG_LINES = 10;
/** "Processes:" and its kin end in one column. */
const LABEL_WIDTH = 11;
const LOG_LINES_MAX = 10_000;

export const status: Verb = {
  name: 'status',
  aliases: [],
  group: 'Units',
  synopsis: '[UNIT…|PID…]',
  summary: 'Show what units are doing, with the end of their log',
  operand: 'units-optional',
  options: ['all', 'lines', 'full', 'output', 'quiet', 'state', 'failed', 'type', 'json'],
  runs: 'manager',
  *run(call) {
    const wrong = yield* checkOutputFormat(call);
    if (wrong !== null) return wrong;
    if (call.words.length > 0) return yield* unitStatus(call, call.words);
    const states = [...optionList(call.options, 'state'), ...(hasOption(call.options, 'failed') ? ['failed'] : [])];
    const types = optionList(call.options, 'type');
    if (states.length === 0 && types.length === 0) return yield* managerStatus(call);
    const filters = yield* checkFilters(call, UNIT_STATES);
    if (filters !== null) return filters;
    const reply = yield* request('list-units', { all: states.length > 0 || hasOption(call.options, 'all'), states, types });
    if (!reply.ok) {
      yield* complain(reply.failure.message);
      return EXIT.failed;
    }
    return reply.value.units.length === 0 ? EXIT.done : yield* unitStatus(call, reply.value.units.map(({ unit }) => unit));
  },
};

function* unitStatus(call: Invocation, words: readonly string[]): VerbRun {
  const lines = Number(optionText(call.options, 'lines') ?? LOG_LINES);
  if (!Number.isInteger(lines) || lines < 0 || lines > LOG_LINES_MAX) {
    yield* complain(`Failed to parse lines '${optionText(call.options, 'lines') ?? ''}': it is a whole number up to ${LOG_LINES_MAX}`);
    return EXIT.usage;
  }
  const reply = yield* request('status', { units: words.map((word) => (/^\d+$/.test(word) ? word : unitArguments([word])[0] as string)) });
  if (!reply.ok) {
    yield* complain(reply.failure.message);
    return reply.failure.name === 'no-such-unit' && call.program !== 'systemctl' ? EXIT.noSuchUnit : EXIT.failed;
  }
  const { units, missing, meant } = reply.value;
  if (hasOption(call.options, 'json')) {
    yield* printJson(units);
  } else {
    const style = { terminal: call.terminal, full: hasOption(call.options, 'full'), conditions: call.program === 'systemctl' ? 'failed' : 'all', plainReasons: call.program === 'systemctl' } as const;
    for (const [index, unit] of units.entries()) {
      if (index > 0) yield* print('\n');
      yield* print(renderStatus(unit, style));
      if (unit.needsReload) yield* complain(paint(call.terminal, 'warn', reloadWarning(call, unit.unit)));
      if (lines > 0 && unit.load !== 'not-found' && countOption(call.options, 'quiet') === 0) {
        yield { step: 'log', tail: { unit: unit.unit, invocationId: unit.invocationId, lines, output: optionText(call.options, 'output') ?? 'short' } };
      }
    }
  }
  for (const unit of missing) yield* complain(`${paint(call.terminal, 'bad', `Unit ${unit} could not be found.`)}${meant[unit] === undefined ? '' : ` Did you mean ${meant[unit]}?`}`);
  return exitStatus(units, missing);
}

/** Source: systemctl(1), "Exit status". The first unit that is not active decides. */
function exitStatus(units: readonly UnitStatusAnswer[], missing: readonly string[]): number {
  if (missing.length > 0) return EXIT.noSuchUnit;
  for (const unit of units) {
    // A unit whose file is gone may still be active.
    if (unit.load === 'not-found' && unit.active === 'inactive') return EXIT.noSuchUnit;
    if (!['active', 'reloading'].includes(unit.active)) return EXIT.notActive;
  }
  return EXIT.done;
}

function* managerStatus(call: Invocation): VerbRun {
  const reply = yield* request('manager', {});
  if (!reply.ok) {
    yield* complain(reply.failure.message);
    return EXIT.failed;
  }
  if (hasOption(call.options, 'json')) {
    yield* printJson(reply.value);
    return EXIT.done;
  }
  yield* print(renderManager(reply.value, call.terminal));
  const groups = yield* request('process-groups', {});
  if (groups.ok) {
    const indent = ' '.repeat(LABEL_WIDTH + 2);
    const lines = processTree(groups.value.groups, { terminal: call.terminal, full: hasOption(call.options, 'full'), indent: indent.length });
    yield* print([...lines, ...(groups.value.truncated ? ['… and more'] : [])].map((line) => `${indent}${line}\n`).join(''));
  }
  if (!hasOption(call.options, 'all')) return EXIT.done;
  const units = yield* request('list-units', { all: true });
  if (!units.ok) return EXIT.failed;
  yield* print('\n');
  return yield* unitStatus(call, units.value.units.filter(({ load }) => load !== 'not-found').map(({ unit }) => unit));
}

export function renderManager(manager: ManagerAnswer, terminal: Terminal): string {
  const failed = manager.failedUnits.length;
  const tone = manager.state === 'running' ? 'good' : manager.state === 'degraded' ? 'bad' : 'warn';
  const lines: [string, string][] = [
    ['State', paint(terminal, tone, manager.state)],
    ['Units', `${manager.units} loaded`],
    ['Jobs', `${manager.jobs} queued`],
    ['Failed', paint(terminal, failed > 0 ? 'bad' : 'plain', `${failed} unit${failed === 1 ? '' : 's'}`)],
    ...manager.failedUnits.slice(0, 10).map((unit): [string, string] => ['', `${paint(terminal, 'bad', dotOf(terminal, 'failed'))} ${unit}`]),
    ['Since', `${formatInstant(manager.startedUsec)}; ${formatAgo(manager.startedUsec, manager.nowUsec)}`],
    ['Boot', manager.bootDurationUsec === null ? `starting ${manager.bootUnit}` : `${manager.bootUnit} reached in ${formatTimeSpan(manager.bootDurationUsec as Usec, 1000 as Usec)}`],
    ['Processes', String(manager.processes)],
    ['Version', `heartwood ${manager.version}, ${manager.mode} mode, pid ${manager.pid}`],
    ['CGroup', manager.controlGroup ?? 'none: processes are tracked by descent'],
  ];
  const head = `${paint(terminal, tone, dotOf(terminal, failed > 0 ? 'failed' : 'active'))} heartwood`;
  return [head, ...lines.map(([label, text]) => (label === '' ? ' '.repeat(LABEL_WIDTH + 2) + text : `${label.padStart(LABEL_WIDTH)}: ${text}`))].map((line) => `${line}\n`).join('');
}
