import { enqueueVerb } from '../enqueue.ts';
import type { Verb } from '../verb.ts';

export const tryRestart: Verb = {
  name: 'try-restart',
  aliases: ['condrestart'],
  group: 'Units',
  synopsis: 'UNIT…',
  summary: 'Restart units that run',
  operand: 'units',
  options: ['no-block', 'job-mode', 'quiet', 'show-transaction', 'json'],
  runs: 'manager',
  run: (call) => enqueueVerb(call, 'try-restart'),
};
