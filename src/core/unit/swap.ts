/** Swap units: devices and files the kernel pages to. Source: systemd.swap(5). */
import type { Usec } from '../../base/brand.ts';
import type { CgroupContext, ExecContext, KillContext } from './exec-context.ts';
import type { UnitCommon } from './unit-common.ts';

export interface SwapUnit extends UnitCommon {
  readonly kind: 'swap';
  /** What=: an absolute path; it agrees with the unit's name. */
  readonly what: string;
  /** Priority=, from -1; null leaves it to the kernel or to `pri=` among the options. */
  readonly priority: number | null;
  /** As in fstab(5), '' = none. */
  readonly options: string;
  /** TimeoutSec=; null waits for ever. */
  readonly timeoutUsec: Usec | null;
  readonly exec: ExecContext;
  readonly kill: KillContext;
  readonly cgroup: CgroupContext;
}

/** A line of the kernel's table of swaps. */
export interface SwapPoint {
  readonly what: string;
  readonly priority: number;
  /** Paths in What= of loaded units that lead to `what` through links. */
  readonly links: readonly string[];
}
