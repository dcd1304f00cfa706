/**
 * What `step` wants done. Plain data, performed by the host in order after the step; a failure comes back as an event.
 */
import type { InvocationId, MonotonicUsec, Pid, RealtimeUsec, RequestId, Signal, UnitName, Usec } from '../../base/brand.ts';
import type { CgroupContext, DirectoryKind, ExecCommand, ExecRole, ExecUnit } from '../unit/exec-context.ts';
import type { Condition } from '../unit/unit-common.ts';
import type { PathWatchKind } from '../unit/path.ts';
import type { ProbeCheck, ProbeKind } from '../unit/probe.ts';
import type { SocketUnit } from '../unit/socket.ts';
import type { CrashFacts } from './explain/crash-facts.ts';
import type { JobId } from '../../base/brand.ts';
import type { ActiveState, JobResult, JobType, Reply, ShutdownGoal } from './state.ts';

export type { Reply } from './state.ts';

export type LogLevel = 'emerg' | 'alert' | 'crit' | 'err' | 'warning' | 'notice' | 'info' | 'debug';

/** A fd that a process is given. */
export interface PassedFd {
  /** The name in the host's table of fds. */
  readonly key: string;
  /** What the process is told in $LISTEN_FDNAMES. */
  readonly name: string;
  /** Whether its reads and writes shall not wait (NonBlocking=); null leaves it as it is. */
  readonly nonBlocking: boolean | null;
}

export interface SpawnEffect {
  readonly kind: 'spawn';
  readonly unit: UnitName;
  /** Comes back in `spawned` or `spawn-failed`. */
  readonly token: number;
  readonly role: ExecRole;
  readonly index: number;
  readonly command: ExecCommand;
  /** The definition the process is started from: its exec, kill and cgroup contexts. */
  readonly definition: ExecUnit;
  readonly invocationId: InvocationId;
  /** What the manager knows, below Environment= and EnvironmentFile= as systemd.exec(5) orders them: MAINPID=, SERVICE_RESULT=, WATCHDOG_USEC=, …. */
  readonly extraEnvironment: readonly string[];
  /** The manager's own set-environment block, below the unit's. */
  readonly managerEnvironment: readonly string[];
  /** Give it $NOTIFY_SOCKET. */
  readonly notify: boolean;
  /** The control process of a stop must not land in the group that is being killed: use the `.control` sub-group. */
  readonly controlGroup: 'main' | 'control';
  /** Fds of the host's table to be passed from 3 on, in order: sd_listen_fds(3). `name` is for $LISTEN_FDNAMES. */
  readonly fds: readonly PassedFd[];
}


export type Effect =
  | SpawnEffect
  /** Evaluate and answer with `conditions-tested`. */
  | { readonly kind: 'test-conditions'; readonly unit: UnitName; readonly token: number; readonly conditions: readonly Condition[]; readonly assertions: readonly Condition[] }
  /** Signals one process the unit owns. */
  | { readonly kind: 'kill-process'; readonly unit: UnitName; readonly pid: Pid; readonly signal: Signal; readonly value: number | null }
  /** The same for a process and all that descend from it. */
  | { readonly kind: 'kill-process-tree'; readonly unit: UnitName; readonly pid: Pid; readonly signal: Signal }
  /**
   * Signals every process of the unit's group (or tracked tree) except `except`. SIGKILL uses cgroup.kill. SIGCONT follows other
   * signals than KILL and HUP, so that a stopped process can obey.
   */
  | { readonly kind: 'kill-control-group'; readonly unit: UnitName; readonly signal: Signal; readonly except: readonly Pid[]; readonly alsoSighup: boolean }
  /** All processes of the unit's group stand still, or go on. */
  | { readonly kind: 'freeze-control-group'; readonly unit: UnitName; readonly freeze: boolean }
  /** Is anything left? Answer with `cgroup-empty` now or when it becomes true. */
  | { readonly kind: 'watch-control-group'; readonly unit: UnitName }
  /** The unit is down: remove its group, close its log pipes and fd store, forget its tracked tree. */
  | { readonly kind: 'release-control-group'; readonly unit: UnitName }
  | { readonly kind: 'remove-directories'; readonly unit: UnitName; readonly kinds: readonly DirectoryKind[]; readonly definition: ExecUnit }
  | { readonly kind: 'read-pid-file'; readonly unit: UnitName; readonly path: string }
  /**
   * Is it there, does it answer? Answer with `probe-answer`, at the latest when the time is over. A line of the log is only answered for when
   * it comes: for `liveness` from now on, else among all that this invocation has written. A newer question of the same probe replaces it.
   */
  | { readonly kind: 'probe'; readonly unit: UnitName; readonly probe: ProbeKind; readonly token: number; readonly invocationId: InvocationId; readonly check: Exclude<ProbeCheck, { readonly kind: 'exec' }>; readonly timeoutUsec: Usec }
  /** Nobody waits for the line of the log any more. */
  | { readonly kind: 'forget-probe'; readonly unit: UnitName; readonly probe: ProbeKind }
  | { readonly kind: 'remove-file'; readonly unit: UnitName; readonly path: string }
  | { readonly kind: 'guess-main-pid'; readonly unit: UnitName }
  /** Takes over a process the manager did not start (PIDFile=, MAINPID=): track it with a pidfd if it is no child. */
  | { readonly kind: 'adopt-process'; readonly unit: UnitName; readonly pid: Pid }
  /** A process that somebody else started goes into the scope's control group, and is adopted. */
  | { readonly kind: 'take-process'; readonly unit: UnitName; readonly pid: Pid; readonly cgroup: CgroupContext }
  | { readonly kind: 'close-fds'; readonly names: readonly string[] }
  /** Makes, binds and listens; nodes in the file system get their owner. Answer with `sockets-opened` or `sockets-not-opened`. */
  | { readonly kind: 'open-sockets'; readonly unit: UnitName; readonly token: number; readonly definition: SocketUnit }
  /** Closes them; with RemoveOnStop= the nodes and links go too. */
  | { readonly kind: 'close-sockets'; readonly unit: UnitName; readonly fds: readonly string[]; readonly definition: SocketUnit }
  /** Answer with `socket-ready` once, or with `accept` take every connection: `connection`. `flush`: what waits already is thrown away. */
  | { readonly kind: 'watch-sockets'; readonly unit: UnitName; readonly fds: readonly string[]; readonly accept: boolean; readonly flush: boolean }
  | { readonly kind: 'unwatch-sockets'; readonly unit: UnitName }
  /** The definition of the service for a connection is needed; answer with `instance-loaded` when it has been read. */
  | { readonly kind: 'load-instance'; readonly unit: UnitName; readonly instance: UnitName }
  /** One timer for the whole manager; replaces the former. null = none. */
  | { readonly kind: 'arm-timer'; readonly dueUsec: MonotonicUsec | null }
  /** When did this timer last elapse, by its stamp file? One that does not exist is made. Answer with `timer-stamp`. */
  | { readonly kind: 'read-stamp'; readonly unit: UnitName }
  /** The timer elapsed then: its stamp file gets this time of change. */
  | { readonly kind: 'write-stamp'; readonly unit: UnitName; readonly realtimeUsec: RealtimeUsec }
  /**
   * Watch these paths for the unit, instead of those it watched before, and answer with `paths-observed` now and whenever something moves.
   * `makeDirectoryMode`: make the directories first; null = do not. A `Device` holds when there is such a device.
   */
  | { readonly kind: 'watch-paths'; readonly unit: UnitName; readonly token: number; readonly watches: readonly { readonly kind: PathWatchKind | 'Device'; readonly path: string }[]; readonly makeDirectoryMode: number | null }
  | { readonly kind: 'unwatch-paths'; readonly unit: UnitName }
  /** The transient unit has ended and could be forgotten. Answer with `collect` when nobody wants to know about it any more. */
  | { readonly kind: 'collect'; readonly unit: UnitName }
  /** The transient unit is forgotten: remove its files. */
  | { readonly kind: 'remove-transient'; readonly unit: UnitName }
  /** Mounts the kernel's autofs at the place and listens to it. Answer with `automount-opened`, then `automount-request` for all who go there. */
  | { readonly kind: 'open-automount'; readonly unit: UnitName; readonly token: number; readonly where: string; readonly directoryMode: number; readonly options: string }
  /** Processes that wait go on (`errno` 0) or get the error. */
  | { readonly kind: 'answer-automount'; readonly unit: UnitName; readonly tokens: readonly number[]; readonly errno: number }
  /** Unmount what is mounted there if nobody has used it since the last look; else answer with `automount-used`. */
  | { readonly kind: 'look-at-automount'; readonly unit: UnitName; readonly where: string }
  /** The autofs goes, and what is mounted on it. */
  | { readonly kind: 'close-automount'; readonly unit: UnitName; readonly where: string }
  | { readonly kind: 'reply'; readonly request: RequestId; readonly result: Reply }
  /** A line of the manager's own log about a unit ('' = about itself). */
  | { readonly kind: 'log'; readonly level: LogLevel; readonly unit: UnitName | ''; readonly message: string; readonly fields?: Readonly<Record<string, string | number>> }
  /** The unit has failed: what is known of it is kept. */
  | { readonly kind: 'record-crash'; readonly unit: UnitName; readonly facts: CrashFacts }
  /** For subscribers and the status line on the console. */
  | { readonly kind: 'publish'; readonly change: Change }
  /** Boot is over (all jobs of the boot transaction ended). */
  | { readonly kind: 'boot-finished'; readonly failed: readonly UnitName[] }
  /** TERM, then KILL everything that is left (and unmount, in system mode); answer with `final-kill-done`. */
  | { readonly kind: 'final-kill'; readonly hurry: boolean }
  /** The end: power off, reboot, or exit with the status. */
  | { readonly kind: 'finish'; readonly goal: ShutdownGoal; readonly exitStatus: number; readonly rebootArgument: string }
  /** The manager's own log has this level and goes to this target from now on; null = as it was started. */
  | { readonly kind: 'adjust-log'; readonly level: string | null; readonly target: string | null }
  | { readonly kind: 'reload-definitions' }
  /** Execute the manager anew. When that succeeds, the next engine answers `request`, whose answer is in the state; when not, this one does. */
  | { readonly kind: 'reexec'; readonly request: RequestId | null };

export type Change =
  | { readonly change: 'unit'; readonly unit: UnitName; readonly activeState: ActiveState; readonly subState: string }
  | { readonly change: 'job-new'; readonly job: JobId; readonly unit: UnitName; readonly type: JobType }
  | { readonly change: 'job-running'; readonly job: JobId; readonly unit: UnitName; readonly type: JobType }
  | { readonly change: 'job-removed'; readonly job: JobId; readonly unit: UnitName; readonly type: JobType; readonly result: JobResult };
