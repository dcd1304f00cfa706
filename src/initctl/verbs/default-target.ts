/** get-default and set-default. */
import { printDefault, unitFileVerb } from '../change-unit-files.ts';
import type { Verb } from '../verb.ts';

export const getDefault: Verb = {
  name: 'get-default',
  aliases: [],
  group: 'Unit files',
  synopsis: '',
  summary: 'Print the target to boot into',
  operand: 'none',
  options: ['root', 'json'],
  runs: 'manager',
  run: (call) => printDefault(call),
};

export const setDefault = unitFileVerb({ name: 'set-default', synopsis: 'TARGET', summary: 'Choose the target to boot into', now: null, words: [1, 1] });
