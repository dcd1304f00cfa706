import { simplyAsk } from '../simply-ask.ts';
import type { Verb } from '../verb.ts';

export const daemonReexec: Verb = {
  name: 'daemon-reexec',
  aliases: [],
  group: 'Manager',
  synopsis: '',
  summary: 'Execute the manager anew, for an upgrade; services run on',
  operand: 'none',
  options: ['json'],
  runs: 'manager',
  run: (call) => simplyAsk(call, 'daemon-reexec', {}),
};
