/** Start, stop and reload of a unit of any kind, as a job asks for them. */
import type { UnitName } from '../../base/brand.ts';
import { INVERSE } from '../graph/atoms.ts';
import { neighbours, neighboursBy } from '../graph/graph.ts';
import { isActive, isInactive } from '../job/job-type.ts';
import { setFrozen } from './freeze.ts';
import { beginReplacement } from '../machine/service/overlap.ts';
import { reloadService } from '../machine/service/reload.ts';
import { startService } from '../machine/service/start.ts';
import { stopService } from '../machine/service/stop.ts';
import { driveService, isService, restartsDirectly } from './drivers/service-driver.ts';
import { takeStart } from './restarts/start-limit.ts';
import type { ConditionOutcome, Job, JobResult, Unit } from './state.ts';
import { failAutomount, isAutomount, startAutomount, stopAutomount } from './drivers/automount-driver.ts';
import { failMount, isMount, reloadMountUnit, startMountUnit, stopMountUnit } from './drivers/mount-driver.ts';
import { failPath, isPath, startPath, stopPath } from './drivers/path-driver.ts';
import { failTimer, isTimer, startTimer, stopTimer } from './drivers/timer-driver.ts';
import { startScope, stopScope } from './drivers/scope-driver.ts';
import { failSocket, startSocketUnit, stopSocketUnit } from './drivers/socket-driver.ts';
import { isSocket } from './drivers/socket-record.ts';
import { failSwap, isSwap, startSwapUnit, stopSwapUnit } from './drivers/swap-driver.ts';
import type { Turn } from './turn.ts';
import { setRuntime } from './drivers/set-runtime.ts';

/** What became of trying to run a job: `'running'` until the unit's state says more, `'retry'` when the unit is in between. */
export type RunOutcome = 'running' | 'retry' | JobResult;

export function startUnit(turn: Turn, unit: Unit, job: Job): RunOutcome {
  if (isActive(unit.activeState)) return 'done';
  const { definition } = unit;
  if (definition.loadState !== 'loaded') return 'failed';
  if (unit.activeState === 'deactivating') return 'retry';
  // A service between two automatic restarts starts when its time has come; an impatient user asks for a restart.
  const isBetweenRuns = isService(unit) && unit.runtime.state === 'auto-restart';
  if (isBetweenRuns && (unit.runtime.deadlineUsec !== null || !restartsDirectly(unit.definition))) return 'retry';
  if (unit.activeState === 'activating' && !isBetweenRuns) return 'running';
  if (definition.kind === 'device' && !definition.isKnowable) {
    turn.setUnit({ ...unit, endReason: { reason: 'not-implemented' } });
    return 'unsupported';
  }
  if (definition.conditions.length + definition.assertions.length === 0) {
    const tested: Unit = { ...unit, conditionResult: true, assertResult: true, times: { ...unit.times, condition: turn.now } };
    return startTested(turn, tested, job);
  }
  const token = turn.newConditionToken();
  turn.setUnit({ ...unit, conditionToken: token });
  turn.emit({ kind: 'test-conditions', unit: unit.name, token, conditions: definition.conditions, assertions: definition.assertions });
  return 'running';
}

/** The answer to `test-conditions`. Null = the question is no longer open. */
export function onConditionsTested(
  turn: Turn, name: UnitName, token: number, conditions: readonly ConditionOutcome[], assertions: readonly ConditionOutcome[],
): RunOutcome | null {
  const unit = turn.unit(name);
  if (unit === undefined || unit.conditionToken !== token) return null;
  const conditionResult = holdTogether(conditions);
  const assertResult = holdTogether(assertions);
  const tested: Unit = {
    ...unit, conditionToken: null, conditions, assertions, conditionResult, assertResult, times: { ...unit.times, condition: turn.now },
  };
  turn.setUnit(tested);
  const job = unit.job === null ? undefined : turn.job(unit.job);
  if (job === undefined || job.type !== 'start') return null;
  if (!conditionResult) {
    const index = firstFailing(conditions);
    turn.setUnit({ ...tested, endReason: { reason: 'condition', index } });
    const failing = conditions[index];
    turn.log('info', name, `${unit.definition.description} was skipped: Condition${failing?.kind ?? ''}=${failing?.negate === true ? '!' : ''}${failing?.parameter ?? ''} is not met`);
    return 'done';
  }
  if (!assertResult) {
    turn.setUnit({ ...tested, endReason: { reason: 'assertion', index: firstFailing(assertions) } });
    return 'assert';
  }
  return startTested(turn, tested, job);
}

/** All plain ones must hold, and of the triggering ones (`|`) at least one, where there are any. */
export function holdTogether(outcomes: readonly ConditionOutcome[]): boolean {
  const triggers = outcomes.filter((outcome) => outcome.trigger);
  return outcomes.every((outcome) => outcome.trigger || outcome.holds === true)
    && (triggers.length === 0 || triggers.some((outcome) => outcome.holds === true));
}

function firstFailing(outcomes: readonly ConditionOutcome[]): number {
  const plain = outcomes.findIndex((outcome) => !outcome.trigger && outcome.holds !== true);
  return plain >= 0 ? plain : outcomes.findIndex((outcome) => outcome.holds !== true);
}

function startTested(turn: Turn, unit: Unit, job: Job): RunOutcome {
  for (const { other, kind } of neighboursBy(turn.graph, unit.name, 'cannot-be-active-without')) {
    // Without an order between them the other may still be on its way; BindsTo= alone cannot tell.
    if (!neighbours(turn.graph, unit.name, 'After').includes(other)) continue;
    const state = turn.unit(other)?.activeState ?? 'inactive';
    if (isActive(state)) continue;
    turn.setUnit({ ...unit, endReason: { reason: 'dependency-failed', on: other, kind: INVERSE[kind] } });
    return 'dependency';
  }
  const limited = takeStart(turn, unit);
  if (limited === null) return onStartLimit(turn, unit);
  turn.setUnit({ ...limited, isFrozen: false, invocationId: turn.newInvocationId(), startReason: job.reason, endReason: null });
  const { runtime } = unit;
  switch (runtime.kind) {
    case 'service':
      driveService(turn, unit.name, startService);
      return 'running';
    case 'target':
    case 'slice':
      setRuntime(turn, unit.name, { ...runtime, state: 'active' }, 'active');
      return 'running';
    case 'scope':
      startScope(turn, turn.require(unit.name), job);
      return 'running';
    case 'timer': {
      const timer = turn.require(unit.name);
      return isTimer(timer) ? startTimer(turn, timer) : 'failed';
    }
    case 'path': {
      const path = turn.require(unit.name);
      return isPath(path) ? startPath(turn, path) : 'failed';
    }
    case 'socket': {
      const socket = turn.require(unit.name);
      return isSocket(socket) ? startSocketUnit(turn, socket) : 'failed';
    }
    case 'mount':
      startMountUnit(turn, unit.name);
      return 'running';
    case 'swap':
      startSwapUnit(turn, unit.name);
      return 'running';
    // Nobody can start it; the job waits until it is there.
    case 'device':
      return 'running';
    case 'automount': {
      const automount = turn.require(unit.name);
      return isAutomount(automount) ? startAutomount(turn, automount) : 'failed';
    }
  }
}

function onStartLimit(turn: Turn, unit: Unit): RunOutcome {
  const { definition } = unit;
  turn.setUnit({ ...unit, endReason: { reason: 'start-limit' } });
  turn.log('err', unit.name,
    `${definition.description}: started ${String(definition.startLimitBurst)} times within ${String(definition.startLimitIntervalUsec / 1_000_000)} s; not started again (StartLimitBurst=)`);
  if (isService(unit)) {
    const run = unit.runtime;
    // Between two automatic restarts nobody was told of the failure: this is the end of the last one, and OnFailure= is to hear of it.
    if (run.restarting) setRuntime(turn, unit.name, { ...run, state: 'auto-restart', deadlineUsec: null }, 'activating');
    setRuntime(turn, unit.name, { ...run, state: 'failed', result: run.result === 'success' ? 'start-limit-hit' : run.result, restarting: false, deadlineUsec: null }, 'failed');
    turn.setUnit({ ...turn.require(unit.name), endReason: { reason: 'start-limit' } });
    turn.emit({ kind: 'release-control-group', unit: unit.name });
  }
  if (isTimer(unit)) failTimer(turn, unit);
  if (isPath(unit)) failPath(turn, unit);
  if (isAutomount(unit)) failAutomount(turn, unit);
  if (isSocket(unit)) failSocket(turn, unit);
  if (isMount(unit)) failMount(turn, unit);
  if (isSwap(unit)) failSwap(turn, unit);
  turn.wantEmergencyAction(unit, definition.startLimitAction, 'start limit');
  return 'failed';
}

export function stopUnit(turn: Turn, unit: Unit, job: Job): RunOutcome {
  const { runtime } = unit;
  if (isInactive(unit.activeState)) return 'done';
  // What stands still cannot obey, and the commands of the stop would stand still with it.
  setFrozen(turn, unit.name, false);
  if (job.type === 'stop') turn.setUnit({ ...turn.require(unit.name), endReason: job.reason });
  switch (runtime.kind) {
    case 'service':
      driveService(turn, unit.name, stopService);
      break;
    case 'target':
    case 'slice':
      setRuntime(turn, unit.name, { ...runtime, state: 'dead' }, 'inactive');
      if (runtime.kind === 'slice') turn.emit({ kind: 'release-control-group', unit: unit.name });
      break;
    case 'scope':
      stopScope(turn, unit.name, 'success');
      break;
    case 'timer':
      if (isTimer(unit)) stopTimer(turn, unit);
      break;
    case 'path':
      if (isPath(unit)) stopPath(turn, unit);
      break;
    case 'socket':
      stopSocketUnit(turn, unit.name);
      break;
    case 'mount':
      stopMountUnit(turn, unit.name);
      break;
    case 'swap':
      stopSwapUnit(turn, unit.name);
      break;
    case 'automount':
      if (isAutomount(unit)) stopAutomount(turn, unit);
      break;
    case 'device':
      return 'done';
  }
  return 'running';
}

/** A new main process beside the old one, which goes then. */
export function replaceUnit(turn: Turn, unit: Unit): RunOutcome {
  // One that is under way may have begun before what is to come into effect; it is done once more afterwards.
  if (unit.activeState === 'reloading' || unit.activeState === 'activating' || unit.activeState === 'deactivating') return 'retry';
  if (!isService(unit) || unit.runtime.mainPid === null || unit.runtime.state !== 'running') return 'invalid';
  driveService(turn, unit.name, beginReplacement);
  return 'running';
}

export function reloadUnit(turn: Turn, unit: Unit): RunOutcome {
  if (unit.activeState === 'reloading') return 'running';
  if (unit.activeState !== 'active') return 'invalid';
  if (isMount(unit)) {
    reloadMountUnit(turn, unit.name);
    return 'running';
  }
  // It has nothing of its own to reload; what it hands the reload on to has jobs for that.
  if (!isService(unit)) return 'done';
  if (unit.runtime.state !== 'running' && unit.runtime.state !== 'exited') return 'invalid';
  driveService(turn, unit.name, reloadService);
  // With Type=notify-reload and no process left there is nobody to tell, as in systemd.
  return turn.require(unit.name).activeState === 'reloading' ? 'running' : 'done';
}
