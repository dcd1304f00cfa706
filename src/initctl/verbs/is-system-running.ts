import { EXIT } from '../exit-status.ts';
import { hasOption } from '../options.ts';
import { complain, print, printJson, request, type Verb } from '../verb.ts';

/** With --wait. */
const LOOK_AGAIN_MSEC = 200;

export const isSystemRunning: Verb = {
  name: 'is-system-running',
  aliases: [],
  group: 'Manager',
  synopsis: '',
  summary: 'Print the state of the whole system; exit status 0 if it runs and nothing failed',
  operand: 'none',
  options: ['wait', 'quiet', 'json'],
  runs: 'manager',
  *run(call) {
    let reply = yield* request('manager', {});
    // Source: systemctl(1), "--wait": until the boot is over.
    while (hasOption(call.options, 'wait') && reply.ok && ['initializing', 'starting'].includes(reply.value.state)) {
      yield { step: 'sleep', msec: LOOK_AGAIN_MSEC };
      reply = yield* request('manager', {});
    }
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
