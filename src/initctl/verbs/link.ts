import { unitFileVerb } from '../change-unit-files.ts';

export const link = unitFileVerb({ name: 'link', synopsis: 'PATH…', summary: 'Make unit files from elsewhere known', now: null });
