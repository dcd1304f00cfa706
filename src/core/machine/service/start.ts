/** The way up: ExecCondition=, ExecStartPre=, ExecStart=, readiness, ExecStartPost=, running. Source: systemd.service(5). */
import type { Pid, Usec } from '../../../base/brand.ts';
import { addUsec } from '../../../base/time.ts';
import type { Reason, ServiceResult, ServiceRuntime } from '../../manager/state.ts';
import { enter, NEVER_STARTED, spawn, withFailure, type ServiceContext } from './context.ts';
import { askForProof, awaitsProof, watchLife } from './probes.ts';
import { enterSignalWith, enterStop } from './stop.ts';

/** Between two looks for a PID file that is not there yet: short beside any start, rare beside any other work. */
const PID_FILE_POLL_USEC = 50_000 as Usec;

/** Starts a service that is down. What the last run left (restart counter, fd store) is kept for an automatic restart only. */
export function startService(c: ServiceContext, run: ServiceRuntime): ServiceRuntime {
  const fresh: ServiceRuntime = {
    ...NEVER_STARTED,
    spawnCount: run.spawnCount,
    execs: run.execs,
    fdStore: run.fdStore,
    connection: run.connection,
    renewal: run.renewal,
    lastExit: run.lastExit,
    restarts: run.restarting ? run.restarts : 0,
    delaySteps: run.restarting ? run.delaySteps : 0,
    // A main process may outlive its service (KillMode=none, or KILL that did not help); it is no longer ours to wait for.
    groupEmpty: run.groupEmpty,
  };
  return enterCondition(c, fresh);
}

function enterCondition(c: ServiceContext, run: ServiceRuntime): ServiceRuntime {
  if (c.definition.execCondition.length === 0) return enterStartPre(c, run);
  return spawn(c, enter(c, run, 'condition', c.definition.timeoutStartUsec), 'ExecCondition', 0);
}

export function enterStartPre(c: ServiceContext, run: ServiceRuntime): ServiceRuntime {
  if (c.definition.execStartPre.length === 0) return enterStart(c, run);
  return spawn(c, enter(c, run, 'start-pre', c.definition.timeoutStartUsec), 'ExecStartPre', 0);
}

export function enterStart(c: ServiceContext, run: ServiceRuntime): ServiceRuntime {
  const { definition } = c;
  // A oneshot may have nothing to run: it is up at once, and its ExecStop= is the point of it.
  if (definition.execStart.length === 0) return enterStartPost(c, enter(c, run, 'start', null));
  const ready = enter(c, { ...run, mainPid: null, mainExit: null, mainCommandIndex: 0 }, 'start', definition.timeoutStartUsec);
  return spawn(c, ready, 'ExecStart', 0);
}

/** The service is up, as far as it says so itself. */
export function enterStartPost(c: ServiceContext, run: ServiceRuntime): ServiceRuntime {
  if (awaitsProof(c, run)) return askForProof(c, run);
  const watched = armWatchdog(c, run);
  if (c.definition.execStartPost.length === 0) return enterRunning(c, watched, 'success', null);
  return spawn(c, enter(c, watched, 'start-post', c.definition.timeoutStartUsec), 'ExecStartPost', 0);
}

/**
 * The service is up, or was and its main process has ended with `result`: decide between running, exited and the way down.
 */
export function enterRunning(c: ServiceContext, run: ServiceRuntime, result: ServiceResult, reason: Reason | null): ServiceRuntime {
  const { definition } = c;
  const judged = withFailure(run, result, reason);
  if (judged.result !== 'success') return enterSignalWith(c, judged, 'stop-sigterm', judged.result, judged.endReason);
  if (isAlive(c, judged)) {
    const runtimeMaxDueUsec = definition.runtimeMaxUsec === null || definition.type === 'oneshot' ? null
      : judged.runtimeMaxDueUsec ?? addUsec(c.now.monotonicUsec, definition.runtimeMaxUsec);
    return watchLife(c, { ...enter(c, judged, 'running', null), runtimeMaxDueUsec });
  }
  if (definition.remainAfterExit) return { ...enter(c, judged, 'exited', null), watchdogDueUsec: null };
  return enterStop(c, judged, 'success', reason);
}

/** Something of it still runs: its main process, or without a known one (forking) anything in its group. */
function isAlive(c: ServiceContext, run: ServiceRuntime): boolean {
  if (run.mainPid !== null) return true;
  if (c.definition.type !== 'forking' || run.mainExit !== null) return false;
  return !run.groupEmpty;
}

export function armWatchdog(c: ServiceContext, run: ServiceRuntime): ServiceRuntime {
  const periodUsec = run.watchdogOverrideUsec ?? c.definition.watchdogUsec;
  return { ...run, watchdogDueUsec: periodUsec === null || periodUsec === 0 ? null : addUsec(c.now.monotonicUsec, periodUsec) };
}

/** A forking service's control process is done: learn which process is the main one. */
export function awaitMainProcess(c: ServiceContext, run: ServiceRuntime): ServiceRuntime {
  const { definition } = c;
  if (definition.pidFile !== null) {
    c.effects.push({ kind: 'read-pid-file', unit: definition.name, path: definition.pidFile });
    return { ...run, awaitingPidFile: true };
  }
  if (definition.guessMainPid) {
    c.effects.push({ kind: 'guess-main-pid', unit: definition.name });
    return { ...run, awaitingPidFile: true };
  }
  c.effects.push({ kind: 'watch-control-group', unit: definition.name });
  return enterStartPost(c, run);
}

/** The main process became known by PID file, by guess, or by MAINPID=. */
export function adoptMain(c: ServiceContext, run: ServiceRuntime, pid: Pid): ServiceRuntime {
  if (run.mainPid === pid) return run;
  c.effects.push({ kind: 'adopt-process', unit: c.definition.name, pid });
  const execs = run.execs.filter((each) => each.role !== 'ExecStart' || each.exit !== null);
  return {
    ...run,
    mainPid: pid,
    mainExit: null,
    groupEmpty: false,
    execs: [...execs, {
      role: 'ExecStart', index: run.mainCommandIndex, pid, startRealtimeUsec: c.now.realtimeUsec,
      startMonotonicUsec: c.now.monotonicUsec, exit: null,
    }],
  };
}

/** Answer to `read-pid-file` or `guess-main-pid`. */
export function onMainPidKnown(c: ServiceContext, run: ServiceRuntime, pid: Pid | null, error: string): ServiceRuntime {
  if (!run.awaitingPidFile) {
    // After a reload or ExecStartPost= the file is read again; a change of main process is taken over, an error is not fatal.
    return pid !== null && (run.state === 'running' || run.state === 'start-post') ? adoptMain(c, run, pid) : run;
  }
  if (pid !== null) return enterStartPost(c, adoptMain(c, { ...run, awaitingPidFile: false }, pid));
  if (c.definition.pidFile === null) {
    // No single process to guess: it runs as long as anything does.
    c.effects.push({ kind: 'watch-control-group', unit: c.definition.name });
    return enterStartPost(c, { ...run, awaitingPidFile: false });
  }
  if (!run.groupEmpty) {
    // Many daemons write the file only after their parent has ended: it is awaited as long as the start may take and anything runs.
    c.effects.push({ kind: 'watch-control-group', unit: c.definition.name });
    return { ...run, pidFileDueUsec: addUsec(c.now.monotonicUsec, PID_FILE_POLL_USEC) };
  }
  return enterSignalWith(c, { ...run, awaitingPidFile: false }, 'stop-sigterm', 'protocol',
    { reason: 'protocol', detail: `PID file ${c.definition.pidFile}: ${error}` });
}
