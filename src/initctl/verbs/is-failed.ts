import { EXIT } from '../exit-status.ts';
import { judgeUnits } from '../judge-units.ts';
import { complain, print, request } from '../verb.ts';
import type { Verb } from '../verb.ts';

export const isFailed: Verb = {
  name: 'is-failed',
  aliases: [],
  group: 'Units',
  synopsis: '[UNIT…]',
  summary: 'Print whether units failed; exit status 0 if any did',
  operand: 'units-optional',
  options: ['quiet', 'json'],
  runs: 'manager',
  *run(call) {
    if (call.words.length > 0) {
      return yield* judgeUnits(call, { wanted: (unit) => unit.active === 'failed', otherwise: () => EXIT.failed });
    }
    const reply = yield* request('manager', {});
    if (!reply.ok) {
      yield* complain(reply.failure.message);
      return EXIT.failed;
    }
    if (!('quiet' in call.options)) yield* print(reply.value.state);
    return reply.value.failedUnits.length > 0 ? EXIT.done : EXIT.failed;
  },
};
