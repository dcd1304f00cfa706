import { FAULTS, FAULT_PLACES } from '../../control/requests.ts';
import type { Fault, FaultPlace } from '../../control/requests.ts';
import { EXIT } from '../exit-status.ts';
import { simplyAsk } from '../simply-ask.ts';
import { complain, type Verb } from '../verb.ts';

export const fault: Verb = {
  name: 'fault',
  aliases: [],
  group: 'Manager',
  synopsis: 'HOW [at PLACE [PASSES [DEATHS]]]',
  summary: `Make the manager die, as a drill: ${FAULTS.join(', ')}; at once, or when it comes to a place: ${FAULT_PLACES.join(', ')}`,
  operand: 'free',
  options: ['json'],
  runs: 'manager',
  *run(call) {
    const [how, at, place, passes = '0', deaths = '1', ...more] = call.words;
    const isNumbered = /^\d{1,6}$/.test(passes) && /^[1-9]\d?$/.test(deaths);
    if (more.length > 0 || !FAULTS.includes(how as Fault) || (at !== undefined && at !== 'at') || !isNumbered) {
      yield* complain(`fault takes one of: ${FAULTS.join(', ')}; and perhaps "at PLACE [PASSES [DEATHS]]"`);
      return EXIT.usage;
    }
    if (at !== undefined && !FAULT_PLACES.includes(place as FaultPlace)) {
      yield* complain(`the place of a fault is one of: ${FAULT_PLACES.join(', ')}`);
      return EXIT.usage;
    }
    return yield* simplyAsk(call, 'fault', { how: how as Fault, at: at === undefined ? null : (place as FaultPlace), passes: Number(passes), deaths: Number(deaths) });
  },
};
