import { unitFileVerb } from '../change-unit-files.ts';

export const enable = unitFileVerb({ name: 'enable', synopsis: 'UNIT…|PATH…', summary: 'Let units be started at boot, or whatever their [Install] section says', now: 'start' });
