import { hasOption } from '../options.ts';
import { EXIT } from '../exit-status.ts';
import { complain, runProgram, type Verb } from '../verb.ts';

export const replay: Verb = {
  name: 'replay',
  aliases: [],
  group: 'Tools',
  synopsis: 'FILE',
  summary: 'Take the steps of a recorded life of the manager again, and say which of them is wrong',
  operand: 'free',
  options: ['all', 'json'],
  runs: 'node',
  *run(call) {
    const [file] = call.words;
    if (file === undefined || call.words.length > 1) {
      yield* complain('One FILE is to be given: what a manager left below lives/ in its runtime directory.');
      return EXIT.usage;
    }
    return yield* runProgram('simulate', ['replay', ...(['json', 'all'] as const).flatMap((name) => (hasOption(call.options, name) ? [`--${name}`] : [])), '--', file]);
  },
};
