/** Path units once their files are understood. Source: systemd.path(5). */
import type { UnitName, Usec } from '../../base/brand.ts';
import type { Origin } from './source.ts';
import type { UnitCommon } from './unit-common.ts';
import type { TriggerJob } from './trigger-job.ts';

export type PathWatchKind = 'PathExists' | 'PathExistsGlob' | 'PathChanged' | 'PathModified' | 'DirectoryNotEmpty';

/** One line that says what is watched. */
export interface PathWatch {
  readonly kind: PathWatchKind;
  /** Absolute, simplified; a pattern for PathExistsGlob=. */
  readonly path: string;
  readonly origin: Origin;
}

export interface PathUnit extends UnitCommon {
  readonly kind: 'path';
  /** In file order; never empty in a unit that is loaded. */
  readonly watches: readonly PathWatch[];
  /** The unit that is started, or that `triggerJob` is about. */
  readonly unit: UnitName;
  readonly triggerJob: TriggerJob;
  /** MakeDirectory= and DirectoryMode=: watched directories are made with this mode first; null = they are not. */
  readonly makeDirectoryMode: number | null;
  readonly directoryMode: number;
  /** TriggerLimitIntervalSec= and TriggerLimitBurst=; a zero in either means no limit. */
  readonly triggerLimitIntervalUsec: Usec;
  readonly triggerLimitBurst: number;
}
