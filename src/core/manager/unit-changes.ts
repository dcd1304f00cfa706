/**
 * What follows from a unit's new state: for its own job, for units that depend on it, OnFailure= and its kin, the end of the manager.
 *
 * Changes are queued while jobs run and transitions are taken; here they are worked off one by one, so that nothing reacts to a unit
 * that is still in the middle of changing.
 */
import type { UnitName } from '../../base/brand.ts';
import { takeFirst } from '../../base/take-first.ts';
import { neighbours, neighboursBy } from '../graph/graph.ts';
import { isActive, isInactive } from '../job/job-type.ts';
import { enqueueAutomatic } from './automatic-jobs.ts';
import { considerCollecting } from './upkeep/collect.ts';
import { crashFactsOf } from './explain/crash-facts-of.ts';
import { considerSweeping } from './upkeep/garbage.ts';
import { enqueueInternal, finishJob, turnIntoStart } from './jobs.ts';
import { settleRenewal } from './drivers/renewal-driver.ts';
import { releaseHeld } from './restarts/restart-hold.ts';
import { beginShutdown, exitStatusOf } from './shutdown.ts';
import type { JobResult, Unit } from './state.ts';
import { onTriggeredUnitChanged } from './drivers/triggers.ts';
import { endsManager } from './restarts/exit-rule.ts';
import { rebootArgumentOf, type Emergency, type FailedJob, type Turn, type UnitChange } from './turn.ts';

/** Works off the oldest thing that waits for a reaction. False = nothing waits. */
export function reactToNext(turn: Turn): boolean {
  const change = turn.changes.shift();
  if (change !== undefined) {
    onChange(turn, change);
    return true;
  }
  const failed = turn.failedJobs.shift();
  if (failed !== undefined) {
    onJobFailed(turn, failed);
    return true;
  }
  const name = takeFirst(turn.triggered);
  if (name !== undefined) {
    onTriggeredUnitChanged(turn, name);
    considerCollecting(turn, name);
    considerSweeping(turn, name);
    return true;
  }
  const emergency = turn.emergencies.shift();
  if (emergency !== undefined) applyEmergencyAction(turn, emergency);
  return emergency !== undefined;
}

function onChange(turn: Turn, { before, after }: UnitChange): void {
  turn.triggered.add(after.name);
  settleRenewal(turn, after.name);
  if (before.activeState !== after.activeState) {
    onActiveStateChanged(turn, before, after);
    return;
  }
  const job = turn.require(after.name).job;
  if (job !== null && turn.job(job)?.state === 'waiting') turn.runQueue.add(job);
}

function onActiveStateChanged(turn: Turn, before: Unit, after: Unit): void {
  const willRestart = after.runtime.kind === 'service' && after.runtime.restarting;
  const unexpected = settleOwnJob(turn, after);
  const { name } = after;
  if (after.runtime.kind === 'service' && after.runtime.result === 'exec-condition') turn.setUnit({ ...turn.require(name), conditionResult: false });
  if (isInactive(after.activeState) && !isInactive(before.activeState)) {
    // Also of one that is restarted at once: its failure is over sooner than anybody could look. Not once more at the end of the pause.
    if (after.activeState === 'failed' && before.runtime.state !== 'auto-restart') turn.emit({ kind: 'record-crash', unit: name, facts: crashFactsOf(after, turn.now.realtimeUsec) });
    if (after.activeState === 'failed' && !willRestart) onFailed(turn, after);
    if (after.activeState === 'inactive' && !willRestart) onSucceeded(turn, after);
    for (const { other } of neighboursBy(turn.graph, name, 'pins')) turn.automatic.unneeded.add(other);
    for (const bound of neighbours(turn.graph, name, 'BoundBy')) turn.automatic.unbound.add(bound);
    turn.automatic.upheld.add(name);
    if (!willRestart) endWith(turn, after);
  }
  if (unexpected && !isUpOrComing(before) && isUpOrComing(after)) pullInLate(turn, name);
  if (unexpected && !isActive(after.activeState) && after.activeState !== 'activating') stopBound(turn, name);
  if (isActive(after.activeState)) {
    turn.automatic.unbound.add(name);
    if (isActive(before.activeState)) return;
    for (const { other } of neighboursBy(turn.graph, name, 'upholds')) turn.automatic.upheld.add(other);
    releaseHeld(turn, name);
    turn.automatic.unneeded.add(name);
  }
}

/** Gives the unit's own job its result. Returns whether the change was one that no job asked for. */
function settleOwnJob(turn: Turn, unit: Unit): boolean {
  const id = turn.require(unit.name).job;
  const job = id === null ? undefined : turn.job(id);
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
    case 'replace':
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
  // A start that ExecCondition= made needless counts as done, as with Condition…=: what requires the unit goes on.
  return 'done';
}

function reloadSucceeded(unit: Unit): boolean {
  return !('reloadResult' in unit.runtime) || unit.runtime.reloadResult === 'success';
}

function onFailed(turn: Turn, unit: Unit): void {
  for (const { other } of neighboursBy(turn.graph, unit.name, 'on-failure')) {
    trigger(turn, unit, other, 'OnFailure');
  }
  turn.wantEmergencyAction(unit, unit.definition.failureAction, 'failed', { exitStatus: statusSetting(unit, 'FailureActionExitStatus'), rebootArgument: rebootArgumentOf(unit) });
}

function onSucceeded(turn: Turn, unit: Unit): void {
  for (const { other } of neighboursBy(turn.graph, unit.name, 'on-success')) {
    trigger(turn, unit, other, 'OnSuccess');
  }
  turn.wantEmergencyAction(unit, unit.definition.successAction, 'succeeded', { exitStatus: statusSetting(unit, 'SuccessActionExitStatus'), rebootArgument: rebootArgumentOf(unit) });
}

function statusSetting({ definition }: Unit, name: 'FailureActionExitStatus' | 'SuccessActionExitStatus'): number | null {
  const text = definition.recorded[name];
  return text === undefined ? null : Number(text);
}

/** A job failed before its unit could: OnFailure= and JobTimeoutAction= apply all the same. */
function onJobFailed(turn: Turn, { job, result }: FailedJob): void {
  const unit = turn.unit(job.unit);
  if (unit === undefined) return;
  if (result === 'timeout') turn.wantEmergencyAction(unit, unit.definition.jobTimeoutAction, 'job timeout', { exitStatus: null, rebootArgument: unit.definition.recorded['JobTimeoutRebootArgument'] ?? '' });
  if ((result === 'dependency' || result === 'timeout') && isInactive(unit.activeState) && job.type === 'start') {
    const on = job.blockedBy === null ? undefined : turn.job(job.blockedBy)?.unit;
    if (result === 'timeout') turn.setUnit({ ...unit, endReason: { reason: 'timeout', state: 'job', ...(on === undefined ? {} : { on }) } });
    for (const { other } of neighboursBy(turn.graph, unit.name, 'on-failure')) trigger(turn, unit, other, 'OnFailure');
  }
}

/** FailureAction= and its kin. `-force` and `-immediate` skip the stop jobs. */
function applyEmergencyAction(turn: Turn, { unit, action, why, exitStatus, rebootArgument }: Emergency): void {
  if (action === 'none' || turn.shutdown !== null) return;
  const [, goal = '', how] = /^(.+?)(-force|-immediate)?$/.exec(action) ?? [];
  turn.log('crit', unit, `${unit} ${why}: ${action} as its unit file asks`);
  if (goal === 'soft-reboot' || goal === 'reboot' || goal === 'poweroff' || goal === 'exit' || goal === 'halt' || goal === 'kexec') {
    beginShutdown(turn, goal, { exitStatus: exitStatus ?? exitStatusOf(turn.require(unit)), force: how !== undefined, rebootArgument });
  }
}

/** `--exit-with UNIT` and ExitOn=: when that unit is down for good, so is the manager, with its status. */
function endWith(turn: Turn, unit: Unit): void {
  if (turn.shutdown !== null || (turn.config.exitWith !== unit.name && !endsManager(unit))) return;
  if (turn.config.exitWith !== unit.name) turn.log('notice', unit.name, `${unit.name} has ended, and the manager ends with it (ExitOn=)`);
  beginShutdown(turn, 'exit', { exitStatus: exitStatusOf(unit), force: false, rebootArgument: '' });
}

function isUpOrComing(unit: Unit): boolean {
  return isActive(unit.activeState) || unit.activeState === 'activating';
}

/** The unit came up by itself (a mount that somebody made): what a start of it would have pulled in comes now, where order allows. */
function pullInLate(turn: Turn, name: UnitName): void {
  const earlier = neighbours(turn.graph, name, 'After');
  const late = [['pull-in-start', 'start', 'replace'], ['pull-in-start-ignored', 'start', 'fail'], ['pull-in-stop', 'stop', 'replace'], ['pull-in-stop-ignored', 'stop', 'replace']] as const;
  for (const [atom, type, mode] of late) {
    for (const { other, kind } of neighboursBy(turn.graph, name, atom)) {
      const unit = turn.unit(other);
      if (unit === undefined || (type === 'start') === isUpOrComing(unit)) continue;
      if (type === 'start' && earlier.includes(other)) continue;
      enqueueInternal(turn, other, type, mode, type === 'start' ? { reason: 'dependency', of: name, kind } : { reason: 'conflict', with: name });
    }
  }
}

/** BindsTo= and PropagatesStopTo=: the unit went down without having been asked to. */
function stopBound(turn: Turn, name: UnitName): void {
  for (const { other } of neighboursBy(turn.graph, name, 'retroactive-stop-on-stop')) {
    const unit = turn.unit(other);
    if (unit === undefined || isInactive(unit.activeState) || unit.activeState === 'deactivating') continue;
    enqueueInternal(turn, other, 'stop', 'replace', { reason: 'bound-unit-gone', on: name });
    turn.setUnit({ ...turn.require(other), endReason: { reason: 'bound-unit-gone', on: name } });
  }
}

/** OnFailure= and OnSuccess=. */
function trigger(turn: Turn, unit: Unit, other: UnitName, kind: 'OnFailure' | 'OnSuccess'): void {
  if (turn.shutdown !== null || turn.unit(other) === undefined) return;
  const mode = kind === 'OnFailure' ? unit.definition.onFailureJobMode : unit.definition.onSuccessJobMode;
  enqueueAutomatic(turn, other, 'start', mode, { reason: 'dependency', of: unit.name, kind });
}
