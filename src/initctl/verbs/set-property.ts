import { EXIT, exitStatusOfFailure } from '../exit-status.ts';
import { hasOption } from '../options.ts';
import { unitArgument } from '../unit-argument.ts';
import { complain, printJson, request, type Verb } from '../verb.ts';

export const setProperty: Verb = {
  name: 'set-property',
  aliases: [],
  group: 'Units',
  synopsis: 'UNIT NAME=VALUE…',
  summary: 'Set limits and weights of a unit, at once and for later',
  operand: 'units',
  options: ['runtime', 'json'],
  runs: 'manager',
  *run(call) {
    const [word = '', ...assignments] = call.words;
    if (assignments.length === 0) {
      yield* complain('Too few arguments.');
      return call.program === 'systemctl' ? EXIT.failed : EXIT.usage;
    }
    const unit = unitArgument(word);
    const reply = yield* request('set-property', { unit, assignments, runtime: hasOption(call.options, 'runtime') });
    if (!reply.ok) {
      yield* complain(`Failed to set unit properties on ${unit}: ${reply.failure.message}`);
      return exitStatusOfFailure(reply.failure.name, call.program);
    }
    if (hasOption(call.options, 'json')) yield* printJson(reply.value);
    return EXIT.done;
  },
};
