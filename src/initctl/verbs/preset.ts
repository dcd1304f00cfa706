import { unitFileVerb } from '../change-unit-files.ts';

export const preset = unitFileVerb({ name: 'preset', synopsis: 'UNIT…', summary: 'Enable or disable units as the presets say', now: 'start', options: ['preset-mode'] });
