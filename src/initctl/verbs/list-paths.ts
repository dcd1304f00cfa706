import { EXIT } from '../exit-status.ts';
import { hasOption, optionList } from '../options.ts';
import { renderTable, type Cell } from '../text/table.ts';
import { harmless } from '../text/width.ts';
import { complain, print, printJson, request, type Verb } from '../verb.ts';
import { elasticity, kindFooter, wantsLegend } from '../list-layout.ts';
import { checkOutputFormat, jsonFormat, printJsonTable } from '../json-table.ts';

export const listPaths: Verb = {
  name: 'list-paths',
  aliases: ['paths'],
  group: 'Units',
  synopsis: '[PATTERN…]',
  summary: 'List watched paths',
  operand: 'patterns',
  options: ['all', 'state', 'no-legend', 'output', 'json'],
  runs: 'manager',
  *run(call) {
    const wrong = yield* checkOutputFormat(call);
    if (wrong !== null) return wrong;
    const all = hasOption(call.options, 'all');
    const reply = yield* request('list-paths', { patterns: call.words, all, states: optionList(call.options, 'state') });
    if (!reply.ok) {
      yield* complain(reply.failure.message);
      return EXIT.failed;
    }
    const { paths } = reply.value;
    if (hasOption(call.options, 'json')) {
      yield* printJson(paths);
      return EXIT.done;
    }
    const format = jsonFormat(call);
    if (format !== null) {
      yield* printJsonTable(format, paths.map((watch) => ({ path: watch.path, condition: watch.condition, unit: watch.unit, activates: watch.activates })));
      return EXIT.done;
    }
    const legend = wantsLegend(call);
    const rows = paths.map((watch): Cell[] => [
      { text: harmless(watch.path) }, { text: watch.condition }, { text: watch.unit }, { text: watch.activates },
    ]);
    if (rows.length > 0 || legend) {
      yield* print(renderTable({ header: legend ? ['PATH', 'CONDITION', 'UNIT', 'ACTIVATES'] : null, rows, ...elasticity(call) }, call.terminal));
    }
    if (!legend) return EXIT.done;
    yield* print(kindFooter(call, paths.length, 'paths'));
    return EXIT.done;
  },
};
