import { unitFileVerb } from '../change-unit-files.ts';

export const addWants = unitFileVerb({ name: 'add-wants', synopsis: 'TARGET UNIT…', summary: 'Let a unit want others, with links of its own', now: null, words: [2, Infinity] });
