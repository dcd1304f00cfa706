/**
 * The overlapping restart (RestartOverlap=): a new main process beside the old one, which goes when the new one has proved itself.
 *
 *     running -> replace-start     the new process is started; it is ready when its type says so, within TimeoutStartSec=
 *             -> replace-watch     it has to live for RestartOverlapSec=
 *             -> replace-stop      it is the main process now; the old one gets its signal, and TimeoutStopSec= to obey
 *             -> replace-kill      it did not, and gets the last one
 *             -> running
 *     replace-start | replace-watch -> replace-stop -> running   the new one did not come up: it goes, and the old one stays
 *
 * The unit is up all the while, as in a reload, and so is what depends on it. ExecStartPre=, ExecStop= and their kin are not run: they
 * belong to a service that goes up or down.
 */
import type { Pid, Signal } from '../../../base/brand.ts';
import { SIGCONT } from '../../../base/signals.ts';
import type { ExecRecord, Reason, ServiceResult, ServiceRuntime, ServiceState } from '../../manager/state.ts';
import { enter, spawn, type ServiceContext } from './context.ts';
import { judgeExit, type Ended } from './judge-exit.ts';
import { armWatchdog, enterRunning } from './start.ts';
import { killPatienceUsec } from '../kill-patience.ts';
import { enterSignalWith, enterStop } from './stop.ts';

/** The new process is not yet what counts. */
export function isProvingItself(state: ServiceState): state is 'replace-start' | 'replace-watch' {
  return state === 'replace-start' || state === 'replace-watch';
}

/** One main process replaces another. */
export function isReplacing(state: ServiceState): boolean {
  return isProvingItself(state) || state === 'replace-stop' || state === 'replace-kill';
}

/** Asked for by a job, of a service that runs. */
export function beginReplacement(c: ServiceContext, run: ServiceRuntime): ServiceRuntime {
  return spawn(c, enter(c, { ...run, reloadResult: 'success', spawnFailure: null }, 'replace-start', c.definition.timeoutStartUsec), 'ExecStart', 0);
}

/** The new process was born. Without an old one any more it is the main process at once. */
export function onReplacementSpawned(c: ServiceContext, run: ServiceRuntime, pid: Pid, execDone: boolean): ServiceRuntime {
  const record: ExecRecord = { role: 'ExecStart', index: 0, pid, startRealtimeUsec: c.now.realtimeUsec, startMonotonicUsec: c.now.monotonicUsec, exit: null };
  const born: ServiceRuntime = { ...run, pendingSpawn: null, groupEmpty: false, beside: record };
  const placed = run.mainPid === null ? withNewMain(born) : born;
  return execDone ? onReplacementExecuted(c, placed, pid) : placed;
}

/** execve went through: of most types the new process is ready. */
export function onReplacementExecuted(c: ServiceContext, run: ServiceRuntime, pid: Pid): ServiceRuntime {
  const { type } = c.definition;
  return run.state === 'replace-start' && isNew(run, pid) && type !== 'notify' && type !== 'notify-reload' ? onReplacementReady(c, run) : run;
}

/** The new process is ready; whether it stays so is seen in the time it has to live. */
export function onReplacementReady(c: ServiceContext, run: ServiceRuntime): ServiceRuntime {
  if (run.state !== 'replace-start') return run;
  // The old one is gone already.
  if (run.beside === null) return settle(c, run);
  const { overlapUsec } = c.definition.renewal;
  return overlapUsec === null || overlapUsec === 0 ? takeOver(c, run) : enter(c, run, 'replace-watch', overlapUsec);
}

function isNew(run: ServiceRuntime, pid: Pid): boolean {
  return run.beside === null ? run.mainPid === pid : run.beside.pid === pid;
}

/** The new process becomes the main one. What was that is beside it then. */
function withNewMain(run: ServiceRuntime): ServiceRuntime {
  const { beside } = run;
  if (beside === null) return run;
  const old = run.mainPid === null ? null : run.execs.find((each) => each.role === 'ExecStart' && each.pid === run.mainPid) ?? { ...beside, pid: run.mainPid };
  const others = run.execs.filter((each) => each.role !== 'ExecStart');
  return { ...run, mainPid: beside.pid, mainExit: null, mainCommandIndex: 0, execs: [...others, beside], beside: old, runtimeMaxDueUsec: null };
}

function takeOver(c: ServiceContext, run: ServiceRuntime): ServiceRuntime {
  const next = withNewMain(run);
  c.effects.push({
    kind: 'log', level: 'notice', unit: c.definition.name,
    message: `${c.definition.description}: PID ${String(next.mainPid)} takes over from PID ${String(run.mainPid)}`,
  });
  return endOther(c, next);
}

/** The new process cannot be what it should: the old one stays. */
function keepOld(c: ServiceContext, run: ServiceRuntime, result: ServiceResult, why: string): ServiceRuntime {
  c.effects.push({
    kind: 'log', level: 'err', unit: c.definition.name,
    message: `${c.definition.description}: ${why}; PID ${String(run.mainPid)} stays (RestartOverlap=)`,
  });
  return endOther(c, { ...run, reloadResult: result, pendingSpawn: null });
}

/** Ends the process beside the main one, politely first. */
function endOther(c: ServiceContext, run: ServiceRuntime): ServiceRuntime {
  const { kill } = c.definition;
  if (run.beside === null) return settle(c, run);
  if (kill.killMode === 'none') return settle(c, { ...run, beside: null });
  signalOther(c, run.beside.pid, kill.restartKillSignal ?? kill.killSignal, kill.killMode === 'control-group');
  return enter(c, run, 'replace-stop', c.definition.timeoutStopUsec);
}

function signalOther(c: ServiceContext, pid: Pid, signal: Signal, wholeTree: boolean): void {
  const { name, kill } = c.definition;
  const send = (each: Signal): void => {
    if (wholeTree) c.effects.push({ kind: 'kill-process-tree', unit: name, pid, signal: each });
    else c.effects.push({ kind: 'kill-process', unit: name, pid, signal: each, value: null });
  };
  send(signal);
  // A stopped process would obey only when somebody let it go on.
  if (signal !== SIGCONT && signal !== kill.finalKillSignal) send(SIGCONT);
}

/** Everything is as before, under the process that stayed. */
function settle(c: ServiceContext, run: ServiceRuntime): ServiceRuntime {
  return enterRunning(c, armWatchdog(c, run), 'success', null);
}

/** The process beside the main one has ended. */
export function onOtherExit(c: ServiceContext, run: ServiceRuntime, ended: Ended): ServiceRuntime {
  const gone: ServiceRuntime = { ...run, beside: null };
  if (!isProvingItself(run.state)) return settle(c, gone);
  const result = judgeExit(c.definition, ended, 'daemon', c.definition.execStart[0]);
  const how = ended.code === 'exited' ? `exit status ${String(ended.status)}` : `signal ${String(ended.status)}`;
  const stage = run.state === 'replace-start' ? 'before it was ready' : 'too soon';
  return keepOld(c, gone, result === 'success' ? 'protocol' : result, `the new PID ${String(run.beside?.pid)} ended ${stage}, ${how}`);
}

/** The new process could not be made. */
export function onReplacementNotSpawned(c: ServiceContext, run: ServiceRuntime, result: ServiceResult): ServiceRuntime {
  return keepOld(c, run, result === 'success' ? 'resources' : result, 'a new process could not be started');
}

/** The main process has ended while there was another one, or one on its way. */
export function onMainExitInReplacement(c: ServiceContext, run: ServiceRuntime, result: ServiceResult, reason: Reason | null): ServiceRuntime {
  if (isProvingItself(run.state)) {
    // The old one has gone by itself: the new one is all there is.
    if (run.beside !== null) return run.state === 'replace-watch' ? settle(c, withNewMain(run)) : withNewMain(run);
    if (run.pendingSpawn !== null) return run;
    // It was that one.
    return enterSignalWith(c, run, 'stop-sigterm', result === 'success' ? 'protocol' : result, reason ?? { reason: 'protocol', detail: 'the new main process ended before it was ready' });
  }
  return result === 'success' ? enterStop(c, run, 'success', reason) : enterSignalWith(c, run, 'stop-sigterm', result, reason);
}

/** The time for a state is over. */
export function onReplacementTimeout(c: ServiceContext, run: ServiceRuntime): ServiceRuntime {
  const { kill } = c.definition;
  switch (run.state) {
    case 'replace-start':
      if (run.mainPid === null || (run.beside === null && run.pendingSpawn === null)) {
        return enterSignalWith(c, { ...run, pendingSpawn: null }, 'stop-sigterm', 'timeout', { reason: 'timeout', state: run.state });
      }
      return keepOld(c, run, 'timeout', 'the new process was not ready in time');
    case 'replace-watch':
      return takeOver(c, run);
    case 'replace-stop':
      if (run.beside === null || !kill.sendSigkill) return settle(c, { ...run, beside: null });
      signalOther(c, run.beside.pid, kill.finalKillSignal, kill.killMode !== 'process');
      return enter(c, run, 'replace-kill', killPatienceUsec(c.definition.timeoutStopUsec));
    default:
      // Not even KILL helps: it is nothing that could be waited for.
      return settle(c, { ...run, beside: null });
  }
}
