/** Answers to spawn effects. */
import type { Pid } from '../../../base/brand.ts';
import type { ServiceRole } from '../../unit/exec-context.ts';
import type { ExecRecord, ServiceRuntime, SpawnFailure } from '../../manager/state.ts';
import { recordStart } from '../exec-records.ts';
import { commandsOf, type ServiceContext } from './context.ts';
import { afterControl, afterMain } from './exits.ts';
import { endBeforeExec, judgeExit } from './judge-exit.ts';
import { enterStartPost } from './start.ts';
import { isProvingItself, onReplacementExecuted, onReplacementNotSpawned, onReplacementSpawned } from './overlap.ts';
import { onProbeAnswer } from './probe-verdicts.ts';
import { onProbeSpawned } from './probes.ts';
import { isSignalState } from './states.ts';
import { SIGKILL } from '../../../base/signals.ts';

/** Whether ExecStart= of this service runs as its main process (all but forking, where it is a control process). */
function startsMain(c: ServiceContext): boolean {
  return c.definition.type !== 'forking';
}

export function onSpawned(c: ServiceContext, run: ServiceRuntime, token: number, pid: Pid, execDone: boolean): ServiceRuntime {
  const pending = run.pendingSpawn;
  const probed = onProbeSpawned(run, token, pid);
  if (probed !== null) return probed;
  if (pending === null || pending.token !== token) {
    // The answer to a question nobody asks any more: this process must not live on unowned.
    c.effects.push({ kind: 'kill-process', unit: c.definition.name, pid, signal: SIGKILL, value: null });
    return run;
  }
  const isMain = pending.role === 'ExecStart' && startsMain(c);
  if (isMain && isProvingItself(run.state)) return onReplacementSpawned(c, run, pid, execDone);
  const known = recordStart(c, { ...run, pendingSpawn: null, spawnFailure: null, groupEmpty: false }, pending.role, pending.index, pid);
  const isBesideMain = isMain && run.mainPid !== null;
  const placed: ServiceRuntime = isBesideMain
    // A stop overtook a replacement.
    ? { ...run, pendingSpawn: null, groupEmpty: false, beside: known.execs.find((each) => each.pid === pid) ?? null }
    : isMain ? { ...known, mainPid: pid, mainCommandIndex: pending.index }
    : { ...known, controlPid: pid, controlCommand: { role: pending.role, index: pending.index } };
  if (isSignalState(run.state)) {
    // A stop overtook the spawn. The process gets the signal it missed.
    c.effects.push({ kind: 'kill-process', unit: c.definition.name, pid, signal: SIGKILL, value: null });
    return placed;
  }
  return execDone && isMain ? onExecDone(c, placed, pid) : placed;
}

/** execve of `pid` went through: for the types that ask no more of their main process, the service is started. */
export function onExecDone(c: ServiceContext, run: ServiceRuntime, pid: Pid): ServiceRuntime {
  if (isProvingItself(run.state)) return onReplacementExecuted(c, run, pid);
  if (pid !== run.mainPid || run.state !== 'start') return run;
  const { type } = c.definition;
  // A dbus service has its name to prove (a probe); without a bus it counts as started when it runs, and its definition says so.
  return type === 'simple' || type === 'exec' || type === 'idle' || type === 'dbus' ? enterStartPost(c, run) : run;
}

/**
 * A command could not be run. `pid` is null when there never was a process; with the executor there is one, whose exit (with the status
 * of the stage) is handled as any exit and only the reason is kept here.
 */
export function onSpawnFailed(c: ServiceContext, run: ServiceRuntime, token: number, failure: Omit<SpawnFailure, 'role'>): ServiceRuntime {
  const pending = run.pendingSpawn;
  if (pending === null || pending.token !== token) return onProbeAnswer(c, run, token, false, `${failure.stage} failed with ${failure.errno}`);
  const { role, index } = pending;
  const failed: ServiceRuntime = { ...run, pendingSpawn: null, spawnFailure: { ...failure, role } };
  const command = commandsOf(c.definition, role)[index];
  const ended = endBeforeExec(failure, command);
  // Of these systemd says that no process could be made at all, and has no exit status for them.
  const isResource = failure.stage === 'clone' || failure.stage === 'environment' || failure.stage === 'log-pipe';
  const result = isResource ? 'resources' : judgeExit(c.definition, ended, 'command', command);
  const reason = result === 'success' ? null : { reason: 'spawn-failed', role } as const;
  if (role === 'ExecStart' && isProvingItself(run.state) && run.mainPid !== null) return onReplacementNotSpawned(c, failed, result);
  return role === 'ExecStart' && startsMain(c)
    ? afterMain(c, isResource ? failed : { ...failed, mainExit: exitBeforeExec(c, role, index, ended.status) }, result, reason)
    : afterControl(c, failed, { role, index }, result, reason);
}

/** A process that ended before its program ran stands for one whose exit status is that of the stage: $EXIT_STATUS, ExecMainStatus. */
function exitBeforeExec(c: ServiceContext, role: ServiceRole, index: number, status: number): ExecRecord {
  const { realtimeUsec, monotonicUsec } = c.now;
  return {
    role, index, pid: 0 as Pid, startRealtimeUsec: realtimeUsec, startMonotonicUsec: monotonicUsec,
    exit: { code: 'exited', status, realtimeUsec, monotonicUsec },
  };
}

/** The executor told why it could not run the command of `pid`; its exit follows. */
export function onExecFailed(_c: ServiceContext, run: ServiceRuntime, pid: Pid, failure: Omit<SpawnFailure, 'role'>): ServiceRuntime {
  const record = run.beside?.pid === pid ? run.beside : run.execs.find((each) => each.pid === pid);
  return record === undefined ? run : { ...run, spawnFailure: { ...failure, role: record.role } };
}

