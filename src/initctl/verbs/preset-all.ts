import { unitFileVerb } from '../change-unit-files.ts';

export const presetAll = unitFileVerb({ name: 'preset-all', synopsis: '', summary: 'Enable or disable every unit as the preset files say', now: null, words: [0, 0], options: ['preset-mode'] });
