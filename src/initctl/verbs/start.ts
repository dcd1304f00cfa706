import { enqueueVerb } from '../enqueue.ts';
import type { Verb } from '../verb.ts';

export const start: Verb = {
  name: 'start',
  aliases: [],
  group: 'Units',
  synopsis: 'UNIT…',
  summary: 'Start units',
  operand: 'units',
  options: ['no-block', 'wait', 'job-mode', 'quiet', 'show-transaction', 'json'],
  runs: 'manager',
  run: (call) => enqueueVerb(call, 'start'),
};
