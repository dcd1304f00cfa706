/**
 * What the manager knows of a unit at the instant it fails: its part of a crash record. Plain data; the host adds what the kernel says,
 * logd the last lines (docs/crash-records.md).
 */
import type { InvocationId, RealtimeUsec, UnitName } from '../../../base/brand.ts';

export interface CrashFacts {
  readonly unit: UnitName;
  readonly invocationId: InvocationId | null;
  /** systemd's Result= property: `exit-code`, `signal`, `timeout`, … */
  readonly result: string;
  /** One sentence: what decided it. */
  readonly why: string;
  /** The process whose end decided; null when none did. */
  readonly process: {
    /** The directive of its command line. */
    readonly role: string;
    readonly index: number;
    readonly pid: number;
    readonly code: 'exited' | 'killed' | 'dumped';
    /** Exit status, or the number of the signal. */
    readonly status: number;
    readonly startedUsec: RealtimeUsec;
    readonly endedUsec: RealtimeUsec;
  } | null;
  /** A restart by Restart= is due; its start limit may still forbid it. */
  readonly willRestart: boolean;
  /** Automatic restarts before this failure; 0 for units that have none. */
  readonly restarts: number;
  /** STATUS= as the service last told it, or ''. */
  readonly statusText: string;
  /** Realtime; 0 = never. */
  readonly times: { readonly startingUsec: RealtimeUsec; readonly activeUsec: RealtimeUsec; readonly failedUsec: RealtimeUsec };
  /** Hash of the unit's files as they were read, and what they are. */
  readonly revision: string;
  readonly files: readonly string[];
}
