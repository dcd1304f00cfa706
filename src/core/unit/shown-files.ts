import type { UnitDefinition } from './definition.ts';

/** The files a unit is made of, as `cat` and `edit` show them: of a masked one nothing but the null device. */
export function shownFiles({ loadState, fragmentPath, dropInPaths }: UnitDefinition): readonly string[] {
  if (loadState === 'masked') return ['/dev/null'];
  return fragmentPath === null ? dropInPaths : [fragmentPath, ...dropInPaths];
}
