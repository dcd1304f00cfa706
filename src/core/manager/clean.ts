/** clean: the directories of a unit that is down are removed, with all that is in them. Source: systemctl(1), "--what". */
import { isInactive } from '../job/job-type.ts';
import type { DirectoryKind } from '../unit/exec-context.ts';
import type { Unit } from './state.ts';
import type { Turn } from './turn.ts';

/** Why it cannot be cleaned of these; null when it can. */
export function cleanProblem(unit: Unit, kinds: readonly DirectoryKind[]): string | null {
  const { definition } = unit;
  if (!('exec' in definition)) return `Unit '${unit.name}' does not support cleaning.`;
  if (!isInactive(unit.activeState)) return `Unit ${unit.name} is not inactive.`;
  if (unit.job !== null) return `Unit ${unit.name} has a pending job.`;
  return definition.exec.directories.some(({ kind }) => kinds.includes(kind)) ? null : `Unit ${unit.name} has no such directories.`;
}

export function cleanUnit(turn: Turn, unit: Unit, kinds: readonly DirectoryKind[]): void {
  if ('exec' in unit.definition) turn.emit({ kind: 'remove-directories', unit: unit.name, kinds, definition: unit.definition });
}
