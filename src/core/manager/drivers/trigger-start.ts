/** What a timer or path does when its moment has come. */
import type { UnitName } from '../../../base/brand.ts';
import { enqueue } from '../jobs.ts';
import { restartTypeOf } from '../restarts/restart-type.ts';
import type { JobType, Unit } from '../state.ts';
import type { Turn } from '../turn.ts';
import type { TriggerJob } from '../../unit/trigger-job.ts';
import { isActive } from '../../job/job-type.ts';
import { isReloadable } from '../../graph/reloadable.ts';

/** Whether the unit to be started can be; a start of what triggers it fails without, and says so. */
export function isLoadedTrigger(turn: Turn, by: Unit, name: UnitName): boolean {
  if (turn.unit(name)?.definition.loadState === 'loaded') return true;
  turn.setUnit({ ...by, endReason: { reason: 'dependency-failed', on: name, kind: 'TriggeredBy' } });
  turn.log('err', by.name, `${by.name} is not started: ${name}, which it is to start, is not loaded`);
  return false;
}

/**
 * - `queued`: a start job is installed
 * - `not-now`: the unit that triggers, or the manager, is going down
 * - `refused`: the job cannot be; the log says why
 */
export type TriggerOutcome = 'queued' | 'not-now' | 'refused';

/**
 * Queues the job for the unit that `by` triggers.
 *
 * @param job TriggerJob=; `start` but for our own setting
 *
 * @param environment what its processes are told, as `NAME=value`; of a timer or path they hear `TRIGGER_UNIT=` too
 */
export function startTriggered(turn: Turn, by: Unit, name: UnitName, environment: readonly string[], job: TriggerJob = 'start'): TriggerOutcome {
  const own = by.job === null ? undefined : turn.job(by.job);
  if (own?.type === 'stop' || turn.shutdown !== null) return 'not-now';
  const unit = turn.unit(name);
  if (unit === undefined) {
    turn.log('err', by.name, `${by.name}: ${name}, which it is to start, is not loaded`);
    return 'refused';
  }
  const reason = { reason: 'triggered', by: by.name, environment: by.runtime.kind === 'socket' ? environment : [`TRIGGER_UNIT=${by.name}`, ...environment] } as const;
  const outcome = enqueue(turn, { unit: unit.name, type: jobTypeOf(turn, job, unit), mode: 'replace', reason, boot: false }, null);
  if (outcome.ok) return 'queued';
  turn.log('err', by.name, `${by.name}: the ${job} of ${name} was refused: ${outcome.refusal.message}`);
  return 'refused';
}

function jobTypeOf(turn: Turn, job: TriggerJob, unit: Unit): JobType {
  if (job !== 'reload-or-restart') return restartTypeOf(unit, job);
  return isReloadable(turn.graph, unit.definition) && isActive(unit.activeState) ? 'reload' : restartTypeOf(unit, 'restart');
}
