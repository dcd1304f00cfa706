/**
 * Scopes: processes that somebody else started. One is made by a client that then goes into it itself, and is over when nobody is left
 * in it. Source: systemd.scope(5).
 *
 *     dead -> running -> (empty) dead
 *             running -> (stop, RuntimeMaxSec=, OOMPolicy=) stop-sigterm -> (TimeoutStopSec=) stop-sigkill -> dead, or failed when it took too long
 */
import type { Pid, Signal, UnitName } from '../../../base/brand.ts';
import { addUsec } from '../../../base/time.ts';
import { killPatienceUsec } from '../../machine/kill-patience.ts';
import type { ScopeUnit } from '../../unit/definition.ts';
import type { ProcessEvent } from '../event.ts';
import { setRuntime } from './set-runtime.ts';
import type { Job, ScopeRuntime, Unit } from '../state.ts';
import type { Turn } from '../turn.ts';

type Scope = Unit & { readonly definition: ScopeUnit; readonly runtime: ScopeRuntime };

function isScope(unit: Unit | undefined): unit is Scope {
  return unit?.definition.kind === 'scope' && unit.runtime.kind === 'scope';
}

/** Who asked for it goes in. */
export function startScope(turn: Turn, unit: Unit, job: Job): void {
  if (!isScope(unit)) return;
  const takenPid = job.reason.reason === 'requested' && job.reason.pid > 0 ? (job.reason.pid as Pid) : null;
  // Before the answer: by then it may have children.
  if (takenPid !== null) turn.emit({ kind: 'take-process', unit: unit.name, pid: takenPid, cgroup: unit.definition.cgroup });
  const { runtimeMaxUsec } = unit.definition;
  const deadlineUsec = runtimeMaxUsec === null ? null : addUsec(turn.now.monotonicUsec, runtimeMaxUsec);
  turn.wantTimer(deadlineUsec);
  setRuntime(turn, unit.name, { ...unit.runtime, state: 'running', result: 'success', takenPid, deadlineUsec }, 'active');
  turn.emit({ kind: 'watch-control-group', unit: unit.name });
}

/** @param result what its end will be called */
export function stopScope(turn: Turn, name: UnitName, result: ScopeRuntime['result']): void {
  const unit = turn.unit(name);
  if (!isScope(unit) || (unit.runtime.state !== 'running' && unit.runtime.state !== 'abandoned')) return;
  const { killSignal, sendSighup } = unit.definition.kill;
  signalScope(turn, unit, { state: 'stop-sigterm', result }, killSignal, sendSighup);
}

/** RuntimeMaxSec= or TimeoutStopSec= is over. */
export function onScopeDue(turn: Turn, name: UnitName): void {
  const unit = turn.unit(name);
  if (!isScope(unit)) return;
  switch (unit.runtime.state) {
    case 'running': case 'abandoned':
      stopScope(turn, name, 'timeout');
      return;
    case 'stop-sigterm':
      signalScope(turn, unit, { state: 'stop-sigkill', result: 'timeout' }, unit.definition.kill.finalKillSignal, false);
      return;
    default:
      endScope(turn, unit, 'timeout');
  }
}

/** The kernel has ended one of its processes for want of memory. */
export function onScopeOomKill(turn: Turn, name: UnitName): void {
  const unit = turn.unit(name);
  if (!isScope(unit) || unit.definition.oomPolicy === 'continue') return;
  switch (unit.runtime.state) {
    case 'running': case 'abandoned':
      stopScope(turn, name, 'oom-kill');
      return;
    case 'stop-sigterm':
      // Who was asked to end and has no memory for that is not asked for long.
      signalScope(turn, unit, { state: 'stop-sigkill', result: 'oom-kill' }, unit.definition.kill.finalKillSignal, false);
      return;
    default:
  }
}

export function onScopeProcess(turn: Turn, name: UnitName, event: ProcessEvent): void {
  const unit = turn.unit(name);
  if (!isScope(unit) || unit.runtime.state === 'dead' || unit.runtime.state === 'failed') return;
  if (event.event === 'cgroup-empty' || (event.event === 'exited' && event.groupEmpty === true)) endScope(turn, unit, unit.runtime.result);
  else if (event.event === 'exited' && event.pid === unit.runtime.takenPid) setRuntime(turn, name, { ...unit.runtime, takenPid: null }, unit.activeState);
}

function signalScope(turn: Turn, unit: Scope, to: Pick<ScopeRuntime, 'state' | 'result'>, signal: Signal, alsoSighup: boolean): void {
  turn.emit({ kind: 'kill-control-group', unit: unit.name, signal, except: [], alsoSighup });
  turn.emit({ kind: 'watch-control-group', unit: unit.name });
  const { timeoutStopUsec } = unit.definition;
  const patienceUsec = to.state === 'stop-sigkill' ? killPatienceUsec(timeoutStopUsec) : timeoutStopUsec;
  const deadlineUsec = patienceUsec === null ? null : addUsec(turn.now.monotonicUsec, patienceUsec);
  turn.wantTimer(deadlineUsec);
  setRuntime(turn, unit.name, { ...unit.runtime, ...to, deadlineUsec }, 'deactivating');
}

function endScope(turn: Turn, unit: Scope, result: ScopeRuntime['result']): void {
  const failed = result !== 'success';
  turn.emit({ kind: 'release-control-group', unit: unit.name });
  setRuntime(turn, unit.name, { ...unit.runtime, state: failed ? 'failed' : 'dead', result, takenPid: null, deadlineUsec: null }, failed ? 'failed' : 'inactive');
}
