/** Takes what the host sees of watched paths into the manager: state changes and start jobs. */
import type { UnitName } from '../../../base/brand.ts';
import { isInactive } from '../../job/job-type.ts';
import { isGood, isLasting } from '../../machine/path.ts';
import type { PathUnit } from '../../unit/path.ts';
import type { EventOf } from '../event.ts';
import { setRuntime } from './set-runtime.ts';
import type { ActiveState, PathRuntime, Reason, Unit } from '../state.ts';
import { isLoadedTrigger, startTriggered } from './trigger-start.ts';
import type { Turn } from '../turn.ts';

export interface PathRecord extends Unit {
  readonly definition: PathUnit;
  readonly runtime: PathRuntime;
}

export function isPath(unit: Unit): unit is PathRecord {
  return unit.definition.kind === 'path' && unit.runtime.kind === 'path';
}

const ACTIVE_STATES: Readonly<Record<PathRuntime['state'], ActiveState>> = { dead: 'inactive', waiting: 'active', running: 'active', failed: 'failed' };

function take(turn: Turn, unit: PathRecord, run: PathRuntime): void {
  setRuntime(turn, unit.name, run, ACTIVE_STATES[run.state]);
}

export function startPath(turn: Turn, unit: PathRecord): 'running' | 'failed' {
  if (!isLoadedTrigger(turn, unit, unit.definition.unit)) return 'failed';
  watch(turn, { ...unit, runtime: { ...unit.runtime, result: 'success', triggerTimes: [] } }, 'first');
  return 'running';
}

export function stopPath(turn: Turn, unit: PathRecord): void {
  end(turn, unit, 'success', null);
}

/** The start limit of the path unit itself. */
export function failPath(turn: Turn, unit: PathRecord): void {
  end(turn, unit, 'start-limit-hit', { reason: 'start-limit' });
}

/** @param reason why it failed; null = it was stopped, and its job says why */
function end(turn: Turn, unit: PathRecord, result: PathRuntime['result'], reason: Reason | null): void {
  if (reason !== null) turn.setUnit({ ...turn.require(unit.name), endReason: reason });
  turn.emit({ kind: 'unwatch-paths', unit: unit.name });
  take(turn, unit, { ...unit.runtime, state: result === 'success' ? 'dead' : 'failed', result });
}

/** Waits, or is content when the unit runs anyway. */
function watch(turn: Turn, unit: PathRecord, look: PathRuntime['look']): void {
  const { definition, runtime } = unit;
  const other = turn.unit(definition.unit);
  if (definition.triggerJob === 'start' && other !== undefined && !isInactive(other.activeState)) {
    turn.emit({ kind: 'unwatch-paths', unit: unit.name });
    take(turn, unit, { ...runtime, state: 'running' });
    return;
  }
  const token = runtime.token + 1;
  take(turn, unit, { ...runtime, state: 'waiting', token, look });
  turn.emit({
    kind: 'watch-paths', unit: unit.name, token, watches: definition.watches.map(({ kind, path }) => ({ kind, path })),
    makeDirectoryMode: look === 'first' ? definition.makeDirectoryMode : null,
  });
}

/** What the host saw. */
export function onPathsObserved(turn: Turn, event: EventOf<'paths-observed'>): void {
  const unit = turn.unit(event.unit);
  if (unit === undefined || !isPath(unit) || unit.runtime.token !== event.token || unit.runtime.state !== 'waiting') return;
  if (event.error !== '') {
    turn.log('err', unit.name, `${unit.name}: ${event.error}`);
    end(turn, unit, 'resources', { reason: 'protocol', detail: event.error });
    return;
  }
  const { definition, runtime } = unit;
  const good = event.changed ?? definition.watches.findIndex((watched, index) => {
    const now = event.observations[index];
    if (now === undefined) return false;
    // What stays as it is would restart the unit again and again.
    if (definition.triggerJob !== 'start' && runtime.look !== 'again') return false;
    if (definition.triggerJob !== 'start' && runtime.seen[index]?.holds === true && isLasting(watched.kind)) return false;
    return isGood(watched.kind, runtime.look, now, runtime.seen[index], event.resumed);
  });
  const next: PathRecord = { ...unit, runtime: { ...runtime, look: 'again', seen: event.observations } };
  turn.setUnit(next);
  const path = definition.watches[good]?.path;
  if (path !== undefined) trigger(turn, next, path);
}

function trigger(turn: Turn, unit: PathRecord, path: string): void {
  const { definition, runtime } = unit;
  const { triggerLimitBurst: burst, triggerLimitIntervalUsec: interval } = definition;
  const now = turn.now.monotonicUsec;
  const recent = runtime.triggerTimes.filter((at) => at > now - interval);
  const isLimited = burst > 0 && interval > 0;
  if (isLimited && recent.length >= burst) {
    turn.log('err', unit.name, `${unit.name}: triggered ${String(burst)} times within ${String(interval / 1_000_000)} s; it watches no more (TriggerLimitBurst=)`);
    end(turn, unit, 'trigger-limit-hit', { reason: 'trigger-limit' });
    return;
  }
  const outcome = startTriggered(turn, unit, definition.unit, [`TRIGGER_PATH=${path}`], definition.triggerJob);
  if (outcome === 'not-now') return;
  if (definition.triggerJob !== 'start') {
    // The watch goes on meanwhile: a change while the unit restarts is one more.
    turn.setUnit({ ...unit, runtime: { ...runtime, triggerTimes: isLimited ? [...recent, now] : [] } });
    return;
  }
  if (outcome === 'refused') {
    end(turn, unit, 'resources', { reason: 'dependency-failed', on: definition.unit, kind: 'TriggeredBy' });
    return;
  }
  turn.emit({ kind: 'unwatch-paths', unit: unit.name });
  take(turn, unit, { ...runtime, state: 'running', triggerTimes: isLimited ? [...recent, now] : [] });
}

/** The unit it starts came up or went down, or a job of that ended. */
export function onWatchedForUnitChanged(turn: Turn, name: UnitName): void {
  const unit = turn.require(name);
  if (!isPath(unit)) return;
  const { state } = unit.runtime;
  if ((state !== 'waiting' && state !== 'running') || unit.definition.triggerJob !== 'start') return;
  const other = turn.unit(unit.definition.unit);
  const isDown = other === undefined || isInactive(other.activeState);
  if (isDown && other?.endReason?.reason === 'start-limit') {
    end(turn, unit, 'unit-start-limit-hit', { reason: 'service-start-limit', of: other.name });
    return;
  }
  if (other !== undefined && other.job !== null) return;
  if (isDown === (state === 'running')) watch(turn, unit, 'after-unit');
}
