import { enqueueVerb } from '../enqueue.ts';
import type { Verb } from '../verb.ts';

export const stop: Verb = {
  name: 'stop',
  aliases: [],
  group: 'Units',
  synopsis: 'UNIT…',
  summary: 'Stop units',
  operand: 'units',
  options: ['no-block', 'job-mode', 'quiet', 'show-transaction', 'json'],
  runs: 'manager',
  run: (call) => enqueueVerb(call, 'stop'),
};
