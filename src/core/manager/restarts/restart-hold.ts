/** Automatic restarts that are put off: the start limit is reached, or what the service needs is down. Settings: unit/restart-pacing. */
import { addUsec } from '../../../base/time.ts';
import type { UnitName } from '../../../base/brand.ts';
import { neighbours, neighboursBy, type Graph } from '../../graph/graph.ts';
import type { ServiceRecord } from '../drivers/service-driver.ts';
import { isService } from '../drivers/service-driver.ts';
import { setRuntime } from '../drivers/set-runtime.ts';
import { isStartLimited } from './start-limit.ts';
import type { Unit } from '../state.ts';
import type { Turn } from '../turn.ts';

/**
 * Units it requires that are known to be down. A oneshot that is over is inactive, and that is how it should be; and one that is ordered
 * after it may be waiting for it.
 */
export function downNeeds(view: { readonly graph: Graph; readonly unit: (name: UnitName) => Unit | undefined }, name: UnitName): UnitName[] {
  const needs = [...neighboursBy(view.graph, name, 'pull-in-start'), ...neighboursBy(view.graph, name, 'pull-in-verify')];
  const later = neighbours(view.graph, name, 'Before');
  return [...new Set(needs.flatMap(({ other, kind }) => {
    const unit = view.unit(other);
    if (unit?.definition.loadState !== 'loaded' || later.includes(other)) return [];
    const isDown = unit.activeState === 'failed' || unit.activeState === 'activating' || unit.activeState === 'deactivating'
      || (unit.activeState === 'inactive' && kind !== 'Requires');
    return isDown ? [other] : [];
  }))];
}

/** The pause before an automatic restart is over. True = it does not restart yet. */
export function holdRestart(turn: Turn, unit: ServiceRecord): boolean {
  const { restartPacing: pacing, description } = unit.definition;
  const needs = pacing.awaitsNeeds ? downNeeds(turn, unit.name) : [];
  if (needs.length > 0) {
    if (unit.runtime.deadlineUsec !== null) {
      turn.setUnit(withoutLastStart(unit));
      turn.log('notice', unit.name, `${description}: not restarted while ${needs.join(', ')} is down (RestartAwaitsNeeds=)`);
    }
    setRuntime(turn, unit.name, { ...unit.runtime, deadlineUsec: null }, unit.activeState);
    return true;
  }
  if (pacing.afterLimitUsec === null || !isStartLimited(turn, unit)) return false;
  const deadlineUsec = addUsec(turn.now.monotonicUsec, pacing.afterLimitUsec);
  turn.wantTimer(deadlineUsec);
  turn.log('warning', unit.name, `${description}: restarted too often; the next try is in ${String(pacing.afterLimitUsec / 1_000_000)} s (RestartAfterLimitSec=)`);
  // Room for one start: that try is made, however long the interval of the limit is.
  turn.setUnit({ ...unit, startTimes: unit.startTimes.slice(1) });
  setRuntime(turn, unit.name, { ...unit.runtime, deadlineUsec }, unit.activeState);
  return true;
}

/** The unit came up: services that failed for want of it restart at once, without waiting for the end of their pause. */
export function releaseHeld(turn: Turn, name: UnitName): void {
  for (const { other } of neighboursBy(turn.graph, name, 'needed-by')) {
    const unit = turn.unit(other);
    if (unit === undefined || !isService(unit) || !unit.definition.restartPacing.awaitsNeeds) continue;
    if (unit.runtime.state !== 'auto-restart' || unit.job !== null || downNeeds(turn, unit.name).length > 0) continue;
    if (unit.runtime.deadlineUsec !== null) turn.setUnit(withoutLastStart(unit));
    turn.dueNow.add(unit.name);
  }
}

/** After a daemon-reload a need may be none any more: who waits looks again. */
export function reconsiderHeld(turn: Turn): void {
  for (const unit of turn.units()) {
    if (isService(unit) && unit.runtime.state === 'auto-restart' && unit.runtime.deadlineUsec === null && unit.job === null) turn.dueNow.add(unit.name);
  }
}

function withoutLastStart(unit: ServiceRecord): Unit {
  return { ...unit, startTimes: unit.startTimes.slice(0, -1) };
}
