/** The life of a socket unit: its commands, opening, listening, closing. Source: systemd.socket(5), systemd.kill(5). */
import { addUsec } from '../../../base/time.ts';
import type { Reason, SocketResult, SocketRuntime, SocketState } from '../../manager/state.ts';
import type { SocketRole } from '../../unit/exec-context.ts';
import type { SocketUnit } from '../../unit/socket.ts';
import { killsWholeGroup, NO_CONTROL, signalControl, spawnControl, type CommandEnd, type ControlContext, type ControlMachine } from '../control/control-process.ts';
import { isClosedState, isSignalState, type SocketSignalState } from './states.ts';
import { killPatienceUsec } from '../kill-patience.ts';

export type SocketContext = ControlContext<SocketUnit>;

/** The state of a socket that was never started. */
export const SOCKET_NEVER_STARTED: SocketRuntime = {
  kind: 'socket', state: 'dead', ...NO_CONTROL, result: 'success', fds: [], openToken: null, openCount: 0, openFailure: null,
  accepted: 0, refused: 0, connections: [], triggers: { sinceUsec: null, count: 0 }, polls: { sinceUsec: null, count: 0 },
};

const COMMANDS = {
  ExecStartPre: 'execStartPre', ExecStartPost: 'execStartPost', ExecStopPre: 'execStopPre', ExecStopPost: 'execStopPost',
} as const satisfies Record<SocketRole, keyof SocketUnit>;

export const SOCKET_MACHINE: ControlMachine<SocketUnit, SocketRole, SocketRuntime> = {
  commandsOf: (definition, _run, role) => definition[COMMANDS[role]],
  isSignalled: (run) => isSignalState(run.state),
  onCommandsDone,
  onGroupEmpty: (c, run) => (isSignalState(run.state) ? afterSignals(c, run, run.state) : run),
};

/** Goes to `state`; what must not be open or looked at there is closed or left alone. `timed`: TimeoutSec= counts from now. */
function enter(c: SocketContext, run: SocketRuntime, state: SocketState, timed: boolean): SocketRuntime {
  const { name } = c.definition;
  const timeoutUsec = isSignalState(state) && isLast(state) ? killPatienceUsec(c.definition.timeoutUsec) : c.definition.timeoutUsec;
  if (run.state === 'listening' && state !== 'listening') c.effects.push({ kind: 'unwatch-sockets', unit: name });
  const next: SocketRuntime = { ...run, state, deadlineUsec: timed && timeoutUsec !== null ? addUsec(c.now.monotonicUsec, timeoutUsec) : null };
  if (!isClosedState(state) || (run.fds.length === 0 && run.openToken === null)) return next;
  c.effects.push({ kind: 'close-sockets', unit: name, fds: run.fds, definition: c.definition });
  return { ...next, fds: [], openToken: null };
}

function withFailure(run: SocketRuntime, result: SocketResult, reason: Reason | null): SocketRuntime {
  return result === 'success' || run.result !== 'success' ? run : { ...run, result, endReason: reason };
}

/** Runs the commands of a role in `state`, or goes on at once when there are none. */
function runCommands(c: SocketContext, run: SocketRuntime, state: SocketState, role: SocketRole, then: (run: SocketRuntime) => SocketRuntime): SocketRuntime {
  if (c.definition[COMMANDS[role]].length === 0) return then(run);
  return spawnControl(SOCKET_MACHINE, c, enter(c, run, state, true), role, 0);
}

/** Starts a socket that is down. */
export function startSocket(c: SocketContext, run: SocketRuntime): SocketRuntime {
  const fresh: SocketRuntime = {
    ...SOCKET_NEVER_STARTED, state: run.state, spawnCount: run.spawnCount, openCount: run.openCount, execs: run.execs, accepted: run.accepted, refused: run.refused,
    // Connections live as long as their services do, whether anybody listens for more or not.
    connections: run.connections,
  };
  return runCommands(c, fresh, 'start-pre', 'ExecStartPre', (next) => enterOpening(c, next));
}

/** Asks for the sockets; the answer is `sockets-opened` or `sockets-not-opened`. Their owner is set in the same go. */
function enterOpening(c: SocketContext, run: SocketRuntime): SocketRuntime {
  const token = run.openCount + 1;
  c.effects.push({ kind: 'open-sockets', unit: c.definition.name, token, definition: c.definition });
  return { ...enter(c, run, 'start-chown', true), openToken: token, openCount: token };
}

/** Answer to `open-sockets`. */
export function onSocketsOpened(c: SocketContext, run: SocketRuntime, token: number, fds: readonly string[]): SocketRuntime {
  if (run.openToken !== token || run.state !== 'start-chown') {
    // Nobody waits for them any more.
    c.effects.push({ kind: 'close-sockets', unit: c.definition.name, fds, definition: c.definition });
    return run;
  }
  return runCommands(c, { ...run, openToken: null, fds }, 'start-post', 'ExecStartPost', (next) => enterListening(c, next, false));
}

/** The other answer: which address, and what the kernel said. */
export function onSocketsNotOpened(
  c: SocketContext, run: SocketRuntime, token: number, failure: { readonly what: string; readonly errno: string; readonly stage: 'listen' | 'owner' },
): SocketRuntime {
  if (run.openToken !== token || run.state !== 'start-chown') return run;
  const { what, errno, stage } = failure;
  const result = stage === 'owner' ? 'exit-code' : 'resources';
  return enterStopPre(c, { ...run, openToken: null, openFailure: { what, errno } }, result, { reason: 'not-listening', what, errno });
}

/** Waits for traffic. `flush`: what is there already is thrown away first. */
export function enterListening(c: SocketContext, run: SocketRuntime, flush: boolean): SocketRuntime {
  const { name, accept } = c.definition;
  c.effects.push({ kind: 'watch-sockets', unit: name, fds: run.fds, accept, flush });
  return enter(c, run, 'listening', false);
}

/** The service has the sockets. */
export function enterRunning(c: SocketContext, run: SocketRuntime): SocketRuntime {
  return enter(c, run, 'running', false);
}

/** Begins an orderly stop. */
export function enterStopPre(c: SocketContext, run: SocketRuntime, result: SocketResult, reason: Reason | null): SocketRuntime {
  return runCommands(c, withFailure(run, result, reason), 'stop-pre', 'ExecStopPre', (next) => enterStopPost(c, next, 'success', null));
}

function enterStopPost(c: SocketContext, run: SocketRuntime, result: SocketResult, reason: Reason | null): SocketRuntime {
  const failed = withFailure(run, result, reason);
  return runCommands(c, failed, 'stop-post', 'ExecStopPost', (next) => enterSignal(c, next, 'final-sigterm', 'success', null));
}

function enterSignal(c: SocketContext, run: SocketRuntime, state: SocketSignalState, result: SocketResult, reason: Reason | null): SocketRuntime {
  const next = enter(c, withFailure(run, result, reason), state, true);
  const waits = signalControl(c, next, isLast(state));
  return waits ? next : afterSignals(c, next, state);
}

function afterSignals(c: SocketContext, run: SocketRuntime, state: SocketSignalState): SocketRuntime {
  return state === 'stop-pre-sigterm' || state === 'stop-pre-sigkill' ? enterStopPost(c, run, 'success', null) : enterDead(c, run);
}

function enterDead(c: SocketContext, run: SocketRuntime): SocketRuntime {
  const dead = enter(c, run, run.result === 'success' ? 'dead' : 'failed', false);
  // One that ran no command never had a group.
  if (run.spawnCount > 0) c.effects.push({ kind: 'release-control-group', unit: c.definition.name });
  return { ...dead, controlPid: null, controlCommand: null, groupEmpty: true };
}

function onCommandsDone(c: SocketContext, run: SocketRuntime, { result, reason }: CommandEnd<SocketRole>): SocketRuntime {
  const { state } = run;
  switch (state) {
    case 'start-pre':
      return result === 'success' ? enterOpening(c, run) : enterSignal(c, run, 'final-sigterm', result, reason);
    case 'start-post':
      return result === 'success' ? enterListening(c, run, false) : enterStopPre(c, run, result, reason);
    case 'stop-pre':
      return enterStopPost(c, run, result, reason);
    case 'stop-post':
      return enterSignal(c, run, 'final-sigterm', result, reason);
    default:
      // What an earlier command left behind was signalled too, and may take longer than the one that has just ended.
      return isSignalState(state) && (run.groupEmpty || !killsWholeGroup(c.definition.kill, isLast(state))) ? afterSignals(c, run, state) : run;
  }
}

function isLast(state: SocketSignalState): boolean {
  return state === 'stop-pre-sigkill' || state === 'final-sigkill';
}

/** A stop was asked for, in whatever state the socket is. */
export function stopSocket(c: SocketContext, run: SocketRuntime): SocketRuntime {
  switch (run.state) {
    case 'start-pre':
    case 'start-post':
      return enterSignal(c, run, 'stop-pre-sigterm', 'success', null);
    case 'start-chown':
    case 'listening':
    case 'running':
      return enterStopPre(c, run, 'success', null);
    default:
      return run;
  }
}

/** Nobody knows any more what the socket is in: one that is up or on its way is closed and has failed. */
export function failSocketOrderly(c: SocketContext, run: SocketRuntime, reason: Reason): SocketRuntime {
  switch (run.state) {
    case 'start-pre':
    case 'start-post':
      return enterSignal(c, run, 'stop-pre-sigterm', 'resources', reason);
    case 'start-chown':
    case 'listening':
    case 'running':
      return enterStopPre(c, run, 'resources', reason);
    default:
      return run;
  }
}

/** The deadline of the present state has passed. */
export function onSocketDue(c: SocketContext, run: SocketRuntime): SocketRuntime {
  const { kill } = c.definition;
  const reason = { reason: 'timeout', state: run.state } as const;
  const late = { ...run, deadlineUsec: null };
  switch (run.state) {
    // The pause that PollLimitIntervalSec= imposed is over.
    case 'listening': return enterListening(c, { ...late, polls: { sinceUsec: null, count: 0 } }, false);
    case 'start-pre': return enterSignal(c, late, 'final-sigterm', 'timeout', reason);
    case 'start-chown':
    case 'start-post': return enterStopPre(c, late, 'timeout', reason);
    case 'stop-pre': return enterSignal(c, late, 'stop-pre-sigterm', 'timeout', reason);
    case 'stop-pre-sigterm':
      return kill.sendSigkill ? enterSignal(c, late, 'stop-pre-sigkill', 'timeout', reason) : enterStopPost(c, late, 'timeout', reason);
    case 'stop-pre-sigkill': return enterStopPost(c, late, 'timeout', reason);
    case 'stop-post': return enterSignal(c, late, 'final-sigterm', 'timeout', reason);
    case 'final-sigterm':
      if (kill.sendSigkill) return enterSignal(c, late, 'final-sigkill', 'timeout', reason);
      return enterDead(c, withFailure(late, 'timeout', reason));
    case 'final-sigkill': return enterDead(c, withFailure(late, 'timeout', reason));
    default: return late;
  }
}
