/** What of the manager's own settings can be changed while it runs: systemctl(1), log-level, log-target, service-watchdogs. */

export interface RuntimeSettings {
  /** A level as `--log-level` takes it; null = as the manager was started. */
  readonly logLevel: string | null;
  /** A target as `--log-target` takes it; null = as the manager was started. */
  readonly logTarget: string | null;
  /** WatchdogSec= and the actions of units that fail (FailureAction=, StartLimitAction=, JobTimeoutAction=) are carried out. */
  readonly serviceWatchdogs: boolean;
}

export const UNCHANGED_SETTINGS: RuntimeSettings = { logLevel: null, logTarget: null, serviceWatchdogs: true };
