import { unitFileVerb } from '../change-unit-files.ts';

export const reenable = unitFileVerb({ name: 'reenable', synopsis: 'UNIT…', summary: 'Disable, then enable', now: 'start' });
