import { hasOption, optionText } from '../options.ts';
import { runProgram, type Verb } from '../verb.ts';

const FLAGS = ['json', 'all', 'quiet', 'user'] as const;

/** The simulator is a program of its own: neither the manager nor its clients carry it. */
export const simulate: Verb = {
  name: 'simulate',
  aliases: [],
  group: 'Tools',
  synopsis: '--units=DIR --script=FILE',
  summary: 'Run unit files on a virtual clock, with programs that do what a script says',
  operand: 'none',
  options: ['units', 'script', 'all', 'quiet', 'json'],
  runs: 'node',
  *run(call) {
    const given = (['units', 'script'] as const).flatMap((name) => {
      const value = optionText(call.options, name);
      return value === null ? [] : [`--${name}=${value}`];
    });
    const flags = FLAGS.flatMap((name) => (hasOption(call.options, name) ? [`--${name}`] : []));
    return yield* runProgram('simulate', ['units', ...given, ...flags]);
  },
};
