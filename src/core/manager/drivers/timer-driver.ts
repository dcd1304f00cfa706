/** Takes what a timer's machine says into the manager: state changes, start jobs, stamp files. */
import type { MonotonicUsec, RealtimeUsec, UnitName } from '../../../base/brand.ts';
import { isInactive } from '../../job/job-type.ts';
import { elapseUsec, enterWaiting, timerWakeUsec } from '../../machine/timer.ts';
import type { TimeZone } from '../../time/time-zone.ts';
import { inZone } from '../../unit/calendar-zone.ts';
import type { TimerUnit } from '../../unit/timer.ts';
import { NEVER, NO_TIMES } from '../load.ts';
import { setRuntime } from './set-runtime.ts';
import type { ActiveState, Reason, TimerRuntime, Unit } from '../state.ts';
import { isLoadedTrigger, startTriggered } from './trigger-start.ts';
import type { Turn } from '../turn.ts';

export interface TimerRecord extends Unit {
  readonly definition: TimerUnit;
  readonly runtime: TimerRuntime;
}

export function isTimer(unit: Unit): unit is TimerRecord {
  return unit.definition.kind === 'timer' && unit.runtime.kind === 'timer';
}

const ACTIVE_STATES: Readonly<Record<TimerRuntime['state'], ActiveState>> = {
  dead: 'inactive', waiting: 'active', running: 'active', elapsed: 'active', failed: 'failed',
};

function take(turn: Turn, unit: TimerRecord, run: TimerRuntime): void {
  turn.wantTimer(timerWakeUsec(unit.definition, run, turn.now, turn.started));
  setRuntime(turn, unit.name, run, ACTIVE_STATES[run.state]);
}

export function startTimer(turn: Turn, unit: TimerRecord): 'running' | 'failed' {
  const { definition } = unit;
  if (!isLoadedTrigger(turn, unit, definition.unit)) return 'failed';
  // What elapses once elapses again after a new start, where it counts from that start.
  const isSpent = (index: number): boolean => definition.triggers[index]?.base !== 'OnActiveSec';
  const run: TimerRuntime = { ...unit.runtime, result: 'success', lastTrigger: NEVER, spent: unit.runtime.spent.filter(isSpent) };
  if (definition.persistent) {
    // Until the answer it is what it was: a timer that failed has its result until then.
    turn.setUnit({ ...unit, runtime: { ...run, result: unit.runtime.result, awaitsStamp: true } });
    turn.emit({ kind: 'read-stamp', unit: unit.name });
  } else {
    wait(turn, { ...unit, runtime: run }, false);
  }
  return 'running';
}

/** The answer to `read-stamp`. */
export function onTimerStamp(turn: Turn, name: UnitName, realtimeUsec: RealtimeUsec | null): void {
  const unit = turn.unit(name);
  if (unit === undefined || !isTimer(unit) || !unit.runtime.awaitsStamp) return;
  const run: TimerRuntime = { ...unit.runtime, awaitsStamp: false };
  const job = unit.job === null ? undefined : turn.job(unit.job);
  if (job?.type !== 'start' || job.state !== 'running') {
    turn.setUnit({ ...unit, runtime: run });
    return;
  }
  const isFuture = realtimeUsec !== null && realtimeUsec > turn.now.realtimeUsec;
  if (isFuture) turn.log('warning', name, `${name}: its stamp file is from the future and does not count`);
  const lastTrigger = realtimeUsec === null || isFuture ? NEVER : { realtimeUsec, monotonicUsec: 0 as MonotonicUsec };
  wait(turn, { ...unit, runtime: { ...run, result: 'success', lastTrigger } }, false);
}

/** The answer to `read-stamp` is lost. */
export function failAwaitedStamp(turn: Turn, name: UnitName, reason: Reason): void {
  const unit = turn.require(name);
  if (isTimer(unit) && unit.runtime.awaitsStamp) end(turn, { ...unit, runtime: { ...unit.runtime, awaitsStamp: false } }, 'resources', reason);
}

export function stopTimer(turn: Turn, unit: TimerRecord): void {
  end(turn, unit, 'success', null);
}

/** @param reason why it failed; null = it was stopped, and its job says why */
function end(turn: Turn, unit: TimerRecord, result: TimerRuntime['result'], reason: Reason | null): void {
  if (reason !== null) turn.setUnit({ ...turn.require(unit.name), endReason: reason });
  take(turn, unit, { ...unit.runtime, state: result === 'success' ? 'dead' : 'failed', result, nextMonotonicUsec: null, nextRealtimeUsec: null });
}

/** The start limit of the timer itself. */
export function failTimer(turn: Turn, unit: TimerRecord): void {
  end(turn, unit, 'start-limit-hit', { reason: 'start-limit' });
}

function wait(turn: Turn, unit: TimerRecord, clockChanged: boolean): void {
  const other = turn.unit(unit.definition.unit);
  const run = enterWaiting({
    definition: unit.definition,
    run: unit.runtime,
    now: turn.now,
    times: unit.times,
    unitTimes: other?.times ?? NO_TIMES,
    started: turn.started,
    bootIsStart: turn.config.mode === 'container',
    clockChanged,
    // 53 bits: as many as a number holds exactly.
    random: () => turn.fraction(),
  });
  // A start that finds nothing to wait for was one all the same: its job, and OnSuccess=, are to see it.
  if (run.state === 'dead' && unit.runtime.state === 'dead') take(turn, unit, { ...run, state: 'waiting' });
  take(turn, { ...unit, runtime: run }, run);
}

/** Something is due: perhaps this. */
export function onTimerDue(turn: Turn, unit: TimerRecord): void {
  const elapse = elapseUsec(unit.runtime, turn.now);
  if (elapse !== null && elapse <= turn.now.monotonicUsec) elapseNow(turn, unit);
}

function elapseNow(turn: Turn, unit: TimerRecord): void {
  const { realtimeUsec, monotonicUsec } = turn.now;
  const environment = [`TRIGGER_TIMER_REALTIME_USEC=${String(realtimeUsec)}`, `TRIGGER_TIMER_MONOTONIC_USEC=${String(monotonicUsec)}`];
  const { triggerJob } = unit.definition;
  const outcome = startTriggered(turn, unit, unit.definition.unit, environment, triggerJob);
  if (outcome === 'refused' && triggerJob === 'start') {
    end(turn, unit, 'resources', { reason: 'dependency-failed', on: unit.definition.unit, kind: 'TriggeredBy' });
    return;
  }
  const quiet: TimerRuntime = { ...unit.runtime, state: 'running', nextMonotonicUsec: null, nextRealtimeUsec: null };
  if (outcome === 'not-now') {
    setRuntime(turn, unit.name, { ...quiet, state: 'waiting' }, unit.activeState);
    return;
  }
  if (unit.definition.persistent) turn.emit({ kind: 'write-stamp', unit: unit.name, realtimeUsec });
  take(turn, unit, { ...quiet, lastTrigger: turn.now });
  // There may be nothing to do, as for a reload of a unit that is down.
  if (triggerJob !== 'start') onTimedUnitChanged(turn, unit.name);
}

/** The unit it starts came up or went down, or a job of that ended. */
export function onTimedUnitChanged(turn: Turn, name: UnitName): void {
  const unit = turn.require(name);
  if (!isTimer(unit)) return;
  const { state } = unit.runtime;
  if (state !== 'waiting' && state !== 'elapsed' && state !== 'running') return;
  const other = turn.unit(unit.definition.unit);
  // What only starts its unit has nothing to do while that is up; what restarts it has.
  const isBusy = other === undefined || other.job !== null || (unit.definition.triggerJob === 'start' && !isInactive(other.activeState));
  if (state === 'running' && isBusy) return;
  const { triggers } = unit.definition;
  const spent = unit.runtime.spent.filter((index) => !triggers[index]?.base.startsWith('OnUnit'));
  wait(turn, { ...unit, runtime: { ...unit.runtime, spent } }, false);
}

/** The wall clock was set. */
export function onClockChanged(turn: Turn, seen: boolean): void {
  for (const unit of waitingTimers(turn)) {
    if (seen && unit.definition.onClockChange) {
      elapseNow(turn, unit);
      continue;
    }
    const { lastTrigger } = unit.runtime;
    // The clock was set back: what elapsed in the future may elapse again.
    const realtimeUsec = Math.min(lastTrigger.realtimeUsec, turn.now.realtimeUsec) as RealtimeUsec;
    wait(turn, { ...unit, runtime: { ...unit.runtime, lastTrigger: { ...lastTrigger, realtimeUsec } } }, true);
  }
}

export function onTimezoneChanged(turn: Turn, zone: TimeZone): void {
  for (const unit of turn.units().filter(isTimer)) turn.setUnit({ ...unit, definition: { ...unit.definition, triggers: unit.definition.triggers.map((trigger) => inZone(trigger, zone)) } });
  for (const unit of waitingTimers(turn)) {
    if (unit.definition.onTimezoneChange) elapseNow(turn, unit);
    else wait(turn, unit, false);
  }
}

function waitingTimers(turn: Turn): readonly TimerRecord[] {
  return turn.units().filter(isTimer).filter((unit) => unit.runtime.state === 'waiting');
}
