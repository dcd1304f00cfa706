/** A process of the service has ended, or its whole group is empty: what follows in each state. */
import type { Pid } from '../../../base/brand.ts';
import type { ServiceRole } from '../../unit/exec-context.ts';
import type { Reason, ServiceResult, ServiceRuntime } from '../../manager/state.ts';
import { recordExit } from '../exec-records.ts';
import { commandsOf, spawn, withFailure, type ServiceContext } from './context.ts';
import { endOf, judgeExit, type Ended } from './judge-exit.ts';
import { awaitMainProcess, enterRunning, enterStart, enterStartPost, enterStartPre } from './start.ts';
import { afterSignals, enterSignal, enterSignalWith } from './stop.ts';
import { onMainExitInReplacement, onOtherExit } from './overlap.ts';
import { onProbeExit } from './probe-verdicts.ts';
import { isSettable } from '../../unit/probe.ts';
import { isSignalState } from './states.ts';

export function onProcessExit(c: ServiceContext, run: ServiceRuntime, pid: Pid, ended: Ended): ServiceRuntime {
  if (pid === run.mainPid) return onMainExit(c, run, pid, ended);
  if (pid === run.beside?.pid) return isSignalState(run.state) ? whenAllGone(c, { ...run, beside: null }) : onOtherExit(c, run, ended);
  if (pid === run.controlPid) return onControlExit(c, run, pid, ended);
  return onProbeExit(c, run, pid, ended);
}

function onMainExit(c: ServiceContext, run: ServiceRuntime, pid: Pid, told: Ended): ServiceRuntime {
  const { definition } = c;
  const command = definition.execStart[run.mainCommandIndex];
  const ended = endOf(run, 'ExecStart', told, command);
  const [recorded, record] = recordExit(c, { ...run, mainPid: null }, pid, ended);
  const gone: ServiceRuntime = { ...recorded, mainExit: record ?? recorded.mainExit, lastExit: record ?? recorded.lastExit };
  const result = judgeExit(definition, ended, definition.type === 'oneshot' ? 'command' : 'daemon', command);
  return afterMain(c, gone, result, result === 'success' ? null : reasonOf(run, 'ExecStart'));
}

/** The main process is gone with `result`. Shared with a main process that could not be started at all. */
export function afterMain(c: ServiceContext, run: ServiceRuntime, result: ServiceResult, reason: Reason | null): ServiceRuntime {
  const { definition } = c;
  const { state } = run;
  if (isSignalState(state)) return whenAllGone(c, withFailure(run, result, reason));
  switch (state) {
    case 'start': {
      if (run.probes.some(({ probe }) => isSettable(probe))) {
        return enterSignalWith(c, run, 'stop-sigterm', result === 'success' ? 'protocol' : result,
          result === 'success' ? { reason: 'protocol', detail: 'the main process ended before its probes succeeded' } : reason);
      }
      if (definition.type === 'oneshot') {
        if (result !== 'success') return enterSignalWith(c, run, 'stop-sigterm', result, reason);
        const next = run.mainCommandIndex + 1;
        if (next < definition.execStart.length) return spawn(c, { ...run, mainCommandIndex: next }, 'ExecStart', next);
        return enterStartPost(c, run);
      }
      if (definition.type === 'notify' || definition.type === 'notify-reload') {
        if (result !== 'success') return enterSignalWith(c, run, 'stop-sigterm', result, reason);
        // It ended well but never said that it was ready; with RemainAfterExit= a helper of its may still say so.
        if (definition.remainAfterExit && definition.notifyAccess !== 'main') return run;
        return enterSignalWith(c, run, 'stop-sigterm', 'protocol', { reason: 'protocol', detail: 'the main process ended before READY=1' });
      }
      return enterRunning(c, run, result, reason);
    }
    case 'start-post':
    case 'reload':
      // The control process has the last word; the result is kept until it is done.
      return run.controlPid !== null || run.pendingSpawn !== null ? withFailure(run, result, reason) : enterRunning(c, run, result, reason);
    case 'running':
    case 'reload-signal':
    case 'reload-notify':
      return enterRunning(c, run, result, reason);
    case 'replace-start':
    case 'replace-watch':
    case 'replace-stop':
    case 'replace-kill':
      return onMainExitInReplacement(c, run, result, reason);
    case 'stop':
    case 'stop-post':
      return withFailure(run, result, reason);
    default:
      return run;
  }
}

function onControlExit(c: ServiceContext, run: ServiceRuntime, pid: Pid, told: Ended): ServiceRuntime {
  const { controlCommand } = run;
  const command = controlCommand === null ? undefined : commandsOf(c.definition, controlCommand.role)[controlCommand.index];
  const ended = controlCommand === null ? told : endOf(run, controlCommand.role, told, command);
  const [gone] = recordExit(c, { ...run, controlPid: null, controlCommand: null }, pid, ended);
  if (controlCommand === null) return gone;
  // The start command of a forking service is the daemon until it has put itself into the background.
  let result = judgeExit(c.definition, ended, controlCommand.role === 'ExecStart' ? 'daemon' : 'command', command);
  if (controlCommand.role === 'ExecCondition' && !isSignalState(run.state) && ended.code === 'exited' && ended.status >= 1 && ended.status <= 254 && result !== 'success') {
    result = 'exec-condition';
  }
  return afterControl(c, gone, controlCommand, result, result === 'success' ? null : reasonOf(run, controlCommand.role));
}

/** An exit after the executor's report of a failed set-up is that failure, not the program's. */
function reasonOf(run: ServiceRuntime, role: ServiceRole): Reason {
  return run.spawnFailure?.role === role ? { reason: 'spawn-failed', role } : { reason: 'exit', role };
}

/** A control command is over with `result`. Shared with one that could not be started at all. */
export function afterControl(
  c: ServiceContext, run: ServiceRuntime, command: NonNullable<ServiceRuntime['controlCommand']>, result: ServiceResult, reason: Reason | null,
): ServiceRuntime {
  // A command that the stop of the service cut short has not done its work.
  if (isSignalState(run.state)) return whenAllGone(c, withFailure(run, result, reason));
  const next = command.index + 1;
  if (result === 'success' && next < commandsOf(c.definition, command.role).length) return spawn(c, run, command.role, next);
  switch (run.state) {
    case 'condition':
      return result === 'success' ? enterStartPre(c, run) : enterSignalWith(c, run, 'stop-sigterm', result, reason);
    case 'start-pre':
      return result === 'success' ? enterStart(c, run) : enterSignalWith(c, run, 'stop-sigterm', result, reason);
    case 'start':
      return result === 'success' ? awaitMainProcess(c, run) : enterSignalWith(c, run, 'stop-sigterm', result, reason);
    case 'start-post':
      return result === 'success' ? enterRunning(c, run, run.result, run.endReason) : enterSignalWith(c, run, 'stop-sigterm', result, reason);
    case 'reload': {
      if (c.definition.pidFile !== null) c.effects.push({ kind: 'read-pid-file', unit: c.definition.name, path: c.definition.pidFile });
      // A failed reload fails the job, not the service.
      return enterRunning(c, { ...run, reloadResult: result }, run.result, run.endReason);
    }
    case 'stop':
      return enterSignalWith(c, run, 'stop-sigterm', result, reason);
    case 'stop-post':
      return enterSignal(c, withFailure(run, result, reason), 'final-sigterm');
    default:
      return run;
  }
}

/** In a signal state: go on when main process, control process and (where it was signalled) the group are gone. */
function whenAllGone(c: ServiceContext, run: ServiceRuntime): ServiceRuntime {
  const { state } = run;
  if (!isSignalState(state) || run.mainPid !== null || run.beside !== null || run.controlPid !== null || run.pendingSpawn !== null) return run;
  const last = state === 'stop-sigkill' || state === 'final-sigkill' || state === 'final-sigterm' || state === 'final-watchdog';
  const mode = c.definition.kill.killMode;
  // Before ExecStopPost= only the known processes have to be gone; what they leave behind is ended after it.
  const mustBeEmpty = last && (mode === 'control-group' || (mode === 'mixed' && state !== 'final-sigterm' && state !== 'final-watchdog'));
  if (mustBeEmpty && !run.groupEmpty) return run;
  return afterSignals(c, run, state);
}

/**
 * The last process of the unit's group has ended: most stops are over with it. The group comes first, as it does when the kernel's word
 * of it is heard before the exit: whoever waits for both then waits for the exit alone.
 */
export function onLastExit(c: ServiceContext, run: ServiceRuntime, pid: Pid, ended: Ended): ServiceRuntime {
  return onProcessExit(c, onGroupEmpty(c, run), pid, ended);
}

/** No process is left in the unit's group. */
export function onGroupEmpty(c: ServiceContext, run: ServiceRuntime): ServiceRuntime {
  if (run.pendingSpawn !== null) return run;
  const empty: ServiceRuntime = { ...run, groupEmpty: true };
  switch (run.state) {
    case 'start':
      if (run.awaitingPidFile && c.definition.pidFile !== null) {
        return enterSignalWith(c, empty, 'stop-sigterm', 'protocol',
          { reason: 'protocol', detail: `all processes ended and none wrote the PID file ${c.definition.pidFile}` });
      }
      return empty;
    case 'running':
      return run.mainPid === null && run.controlPid === null ? enterRunning(c, empty, 'success', null) : empty;
    default:
      if (!isSignalState(run.state) || run.mainPid !== null || run.beside !== null || run.controlPid !== null) return empty;
      return afterSignals(c, empty, run.state);
  }
}
