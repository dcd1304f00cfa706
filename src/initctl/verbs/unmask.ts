import { unitFileVerb } from '../change-unit-files.ts';

export const unmask = unitFileVerb({ name: 'unmask', synopsis: 'UNIT…', summary: 'Undo mask', now: null });
