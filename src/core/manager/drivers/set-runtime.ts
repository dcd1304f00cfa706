/** The one way a unit's state is written: with its instants, and noted for those who react to it (unit-changes). */
import type { UnitName } from '../../../base/brand.ts';
import { isActive, isInactive } from '../../job/job-type.ts';
import type { ActiveState, Unit, UnitRuntime, UnitTimes } from '../state.ts';
import type { Turn } from '../turn.ts';
import { runsCommands } from '../unit-processes.ts';

export function setRuntime(turn: Turn, name: UnitName, runtime: UnitRuntime, activeState: ActiveState): void {
  const before = turn.require(name);
  const subChanged = before.runtime.state !== runtime.state;
  if (!subChanged && before.activeState === activeState) {
    turn.setUnit({ ...before, runtime });
    return;
  }
  const after: Unit = {
    ...before,
    runtime,
    activeState,
    times: timesAfter(before.times, before.activeState, activeState, turn.now),
    endReason: runsCommands(runtime) && isDownOrWaiting(runtime) ? runtime.endReason ?? before.endReason : before.endReason,
  };
  turn.setUnit(after);
  turn.emit({ kind: 'publish', change: { change: 'unit', unit: name, activeState, subState: runtime.state } });
  turn.changes.push({ before, after });
}

function isDownOrWaiting(run: { readonly state: string }): boolean {
  return run.state === 'dead' || run.state === 'failed' || run.state === 'auto-restart';
}

function timesAfter(times: UnitTimes, before: ActiveState, after: ActiveState, now: Turn['now']): UnitTimes {
  const wasInactive = isInactive(before);
  const wasActive = isActive(before);
  return {
    stateChange: now,
    inactiveExit: wasInactive && !isInactive(after) ? now : times.inactiveExit,
    activeEnter: !wasActive && isActive(after) ? now : times.activeEnter,
    activeExit: wasActive && !isActive(after) ? now : times.activeExit,
    inactiveEnter: !wasInactive && isInactive(after) ? now : times.inactiveEnter,
    condition: times.condition,
  };
}
