/** Automount units: places where a file system is mounted when somebody goes there. Source: systemd.automount(5). */
import type { UnitName, Usec } from '../../base/brand.ts';
import type { UnitCommon } from './unit-common.ts';

export interface AutomountUnit extends UnitCommon {
  readonly kind: 'automount';
  /** Where=: absolute and simplified; it agrees with the unit's name. */
  readonly where: string;
  /** ExtraOptions= of the autofs mount, '' = none. */
  readonly extraOptions: string;
  /** Permission bits of the directories that are made for it. */
  readonly directoryMode: number;
  /** TimeoutIdleSec=: unused for so long, it is unmounted; null = never. */
  readonly idleTimeoutUsec: Usec | null;
  /** The mount unit of the place. */
  readonly mount: UnitName;
}
