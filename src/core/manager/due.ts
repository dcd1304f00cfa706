/** When the manager has to look at units and jobs by itself: what the indexes of due times hold. */
import { refile, type DueIndex } from '../../base/due-index.ts';
import { noteDue, type DueLedger } from '../../base/due-ledger.ts';
import type { JobId, UnitName } from '../../base/brand.ts';
import { nextDueUsec } from '../machine/service/deadlines.ts';
import type { Job, Unit } from './state.ts';
import { stateDeadlineOf } from './unit-processes.ts';

/**
 * A waiting timer is filed under this: when it elapses on the wall clock, on ours, changes with the difference of the two, so that it is
 * looked at whenever the manager wakes up.
 */
export const AT_EVERY_WAKE_UP = 0;

/** Under what the unit is filed; null = nothing of it is due at any time. */
export function filedUsec(unit: Pick<Unit, 'runtime'>): number | null {
  const { runtime } = unit;
  if (runtime.kind === 'service') return nextDueUsec(runtime);
  if (runtime.kind === 'timer') return runtime.state === 'waiting' ? AT_EVERY_WAKE_UP : null;
  return stateDeadlineOf(unit);
}

/** The same for a unit that may not be there. */
export function dueOfUnit(unit: Pick<Unit, 'runtime'> | undefined): number | null {
  return unit === undefined ? null : filedUsec(unit);
}

/** The ledger after a unit has changed; undefined = it was, or is, not there. */
export function noteUnit(ledger: DueLedger<UnitName>, name: UnitName, before: Unit | undefined, after: Unit | undefined): DueLedger<UnitName> {
  if (before?.runtime === after?.runtime) return ledger;
  const beforeUsec = dueOfUnit(before);
  return beforeUsec === dueOfUnit(after) ? ledger : noteDue(ledger, name, beforeUsec);
}

/** The same for a job. */
export function refileJob(index: DueIndex<JobId>, id: JobId, before: Job | undefined, after: Job | undefined): DueIndex<JobId> {
  return refile(index, id, before?.deadlineUsec ?? null, after?.deadlineUsec ?? null);
}

export function unitDues(units: Iterable<Unit>): DueLedger<UnitName> {
  let index: DueIndex<UnitName> = null;
  for (const unit of units) index = refile(index, unit.name, null, filedUsec(unit));
  return { index, notes: null };
}

export function jobDues(jobs: Iterable<Job>): DueIndex<JobId> {
  let index: DueIndex<JobId> = null;
  for (const job of jobs) index = refileJob(index, job.id, undefined, job);
  return index;
}
