import { FAULTS } from '../../control/requests.ts';
import type { Fault } from '../../control/requests.ts';
import { EXIT } from '../exit-status.ts';
import { simplyAsk } from '../simply-ask.ts';
import { complain, type Verb } from '../verb.ts';

export const fault: Verb = {
  name: 'fault',
  aliases: [],
  group: 'Manager',
  synopsis: 'HOW',
  summary: `Make the manager die, as a drill: ${FAULTS.join(', ')}`,
  operand: 'free',
  options: ['json'],
  runs: 'manager',
  *run(call) {
    const [how, ...more] = call.words;
    if (more.length > 0 || !FAULTS.includes(how as Fault)) {
      yield* complain(`fault takes one of: ${FAULTS.join(', ')}`);
      return EXIT.usage;
    }
    return yield* simplyAsk(call, 'fault', { how: how as Fault });
  },
};
