/**
 * The manager as a function: state and event in, next state and effects out. It blocks on nothing, knows no clock and keeps no
 * secret state: the same state and event give the same result, always.
 */
import { unreachable } from '../../base/assert.ts';
import type { UnitName } from '../../base/brand.ts';
import { emptyLedger } from '../../base/due-ledger.ts';
import { emptyMap } from '../../base/persistent-map.ts';
import { seedRandom } from '../../base/random.ts';
import { takeFirst } from '../../base/take-first.ts';
import type { ClockReading } from '../../base/time.ts';
import { emptyGraph, removeFromGraph } from '../graph/graph.ts';
import { onNotify, onStoredFdHungUp } from '../machine/service/notify.ts';
import { onOomKill } from '../machine/service/out-of-memory.ts';
import { onProbeAnswer } from '../machine/service/probe-verdicts.ts';
import { onMainPidKnown } from '../machine/service/start.ts';
import { withoutForeignMainPid } from './drivers/claimed-main-pid.ts';
import { onCollect } from './upkeep/collect.ts';
import { onAutomountGone, onAutomountOpened, onAutomountRequest, onAutomountUsed } from './drivers/automount-driver.ts';
import { onDeviceObserved } from './drivers/device-driver.ts';
import type { Effect } from './effect.ts';
import { onGeneratedEnvironment } from './environment.ts';
import { planSweep } from './upkeep/garbage.ts';
import { queueAutomaticJobs } from './automatic-jobs.ts';
import type { EventOf, ManagerEvent } from './event.ts';
import { takeOverFound, takeOverStores } from './drivers/found-service.ts';
import { enqueue, finishJob } from './jobs.ts';
import { onEventLeftOut } from './survival/left-out.ts';
import { addDefinitions, replaceDefinitions } from './load.ts';
import { onMountTable } from './drivers/mount-driver.ts';
import { onProcessEvent } from './process-events.ts';
import { onRequest, refuseLeftOut } from './requests.ts';
import { runNextJob } from './run-queue.ts';
import { onScopeOomKill } from './drivers/scope-driver.ts';
import { driveService, isService, type ServiceTransition } from './drivers/service-driver.ts';
import { advanceShutdown, onFinalKillDone } from './shutdown.ts';
import { UNCHANGED_SETTINGS } from './runtime-settings.ts';
import { onSignal } from './signals.ts';
import { onConnection, onInstanceLoaded, onNotOpened, onOpened, onReady } from './drivers/socket-driver.ts';
import type { ManagerConfig, ManagerState } from './state.ts';
import { onRenewalClockChanged, onRenewalPathsObserved, onRenewalZoneChanged } from './drivers/renewal-driver.ts';
import { onPathsObserved } from './drivers/path-driver.ts';
import { onSwapTable } from './drivers/swap-driver.ts';
import { onClockChanged, onTimerStamp, onTimezoneChanged } from './drivers/timer-driver.ts';
import { onTimer, onUnitDue, rearm } from './timers.ts';
import { Turn } from './turn.ts';
import { onConditionsTested } from './unit-operations.ts';
import { setRuntime } from './drivers/set-runtime.ts';
import { reactToNext } from './unit-changes.ts';
import type { OpenTurn } from './survival/replay.ts';

/** A manager that has seen no event yet. */
export function initialState(config: ManagerConfig, now: ClockReading): ManagerState {
  return {
    config,
    units: emptyMap(),
    aliases: emptyMap(),
    graph: emptyGraph(),
    orderIsAcyclic: true,
    jobs: emptyMap(),
    requests: emptyMap(),
    pids: emptyMap(),
    unitDues: emptyLedger(),
    jobDues: null,
    nextJobId: 1,
    nextConditionToken: 1,
    armedUsec: null,
    sweepDueUsec: null,
    bootJobsLeft: 0,
    bootFailed: [],
    bootFinished: null,
    started: { realtimeUsec: now.realtimeUsec, monotonicUsec: now.monotonicUsec },
    shutdown: null,
    environment: [],
    generatedEnvironment: [],
    settings: UNCHANGED_SETTINGS,
    answers: [],
    random: seedRandom(0),
  };
}

export function step(state: ManagerState, event: ManagerEvent): readonly [ManagerState, readonly Effect[]] {
  const turn = new Turn(state);
  const effects = take(turn, event);
  return [turn.state(), effects];
}

/**
 * The steps of a turn with several events: what `step` makes of one after the other, but the state is put together only when it is asked
 * for. When a step throws, the whole turn is lost; what came before it can be made again from the old state.
 */
export function openTurn(state: ManagerState): OpenTurn {
  const turn = new Turn(state);
  return { take: (event) => take(turn, event), state: () => turn.state() };
}

/** @returns the effects, in order */
function take(turn: Turn, event: ManagerEvent): readonly Effect[] {
  const hadJobs = turn.jobCount > 0;
  turn.begin(event);
  handle(turn, event);
  settle(turn, hadJobs, event);
  for (const name of turn.connectionsOver) forgetInstance(turn, name);
  if (turn.mayHaveGarbage) planSweep(turn);
  return turn.end();
}

function handle(turn: Turn, event: ManagerEvent): void {
  switch (event.event) {
    case 'boot': onBoot(turn, event); return;
    case 'definitions':
      if (event.reload) replaceDefinitions(turn, event.definitions);
      else addDefinitions(turn, event.definitions, true);
      return;
    case 'services-found':
      addDefinitions(turn, event.definitions, false);
      takeOverFound(turn, event.found);
      return;
    case 'request': onRequest(turn, event); return;
    case 'request-dropped': turn.removeRequest(event.id); return;
    case 'conditions-tested': {
      const unit = turn.unit(event.unit);
      const outcome = onConditionsTested(turn, event.unit, event.token, event.conditions, event.assertions);
      if (outcome !== null && outcome !== 'running' && outcome !== 'retry' && unit !== undefined && unit.job !== null) finishJob(turn, unit.job, outcome, true);
      return;
    }
    case 'spawned':
      turn.setOwner(event.pid, event.unit);
      onProcessEvent(turn, event.unit, event);
      return;
    case 'spawn-failed': {
      const { stage, errno, subject } = event;
      turn.log('err', event.unit, `${event.unit}: cannot start ${subject}: ${stage} failed with ${errno}`, { stage, errno });
      onProcessEvent(turn, event.unit, event);
      return;
    }
    case 'exec-done': onProcessEvent(turn, event.unit, event); return;
    case 'exec-failed': {
      const { stage, errno, subject } = event;
      turn.log('err', event.unit, `${event.unit}: cannot start ${subject}: ${stage} failed with ${errno}`, { stage, errno });
      onProcessEvent(turn, event.unit, event);
      return;
    }
    case 'exited': onExited(turn, event); return;
    case 'notify': {
      const unit = turn.unit(event.unit);
      // Who sent them is no service any more: nobody would ever close them.
      if (event.fds.length > 0 && (unit === undefined || !isService(unit))) turn.emit({ kind: 'close-fds', names: event.fds });
      const message = withoutForeignMainPid(turn, event);
      drive(turn, event.unit, (c, run) => onNotify(c, run, message));
      return;
    }
    case 'stored-fd-hung-up': drive(turn, event.unit, (c, run) => onStoredFdHungUp(c, run, event.key)); return;
    case 'probe-answer': drive(turn, event.unit, (c, run) => onProbeAnswer(c, run, event.token, event.holds, event.detail)); return;
    case 'oom-kill':
      drive(turn, event.unit, onOomKill);
      onScopeOomKill(turn, event.unit);
      return;
    case 'cgroup-empty': onProcessEvent(turn, event.unit, event); return;
    case 'pid-file':
    case 'main-pid-guess':
      drive(turn, event.unit, (c, run) => onMainPidKnown(c, run, event.pid, event.event === 'pid-file' ? event.error : ''));
      return;
    case 'sockets-opened': onOpened(turn, event); return;
    case 'sockets-not-opened': onNotOpened(turn, event); return;
    case 'socket-ready': onReady(turn, event.unit); return;
    case 'connection': onConnection(turn, event); return;
    case 'instance-loaded': onInstanceLoaded(turn, event); return;
    case 'timer': onTimer(turn); return;
    case 'collect': onCollect(turn, event.unit); return;
    case 'paths-observed':
      onPathsObserved(turn, event);
      onDeviceObserved(turn, event);
      onRenewalPathsObserved(turn, event);
      return;
    case 'clock-changed':
      onClockChanged(turn, event.seen);
      onRenewalClockChanged(turn);
      return;
    case 'timezone-changed':
      onTimezoneChanged(turn, event.zone);
      onRenewalZoneChanged(turn, event.zone);
      return;
    case 'timer-stamp': onTimerStamp(turn, event.unit, event.stampUsec); return;
    case 'signal': onSignal(turn, event.signal); return;
    case 'generated-environment': onGeneratedEnvironment(turn, event.assignments); return;
    case 'mount-table': onMountTable(turn, event.mounts); return;
    case 'automount-opened': onAutomountOpened(turn, event); return;
    case 'automount-request': onAutomountRequest(turn, event); return;
    case 'automount-used': onAutomountUsed(turn, event.unit); return;
    case 'automount-gone': onAutomountGone(turn, event.unit); return;
    case 'swap-table': onSwapTable(turn, event.swaps); return;
    case 'effect-failed':
      turn.log('warning', event.subject as UnitName | '', `${event.effect}${event.subject === '' ? '' : ` for ${event.subject}`} failed: ${event.errno}`);
      return;
    case 'runtime-not-effective': {
      const unit = turn.unit(event.unit);
      if (unit !== undefined) turn.setUnit({ ...unit, notEffectiveAtRuntime: event.items });
      return;
    }
    case 'event-left-out': onEventLeftOut(turn, event); return;
    case 'request-left-out': refuseLeftOut(turn, event); return;
    case 'final-kill-done': onFinalKillDone(turn, event.remaining); return;
    default: unreachable(event);
  }
}

/** Answers to what a job that was run asked the host for: the run of the jobs goes on where it was. */
const CONTINUES_JOBS: ReadonlySet<ManagerEvent['event']> = new Set(['conditions-tested', 'spawned', 'spawn-failed', 'sockets-opened', 'sockets-not-opened', 'automount-opened']);

/**
 * Two phases, repeated until nothing is left: changes are propagated, then one job is run. What the manager may want of units by itself
 * is looked at before the first job, unless the jobs have only been waiting for the host, and after the last; what is due at once (a
 * restart without a pause) comes after that.
 */
function settle(turn: Turn, hadJobs: boolean, { event }: ManagerEvent): void {
  while (reactToNext(turn));
  if (!CONTINUES_JOBS.has(event)) queueAutomaticJobs(turn);
  do runJobs(turn); while (handleDueNow(turn));
  if (turn.bootFinished === null && turn.bootJobsLeft === 0 && turn.unitCount > 0) {
    turn.bootFinished = turn.now;
    turn.emit({ kind: 'boot-finished', failed: turn.bootFailed });
  }
  if (advanceShutdown(turn)) runJobs(turn);
  // The last job is done: this is the moment to forget timers that nobody waits for any more.
  if (turn.jobCount === 0 && hadJobs) rearm(turn);
}

function runJobs(turn: Turn): void {
  do {
    while (reactToNext(turn) || runNextJob(turn));
  } while (queueAutomaticJobs(turn));
}

function handleDueNow(turn: Turn): boolean {
  const name = takeFirst(turn.dueNow);
  if (name !== undefined) onUnitDue(turn, name);
  return name !== undefined;
}

function onBoot(turn: Turn, event: EventOf<'boot'>): void {
  turn.seed(seedRandom(event.randomSeed, event.realtimeUsec, event.monotonicUsec));
  addDefinitions(turn, event.definitions, false);
  const root = turn.unit('-.slice' as UnitName);
  if (event.mounts !== undefined) onMountTable(turn, event.mounts);
  if (event.swaps !== undefined) onSwapTable(turn, event.swaps);
  if (root?.runtime.kind === 'slice') setRuntime(turn, root.name, { kind: 'slice', state: 'active' }, 'active');
  takeOverFound(turn, event.found ?? []);
  takeOverStores(turn, event.stores ?? []);
  const wanted = turn.config.bootUnit;
  const fallbacks = ['rescue.target', 'emergency.target'] as UnitName[];
  for (const name of [wanted, ...fallbacks]) {
    const unit = turn.unit(name);
    if (unit === undefined && name !== wanted) continue;
    const outcome = enqueue(turn, { unit: unit?.name ?? name, type: 'start', mode: 'replace', reason: { reason: 'boot' }, boot: true }, null);
    if (outcome.ok) return;
    turn.log('crit', name, `Cannot boot into ${name}: ${outcome.refusal.message}`);
    turn.bootFailed = [...turn.bootFailed, name];
  }
}

/** Without this every connection that ever was would be a unit. One that failed is kept to be looked at, as systemd does. */
function forgetInstance(turn: Turn, name: UnitName): void {
  const unit = turn.unit(name);
  if (unit === undefined || unit.activeState !== 'inactive' || unit.job !== null) return;
  turn.graph = removeFromGraph(turn.graph, unit.name);
  turn.removeUnit(unit.name);
}

/** A unit that is gone meanwhile (reloaded away) has nothing to say to its old processes. */
function drive(turn: Turn, name: UnitName, transition: ServiceTransition): void {
  const unit = turn.unit(name);
  if (unit !== undefined && isService(unit)) driveService(turn, unit.name, transition);
}

function onExited(turn: Turn, event: EventOf<'exited'>): void {
  const owner = turn.ownerOf(event.pid) ?? event.unitHint;
  turn.removeOwner(event.pid);
  if (owner === event.unitHint) {
    if (owner !== null) onProcessEvent(turn, owner, event);
    return;
  }
  // A main process that a service named by MAINPID= is in another unit's group: that this one is empty says nothing about the service's.
  if (owner !== null) onProcessEvent(turn, owner, { ...event, groupEmpty: false });
  if (event.groupEmpty === true && event.unitHint !== null) onProcessEvent(turn, event.unitHint, { ...turn.now, event: 'cgroup-empty', unit: event.unitHint });
}
