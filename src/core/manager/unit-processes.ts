/** The processes the state knows of a unit, whatever its kind. */
import type { MonotonicUsec, Pid } from '../../base/brand.ts';
import type { ControlRuntime, ExecRecord, ServiceRuntime, ServiceState, SocketState, Unit, UnitRuntime } from './state.ts';

/** Runs commands one at a time, with or without a main process beside them. */
export function runsCommands(runtime: UnitRuntime): runtime is Extract<UnitRuntime, ControlRuntime | ServiceRuntime> {
  return 'controlPid' in runtime;
}

/** The process of a scope, which somebody else started. */
export function takenPidOf({ runtime }: Pick<Unit, 'runtime'>): Pid | null {
  return runtime.kind === 'scope' ? runtime.takenPid : null;
}

/** null for a unit that has none, or of a kind that never has one. */
export function mainPidOf({ runtime }: Pick<Unit, 'runtime'>): Pid | null {
  return runtime.kind === 'service' ? runtime.mainPid : null;
}

/** The process that replaces the main one, or is replaced by it; null = there is none. */
export function besidePidOf({ runtime }: Pick<Unit, 'runtime'>): Pid | null {
  return runtime.kind === 'service' ? runtime.beside?.pid ?? null : null;
}

export function controlPidOf({ runtime }: Pick<Unit, 'runtime'>): Pid | null {
  return runsCommands(runtime) ? runtime.controlPid : null;
}

/** The last run of each of the unit's command lines. */
export function execsOf({ runtime }: Pick<Unit, 'runtime'>): readonly ExecRecord[] {
  return runsCommands(runtime) ? runtime.execs : [];
}

/** When the present state of a unit times out; null = never. */
export function stateDeadlineOf({ runtime }: Pick<Unit, 'runtime'>): MonotonicUsec | null {
  return 'deadlineUsec' in runtime ? runtime.deadlineUsec : null;
}

/** States that end when the control group is empty, or that may last longer than any process of their own. */
const WAITS_FOR_EMPTY: ReadonlySet<string> = new Set<ServiceState | SocketState>([
  'start', 'running', 'stop-watchdog', 'stop-sigterm', 'stop-sigkill', 'final-watchdog', 'final-sigterm', 'final-sigkill',
  'stop-pre-sigterm', 'stop-pre-sigkill',
]);

/** A new engine has to watch the unit's control group again. */
export function waitsForEmptyGroup({ runtime }: Pick<Unit, 'runtime'>): boolean {
  if (runtime.kind === 'scope') return runtime.state !== 'dead' && runtime.state !== 'failed';
  return runsCommands(runtime) && WAITS_FOR_EMPTY.has(runtime.state);
}
