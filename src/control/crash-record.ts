/**
 * The record of a failure, as it stands in a file of the folder `crashes` of the log directory: one JSON object, described for users in
 * docs/crash-records.md. All times are realtime in microseconds, 0 for never.
 *
 * Versions: 1 (first). Fields may be added without a new one.
 */
export const CRASH_RECORD_VERSION = 1;
/** Below the log directory. A name no unit can have, because units have a type. */
export const CRASH_FOLDER = 'crashes';
/** `0006123456789abc-nginx.service.json`: when, and of what; the names sort by time. */
export const CRASH_FILE = /^([0-9a-f]{16})-(.+)\.json$/;

/** Why a unit failed, as the manager saw it. */
export interface CrashFailure {
  readonly unit: string;
  readonly invocationId: string | null;
  readonly result: string;
  readonly why: string;
  readonly process: { readonly role: string; readonly index: number; readonly pid: number; readonly code: 'exited' | 'killed' | 'dumped'; readonly status: number; readonly startedUsec: number; readonly endedUsec: number } | null;
  readonly willRestart: boolean;
  readonly restarts: number;
  readonly statusText: string;
  readonly times: { readonly startingUsec: number; readonly activeUsec: number; readonly failedUsec: number };
  readonly revision: string;
  readonly files: readonly string[];
}

/** What was used at most; null where the kernel did not say, or an engine in between forgot it. */
export interface CrashPeaks {
  /** Of the control group since it was made: automatic restarts do not begin anew. */
  readonly memoryPeakBytes: number | null;
  readonly tasksPeak: number | null;
  readonly cpuUsec: number | null;
  /** Processes the kernel killed for want of memory. */
  readonly oomKills: number | null;
  /** Of the process that decided: getrusage(2). The memory is null also when it was less than the manager's own. */
  readonly processMaxRssBytes: number | null;
  readonly processUserUsec: number | null;
  readonly processSystemUsec: number | null;
}

/** A unit changed its state. */
export interface CrashPrelude {
  readonly atUsec: number;
  readonly unit: string;
  readonly activeState: string;
  readonly subState: string;
}

/** What the manager hands over. */
export interface CrashReport extends CrashFailure {
  readonly version: typeof CRASH_RECORD_VERSION;
  /** Of the manager. */
  readonly heartwood: string;
  readonly bootId: string;
  readonly peaks: CrashPeaks;
  /** The newest changes of all units before it, oldest first. */
  readonly before: readonly CrashPrelude[];
}

export interface CrashRecord extends CrashReport {
  /** The last lines of the unit and about it, oldest first. */
  readonly lines: readonly string[];
  /** Failures of the unit since its record before this one that were too many to be recorded. */
  readonly skipped: number;
}
