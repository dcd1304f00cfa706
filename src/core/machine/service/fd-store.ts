/**
 * Stored fds: their names in the host's table, `store:UNIT:FDNAME:NUMBER`, or `quiet-store:…` for one that came with FDPOLL=0 and is kept
 * although nobody is at its other end any more. An FDNAME has no colon; a unit may.
 */
import type { UnitName } from '../../../base/brand.ts';

/** The name of a fd to be stored. `isPolled`: it leaves the store when its other end hangs up. */
export function storeKey({ unit, name, number, isPolled }: { readonly unit: UnitName; readonly name: string; readonly number: number; readonly isPolled: boolean }): string {
  return `${isPolled ? 'store' : 'quiet-store'}:${unit}:${name}:${String(number)}`;
}

/** FDNAME of a key. */
export function storedName(key: string): string {
  return key.split(':').at(-2) ?? 'stored';
}

/** Whether a name of the host's table is a key of a store. */
export function isStoredFd(name: string): boolean {
  return isPolledStoredFd(name) || name.startsWith('quiet-store:');
}

/** Whether it leaves the store when its other end hangs up: sd_pid_notify_with_fds(3), FDPOLL=. */
export function isPolledStoredFd(name: string): boolean {
  return name.startsWith('store:');
}

/** The unit whose fd it is. */
export function storingUnit(key: string): UnitName {
  return key.split(':').slice(1, -2).join(':') as UnitName;
}
