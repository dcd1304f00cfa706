import { EXIT } from '../exit-status.ts';
import { hasOption } from '../options.ts';
import { criticalChain as chainOf, spanText } from '../text/boot-times.ts';
import { paint } from '../text/style.ts';
import { unitArgument } from '../unit-argument.ts';
import { complain, print, printJson, type Verb } from '../verb.ts';
import { bootChart } from './boot-chart.ts';

/** Source: systemd-analyze(1), critical-chain. */
export const criticalChain: Verb = {
  name: 'critical-chain',
  aliases: [],
  group: 'Explanations',
  synopsis: '[UNIT]',
  summary: 'Show the units that one after another decided when a unit was up',
  operand: 'unit-optional',
  options: ['json'],
  runs: 'manager',
  *run(call) {
    const chart = yield* bootChart();
    if (chart === null) return EXIT.failed;
    const wanted = call.words[0] === undefined ? chart.root : unitArgument(call.words[0]);
    const chain = chainOf(chart, wanted);
    if (chain.length === 0) {
      yield* complain(`${wanted} has not been started.`);
      return EXIT.failed;
    }
    if (hasOption(call.options, 'json')) {
      yield* printJson(chain);
      return EXIT.done;
    }
    yield* print('"@" is when a unit was up, "+" how long its start took.\n');
    const arrow = call.terminal.unicode ? '└─' : '`-';
    for (const [depth, link] of chain.entries()) {
      const took = link.tookUsec < 1000 ? '' : paint(call.terminal, 'warn', ` +${spanText(link.tookUsec)}`);
      yield* print(`${depth === 0 ? '' : `${'  '.repeat(depth - 1)}${arrow}`}${link.unit} @${spanText(link.readyUsec)}${took}`);
    }
    return EXIT.done;
  },
};
