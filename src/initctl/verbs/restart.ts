import { enqueueVerb } from '../enqueue.ts';
import type { Verb } from '../verb.ts';

export const restart: Verb = {
  name: 'restart',
  aliases: [],
  group: 'Units',
  synopsis: 'UNIT…',
  summary: 'Start units, stopping them first if they run',
  operand: 'units',
  options: ['no-block', 'wait', 'job-mode', 'quiet', 'show-transaction', 'json'],
  runs: 'manager',
  run: (call) => enqueueVerb(call, 'restart'),
};
