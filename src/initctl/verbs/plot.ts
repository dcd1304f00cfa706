import { EXIT } from '../exit-status.ts';
import { hasOption } from '../options.ts';
import { bootPicture } from '../text/boot-times.ts';
import { print, printJson, type Verb } from '../verb.ts';
import { bootChart } from './boot-chart.ts';

export const plot: Verb = {
  name: 'plot',
  aliases: [],
  group: 'Explanations',
  synopsis: '',
  summary: 'Print a picture of the boot as SVG',
  operand: 'none',
  options: ['json'],
  runs: 'manager',
  *run(call) {
    const chart = yield* bootChart();
    if (chart === null) return EXIT.failed;
    if (hasOption(call.options, 'json')) yield* printJson(chart);
    else yield* print(bootPicture(chart));
    return EXIT.done;
  },
};
