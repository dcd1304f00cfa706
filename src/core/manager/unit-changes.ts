/**
 * A unit's state has changed: the one place from which everyone else learns of it. Instants, its own job, units that depend on it,
 * OnFailure= and its kin, the end of the manager.
 */
import type { UnitName } from '../../base/brand.ts';
import { neighbours, neighboursBy } from '../graph/graph.ts';
import { isActive, isInactive } from '../job/job-type.ts';
import type { EmergencyAction, JobMode } from '../unit/definition.ts';
import { enqueueInternal, finishJob, turnIntoStart } from './jobs.ts';
import type { ActiveState, Job, JobResult, Reason, ServiceRuntime, Unit, UnitRuntime, UnitTimes } from './state.ts';
import { describeReason } from './query.ts';
import { takeAutomaticJob } from './start-limit.ts';
import type { Turn } from './turn.ts';
import { beginShutdown } from './shutdown.ts';

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
    endReason: runtime.kind === 'service' && isDownOrWaiting(runtime) ? runtime.endReason ?? before.endReason : before.endReason,
  };
  turn.setUnit(after);
  turn.emit({ kind: 'publish', change: { change: 'unit', unit: name, activeState, subState: runtime.state } });
  if (before.activeState === activeState) {
    if (after.job !== null) wakeOwnJob(turn, after);
    return;
  }
  onActiveStateChanged(turn, before, after);
}

function isDownOrWaiting(run: ServiceRuntime): boolean {
  return run.state === 'dead' || run.state === 'failed' || run.state === 'auto-restart';
}

function timesAfter(times: UnitTimes, before: ActiveState, after: ActiveState, now: Turn['now']): UnitTimes {
  let next: UnitTimes = { ...times, stateChange: now };
  if (isInactive(before) && !isInactive(after)) next = { ...next, inactiveExit: now };
  if (!isInactive(before) && isInactive(after)) next = { ...next, inactiveEnter: now };
  if (!isActive(before) && isActive(after)) next = { ...next, activeEnter: now };
  if (isActive(before) && !isActive(after)) next = { ...next, activeExit: now };
  return next;
}

function wakeOwnJob(turn: Turn, unit: Unit): void {
  if (unit.job !== null && turn.job(unit.job)?.state === 'waiting') turn.runQueue.add(unit.job);
}

function onActiveStateChanged(turn: Turn, before: Unit, after: Unit): void {
  const willRestart = after.runtime.kind === 'service' && after.runtime.restarting;
  const unexpected = settleOwnJob(turn, after);
  const { name } = after;
  if (isInactive(after.activeState) && !isInactive(before.activeState)) {
    if (after.activeState === 'failed' && !willRestart) onFailed(turn, after);
    if (after.activeState === 'inactive' && !willRestart) onSucceeded(turn, after);
    stopUnneeded(turn, name);
    startUpheld(turn, name);
    if (!willRestart) endWith(turn, after);
  }
  if (unexpected && !isActive(after.activeState) && after.activeState !== 'activating') stopBound(turn, name);
  if (isActive(after.activeState)) {
    stopIfUnbound(turn, name);
    if (isActive(before.activeState)) return;
    stopIfUnneeded(turn, name);
  }
}

/** Gives the unit's own job its result. Returns whether the change was one that no job asked for. */
function settleOwnJob(turn: Turn, unit: Unit): boolean {
  const job = unit.job === null ? undefined : turn.job(unit.job);
  if (job === undefined) return true;
  if (job.state === 'waiting') {
    turn.runQueue.add(job.id);
    return true;
  }
  const { activeState } = unit;
  switch (job.type) {
    case 'start':
    case 'verify-active':
      if (isActive(activeState)) finishJob(turn, job.id, 'done', true);
      else if (isInactive(activeState)) finishJob(turn, job.id, startResult(unit), true);
      else return activeState !== 'activating';
      return !isActive(activeState);
    case 'reload':
      if (activeState === 'active') finishJob(turn, job.id, reloadSucceeded(unit) ? 'done' : 'failed', true);
      else if (isInactive(activeState)) finishJob(turn, job.id, activeState === 'failed' ? 'failed' : 'done', true);
      else return activeState !== 'reloading' && activeState !== 'activating';
      return isInactive(activeState);
    case 'stop':
      if (isInactive(activeState)) finishJob(turn, job.id, 'done', true);
      else if (activeState !== 'deactivating') finishJob(turn, job.id, 'failed', true);
      return false;
    case 'restart':
    case 'try-restart':
      if (isInactive(activeState)) turnIntoStart(turn, job);
      else if (activeState !== 'deactivating') finishJob(turn, job.id, 'failed', true);
      return false;
    default:
      return true;
  }
}

function startResult(unit: Unit): JobResult {
  if (unit.activeState === 'failed') return 'failed';
  return unit.runtime.kind === 'service' && unit.runtime.result === 'exec-condition' ? 'skipped' : 'done';
}

function reloadSucceeded(unit: Unit): boolean {
  return unit.runtime.kind !== 'service' || unit.runtime.reloadResult === 'success';
}

function onFailed(turn: Turn, unit: Unit): void {
  for (const [other] of neighboursBy(turn.graph, unit.name, 'on-failure')) {
    trigger(turn, unit, other, 'OnFailure');
  }
  applyEmergencyAction(turn, unit.name, unit.definition.failureAction, 'failed');
}

function onSucceeded(turn: Turn, unit: Unit): void {
  for (const [other] of neighboursBy(turn.graph, unit.name, 'on-success')) {
    trigger(turn, unit, other, 'OnSuccess');
  }
  applyEmergencyAction(turn, unit.name, unit.definition.successAction, 'succeeded');
}

/** A job failed before its unit could: OnFailure= and JobTimeoutAction= apply all the same. */
export function onJobFailed(turn: Turn, job: Job, result: JobResult): void {
  const unit = turn.require(job.unit);
  if (result === 'timeout') applyEmergencyAction(turn, unit.name, unit.definition.jobTimeoutAction, 'job timeout');
  if ((result === 'dependency' || result === 'timeout') && isInactive(unit.activeState) && job.type === 'start') {
    if (result === 'timeout') turn.setUnit({ ...unit, endReason: { reason: 'timeout', state: 'job' } });
    for (const [other] of neighboursBy(turn.graph, unit.name, 'on-failure')) {
      trigger(turn, unit, other, 'OnFailure');
    }
  }
}

/** FailureAction= and its kin. `-force` and `-immediate` skip the stop jobs. */
export function applyEmergencyAction(turn: Turn, name: UnitName, action: EmergencyAction, why: string): void {
  if (action === 'none' || turn.shutdown !== null) return;
  const [goal, ...how] = action.split('-') as [string, ...string[]];
  turn.log('crit', name, `${name} ${why}: ${action} as its unit file asks`);
  const plain = goal === 'soft' ? 'reboot' : goal;
  if (plain === 'reboot' || plain === 'poweroff' || plain === 'exit' || plain === 'halt' || plain === 'kexec') {
    beginShutdown(turn, plain, exitStatusOf(turn.require(name)), how.includes('force') || how.includes('immediate'));
  }
}

/** `--exit-with UNIT`: when that unit is down for good, so is the manager, with its status. */
function endWith(turn: Turn, unit: Unit): void {
  if (turn.config.exitWith !== unit.name || turn.shutdown !== null) return;
  beginShutdown(turn, 'exit', exitStatusOf(unit), false);
}

const EXIT_NOT_FOUND = 127, EXIT_NOT_EXECUTABLE = 126, EXIT_FAILURE = 1, SIGNAL_BASE = 128;

/** A unit's end as an exit status, by the shell's rules. */
export function exitStatusOf(unit: Unit): number {
  if (unit.runtime.kind !== 'service') return 0;
  const run = unit.runtime;
  if (run.spawnFailure !== null) return run.spawnFailure.errno === 'ENOENT' ? EXIT_NOT_FOUND : EXIT_NOT_EXECUTABLE;
  const exit = run.mainExit?.exit ?? null;
  if (exit === null) return run.result === 'success' ? 0 : EXIT_FAILURE;
  return exit.code === 'exited' ? exit.status : SIGNAL_BASE + exit.status;
}

/** BindsTo= and PropagatesStopTo=: the unit went down without having been asked to. */
function stopBound(turn: Turn, name: UnitName): void {
  for (const [other] of neighboursBy(turn.graph, name, 'retroactive-stop-on-stop')) {
    const unit = turn.unit(other);
    if (unit === undefined || isInactive(unit.activeState) || unit.activeState === 'deactivating') continue;
    enqueueInternal(turn, other, 'stop', 'replace', { reason: 'bound-unit-gone', on: name });
    turn.setUnit({ ...turn.require(other), endReason: { reason: 'bound-unit-gone', on: name } });
  }
}

/** The unit came up while something it is bound to is down already. */
function stopIfUnbound(turn: Turn, name: UnitName): void {
  for (const [other] of neighboursBy(turn.graph, name, 'cannot-be-active-without')) {
    const needed = turn.unit(other);
    if (needed === undefined || !isInactive(needed.activeState) || needed.job !== null || turn.require(name).job !== null) continue;
    enqueueAutomatic(turn, name, 'stop', 'replace', { reason: 'bound-unit-gone', on: other });
  }
}

/** OnFailure= and OnSuccess=. */
function trigger(turn: Turn, unit: Unit, other: UnitName, kind: 'OnFailure' | 'OnSuccess'): void {
  if (turn.shutdown !== null || turn.unit(other) === undefined) return;
  const mode = kind === 'OnFailure' ? unit.definition.onFailureJobMode : unit.definition.onSuccessJobMode;
  enqueueAutomatic(turn, other, 'start', mode, { reason: 'dependency', of: unit.name, kind });
}

/** A job nobody asked for. Too many of them in a short time are refused with a word about it. */
function enqueueAutomatic(turn: Turn, name: UnitName, type: 'start' | 'stop', mode: JobMode, reason: Reason): void {
  const counted = takeAutomaticJob(turn, turn.require(name));
  if (counted === null) {
    turn.log('warning', name, `${name} is started and stopped automatically too often; it is left as it is (${type} because ${describeReason(reason)})`);
    return;
  }
  turn.setUnit(counted);
  enqueueInternal(turn, name, type, mode, reason);
}

/** StopWhenUnneeded=: what this unit held up may go. */
function stopUnneeded(turn: Turn, name: UnitName): void {
  for (const [other] of neighboursBy(turn.graph, name, 'pins')) stopIfUnneeded(turn, other);
}

function stopIfUnneeded(turn: Turn, name: UnitName): void {
  const unit = turn.unit(name);
  if (unit === undefined || !unit.definition.stopWhenUnneeded || !isActive(unit.activeState) || unit.job !== null) return;
  for (const [holder] of neighboursBy(turn.graph, name, 'needed-by')) {
    const other = turn.unit(holder);
    if (other === undefined) continue;
    const job = other.job === null ? undefined : turn.job(other.job);
    const goingDown = job?.type === 'stop';
    if (!goingDown && (!isInactive(other.activeState) || job?.type === 'start' || job?.type === 'restart')) return;
  }
  enqueueAutomatic(turn, name, 'stop', 'fail', { reason: 'unneeded' });
}

/** Upholds=: an active unit wants this one up. The start limit keeps a broken one from spinning. */
function startUpheld(turn: Turn, name: UnitName): void {
  if (turn.shutdown !== null) return;
  for (const holder of neighbours(turn.graph, name, 'UpheldBy')) {
    const other = turn.unit(holder);
    const unit = turn.require(name);
    if (other === undefined || !isActive(other.activeState) || unit.job !== null) continue;
    if (unit.runtime.kind === 'service' && (unit.runtime.restarting || unit.runtime.result === 'start-limit-hit')) continue;
    enqueueAutomatic(turn, name, 'start', 'fail', { reason: 'dependency', of: holder, kind: 'Upholds' });
  }
}
