/**
 * Jobs nobody asked for: Upholds=, StopWhenUnneeded=, and BindsTo= on a unit that is down.
 *
 * Who may be concerned is only noted while units change (`Turn.automatic`), and judged when no job is left to be run: a unit that
 * nothing needs yet is not stopped while the jobs that came with its own are still on their way. systemd keeps queues for the same.
 */
import type { UnitName } from '../../base/brand.ts';
import { neighbours, neighboursBy } from '../graph/graph.ts';
import { isActive, isInactive } from '../job/job-type.ts';
import type { JobMode } from '../unit/unit-common.ts';
import { enqueueInternal } from './jobs.ts';
import { describeReason } from './query.ts';
import { takeAutomaticJob } from './restarts/start-limit.ts';
import type { Reason } from './state.ts';
import type { Turn } from './turn.ts';

/** Judges all units that were noted; their jobs are queued, not run. False = none was noted. */
export function queueAutomaticJobs(turn: Turn): boolean {
  const { upheld, unbound, unneeded } = turn.automatic;
  if (upheld.size + unbound.size + unneeded.size === 0) return false;
  for (const name of take(upheld)) startIfUpheld(turn, name);
  for (const name of take(unbound)) stopIfUnbound(turn, name);
  for (const name of take(unneeded)) stopIfUnneeded(turn, name);
  return true;
}

const NO_NAMES: readonly UnitName[] = [];

/** The names in the order in which they were noted; none is left. */
function take(names: Set<UnitName>): readonly UnitName[] {
  if (names.size === 0) return NO_NAMES;
  const taken = [...names];
  names.clear();
  return taken;
}

/** A job that the manager wants by itself. Too many of them in a short time are refused with a word about it. */
export function enqueueAutomatic(turn: Turn, name: UnitName, type: 'start' | 'stop', mode: JobMode, reason: Reason): void {
  const counted = takeAutomaticJob(turn, turn.require(name));
  if (counted === null) {
    turn.log('warning', name, `${name} is started and stopped automatically too often; it is left as it is (${type} because ${describeReason(reason)})`);
    return;
  }
  turn.setUnit(counted);
  enqueueInternal(turn, name, type, mode, reason);
}

/** Upholds=: an active unit wants this one up. The start limit keeps a broken one from spinning. */
function startIfUpheld(turn: Turn, name: UnitName): void {
  const unit = turn.unit(name);
  if (turn.shutdown !== null || unit === undefined || unit.job !== null || !isInactive(unit.activeState)) return;
  const holder = neighbours(turn.graph, name, 'UpheldBy').find((other) => isActive(turn.unit(other)?.activeState ?? 'inactive'));
  if (holder === undefined) return;
  if (unit.runtime.kind === 'service' && (unit.runtime.restarting || unit.runtime.result === 'start-limit-hit')) return;
  enqueueAutomatic(turn, name, 'start', 'fail', { reason: 'dependency', of: holder, kind: 'Upholds' });
}

/** The unit is up while one that it is bound to is down. */
function stopIfUnbound(turn: Turn, name: UnitName): void {
  const unit = turn.unit(name);
  if (unit === undefined || !isActive(unit.activeState) || unit.job !== null) return;
  const gone = neighboursBy(turn.graph, name, 'cannot-be-active-without').find(({ other }) => {
    const needed = turn.unit(other);
    return needed !== undefined && isInactive(needed.activeState) && needed.job === null;
  });
  if (gone !== undefined) enqueueAutomatic(turn, name, 'stop', 'replace', { reason: 'bound-unit-gone', on: gone.other });
}

/** StopWhenUnneeded=: no unit that is up, or on its way up, needs it. */
function stopIfUnneeded(turn: Turn, name: UnitName): void {
  const unit = turn.unit(name);
  if (unit === undefined || !unit.definition.stopWhenUnneeded || !isActive(unit.activeState) || unit.job !== null) return;
  for (const { other } of neighboursBy(turn.graph, name, 'needed-by')) {
    const holder = turn.unit(other);
    if (holder === undefined) continue;
    const job = holder.job === null ? undefined : turn.job(holder.job);
    const goingDown = job?.type === 'stop';
    if (!goingDown && (!isInactive(holder.activeState) || job?.type === 'start' || job?.type === 'restart')) return;
  }
  enqueueAutomatic(turn, name, 'stop', 'fail', { reason: 'unneeded' });
}
