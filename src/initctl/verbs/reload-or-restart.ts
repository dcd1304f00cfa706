import { enqueueVerb } from '../enqueue.ts';
import type { Verb } from '../verb.ts';

export const reloadOrRestart: Verb = {
  name: 'reload-or-restart',
  aliases: [],
  group: 'Units',
  synopsis: 'UNIT…',
  summary: 'Reload units where possible, else restart them',
  operand: 'units',
  options: ['no-block', 'job-mode', 'quiet', 'show-transaction', 'json'],
  runs: 'manager',
  run: (call) => enqueueVerb(call, 'reload-or-restart'),
};
