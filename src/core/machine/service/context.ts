import type { InvocationId, UnitName, Usec } from '../../../base/brand.ts';
import { addUsec, type ClockReading } from '../../../base/time.ts';
import type { ServiceRole } from '../../unit/exec-context.ts';
import type { ServiceUnit } from '../../unit/service.ts';
import type { Effect, PassedFd } from '../../manager/effect.ts';
import { storedName } from './fd-store.ts';
import type { Reason, ServiceResult, ServiceRuntime, ServiceState } from '../../manager/state.ts';

/**
 * What a transition of one service may look at, and where it puts its effects. A transition is a function from
 * (context, runtime) to the next runtime; effects are appended in the order in which they are to be performed.
 */
export interface ServiceContext {
  readonly definition: ServiceUnit;
  readonly now: ClockReading;
  readonly invocationId: InvocationId;
  readonly managerEnvironment: readonly string[];
  /** Watchdogs are heeded (service-watchdogs). */
  readonly heedsWatchdog: boolean;
  /** What the unit is told of the timer or path that started it, or of the service whose end did. */
  readonly triggerEnvironment: readonly string[];
  /** The unit's job is a restart: RestartKillSignal= applies. */
  readonly restartJob: boolean;
  /** A stop job waits for this unit, or the manager shuts down: no automatic restart. */
  readonly stopWanted: boolean;
  readonly effects: Effect[];
  /** Somebody serves the bus. To ask it when nobody does would start it. */
  readonly isBusServed: () => boolean;
  /** The open sockets that are for this service, in order. */
  readonly sockets: () => readonly PassedFd[];
}

/** The state of a service that was never started. */
export const NEVER_STARTED: ServiceRuntime = {
  kind: 'service',
  state: 'dead',
  spawnCount: 0,
  pendingSpawn: null,
  mainPid: null,
  beside: null,
  controlPid: null,
  controlCommand: null,
  mainCommandIndex: 0,
  groupEmpty: true,
  result: 'success',
  reloadResult: 'success',
  deadlineUsec: null,
  stateEnteredUsec: 0 as ServiceRuntime['stateEnteredUsec'],
  watchdogDueUsec: null,
  watchdogOverrideUsec: null,
  runtimeMaxDueUsec: null,
  restarts: 0,
  delaySteps: 0,
  restarting: false,
  stopRequested: false,
  statusText: '',
  statusErrno: 0,
  mainExit: null,
  lastExit: null,
  probes: [],
  awaitingPidFile: false,
  pidFileDueUsec: null,
  execs: [],
  spawnFailure: null,
  endReason: null,
  fdStore: [],
  connection: null,
  renewal: null,
};

/** Goes to `state`; `timeoutUsec` counts from now, null = no time-out. */
export function enter(c: ServiceContext, run: ServiceRuntime, state: ServiceState, timeoutUsec: Usec | null): ServiceRuntime {
  const now = c.now.monotonicUsec;
  return { ...run, state, stateEnteredUsec: now, deadlineUsec: timeoutUsec === null ? null : addUsec(now, timeoutUsec), awaitingPidFile: false, pidFileDueUsec: null };
}

/** The first failure of a run decides its result; later ones do not change it. */
export function withFailure(run: ServiceRuntime, result: ServiceResult, reason: Reason | null): ServiceRuntime {
  return result === 'success' || run.result !== 'success' ? run : { ...run, result, endReason: reason };
}

export function commandsOf(definition: ServiceUnit, role: ServiceRole) {
  switch (role) {
    case 'ExecCondition': return definition.execCondition;
    case 'ExecStartPre': return definition.execStartPre;
    case 'ExecStart': return definition.execStart;
    case 'ExecStartPost': return definition.execStartPost;
    case 'ExecReload': return definition.execReload;
    case 'ExecStop': return definition.execStop;
    case 'ExecStopPost': return definition.execStopPost;
    // These are asked for one by one.
    case 'ExecProbe': return definition.probes.flatMap(({ check }) => (check.kind === 'exec' ? [check.command] : []));
  }
}

/** Asks for command `index` of `role`. The answer is a `spawned` or `spawn-failed` event. */
export function spawn(c: ServiceContext, run: ServiceRuntime, role: ServiceRole, index: number): ServiceRuntime {
  const command = commandsOf(c.definition, role)[index];
  if (command === undefined) return run;
  const token = run.spawnCount + 1;
  const stopping = role === 'ExecStop' || role === 'ExecStopPost';
  c.effects.push({
    kind: 'spawn',
    unit: c.definition.name,
    token,
    role,
    index,
    command,
    definition: c.definition,
    invocationId: c.invocationId,
    extraEnvironment: environmentOf(c, run, role),
    managerEnvironment: c.managerEnvironment,
    notify: c.definition.notifyAccess !== 'none',
    controlGroup: stopping || role === 'ExecReload' || role === 'ExecStartPost' ? 'control' : 'main',
    fds: passedFds(c, run, role),
  });
  return { ...run, spawnCount: token, pendingSpawn: { token, role, index }, groupEmpty: false };
}

/**
 * The main process gets the sockets (or the one connection the service is for) and what the service stored; the other commands get a
 * socket only when one is a standard stream of theirs.
 */
function passedFds(c: ServiceContext, run: ServiceRuntime, role: ServiceRole): readonly PassedFd[] {
  const { exec, nonBlocking } = c.definition;
  const isStream = [exec.standardInput, exec.standardOutput, exec.standardError].some(({ kind }) => kind === 'socket');
  if (role !== 'ExecStart' && !isStream) return [];
  if (run.connection !== null) return [{ key: run.connection.key, name: run.connection.name, nonBlocking }];
  return isStream ? c.sockets() : [...c.sockets(), ...run.fdStore.map((key) => ({ key, name: storedName(key), nonBlocking: null }))];
}

/** Variables of systemd.exec(5) that only the manager can know. */
function environmentOf(c: ServiceContext, run: ServiceRuntime, role: ServiceRole): string[] {
  const extra: string[] = [...c.triggerEnvironment];
  if (c.definition.recorded['RestartMode'] === 'debug' && run.restarts > 0) extra.push('DEBUG_INVOCATION=1');
  if (c.definition.pidFile !== null) extra.push(`PIDFILE=${c.definition.pidFile}`);
  if (run.mainPid !== null && role !== 'ExecStart') extra.push(`MAINPID=${String(run.mainPid)}`);
  const watchdogUsec = run.watchdogOverrideUsec ?? c.definition.watchdogUsec;
  if (watchdogUsec !== null && role === 'ExecStart') extra.push(`WATCHDOG_USEC=${String(watchdogUsec)}`, 'WATCHDOG_PID=');
  if (run.connection !== null && run.connection.peer.address !== '') extra.push(`REMOTE_ADDR=${run.connection.peer.address}`, `REMOTE_PORT=${run.connection.peer.port}`);
  if (role === 'ExecStop' || role === 'ExecStopPost') {
    extra.push(`SERVICE_RESULT=${run.result}`);
    const exit = run.mainExit?.exit;
    if (exit !== null && exit !== undefined) extra.push(`EXIT_CODE=${exit.code}`, `EXIT_STATUS=${exitStatusWord(exit)}`);
  }
  return extra;
}

/** How another service ended, for one that is started by its OnFailure= or OnSuccess=. Source: systemd.exec(5), $MONITOR_SERVICE_RESULT. */
export function monitorEnvironment(unit: UnitName, run: ServiceRuntime, invocationId: InvocationId | null): readonly string[] {
  const exit = run.mainExit?.exit ?? null;
  return [
    `MONITOR_SERVICE_RESULT=${run.result}`,
    ...(exit === null ? [] : [`MONITOR_EXIT_CODE=${exit.code}`, `MONITOR_EXIT_STATUS=${exitStatusWord(exit)}`]),
    ...(invocationId === null ? [] : [`MONITOR_INVOCATION_ID=${invocationId}`]),
    `MONITOR_UNIT=${unit}`,
  ];
}

/** `$EXIT_STATUS`: a number, or the signal's name without SIG. */
function exitStatusWord(exit: { readonly code: string; readonly status: number }): string {
  return exit.code === 'exited' ? String(exit.status) : SIGNAL_NAMES[exit.status] ?? String(exit.status);
}

/** Signal names by number (x86 and ARM Linux numbering, signal(7)), without SIG. */
export const SIGNAL_NAMES: readonly (string | undefined)[] = [
  undefined, 'HUP', 'INT', 'QUIT', 'ILL', 'TRAP', 'ABRT', 'BUS', 'FPE', 'KILL', 'USR1', 'SEGV', 'USR2', 'PIPE', 'ALRM', 'TERM',
  'STKFLT', 'CHLD', 'CONT', 'STOP', 'TSTP', 'TTIN', 'TTOU', 'URG', 'XCPU', 'XFSZ', 'VTALRM', 'PROF', 'WINCH', 'IO', 'PWR', 'SYS',
];
