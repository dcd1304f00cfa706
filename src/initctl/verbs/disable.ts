import { unitFileVerb } from '../change-unit-files.ts';

export const disable = unitFileVerb({ name: 'disable', synopsis: 'UNIT…', summary: 'Undo enable', now: 'stop' });
