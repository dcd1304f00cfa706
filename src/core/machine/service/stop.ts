/**
 * The way down: ExecStop=, signals, ExecStopPost=, what is left, and then dead, failed or auto-restart.
 * Source: systemd.service(5) ExecStop=, systemd.kill(5).
 */
import type { Pid, Signal, Usec } from '../../../base/brand.ts';
import { addUsec } from '../../../base/time.ts';
import type { DirectoryKind } from '../../unit/exec-context.ts';
import type { Reason, ServiceResult, ServiceRuntime } from '../../manager/state.ts';
import { killPatienceUsec } from '../kill-patience.ts';
import { enter, spawn, withFailure, type ServiceContext } from './context.ts';
import { isAtRestartLimit, nextPause, wantsRestart } from './restart.ts';
import type { SignalState } from './states.ts';
import { SIGCONT, SIGHUP, SIGKILL } from '../../../base/signals.ts';

const ALL_DIRECTORIES: readonly DirectoryKind[] = ['runtime'];

/** Begins an orderly stop of a service that is up: ExecStop= first when there is one. */
export function enterStop(c: ServiceContext, run: ServiceRuntime, result: ServiceResult, reason: Reason | null): ServiceRuntime {
  const failed = withFailure({ ...run, watchdogDueUsec: null, runtimeMaxDueUsec: null }, result, reason);
  if (c.definition.execStop.length === 0) return enterSignal(c, failed, 'stop-sigterm');
  return spawn(c, enter(c, failed, 'stop', c.definition.timeoutStopUsec), 'ExecStop', 0);
}

/** The same without ExecStop=: for a service that never came up, or that failed. */
export function enterSignalWith(
  c: ServiceContext, run: ServiceRuntime, state: SignalState, result: ServiceResult, reason: Reason | null,
): ServiceRuntime {
  return enterSignal(c, withFailure({ ...run, watchdogDueUsec: null, runtimeMaxDueUsec: null }, result, reason), state);
}

/** Sends the signals that belong to `state` and waits; goes on at once when there is nothing to wait for. */
export function enterSignal(c: ServiceContext, run: ServiceRuntime, state: SignalState): ServiceRuntime {
  const groupKilled = signalProcesses(c, run, state);
  // With KillMode=none there is nothing to wait for either: whatever runs is left alone.
  if (c.definition.kill.killMode === 'none' && run.pendingSpawn === null) return afterSignals(c, { ...run, mainPid: null, beside: null, controlPid: null, controlCommand: null }, state);
  if (run.mainPid === null && run.beside === null && run.controlPid === null && run.pendingSpawn === null && (!groupKilled || run.groupEmpty)) {
    return afterSignals(c, run, state);
  }
  return enter(c, run, state, patienceUsec(c, state));
}

/** How long the processes may take to obey; null = for ever. */
function patienceUsec({ definition }: ServiceContext, state: SignalState): Usec | null {
  switch (state) {
    case 'stop-watchdog':
    case 'final-watchdog': return definition.timeoutAbortUsec;
    case 'stop-sigterm':
    case 'final-sigterm': return definition.timeoutStopUsec;
    case 'stop-sigkill':
    case 'final-sigkill': return killPatienceUsec(definition.timeoutStopUsec);
  }
}

/** Every process that was signalled is gone, or there was none. */
export function afterSignals(c: ServiceContext, run: ServiceRuntime, state: SignalState): ServiceRuntime {
  switch (state) {
    case 'stop-watchdog':
    case 'stop-sigterm':
    case 'stop-sigkill':
      return enterStopPost(c, run);
    case 'final-watchdog':
    case 'final-sigterm':
      // With KillMode=mixed only the main process got the first signal; the rest of the group gets the last one now.
      return c.definition.kill.killMode === 'mixed' && !run.groupEmpty && c.definition.kill.sendSigkill
        ? enterSignal(c, run, 'final-sigkill') : enterDead(c, run);
    case 'final-sigkill':
      return enterDead(c, run);
  }
}

/** Emits the kill effects of a signal state. Returns whether the whole group was signalled (so that it has to become empty). */
function signalProcesses(c: ServiceContext, run: ServiceRuntime, state: SignalState): boolean {
  const { kill, name } = c.definition;
  if (kill.killMode === 'none') return false;
  const last = state === 'stop-sigkill' || state === 'final-sigkill';
  const signal = signalFor(c, state);
  const direct = [run.mainPid, run.beside?.pid ?? null, run.controlPid].filter((pid): pid is Pid => pid !== null);
  for (const pid of direct) {
    c.effects.push({ kind: 'kill-process', unit: name, pid, signal, value: null });
    // A stopped process would obey only when somebody let it go on.
    if (!last && signal !== SIGCONT) c.effects.push({ kind: 'kill-process', unit: name, pid, signal: SIGCONT, value: null });
    // An interactive shell ignores SIGTERM and obeys this one (systemd.kill(5), SendSIGHUP=).
    if (kill.sendSighup && !last) c.effects.push({ kind: 'kill-process', unit: name, pid, signal: SIGHUP, value: null });
  }
  const wholeGroup = kill.killMode === 'control-group' || (kill.killMode === 'mixed' && last);
  if (!wholeGroup) {
    // Still learn whether anything else lives there: mixed wants to know before it goes on to the last signal.
    if (kill.killMode === 'mixed' && !run.groupEmpty) c.effects.push({ kind: 'watch-control-group', unit: name });
    return false;
  }
  if (run.groupEmpty && direct.length === 0) return true;
  c.effects.push({ kind: 'kill-control-group', unit: name, signal, except: direct, alsoSighup: kill.sendSighup && !last });
  c.effects.push({ kind: 'watch-control-group', unit: name });
  return true;
}

function signalFor(c: ServiceContext, state: SignalState): Signal {
  const { kill } = c.definition;
  switch (state) {
    case 'stop-watchdog':
    case 'final-watchdog': return kill.watchdogSignal;
    case 'stop-sigkill':
    case 'final-sigkill': return kill.finalKillSignal;
    case 'stop-sigterm': return c.restartJob ? kill.restartKillSignal ?? kill.killSignal : kill.killSignal;
    case 'final-sigterm': return kill.killSignal;
  }
}

/** The service is down but for what ExecStopPost= is to clean up. */
export function enterStopPost(c: ServiceContext, run: ServiceRuntime): ServiceRuntime {
  if (c.definition.execStopPost.length === 0) return enterSignal(c, run, 'final-sigterm');
  return spawn(c, enter(c, run, 'stop-post', c.definition.timeoutStopUsec), 'ExecStopPost', 0);
}

/** Nothing of it runs any more: settle the result, then rest or wait for the automatic restart. */
export function enterDead(c: ServiceContext, ended: ServiceRuntime): ServiceRuntime {
  const { definition } = c;
  const wanted = !c.stopWanted && wantsRestart(definition, ended);
  const isOver = wanted && definition.restartPacing.afterLimitUsec === null && isAtRestartLimit(definition, ended, c.now);
  const run = isOver ? givenUp(c, ended) : ended;
  const restart = wanted && !isOver;
  const down: ServiceRuntime = {
    ...run,
    state: downState(run),
    stateEnteredUsec: c.now.monotonicUsec,
    deadlineUsec: null,
    watchdogDueUsec: null,
    runtimeMaxDueUsec: null,
    watchdogOverrideUsec: null,
    mainPid: null,
    beside: null,
    controlPid: null,
    controlCommand: null,
    awaitingPidFile: false,
    restarting: restart,
    connection: null,
  };
  // It is over for whoever is at the other end; a restarted service has nobody to talk to.
  if (run.connection !== null) c.effects.push({ kind: 'close-fds', names: [run.connection.key] });
  if (definition.pidFile !== null) c.effects.push({ kind: 'remove-file', unit: definition.name, path: definition.pidFile });
  if (restart) return down;
  releaseResources(c, run);
  return { ...down, fdStore: keepsStore(c) ? run.fdStore : [], groupEmpty: true };
}

/** RestartLimit= is reached: it has failed, even when its last run ended well. */
function givenUp(c: ServiceContext, run: ServiceRuntime): ServiceRuntime {
  c.effects.push({
    kind: 'log', level: 'err', unit: c.definition.name,
    message: `${c.definition.description}: restarted ${String(run.delaySteps)} times in a row; not started again (RestartLimit=)`,
  });
  return { ...run, result: run.result === 'success' ? 'start-limit-hit' : run.result, endReason: { reason: 'restart-limit', restarts: run.delaySteps } };
}

function downState(run: ServiceRuntime): 'dead' | 'failed' {
  return run.result === 'success' || run.result === 'exec-condition' ? 'dead' : 'failed';
}

/** FileDescriptorStorePreserve=: a service that goes down in a restart keeps its store unless it was told to forget it. */
function keepsStore(c: ServiceContext): boolean {
  const { fileDescriptorStorePreserve: preserve } = c.definition;
  return preserve === 'yes' || (preserve === 'restart' && c.restartJob);
}

/** What a service that rests gives back. */
export function releaseResources(c: ServiceContext, run: ServiceRuntime): void {
  const { definition } = c;
  // Automatic restarts do not come through here; a restart that was asked for does.
  const { runtimeDirectoryPreserve: preserve } = definition.exec;
  if ((preserve === 'no' || (preserve === 'restart' && !c.restartJob)) && definition.exec.directories.some((directory) => directory.kind === 'runtime')) {
    c.effects.push({ kind: 'remove-directories', unit: definition.name, kinds: ALL_DIRECTORIES, definition });
  }
  if (run.fdStore.length > 0 && !keepsStore(c)) c.effects.push({ kind: 'close-fds', names: run.fdStore });
  c.effects.push({ kind: 'release-control-group', unit: definition.name });
}

/** Follows `enterDead` when a restart is due: the pause before it. `fraction` gives a random number from 0 up to 1. */
export function enterAutoRestart(c: ServiceContext, run: ServiceRuntime, fraction: () => number): ServiceRuntime {
  const { delayUsec, steps } = nextPause(c.definition, run, c.now, fraction);
  return { ...run, state: 'auto-restart', delaySteps: steps, deadlineUsec: addUsec(c.now.monotonicUsec, delayUsec) };
}

/**
 * A stop was asked for, in whatever state the service is.
 * Idempotent: a stop sequence that already runs is left alone.
 */
export function stopService(c: ServiceContext, run: ServiceRuntime): ServiceRuntime {
  const asked: ServiceRuntime = { ...run, stopRequested: true };
  switch (run.state) {
    case 'dead':
    case 'failed':
      return asked;
    case 'auto-restart':
      // The pause is over and the restart job comes through here: dead for a moment, everything kept.
      if (c.restartJob && run.deadlineUsec === null) return { ...run, state: downState(run) };
      releaseResources(c, run);
      // Asked to stop, it rests: its failure stays readable in its result, but it is not failed (systemd does the same).
      return { ...asked, state: 'dead', deadlineUsec: null, restarting: false, fdStore: keepsStore(c) ? run.fdStore : [] };
    case 'condition':
    case 'start-pre':
    case 'start':
    case 'start-post':
    case 'reload':
    case 'reload-signal':
    case 'reload-notify':
    case 'replace-start':
    case 'replace-watch':
    case 'replace-stop':
    case 'replace-kill':
      return enterSignal(c, { ...asked, watchdogDueUsec: null, runtimeMaxDueUsec: null }, 'stop-sigterm');
    case 'running':
    case 'exited':
      return enterStop(c, asked, 'success', null);
    default:
      return asked;
  }
}

/** Sends SIGKILL to everything the service still has; for a hurried shutdown. */
export function killNow(c: ServiceContext, run: ServiceRuntime): ServiceRuntime {
  for (const pid of [run.mainPid, run.beside?.pid ?? null, run.controlPid]) {
    if (pid !== null) c.effects.push({ kind: 'kill-process', unit: c.definition.name, pid, signal: SIGKILL, value: null });
  }
  if (c.definition.kill.killMode !== 'none') {
    c.effects.push({ kind: 'kill-control-group', unit: c.definition.name, signal: SIGKILL, except: [], alsoSighup: false });
    c.effects.push({ kind: 'watch-control-group', unit: c.definition.name });
  }
  return run;
}
