import type { TimerSummary } from '../../control/answers.ts';
import { EXIT } from '../exit-status.ts';
import { hasOption, optionList } from '../options.ts';
import { formatAgo } from '../text/duration.ts';
import { formatInstant } from '../text/instant.ts';
import { dashed, renderTable, type Cell } from '../text/table.ts';
import { complain, print, printJson, request, type Verb } from '../verb.ts';
import { elasticity, kindFooter, wantsLegend } from '../list-layout.ts';
import { checkOutputFormat, jsonFormat, printJsonTable } from '../json-table.ts';

export const listTimers: Verb = {
  name: 'list-timers',
  aliases: ['timers'],
  group: 'Units',
  synopsis: '[PATTERN…]',
  summary: 'List timers, the one that elapses next first',
  operand: 'patterns',
  options: ['all', 'state', 'no-legend', 'output', 'json'],
  runs: 'manager',
  *run(call) {
    const wrong = yield* checkOutputFormat(call);
    if (wrong !== null) return wrong;
    const all = hasOption(call.options, 'all');
    const reply = yield* request('list-timers', { patterns: call.words, all, states: optionList(call.options, 'state') });
    if (!reply.ok) {
      yield* complain(reply.failure.message);
      return EXIT.failed;
    }
    const { timers, nowUsec } = reply.value;
    if (hasOption(call.options, 'json')) {
      yield* printJson(timers);
      return EXIT.done;
    }
    const format = jsonFormat(call);
    if (format !== null) {
      yield* printJsonTable(format, timers.map((timer) => ({ next: timer.nextUsec ?? 0, left: timer.nextUsec ?? 0, last: timer.lastUsec ?? 0, passed: timer.lastUsec ?? 0, unit: timer.unit, activates: timer.activates === '' ? null : timer.activates })));
      return EXIT.done;
    }
    const legend = wantsLegend(call);
    const rows = timers.map((timer): Cell[] => [
      { text: instantOrDash(timer.nextUsec) }, { text: agoOrDash(timer.nextUsec, nowUsec) },
      { text: instantOrDash(timer.lastUsec) }, { text: agoOrDash(timer.lastUsec, nowUsec) },
      { text: timer.unit }, dashed(timer.activates),
    ]);
    if (rows.length > 0 || legend) {
      yield* print(renderTable({ header: legend ? ['NEXT', 'LEFT', 'LAST', 'PASSED', 'UNIT', 'ACTIVATES'] : null, rows, ...elasticity(call) }, call.terminal));
    }
    if (!legend) return EXIT.done;
    yield* print(kindFooter(call, timers.length, 'timers'));
    return EXIT.done;
  },
};

function instantOrDash(usec: TimerSummary['nextUsec']): string {
  return usec === null ? '-' : formatInstant(usec);
}

function agoOrDash(usec: TimerSummary['nextUsec'], nowUsec: number): string {
  return usec === null ? '-' : formatAgo(usec, nowUsec);
}
