/** StartLimitIntervalSec= and StartLimitBurst=: systemd.unit(5). */
import type { Unit } from './state.ts';
import type { Turn } from './turn.ts';

/** Counts one start. Returns the unit with it, or null when the limit is reached. */
export function takeStart(turn: Turn, unit: Unit): Unit | null {
  const { startLimitBurst: burst, startLimitIntervalUsec: interval } = unit.definition;
  if (burst === 0 || interval === 0) return unit;
  const now = turn.now.monotonicUsec;
  const recent = unit.startTimes.filter((start) => start > now - interval);
  return recent.length >= burst ? null : { ...unit, startTimes: [...recent, now] };
}
