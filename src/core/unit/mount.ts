/** Mount units: what is to be mounted where. Source: systemd.mount(5). */
import type { Usec } from '../../base/brand.ts';
import type { CgroupContext, ExecContext, KillContext } from './exec-context.ts';
import type { UnitCommon } from './unit-common.ts';

export interface MountUnit extends UnitCommon {
  readonly kind: 'mount';
  /** Where=: absolute and simplified; it agrees with the unit's name. */
  readonly where: string;
  /** What=; '' only for a unit that has no file: the kernel's table says it then. */
  readonly what: string;
  /** null lets mount(8) find out. */
  readonly type: string | null;
  /** As in fstab(5), '' = none. */
  readonly options: string;
  readonly sloppyOptions: boolean;
  readonly lazyUnmount: boolean;
  readonly readWriteOnly: boolean;
  readonly forceUnmount: boolean;
  /** Permission bits of the directories that are made for it. */
  readonly directoryMode: number;
  /** TimeoutSec=; null waits for ever. */
  readonly timeoutUsec: Usec | null;
  readonly exec: ExecContext;
  readonly kill: KillContext;
  readonly cgroup: CgroupContext;
}

/** A line of the kernel's table of mounts. */
export interface MountPoint {
  readonly where: string;
  readonly what: string;
  readonly type: string;
  /** Of the mount and of its file system, separated by commas. */
  readonly options: string;
}

/** Whether an option binds a directory that is there already. */
export function isBindMount({ options }: Pick<MountUnit, 'options'>): boolean {
  return options.split(',').some((option) => option === 'bind' || option === 'rbind');
}
