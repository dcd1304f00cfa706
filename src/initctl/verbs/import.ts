import { hasOption, optionText } from '../options.ts';
import { runProgram, type Verb } from '../verb.ts';

const FLAGS = ['json', 'dry-run', 'force', 'user'] as const;

/** Other managers' files are understood by their front ends, in a program of their own: neither the manager nor its clients carry that. */
export const importVerb: Verb = {
  name: 'import',
  aliases: [],
  group: 'Tools',
  synopsis: 'FORMAT FILE…',
  summary: 'Write units that mean the same as files of another service manager',
  operand: 'free',
  options: ['units', 'dry-run', 'force', 'user', 'json'],
  runs: 'node',
  *run(call) {
    const units = optionText(call.options, 'units');
    const flags = FLAGS.flatMap((name) => (hasOption(call.options, name) ? [`--${name}`] : []));
    return yield* runProgram('front', ['import', ...(units === null ? [] : [`--units=${units}`]), ...flags, '--', ...call.words]);
  },
};
