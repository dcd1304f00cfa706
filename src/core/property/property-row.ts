/**
 * What a row of the property tables is: systemd's name of a property and how its value is found, as the text `systemctl show` prints.
 */
import type { ClockReading } from '../../base/time.ts';
import type { LimitName, ResourceLimit } from '../unit/exec-context.ts';
import type { ManagerState, Unit } from '../manager/state.ts';

/** What the shell knows of a unit beyond the state: numbers of the kernel and of the unit folders. null = not known. */
export interface UnitFacts {
  /** enabled, disabled, static, …; '' = no file. */
  readonly fileState: string;
  readonly preset: string;
  /** The files are no longer those that were loaded. */
  readonly needsReload: boolean;
  readonly memoryBytes: number | null;
  readonly cpuUsec: number | null;
  readonly tasks: number | null;
  /** What IPAccounting= has counted. */
  readonly ip: IpCounts | null;
  /** There are control groups, which can be frozen. */
  readonly hasControlGroups: boolean;
  /** Path of the control group relative to the manager's, or ''. */
  readonly controlGroup: string;
  /** Numbers of User= and Group= while the unit is up; null: there is no such name here, or it has neither. */
  readonly user: { readonly uid: number | null; readonly gid: number | null };
  /** What percentages are of. */
  readonly machineMemoryBytes: number;
  readonly machineTasks: number;
  /** The manager's own, as its services inherit them. */
  readonly inheritedLimits: Readonly<Partial<Record<LimitName, ResourceLimit>>>;
}

export interface PropertyContext {
  readonly state: ManagerState;
  readonly unit: Unit;
  readonly facts: UnitFacts;
  readonly now: ClockReading;
  /** An instant of the wall clock in the manager's time zone; '' for 0. */
  readonly formatInstant: (realtimeUsec: number) => string;
}

/** Packets that the processes of a unit got and sent. */
export interface IpCounts {
  readonly ingressBytes: number;
  readonly ingressPackets: number;
  readonly egressBytes: number;
  readonly egressPackets: number;
}

/** null = the unit's kind has no such property after all. */
export type PropertyRow<C> = readonly [name: string, value: (context: C) => string | null];
