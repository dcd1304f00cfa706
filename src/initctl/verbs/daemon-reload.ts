import { simplyAsk } from '../simply-ask.ts';
import type { Verb } from '../verb.ts';

export const daemonReload: Verb = {
  name: 'daemon-reload',
  aliases: [],
  group: 'Manager',
  synopsis: '',
  summary: 'Read all unit files again',
  operand: 'none',
  options: ['json'],
  runs: 'manager',
  run: (call) => simplyAsk(call, 'daemon-reload', {}),
};
