/** StartLimitIntervalSec= and StartLimitBurst=: systemd.unit(5). */
import type { MonotonicUsec } from '../../../base/brand.ts';
import { seconds } from '../../../base/time.ts';
import type { Unit } from '../state.ts';
import type { Turn } from '../turn.ts';

/** Counts one start. Returns the unit with it, or null when the limit is reached. */
export function takeStart(turn: Turn, unit: Unit): Unit | null {
  const { startLimitBurst: burst, startLimitIntervalUsec: interval } = unit.definition;
  if (burst === 0 || interval === 0) return unit;
  const recent = recentStarts(turn, unit);
  return recent.length >= burst ? null : { ...unit, startTimes: [...recent, turn.now.monotonicUsec] };
}

/** Whether one more start would be refused. */
export function isStartLimited(turn: Turn, unit: Unit): boolean {
  return takeStart(turn, unit) === null;
}

function recentStarts(turn: Turn, unit: Unit): readonly MonotonicUsec[] {
  return unit.startTimes.filter((start) => start > turn.now.monotonicUsec - unit.definition.startLimitIntervalUsec);
}

/**
 * Units may want opposite things of each other: upheld by one, in conflict with another that is upheld too. More automatic jobs for a unit
 * than this within the interval is such a quarrel; systemd uses the same 16 in 10 s.
 */
const AUTOMATIC_JOBS_BURST = 16;
const AUTOMATIC_JOBS_INTERVAL_USEC = seconds(10);

/** Counts one job that the manager wants by itself. Returns the unit with it, or null when it is too many. */
export function takeAutomaticJob(turn: Turn, unit: Unit): Unit | null {
  const now = turn.now.monotonicUsec;
  const recent = unit.automaticJobTimes.filter((at) => at > now - AUTOMATIC_JOBS_INTERVAL_USEC);
  return recent.length >= AUTOMATIC_JOBS_BURST ? null : { ...unit, automaticJobTimes: [...recent, now] };
}
