/** Where the events of a unit's processes go: to the state machine of its kind. */
import type { UnitName } from '../../base/brand.ts';
import { onGroupEmpty, onLastExit, onProcessExit } from '../machine/service/exits.ts';
import { onExecDone, onExecFailed, onSpawned, onSpawnFailed } from '../machine/service/spawns.ts';
import type { ProcessEvent } from './event.ts';
import { onMountProcess } from './drivers/mount-driver.ts';
import { driveService, type ServiceTransition } from './drivers/service-driver.ts';
import { onSocketProcess } from './drivers/socket-driver.ts';
import { onScopeProcess } from './drivers/scope-driver.ts';
import { onSwapProcess } from './drivers/swap-driver.ts';
import type { UnitRuntime } from './state.ts';
import type { Turn } from './turn.ts';

type ProcessOwner = (turn: Turn, name: UnitName, event: ProcessEvent) => void;

/** A kind that has no processes of its own: an event is one of a former life. */
const nobody: ProcessOwner = () => undefined;

const OWNERS: Readonly<Record<UnitRuntime['kind'], ProcessOwner>> = {
  service: (turn, name, event) => { driveService(turn, name, serviceTransition(event)); },
  scope: onScopeProcess,
  socket: onSocketProcess,
  mount: onMountProcess,
  swap: onSwapProcess,
  device: nobody,
  target: nobody,
  slice: nobody,
  timer: nobody,
  path: nobody,
  automount: nobody,
};

/** A unit that is gone meanwhile (reloaded away) has nothing to say to its old processes. */
export function onProcessEvent(turn: Turn, name: UnitName, event: ProcessEvent): void {
  const unit = turn.unit(name);
  if (unit !== undefined) OWNERS[unit.runtime.kind](turn, unit.name, event);
}

function serviceTransition(event: ProcessEvent): ServiceTransition {
  switch (event.event) {
    case 'spawned': return (c, run) => onSpawned(c, run, event.token, event.pid, event.execDone);
    case 'spawn-failed': return (c, run) => onSpawnFailed(c, run, event.token, { stage: event.stage, errno: event.errno, subject: event.subject });
    case 'exec-done': return (c, run) => onExecDone(c, run, event.pid);
    case 'exec-failed': return (c, run) => onExecFailed(c, run, event.pid, { stage: event.stage, errno: event.errno, subject: event.subject });
    case 'exited': return (c, run) => (event.groupEmpty === true ? onLastExit(c, run, event.pid, event) : onProcessExit(c, run, event.pid, event));
    case 'cgroup-empty': return onGroupEmpty;
  }
}
