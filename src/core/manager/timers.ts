/** Everything that is due: time-outs of units and jobs, watchdogs, the pauses before automatic restarts, the end of a shutdown. */
import type { MonotonicUsec, UnitName } from '../../base/brand.ts';
import { nextDueUsec, onDue } from '../machine/service/deadlines.ts';
import { sweepIfDue } from './garbage.ts';
import { cancelJob, enqueue } from './jobs.ts';
import { onMountUnitDue } from './mount-driver.ts';
import { holdRestart } from './restart-hold.ts';
import { driveService, isService } from './service-driver.ts';
import { timerWakeUsec } from '../machine/timer.ts';
import { onShutdownLate } from './shutdown.ts';
import { onSocketUnitDue } from './socket-driver.ts';
import { onSwapUnitDue } from './swap-driver.ts';
import type { Unit } from './state.ts';
import { stateDeadlineOf } from './unit-processes.ts';
import { isTimer, onTimerDue } from './timer-driver.ts';
import type { Turn } from './turn.ts';
import { setRuntime } from './set-runtime.ts';

/** The timer has fired: handle what is due and arm it for what is next. */
export function onTimer(turn: Turn): void {
  turn.timerFired();
  const now = turn.now.monotonicUsec;
  for (const job of [...turn.jobs()]) {
    if (job.deadlineUsec !== null && job.deadlineUsec <= now && turn.job(job.id) !== undefined) cancelJob(turn, job.id, 'timeout');
  }
  for (const unit of [...turn.units()]) {
    const due = unitDueUsec(turn, unit);
    if (due !== null && due <= now) onUnitDue(turn, unit.name);
    else if (isTimer(unit)) onTimerDue(turn, unit);
  }
  if (turn.shutdown?.phase === 'stopping-units' && turn.shutdown.deadlineUsec <= now) onShutdownLate(turn);
  sweepIfDue(turn);
  turn.armExactly(earliestDue(turn));
}

/** Takes the timer off what is no longer due, so that an idle manager is not woken for nothing. */
export function rearm(turn: Turn): void {
  turn.armExactly(earliestDue(turn));
}

function earliestDue(turn: Turn): MonotonicUsec | null {
  let due: MonotonicUsec | null = null;
  const consider = (each: MonotonicUsec | null): void => {
    if (each !== null && (due === null || each < due)) due = each;
  };
  for (const job of turn.jobs()) consider(job.deadlineUsec);
  for (const unit of turn.units()) consider(unitDueUsec(turn, unit));
  if (turn.shutdown?.phase === 'stopping-units') consider(turn.shutdown.deadlineUsec);
  consider(turn.sweepDueUsec);
  return due;
}

/** When the manager wakes up for the unit. A timer that lets itself be late may have elapsed before. */
function unitDueUsec(turn: Turn, unit: Unit): MonotonicUsec | null {
  switch (unit.runtime.kind) {
    case 'service': return nextDueUsec(unit.runtime);
    case 'timer': return isTimer(unit) ? timerWakeUsec(unit.definition, unit.runtime, turn.now, turn.started) : null;
    default: return stateDeadlineOf(unit);
  }
}

export function onUnitDue(turn: Turn, name: UnitName): void {
  const unit = turn.require(name);
  if (unit.runtime.kind === 'scope') onScopeDue(turn, unit);
  else if (isTimer(unit)) onTimerDue(turn, unit);
  else if (unit.runtime.kind === 'socket') onSocketUnitDue(turn, name);
  else if (unit.runtime.kind === 'mount') onMountUnitDue(turn, name);
  else if (unit.runtime.kind === 'swap') onSwapUnitDue(turn, name);
  else if (isService(unit) && unit.runtime.state === 'auto-restart') restart(turn, name);
  else if (isService(unit)) driveService(turn, name, onDue);
}

/** The pause is over: a restart job, so that what depends on the service restarts with it. */
function restart(turn: Turn, name: UnitName): void {
  const unit = turn.require(name);
  if (!isService(unit) || holdRestart(turn, unit)) return;
  const run = unit.runtime;
  setRuntime(turn, name, { ...run, deadlineUsec: null, restarts: run.restarts + 1 }, unit.activeState);
  const outcome = enqueue(turn, { unit: name, type: 'restart', mode: 'replace', reason: { reason: 'auto-restart' }, boot: false }, null);
  if (outcome.ok) return;
  turn.log('err', name, `Automatic restart was refused: ${outcome.refusal.message}`);
  const endReason = run.endReason ?? { reason: 'protocol', detail: `the automatic restart was refused: ${outcome.refusal.message}` } as const;
  setRuntime(turn, name, { ...run, state: 'failed', result: run.result === 'success' ? 'resources' : run.result, endReason, restarting: false, deadlineUsec: null }, 'failed');
}

function onScopeDue(turn: Turn, unit: Unit): void {
  const { definition, runtime } = unit;
  if (definition.kind !== 'scope' || runtime.kind !== 'scope') return;
  if (runtime.state !== 'stop-sigterm') {
    setRuntime(turn, unit.name, { ...runtime, state: 'failed', result: 'timeout', deadlineUsec: null }, 'failed');
    return;
  }
  turn.emit({ kind: 'kill-control-group', unit: unit.name, signal: definition.kill.finalKillSignal, except: [], alsoSighup: false });
  turn.emit({ kind: 'watch-control-group', unit: unit.name });
  const deadlineUsec = definition.timeoutStopUsec === null ? null : (turn.now.monotonicUsec + definition.timeoutStopUsec) as MonotonicUsec;
  turn.wantTimer(deadlineUsec);
  setRuntime(turn, unit.name, { ...runtime, state: 'stop-sigkill', result: 'timeout', deadlineUsec }, 'deactivating');
}
