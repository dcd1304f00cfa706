import { unitFileVerb } from '../change-unit-files.ts';

export const revert = unitFileVerb({ name: 'revert', synopsis: 'UNIT…', summary: "Take away the administrator's own files and drop-ins of shipped units", now: null });
