/** freeze and thaw: all processes of a unit stand still, and go on. Source: systemctl(1). */
import type { UnitName } from '../../base/brand.ts';
import { isActive } from '../job/job-type.ts';
import type { Unit } from './state.ts';
import type { Turn } from './turn.ts';

/** Why the unit cannot be frozen or thawed; null when it can. */
export function freezeProblem(unit: Unit): string | null {
  if (!('cgroup' in unit.definition) || !['service', 'scope', 'slice'].includes(unit.definition.kind)) return `Unit '${unit.name}' does not support freezing.`;
  if (!isActive(unit.activeState)) return `Unit ${unit.name} is not active.`;
  return unit.job === null ? null : `Unit ${unit.name} has a pending job.`;
}

/** Nothing happens to a unit that is as it shall be. */
export function setFrozen(turn: Turn, name: UnitName, isFrozen: boolean): void {
  const unit = turn.require(name);
  if (unit.isFrozen ? isFrozen : !isFrozen) return;
  turn.setUnit({ ...unit, isFrozen });
  turn.emit({ kind: 'freeze-control-group', unit: name, freeze: isFrozen });
}
