import { EXIT } from '../exit-status.ts';
import { hasOption } from '../options.ts';
import { spanText, startupUsec } from '../text/boot-times.ts';
import { renderTable } from '../text/table.ts';
import { print, printJson, type Verb } from '../verb.ts';
import { bootChart } from './boot-chart.ts';

/** Source: systemd-analyze(1), blame. */
export const blame: Verb = {
  name: 'blame',
  aliases: [],
  group: 'Explanations',
  synopsis: '',
  summary: 'List units by how long their last start took',
  operand: 'none',
  options: ['json'],
  runs: 'manager',
  *run(call) {
    const chart = yield* bootChart();
    if (chart === null) return EXIT.failed;
    const timed = chart.units.flatMap((unit) => {
      const tookUsec = startupUsec(unit);
      return tookUsec === null || tookUsec === 0 ? [] : [{ unit: unit.unit, tookUsec }];
    }).sort((a, b) => b.tookUsec - a.tookUsec);
    if (hasOption(call.options, 'json')) yield* printJson(timed);
    else if (timed.length > 0) yield* print(renderTable({ header: null, rows: timed.map((unit) => [{ text: spanText(unit.tookUsec) }, { text: unit.unit }]), right: [0] }, call.terminal));
    return EXIT.done;
  },
};
