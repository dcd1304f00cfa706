import { enqueueVerb } from '../enqueue.ts';
import type { Verb } from '../verb.ts';

export const reload: Verb = {
  name: 'reload',
  aliases: [],
  group: 'Units',
  synopsis: 'UNIT…',
  summary: 'Let units read their configuration again',
  operand: 'units',
  options: ['no-block', 'job-mode', 'quiet', 'show-transaction', 'json'],
  runs: 'manager',
  run: (call) => enqueueVerb(call, 'reload'),
};
