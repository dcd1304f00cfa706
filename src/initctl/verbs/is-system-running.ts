import { EXIT } from '../exit-status.ts';
import { hasOption } from '../options.ts';
import { complain, print, printJson, request, type Verb } from '../verb.ts';

export const isSystemRunning: Verb = {
  name: 'is-system-running',
  aliases: [],
  group: 'Manager',
  synopsis: '',
  summary: 'Print the state of the whole system; exit status 0 if it runs and nothing failed',
  operand: 'none',
  options: ['quiet', 'json'],
  runs: 'manager',
  *run(call) {
    const reply = yield* request('manager', {});
    if (!reply.ok) {
      yield* complain(reply.failure.message);
      return EXIT.failed;
    }
    const { state } = reply.value;
    if (hasOption(call.options, 'json')) yield* printJson({ state });
    else if (!hasOption(call.options, 'quiet')) yield* print(state);
    return state === 'running' ? EXIT.done : EXIT.failed;
  },
};
