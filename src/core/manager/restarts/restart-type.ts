/** What a restart of a unit means at this moment: stop and start, or a new main process beside the old one (RestartOverlap=). */
import { isService, type ServiceRecord } from '../drivers/service-driver.ts';
import type { JobType, Unit } from '../state.ts';

/** Whether the unit asks for new main processes beside old ones. */
export function overlaps(unit: Unit): unit is ServiceRecord {
  return isService(unit) && unit.definition.renewal.overlapUsec !== null;
}

/** Whether a new main process can be started beside the one that runs. */
export function mayOverlap(unit: Unit): boolean {
  if (!overlaps(unit)) return false;
  const { state, mainPid, connection } = unit.runtime;
  return mainPid !== null && connection === null && (state === 'running' || unit.activeState === 'reloading');
}

/**
 * The job that a restart which somebody asks for becomes. One that comes over a dependency is a plain restart: there the unit it depends on
 * is down in between.
 */
export function restartTypeOf(unit: Unit, type: JobType): JobType {
  return (type === 'restart' || type === 'try-restart') && mayOverlap(unit) ? 'replace' : type;
}
