/** bind: a file or directory of the machine appears in a service that runs. Source: systemctl(1). */
import { EXIT, exitStatusOfFailure } from '../exit-status.ts';
import { hasOption } from '../options.ts';
import { unitArgument } from '../unit-argument.ts';
import { complain, printJson, request, type Verb } from '../verb.ts';

export const bind: Verb = {
  name: 'bind',
  aliases: [],
  group: 'Units',
  synopsis: 'UNIT PATH [PATH]',
  summary: 'Bind a file or directory into the mount namespace of a running service',
  operand: 'units',
  options: ['mkdir', 'read-only', 'json'],
  runs: 'manager',
  *run(call) {
    const [word = '', source, target = source, ...more] = call.words;
    if (source === undefined || target === undefined || more.length > 0) {
      yield* complain(source === undefined ? 'Too few arguments.' : 'Too many arguments.');
      return EXIT.usage;
    }
    const reply = yield* request('bind', {
      unit: unitArgument(word), source, target, readOnly: hasOption(call.options, 'read-only'), makeTarget: hasOption(call.options, 'mkdir'),
    });
    if (!reply.ok) {
      yield* complain(`Failed to bind mount: ${reply.failure.message}`);
      return exitStatusOfFailure(reply.failure.name, call.program);
    }
    if (hasOption(call.options, 'json')) yield* printJson({});
    return EXIT.done;
  },
};
