/**
 * What outlives a soft-reboot: services that ask for it, with their processes, and the fds that services have stored.
 * Source: systemd-soft-reboot.service(8), "Resource Pass-Through", and systemd.unit(5), SurviveFinalKillSignal=.
 */
import { isActive } from '../job/job-type.ts';
import { mayTakeOver } from './drivers/found-service.ts';
import type { RememberedService, RememberedStore } from './event.ts';
import type { Unit } from './state.ts';

/** What one life of user space leaves to the next. */
export interface Remembered {
  readonly services: readonly RememberedService[];
  readonly stores: readonly RememberedStore[];
}

/** Targets that are on the way of a soft-reboot: who conflicts with one of them is stopped. */
const STOPPING_TARGETS: ReadonlySet<string> = new Set(['shutdown.target', 'soft-reboot.target']);

/**
 * A service that runs, is spared by the last kill, and has nothing by which the shutdown would stop it: no default dependencies, and
 * no Conflicts= of its own.
 */
export function outlivesSoftReboot({ definition, runtime, activeState }: Unit): boolean {
  return runtime.kind === 'service' && definition.recorded['SurviveFinalKillSignal'] === 'yes' && !definition.defaultDependencies
    && isActive(activeState) && mayTakeOver(definition, runtime.mainPid)
    && !definition.dependencies.some(({ kind, other }) => kind === 'Conflicts' && STOPPING_TARGETS.has(other));
}

/** To be asked at the end, when all others are down. */
export function rememberUnits(units: readonly Unit[]): Remembered {
  return {
    services: units.flatMap((unit) => {
      const { name, runtime, invocationId, times } = unit;
      if (runtime.kind !== 'service' || !outlivesSoftReboot(unit)) return [];
      return [{ unit: name, mainPid: runtime.mainPid, invocationId, statusText: runtime.statusText, restarts: runtime.restarts, times }];
    }),
    stores: units.flatMap(({ name, runtime }) => (runtime.kind === 'service' && runtime.fdStore.length > 0 ? [{ unit: name, fds: runtime.fdStore }] : [])),
  };
}
