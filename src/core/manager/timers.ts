/** Everything that is due: time-outs of units and jobs, watchdogs, the pauses before automatic restarts, the end of a shutdown. */
import type { MonotonicUsec, UnitName } from '../../base/brand.ts';
import { dueBy, earliestAfter } from '../../base/due-index.ts';
import { onAutomountDue } from './drivers/automount-driver.ts';
import { onDue } from '../machine/service/deadlines.ts';
import { AT_EVERY_WAKE_UP, filedUsec } from './due.ts';
import { sweepIfDue } from './upkeep/garbage.ts';
import { enqueue, finishJob } from './jobs.ts';
import { onMountUnitDue } from './drivers/mount-driver.ts';
import { onRenewalDue } from './drivers/renewal-driver.ts';
import { holdRestart } from './restarts/restart-hold.ts';
import { driveService, isService, restartsDirectly } from './drivers/service-driver.ts';
import { timerWakeUsec } from '../machine/timer.ts';
import { onShutdownLate } from './shutdown.ts';
import { onScopeDue } from './drivers/scope-driver.ts';
import { onSocketUnitDue } from './drivers/socket-driver.ts';
import { onSwapUnitDue } from './drivers/swap-driver.ts';
import { isTimer, onTimerDue } from './drivers/timer-driver.ts';
import type { Turn } from './turn.ts';
import { startUnit } from './unit-operations.ts';
import { setRuntime } from './drivers/set-runtime.ts';

/** The timer has fired: handle what is due and arm it for what is next. */
export function onTimer(turn: Turn): void {
  turn.timerFired();
  const now = turn.now.monotonicUsec;
  for (const id of dueBy(turn.jobDues, now)) finishJob(turn, id, 'timeout', true);
  for (const name of dueBy(turn.unitDues, now)) {
    // What was due a moment ago may have settled what was due with it.
    const unit = turn.unit(name);
    const filed = unit === undefined ? null : filedUsec(unit);
    if (filed !== null && filed <= now) onUnitDue(turn, name);
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
  let due: number | null = null;
  const consider = (each: number | null): void => {
    if (each !== null && (due === null || each < due)) due = each;
  };
  consider(earliestAfter(turn.jobDues, 0));
  consider(earliestAfter(turn.unitDues, AT_EVERY_WAKE_UP));
  for (const name of dueBy(turn.unitDues, AT_EVERY_WAKE_UP)) {
    const timer = turn.require(name);
    // One that lets itself be late may have elapsed before.
    if (isTimer(timer)) consider(timerWakeUsec(timer.definition, timer.runtime, turn.now, turn.started));
  }
  if (turn.shutdown?.phase === 'stopping-units') consider(turn.shutdown.deadlineUsec);
  consider(turn.sweepDueUsec);
  return due;
}

export function onUnitDue(turn: Turn, name: UnitName): void {
  const unit = turn.require(name);
  if (unit.runtime.kind === 'scope') onScopeDue(turn, unit.name);
  else if (isTimer(unit)) onTimerDue(turn, unit);
  else if (unit.runtime.kind === 'socket') onSocketUnitDue(turn, name);
  else if (unit.runtime.kind === 'mount') onMountUnitDue(turn, name);
  else if (unit.runtime.kind === 'swap') onSwapUnitDue(turn, name);
  else if (unit.runtime.kind === 'automount') onAutomountDue(turn, name);
  else if (isService(unit) && unit.runtime.state === 'auto-restart') restart(turn, name);
  else if (isService(unit)) {
    driveService(turn, name, onDue);
    const after = turn.unit(name);
    if (after !== undefined && isService(after)) onRenewalDue(turn, after);
  }
}

/** The pause is over: a restart job, so that what depends on the service restarts with it. */
function restart(turn: Turn, name: UnitName): void {
  const unit = turn.require(name);
  if (!isService(unit) || holdRestart(turn, unit)) return;
  const run = unit.runtime;
  setRuntime(turn, name, { ...run, deadlineUsec: null, restarts: run.restarts + 1 }, unit.activeState);
  const own = unit.job === null ? undefined : turn.job(unit.job);
  // Nobody heard that the start had failed: the job that asked for it goes on.
  if (restartsDirectly(unit.definition) && own?.type === 'start' && own.state === 'running') {
    const again = startUnit(turn, turn.require(name), own);
    if (again !== 'running' && again !== 'retry') finishJob(turn, own.id, again, true);
    return;
  }
  // A direct one is a start: it goes from its pause to its next run, and nothing is restarted with it.
  const type = restartsDirectly(unit.definition) ? 'start' : 'restart';
  const outcome = enqueue(turn, { unit: name, type, mode: 'replace', reason: { reason: 'auto-restart' }, boot: false }, null);
  if (outcome.ok) return;
  turn.log('err', name, `Automatic restart was refused: ${outcome.refusal.message}`);
  const endReason = run.endReason ?? { reason: 'protocol', detail: `the automatic restart was refused: ${outcome.refusal.message}` } as const;
  setRuntime(turn, name, { ...run, state: 'failed', result: run.result === 'success' ? 'resources' : run.result, endReason, restarting: false, deadlineUsec: null }, 'failed');
}
