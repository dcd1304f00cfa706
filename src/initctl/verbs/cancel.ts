import { EXIT } from '../exit-status.ts';
import { simplyAsk } from '../simply-ask.ts';
import { complain, type Verb } from '../verb.ts';

export const cancel: Verb = {
  name: 'cancel',
  aliases: [],
  group: 'Manager',
  synopsis: '[JOB…]',
  summary: 'Cancel jobs by number, or all',
  operand: 'jobs',
  options: ['json'],
  runs: 'manager',
  *run(call) {
    const wrong = call.words.find((word) => !/^[1-9]\d{0,14}$/.test(word));
    if (wrong !== undefined) {
      yield* complain(`Failed to parse job id "${wrong}": it is no job number`);
      return EXIT.usage;
    }
    return yield* simplyAsk(call, 'cancel', { jobs: call.words.map(Number) });
  },
};
