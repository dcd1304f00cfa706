/** Requests of control clients that change something. The control server has checked that the caller may ask. */
import type { JobId, RequestId, UnitName } from '../../base/brand.ts';
import type { Refusal } from '../job/transaction/outcome.ts';
import { isActive, isInactive } from '../job/job-type.ts';
import type { Reply } from './effect.ts';
import { cleanProblem, cleanUnit } from './clean.ts';
import { freezeProblem, setFrozen } from './freeze.ts';
import { mergeEnvironment } from './environment.ts';
import type { EventOf, Request } from './event.ts';
import { cancelJob, enqueue } from './jobs.ts';
import { isService } from './drivers/service-driver.ts';
import { calmSocket } from './drivers/socket-driver.ts';
import { beginShutdown } from './shutdown.ts';
import type { Job, JobType, PendingRequest, Reason, Unit } from './state.ts';
import { isSocket } from './drivers/socket-record.ts';
import { calmAutomount, isAutomount } from './drivers/automount-driver.ts';
import { calmMount, isMount } from './drivers/mount-driver.ts';
import { calmSwap, isSwap } from './drivers/swap-driver.ts';
import { isForgottenBySystemd } from './upkeep/garbage.ts';
import { isStartLimited } from './restarts/start-limit.ts';
import { isReloadable } from '../graph/reloadable.ts';
import { restartTypeOf } from './restarts/restart-type.ts';
import type { Graph } from '../graph/graph.ts';
import type { Turn } from './turn.ts';
import { controlPidOf, mainPidOf, runsCommands } from './unit-processes.ts';
import { setRuntime } from './drivers/set-runtime.ts';

type RequestOf<M extends Request['method']> = Extract<Request, { readonly method: M }>;
type Failure = Extract<Reply, { readonly ok: false }>;

export function onRequest(turn: Turn, event: EventOf<'request'>): void {
  const before = turn.effects.length;
  handleRequest(turn, event);
  for (const effect of turn.effects.slice(before)) if (effect.kind === 'reply' && effect.request === event.id) turn.remember(event.key, effect.result);
}

/** The manager died twice of the request, or threw: its client asks again, and must not be the third to kill it. */
export function refuseLeftOut(turn: Turn, { id, key }: EventOf<'request-left-out'>): void {
  const result: Reply = { ok: false, code: 'not-applicable', message: 'The manager failed at this request and leaves it alone; its log says how.', unit: null };
  turn.emit({ kind: 'reply', request: id, result });
  turn.remember(key, result);
}

function handleRequest(turn: Turn, event: EventOf<'request'>): void {
  const { id, request } = event;
  switch (request.method) {
    case 'enqueue': onEnqueue(turn, event, request); return;
    case 'cancel': onCancel(turn, event, request); return;
    case 'kill': onKill(turn, id, request); return;
    case 'freeze': onEach(turn, id, request.units, freezeProblem, (unit) => { setFrozen(turn, unit.name, request.freeze); }); return;
    case 'clean': onEach(turn, id, request.units, (unit) => cleanProblem(unit, request.kinds), (unit) => { cleanUnit(turn, unit, request.kinds); }); return;
    case 'reset-failed': onResetFailed(turn, id, request); return;
    case 'set-environment':
      turn.environment = mergeEnvironment(turn.environment, request.assignments, request.unset);
      done(turn, id);
      return;
    case 'change-settings':
      turn.settings = { ...turn.settings, ...request.change };
      turn.emit({ kind: 'adjust-log', level: turn.settings.logLevel, target: turn.settings.logTarget });
      done(turn, id);
      return;
    case 'reexec':
      // A client that can ask again hears from the next engine, when it has happened; any other one now, that it will.
      if (event.key === null) done(turn, id);
      else turn.remember(event.key, { ok: true, jobs: [] });
      turn.emit({ kind: 'reexec', request: event.key === null ? null : id });
      return;
    case 'shutdown':
      beginShutdown(turn, request.goal, { exitStatus: request.exitStatus, force: request.force, rebootArgument: '' });
      done(turn, id);
  }
}

function done(turn: Turn, request: RequestId): void {
  turn.emit({ kind: 'reply', request, result: { ok: true, jobs: [] } });
}

function fail(turn: Turn, request: RequestId, code: Failure['code'], unit: UnitName | null, message: string): void {
  turn.emit({ kind: 'reply', request, result: { ok: false, code, unit, message } });
}

/** One transaction for each unit, in order. The first refusal ends the request; what was queued before it stays queued. */
function onEnqueue(turn: Turn, event: EventOf<'request'>, request: RequestOf<'enqueue'>): void {
  if (turn.shutdown !== null) {
    fail(turn, event.id, 'shutting-down', null, 'The manager is shutting down.');
    return;
  }
  const jobs: Job[] = [];
  for (const name of request.units) {
    const outcome = enqueueOne(turn, event, request, name);
    if ('code' in outcome) {
      fail(turn, event.id, outcome.code, outcome.unit, outcome.message);
      return;
    }
    jobs.push(outcome);
  }
  if (!request.wait) {
    const list = jobs.map((job) => ({ job: job.id, unit: job.unit, type: job.type, result: 'queued' as const }));
    turn.emit({ kind: 'reply', request: event.id, result: { ok: true, jobs: list } });
    return;
  }
  // Two names of one unit share a job; it is waited for once.
  const pending: PendingRequest = { id: event.id, key: event.key, jobs: [...new Set<JobId>(jobs.map((job) => job.id))], results: [] };
  turn.setRequest(pending);
}

function enqueueOne(turn: Turn, event: EventOf<'request'>, request: RequestOf<'enqueue'>, name: UnitName): Job | Failure {
  const refuse = (code: Failure['code'], message: string): Failure => ({ ok: false, code, unit: name, message });
  const unit = turn.unit(name);
  if (unit === undefined) return refuse('no-such-unit', `Unit ${name} not found.`);
  const type = plainType(turn.graph, request.type, unit);
  const { definition } = unit;
  // A try-reload of a unit that can be reloaded is never more than that.
  const restarts = type === 'restart' || type === 'replace' || (type === 'try-restart' && !(request.type === 'reload-or-try-restart' && isReloadable(turn.graph, definition)));
  const starts = type === 'start' || (type === 'reload-or-start' && isInactive(unit.activeState));
  if (definition.refuseManualStart && (starts || restarts)) {
    return refuse('refused-manually', `${unit.name} may only be started as a dependency (RefuseManualStart=).`);
  }
  if (definition.refuseManualStop && (type === 'stop' || restarts)) {
    return refuse('refused-manually', `${unit.name} may only be stopped as a dependency (RefuseManualStop=).`);
  }
  if (request.mode === 'restart-dependencies' && type !== 'start') return refuse('not-applicable', '--job-mode=restart-dependencies is only for start.');
  if (request.mode === 'isolate' && definition.loadState === 'not-found') return refuse('no-such-unit', `Unit ${unit.name} not found.`);
  if (request.mode === 'isolate' && !definition.allowIsolate) {
    return refuse('refused-manually', `${unit.name} cannot be isolated (AllowIsolate= is not set).`);
  }
  if (type === 'stop' && definition.loadState !== 'loaded' && definition.loadState !== 'masked' && isInactive(unit.activeState) && unit.job === null) {
    return refuse('no-such-unit', `Unit ${unit.name} not loaded.`);
  }
  if (type !== 'stop' && isStartLimited(turn, unit) && isForgottenBySystemd(turn, unit)) turn.setUnit({ ...unit, startTimes: [] });
  const outcome = enqueue(turn, {
    unit: unit.name, type, mode: request.mode, boot: false,
    reason: { reason: 'requested', uid: event.caller.uid, pid: event.caller.pid, verb: request.verb },
  }, request.wait ? event.id : null);
  if (!outcome.ok) return toFailure(outcome.refusal);
  return outcome.job;
}

/** `reload-or-restart` and its kin mean one plain type, by what the unit can do. */
export function plainType(graph: Graph, type: RequestOf<'enqueue'>['type'], unit: Unit): JobType {
  const { definition } = unit;
  const reloadable = isReloadable(graph, definition);
  switch (type) {
    case 'reload-or-restart': return reloadable ? 'reload-or-start' : restartTypeOf(unit, 'restart');
    case 'reload-or-try-restart': return reloadable && isActive(unit.activeState) ? 'reload' : restartTypeOf(unit, 'try-restart');
    default: return restartTypeOf(unit, type);
  }
}

export function toFailure(refusal: Refusal): Failure {
  const path = refusal.path.length > 1 ? ` (${refusal.path.join(' -> ')})` : '';
  return { ok: false, code: refusal.code, unit: refusal.unit, message: refusal.message + path };
}

function onCancel(turn: Turn, { id, caller }: EventOf<'request'>, request: RequestOf<'cancel'>): void {
  const by: Reason = { reason: 'requested', uid: caller.uid, pid: caller.pid, verb: 'cancel' };
  const jobs = request.jobs.length === 0 ? turn.jobs().map((job) => job.id) : request.jobs as readonly JobId[];
  for (const job of jobs) {
    if (!cancelJob(turn, job, by) && request.jobs.length > 0) {
      fail(turn, id, 'no-such-job', null, `Job ${String(job)} does not exist.`);
      return;
    }
  }
  done(turn, id);
}

/** Nothing but a name: no file, nothing that runs, nothing that failed. */
function isNothing(unit: Unit): boolean {
  return unit.definition.loadState === 'not-found' && unit.activeState === 'inactive' && unit.job === null;
}

function onKill(turn: Turn, id: RequestId, request: RequestOf<'kill'>): void {
  for (const name of request.units) {
    const unit = turn.unit(name);
    if (unit === undefined || isNothing(unit)) {
      fail(turn, id, 'no-such-unit', name, `Unit ${name} not loaded.`);
      return;
    }
    const { runtime } = unit;
    const main = mainPidOf(unit);
    const control = controlPidOf(unit);
    const pids = [request.whom === 'control' ? null : main, request.whom === 'main' ? null : control].filter((pid) => pid !== null);
    // With these a service that is down may have left processes behind; they are still its own.
    const mayLeave = unit.definition.kind === 'service' && ['process', 'none'].includes(unit.definition.kill.killMode);
    const wholeGroup = request.whom === 'all' && (runsCommands(runtime) || runtime.kind === 'scope') && (mayLeave || !isInactive(unit.activeState));
    if (pids.length === 0 && !wholeGroup) {
      fail(turn, id, 'no-process', unit.name, `${unit.name} has no ${request.whom === 'all' ? '' : `${request.whom} `}process to signal.`);
      return;
    }
    for (const pid of pids) turn.emit({ kind: 'kill-process', unit: unit.name, pid, signal: request.signal, value: request.value });
    if (wholeGroup) turn.emit({ kind: 'kill-control-group', unit: unit.name, signal: request.signal, except: pids, alsoSighup: false });
  }
  done(turn, id);
}

/** One after the other; the first that cannot be dealt with ends the request. */
function onEach(turn: Turn, id: RequestId, names: readonly UnitName[], problemOf: (unit: Unit) => string | null, act: (unit: Unit) => void): void {
  for (const name of names) {
    const unit = turn.unit(name);
    if (unit === undefined || isNothing(unit)) {
      fail(turn, id, 'no-such-unit', name, `Unit ${name} not loaded.`);
      return;
    }
    const problem = problemOf(unit);
    if (problem !== null) {
      fail(turn, id, 'not-applicable', unit.name, problem);
      return;
    }
    act(unit);
  }
  done(turn, id);
}

function onResetFailed(turn: Turn, id: RequestId, request: RequestOf<'reset-failed'>): void {
  const names = request.units.length > 0 ? request.units : turn.units().map((unit) => unit.name);
  for (const name of names) {
    const unit = turn.unit(name);
    if (unit === undefined || (request.units.length > 0 && isNothing(unit))) {
      fail(turn, id, 'no-such-unit', name, `Unit ${name} not loaded.`);
      return;
    }
    turn.setUnit({ ...unit, startTimes: [] });
    const { runtime } = unit;
    if (isService(unit)) {
      const calm = { ...unit.runtime, restarts: unit.runtime.state === 'auto-restart' ? unit.runtime.restarts : 0 };
      if (unit.activeState === 'failed') setRuntime(turn, unit.name, { ...calm, state: 'dead', result: 'success', reloadResult: 'success', endReason: null, spawnFailure: null }, 'inactive');
      else setRuntime(turn, unit.name, calm, unit.activeState);
    } else if (runtime.kind === 'timer' && runtime.state === 'failed') {
      setRuntime(turn, unit.name, { ...runtime, state: 'dead', result: 'success' }, 'inactive');
    } else if (runtime.kind === 'path' && runtime.state === 'failed') {
      setRuntime(turn, unit.name, { ...runtime, state: 'dead', result: 'success' }, 'inactive');
    } else if (isSocket(unit)) {
      calmSocket(turn, unit);
    } else if (isMount(unit)) {
      calmMount(turn, unit);
    } else if (isAutomount(unit)) {
      calmAutomount(turn, unit);
    } else if (isSwap(unit)) {
      calmSwap(turn, unit);
    } else if (runtime.kind === 'scope' && runtime.state === 'failed') {
      setRuntime(turn, unit.name, { ...runtime, state: 'dead', result: 'success' }, 'inactive');
    }
  }
  done(turn, id);
}
