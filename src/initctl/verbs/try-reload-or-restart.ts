import { enqueueVerb } from '../enqueue.ts';
import type { Verb } from '../verb.ts';

export const tryReloadOrRestart: Verb = {
  name: 'try-reload-or-restart',
  aliases: ['reload-or-try-restart', 'force-reload', 'condreload'],
  group: 'Units',
  synopsis: 'UNIT…',
  summary: 'The same for units that run',
  operand: 'units',
  options: ['no-block', 'job-mode', 'quiet', 'show-transaction', 'json'],
  runs: 'manager',
  run: (call) => enqueueVerb(call, 'reload-or-try-restart'),
};
