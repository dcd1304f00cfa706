/**
 * A service that runs although this manager knows nothing of it: its former manager is gone with all it remembered. It goes on as if it
 * had just become ready, so that a boot that wants it finds it up and does not start it beside itself.
 */
import type { Pid } from '../../../base/brand.ts';
import { adoptMain, armWatchdog, enterRunning } from '../../machine/service/start.ts';
import type { UnitDefinition } from '../../unit/definition.ts';
import type { FoundService, RememberedStore } from '../event.ts';
import { driveService, isService } from './service-driver.ts';
import type { Turn } from '../turn.ts';

/**
 * Whether what was found can go on as this unit. A oneshot that still runs was on its way, and how far it had come is not known; without
 * its main process nobody would notice that a service has ended.
 */
export function mayTakeOver(definition: UnitDefinition | undefined, mainPid: Pid | null): boolean {
  if (definition?.kind !== 'service' || definition.loadState !== 'loaded' || definition.type === 'oneshot') return false;
  return mainPid !== null || definition.type === 'forking';
}

/** Gives services the fds back that they have stored in the life before; what nobody may store (any more) is closed. */
export function takeOverStores(turn: Turn, stores: readonly RememberedStore[]): void {
  for (const { unit: name, fds } of stores) {
    const unit = turn.unit(name);
    const room = unit?.definition.kind === 'service' && unit.definition.loadState === 'loaded' ? unit.definition.fileDescriptorStoreMax : 0;
    if (unit !== undefined && isService(unit) && room > 0) turn.setUnit({ ...unit, runtime: { ...unit.runtime, fdStore: fds.slice(0, room) } });
    if (fds.length > room) turn.emit({ kind: 'close-fds', names: fds.slice(room) });
  }
}

/** Before anything is started. Those that may not be taken over, and those that are known as they are, are passed over. */
export function takeOverFound(turn: Turn, found: readonly FoundService[]): void {
  for (const { unit: name, mainPid, remembered } of found) {
    const unit = turn.unit(name);
    if (unit === undefined || !isService(unit) || !mayTakeOver(unit.definition, mainPid)) continue;
    const { mainPid: known } = unit.runtime;
    if (known !== null && known === mainPid) continue;
    // Its exit would be taken for that of the service.
    if (known !== null) turn.removeOwner(known);
    turn.setUnit({ ...unit, invocationId: remembered?.invocationId ?? turn.newInvocationId() });
    turn.log('notice', name, `${name} is running already${mainPid === null ? '' : ` (PID ${String(mainPid)})`}, and is taken over`);
    driveService(turn, name, (c, run) => {
      const fresh = { ...run, mainPid: null, mainExit: null, controlPid: null, controlCommand: null, pendingSpawn: null, result: 'success' as const, endReason: null, groupEmpty: false };
      const alive = mainPid === null ? fresh : adoptMain(c, fresh, mainPid);
      c.effects.push({ kind: 'watch-control-group', unit: name });
      const told = remembered === undefined ? alive : { ...alive, statusText: remembered.statusText, restarts: remembered.restarts };
      return enterRunning(c, armWatchdog(c, told), 'success', null);
    });
    // It has been up all the time.
    if (remembered !== undefined) turn.setUnit({ ...turn.require(name), times: remembered.times });
  }
}
