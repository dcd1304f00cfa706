/** Service units once their files are understood. Source: systemd.service(5). */
import type { Signal, UnitName, Usec } from '../../base/brand.ts';
import type { CgroupContext, ExecCommand, ExecContext, KillContext, OomPolicy } from './exec-context.ts';
import type { OpenFile } from './open-file.ts';
import type { Probe } from './probe.ts';
import type { Renewal } from './renewal.ts';
import type { RestartPacing } from './restart-pacing.ts';
import type { UnitCommon } from './unit-common.ts';

export type ServiceType = 'simple' | 'exec' | 'forking' | 'oneshot' | 'notify' | 'notify-reload' | 'dbus' | 'idle';
export type RestartPolicy = 'no' | 'on-success' | 'on-failure' | 'on-abnormal' | 'on-abort' | 'on-watchdog' | 'always';

/** Exit codes and signals of SuccessExitStatus=, RestartPreventExitStatus=, RestartForceExitStatus=. */
export interface ExitStatusSet {
  readonly codes: readonly number[];
  readonly signals: readonly Signal[];
}

/** A command with a name of its own. */
export interface NamedCommand {
  readonly name: string;
  readonly command: ExecCommand;
}

export interface ServiceUnit extends UnitCommon {
  readonly kind: 'service';
  readonly type: ServiceType;
  readonly execCondition: readonly ExecCommand[];
  readonly execStartPre: readonly ExecCommand[];
  /** In file order; empty only for a oneshot with ExecStop= or SuccessAction=. */
  readonly execStart: readonly ExecCommand[];
  readonly execStartPost: readonly ExecCommand[];
  readonly execReload: readonly ExecCommand[];
  readonly execStop: readonly ExecCommand[];
  readonly execStopPost: readonly ExecCommand[];
  /** ExecCall=: commands that clients may have run, by their names. Our own. */
  readonly calls: readonly NamedCommand[];
  /** StartupProbe=, ReadinessProbe= and LivenessProbe=, in this order. Our own. */
  readonly probes: readonly Probe[];
  readonly remainAfterExit: boolean;
  readonly guessMainPid: boolean;
  readonly pidFile: string | null;
  readonly busName: string | null;
  readonly restart: RestartPolicy;
  readonly restartUsec: Usec;
  /** RestartSteps= and RestartMaxDelaySec=: growth from `restartUsec` to the maximum in that many steps; 0/null = constant. */
  readonly restartSteps: number;
  readonly restartMaxDelayUsec: Usec | null;
  readonly restartPacing: RestartPacing;
  readonly renewal: Renewal;
  /** TimeoutStartSec= and kin; null waits for ever. */
  readonly timeoutStartUsec: Usec | null;
  readonly timeoutStopUsec: Usec | null;
  readonly timeoutAbortUsec: Usec | null;
  readonly timeoutStartFailureMode: 'terminate' | 'abort' | 'kill';
  readonly timeoutStopFailureMode: 'terminate' | 'abort' | 'kill';
  readonly runtimeMaxUsec: Usec | null;
  /** WatchdogSec=; null = off. */
  readonly watchdogUsec: Usec | null;
  readonly notifyAccess: 'none' | 'main' | 'exec' | 'all';
  readonly successExitStatus: ExitStatusSet;
  readonly restartPreventExitStatus: ExitStatusSet;
  readonly restartForceExitStatus: ExitStatusSet;
  readonly rootDirectoryStartOnly: boolean;
  readonly nonBlocking: boolean;
  readonly oomPolicy: OomPolicy;
  readonly fileDescriptorStoreMax: number;
  /** How long the store is kept: until the service goes down, until it is stopped for good, or as long as the unit is loaded. */
  readonly fileDescriptorStorePreserve: 'no' | 'restart' | 'yes';
  readonly reloadSignal: Signal;
  readonly openFiles: readonly OpenFile[];
  /** Sockets= and the socket unit of the same name when there is one. */
  readonly sockets: readonly UnitName[];
  readonly exec: ExecContext;
  readonly kill: KillContext;
  readonly cgroup: CgroupContext;
}
