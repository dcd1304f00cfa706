import { unitFileVerb } from '../change-unit-files.ts';

export const addRequires = unitFileVerb({ name: 'add-requires', synopsis: 'TARGET UNIT…', summary: 'Let a unit require others, with links of its own', now: null, words: [2, Infinity] });
