import { unitArguments } from '../unit-argument.ts';
import { simplyAsk } from '../simply-ask.ts';
import type { Verb } from '../verb.ts';

export const resetFailed: Verb = {
  name: 'reset-failed',
  aliases: [],
  group: 'Units',
  synopsis: '[UNIT…]',
  summary: 'Forget that units failed, and their start limits',
  operand: 'units-optional',
  options: ['json'],
  runs: 'manager',
  run: (call) => simplyAsk(call, 'reset-failed', { units: unitArguments(call.words) }),
};
