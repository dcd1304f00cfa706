/** Runs a transition of one service and takes the result into the manager: state changes, owners of processes, timers. */
import type { UnitName } from '../../../base/brand.ts';
import { assert } from '../../../base/assert.ts';
import { neighbours } from '../../graph/graph.ts';
import { monitorEnvironment, type ServiceContext } from '../../machine/service/context.ts';
import { nextDueUsec } from '../../machine/service/deadlines.ts';
import { quietProbes } from '../../machine/service/probes.ts';
import { activeStateOf } from '../../machine/service/states.ts';
import { enterAutoRestart } from '../../machine/service/stop.ts';
import type { InvocationId } from '../../../base/brand.ts';
import type { ServiceUnit } from '../../unit/service.ts';
import type { ServiceRuntime, Unit } from '../state.ts';
import type { Turn } from '../turn.ts';
import { onConnectionEnded, socketsFor } from './socket-record.ts';
import { setRuntime } from './set-runtime.ts';

const DBUS_SERVICE = 'dbus.service' as UnitName;

export interface ServiceRecord extends Unit {
  readonly definition: ServiceUnit;
  readonly runtime: ServiceRuntime;
}

export function isService(unit: Unit): unit is ServiceRecord {
  return unit.definition.kind === 'service' && unit.runtime.kind === 'service';
}

export type ServiceTransition = (c: ServiceContext, run: ServiceRuntime) => ServiceRuntime;

export function driveService(turn: Turn, name: UnitName, transition: ServiceTransition): void {
  const unit = turn.require(name);
  assert(isService(unit), 'the unit is a service', name);
  const context = contextOf(turn, unit);
  const before = unit.runtime;
  const after = quietProbes(context, transition(context, before));
  if (after === before) return;
  if (after.mainPid !== null && after.mainPid !== before.mainPid) turn.setOwner(after.mainPid, name);
  if (after.beside !== null && after.beside.pid !== before.beside?.pid) turn.setOwner(after.beside.pid, name);
  if (after.controlPid !== null && after.controlPid !== before.controlPid) turn.setOwner(after.controlPid, name);
  for (const { pid } of after.probes) if (pid !== null && !before.probes.some((each) => each.pid === pid)) turn.setOwner(pid, name);
  if (before.connection !== null && after.connection === null) onConnectionEnded(turn, before.connection.socket, name);
  // Up and down again within one step, as a oneshot with nothing to run: everyone, its job first of all, sees that it was on its way.
  if (isStarting(turn, unit) && isDown(before) && isDown(after)) take(turn, name, { ...after, state: 'start' });
  const isPause = after.restarting && before.state !== 'auto-restart' && isDown(after);
  // Dead first, so that everyone hears of the failure; then the pause before the restart, which counts as activating.
  if (!isPause || !restartsDirectly(unit.definition)) take(turn, name, after);
  if (isPause) {
    const waiting = enterAutoRestart(context, after, () => turn.fraction());
    take(turn, name, waiting);
    if (waiting.deadlineUsec !== null && waiting.deadlineUsec <= turn.now.monotonicUsec) turn.dueNow.add(name);
  }
}

/** RestartMode=direct, or debug: whoever depends on the service does not hear that it was down. */
export function restartsDirectly({ recorded }: ServiceUnit): boolean {
  return recorded['RestartMode'] === 'direct' || recorded['RestartMode'] === 'debug';
}

function isStarting(turn: Turn, unit: Unit): boolean {
  const job = unit.job === null ? undefined : turn.job(unit.job);
  return job?.state === 'running' && (job.type === 'start' || job.type === 'restart');
}

function isDown(run: ServiceRuntime): boolean {
  return run.state === 'dead' || run.state === 'failed';
}

function take(turn: Turn, name: UnitName, run: ServiceRuntime): void {
  const unit = turn.require(name);
  assert(isService(unit), 'the unit is a service', name);
  turn.wantTimer(nextDueUsec(run));
  setRuntime(turn, name, run, activeStateOf(run.state, unit.definition.type));
}

function triggerEnvironment(turn: Turn, { name, startReason }: ServiceRecord): readonly string[] {
  if (startReason?.reason === 'triggered') return startReason.environment;
  if (startReason?.reason !== 'dependency' || (startReason.kind !== 'OnFailure' && startReason.kind !== 'OnSuccess')) return [];
  // A handler of several units is told of none, as systemd.exec(5) has it; a template makes one for each.
  const handled = new Set([...neighbours(turn.graph, name, 'OnFailureOf'), ...neighbours(turn.graph, name, 'OnSuccessOf')]);
  if (handled.size > 1) return [];
  const ended = turn.unit(startReason.of);
  return ended === undefined || !isService(ended) ? [] : monitorEnvironment(ended.name, ended.runtime, ended.invocationId);
}

function contextOf(turn: Turn, unit: ServiceRecord): ServiceContext {
  const job = unit.job === null ? undefined : turn.job(unit.job);
  return {
    definition: unit.definition,
    now: turn.now,
    invocationId: unit.invocationId ?? ('' as InvocationId),
    managerEnvironment: turn.environment,
    heedsWatchdog: turn.settings.serviceWatchdogs,
    triggerEnvironment: triggerEnvironment(turn, unit),
    restartJob: job?.type === 'restart' || job?.type === 'try-restart',
    stopWanted: job?.type === 'stop' || turn.shutdown !== null,
    effects: turn.effects,
    isBusServed: () => turn.unit(DBUS_SERVICE)?.activeState === 'active',
    sockets: () => socketsFor(turn, unit),
  };
}
