/** What holds for settings that no file mentions. Source: systemd-system.conf(5), the Default… settings. */
import type { Usec } from '../../base/brand.ts';
import { seconds } from '../../base/time.ts';
import type { CgroupContext, LimitName, OomPolicy, ResourceLimit, StandardStream } from '../unit/exec-context.ts';

export interface UnitDefaults {
  /** null waits for ever. */
  readonly timeoutStartUsec: Usec | null;
  readonly timeoutStopUsec: Usec | null;
  /** null = as the stop time-out. */
  readonly timeoutAbortUsec: Usec | null;
  readonly restartUsec: Usec;
  readonly startLimitIntervalUsec: Usec;
  readonly startLimitBurst: number;
  readonly umask: number;
  readonly standardOutput: StandardStream;
  readonly standardError: StandardStream;
  readonly limits: Readonly<Partial<Record<LimitName, ResourceLimit>>>;
  readonly tasksMax: CgroupContext['tasksMax'];
  readonly oomPolicy: OomPolicy;
}

/** systemd's own defaults. */
export const BUILT_IN_DEFAULTS: UnitDefaults = {
  timeoutStartUsec: seconds(90),
  timeoutStopUsec: seconds(90),
  timeoutAbortUsec: null,
  restartUsec: seconds(0.1),
  startLimitIntervalUsec: seconds(10),
  startLimitBurst: 5,
  umask: 0o022,
  standardOutput: { kind: 'journal' },
  standardError: { kind: 'inherit' },
  limits: {},
  tasksMax: { percent: 15 },
  oomPolicy: 'stop',
};
