/** The runlevel of old: which of the targets that stand for them is reached. Source: runlevel(8). */
import { EXIT, exitStatusOfFailure } from '../exit-status.ts';
import { hasOption } from '../options.ts';
import { complain, print, printJson, request, type Verb } from '../verb.ts';

/** The highest that is reached counts. */
const LEVELS = [['graphical.target', '5'], ['multi-user.target', '3'], ['rescue.target', '1']] as const;

export const runlevel: Verb = {
  name: 'runlevel',
  aliases: [],
  group: 'Manager',
  synopsis: '',
  summary: 'Print the runlevel before this one, which nobody knows, and the present one',
  operand: 'none',
  options: ['json'],
  runs: 'manager',
  *run(call) {
    const reply = yield* request('list-units', { patterns: LEVELS.map(([target]) => target) });
    if (!reply.ok) {
      yield* complain(reply.failure.message);
      return exitStatusOfFailure(reply.failure.name, call.program);
    }
    const reached = new Set(reply.value.units.filter(({ active }) => active === 'active').map(({ unit }) => unit));
    const level = LEVELS.find(([target]) => reached.has(target))?.[1] ?? null;
    if (hasOption(call.options, 'json')) yield* printJson({ runlevel: level });
    else yield* print(level === null ? 'unknown' : `N ${level}`);
    return level === null ? EXIT.failed : EXIT.done;
  },
};
