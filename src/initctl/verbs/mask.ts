import { unitFileVerb } from '../change-unit-files.ts';

export const mask = unitFileVerb({ name: 'mask', synopsis: 'UNIT…', summary: 'Make it impossible to start units', now: 'stop' });
