/** What ExitOn= makes of the end of a unit. */
import { exitStatusOf } from '../shutdown.ts';
import type { Unit } from '../state.ts';

/** The unit is down for good, and its ExitOn= is about how it ended. */
export function endsManager(unit: Unit): boolean {
  const rule = unit.definition.recorded['ExitOn'];
  if (rule === undefined) return false;
  const words = rule.split(' ');
  const isFailure = unit.activeState === 'failed';
  if (words.includes(isFailure ? 'failure' : 'success')) return true;
  // What was stopped by somebody's request has no status of its own to speak of.
  return unit.runtime.kind === 'service' && unit.runtime.mainExit !== null && !unit.runtime.stopRequested && words.includes(String(exitStatusOf(unit)));
}
