/**
 * What a unit's files say, after specifier expansion: the configured half of every unit. Kinds with more to them have files of their own.
 *
 * Everything here is immutable plain data, made by `unit-file/` and replaced whole by a daemon-reload. It is not part of
 * a checkpoint: it is read again from the files.
 */
import type { Usec } from '../../base/brand.ts';
import type { CgroupContext, KillContext, OomPolicy } from './exec-context.ts';
import type { AutomountUnit } from './automount.ts';
import type { DeviceUnit } from './device.ts';
import type { MountUnit } from './mount.ts';
import type { PathUnit } from './path.ts';
import type { ServiceUnit } from './service.ts';
import type { SocketUnit } from './socket.ts';
import type { SwapUnit } from './swap.ts';
import type { TimerUnit } from './timer.ts';
import type { UnitCommon } from './unit-common.ts';

export interface TargetUnit extends UnitCommon {
  readonly kind: 'target';
}

export interface SliceUnit extends UnitCommon {
  readonly kind: 'slice';
  readonly cgroup: CgroupContext;
}

/** A group of processes that something else started; made at run time only. */
export interface ScopeUnit extends UnitCommon {
  readonly kind: 'scope';
  readonly kill: KillContext;
  readonly cgroup: CgroupContext;
  readonly timeoutStopUsec: Usec | null;
  readonly runtimeMaxUsec: Usec | null;
  readonly oomPolicy: OomPolicy;
}

export type UnitDefinition = ServiceUnit | SocketUnit | TargetUnit | SliceUnit | ScopeUnit | TimerUnit | PathUnit | MountUnit | SwapUnit | DeviceUnit | AutomountUnit;
