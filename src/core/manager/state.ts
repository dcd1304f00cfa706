/**
 * The manager's whole state: plain data, replaced and never changed in place by `step`.
 *
 * Definitions are part of it for the transitions' sake but not of a checkpoint (they are read again from the files).
 * No fd, no promise, no function. Maps are persistent (base/persistent-map): an old state stays valid after a step.
 */
import type { InvocationId, JobId, MonotonicUsec, Pid, RealtimeUsec, RequestId, UnitName, Usec } from '../../base/brand.ts';
import type { RandomState } from '../../base/random.ts';
import type { DueIndex } from '../../base/due-index.ts';
import type { DueLedger } from '../../base/due-ledger.ts';
import type { PersistentMap } from '../../base/persistent-map.ts';
import type { UnitDefinition } from '../unit/definition.ts';
import type { ExecRole, MountRole, ServiceRole, SocketRole, SwapRole } from '../unit/exec-context.ts';
import type { MountPoint } from '../unit/mount.ts';
import type { RuntimeSettings } from './runtime-settings.ts';
import type { ProbeKind } from '../unit/probe.ts';
import type { SwapPoint } from '../unit/swap.ts';
import type { Graph } from '../graph/graph.ts';

export type ActiveState = 'active' | 'reloading' | 'inactive' | 'failed' | 'activating' | 'deactivating' | 'maintenance';

export type ServiceState =
  | 'dead' | 'condition' | 'start-pre' | 'start' | 'start-post' | 'running' | 'exited' | 'reload' | 'reload-signal' | 'reload-notify'
  | 'replace-start' | 'replace-watch' | 'replace-stop' | 'replace-kill'
  | 'stop' | 'stop-watchdog' | 'stop-sigterm' | 'stop-sigkill' | 'stop-post' | 'final-watchdog' | 'final-sigterm' | 'final-sigkill'
  | 'failed' | 'auto-restart';

/** systemd's `Result` property of a service. */
export type ServiceResult =
  | 'success' | 'resources' | 'protocol' | 'timeout' | 'exit-code' | 'signal' | 'core-dump' | 'watchdog' | 'exec-condition'
  | 'oom-kill' | 'start-limit-hit';

/** The last run of one command line, for `status` and `show`. */
export interface ExecRecord {
  readonly role: ExecRole;
  readonly index: number;
  readonly pid: Pid;
  readonly startRealtimeUsec: RealtimeUsec;
  readonly startMonotonicUsec: MonotonicUsec;
  /** null while it runs. */
  readonly exit: { readonly code: 'exited' | 'killed' | 'dumped'; readonly status: number; readonly realtimeUsec: RealtimeUsec; readonly monotonicUsec: MonotonicUsec } | null;
}

/** A command that could not be run: which step of its set-up failed. */
export interface SpawnFailure {
  readonly role: string;
  readonly stage: string;
  readonly errno: string;
  /** The path or name the step was about, or ''. */
  readonly subject: string;
}

/** Which command line a spawn effect on its way is about. Only the answer with this token counts. */
export interface PendingSpawn<Role extends ExecRole = ExecRole> {
  readonly token: number;
  readonly role: Role;
  readonly index: number;
}

/** How a command of a unit without a main process ended, and what else can fail it. */
export type CommandResult = 'success' | 'resources' | 'timeout' | 'exit-code' | 'signal' | 'core-dump';

/** What units have in common that run one command at a time and no main process: sockets, mounts, swaps. */
export interface ControlRuntime<Role extends ExecRole = ExecRole> {
  /** Spawns so far; the next token is one more. */
  readonly spawnCount: number;
  readonly pendingSpawn: PendingSpawn<Role> | null;
  /** The process of the command that runs now. */
  readonly controlPid: Pid | null;
  /** The command line `controlPid` runs; null when there is none. */
  readonly controlCommand: { readonly role: Role; readonly index: number } | null;
  /** No process was left in the unit's group when last heard, and none was started since. */
  readonly groupEmpty: boolean;
  /** When the current state times out; null = never. */
  readonly deadlineUsec: MonotonicUsec | null;
  /** The last run of each command line, in the order they were first run. */
  readonly execs: readonly ExecRecord[];
  readonly spawnFailure: SpawnFailure | null;
  /** What decided the present result; null for success or before the first run. */
  readonly endReason: Reason | null;
}

/** What is known by a probe of a service. */
export interface ProbeRuntime {
  readonly probe: ProbeKind;
  /** The question that waits for its answer; null = none. */
  readonly token: number | null;
  /** The process of its command, while it runs. */
  readonly pid: Pid | null;
  /** When it is asked next, or when the answer is overdue; null = it is not asked (any more). */
  readonly dueUsec: MonotonicUsec | null;
  /** In a row; one of both is 0. */
  readonly successes: number;
  readonly failures: number;
  /** What so many answers in a row have made of it; null = nothing yet. */
  readonly holds: boolean | null;
  /** What the last answer said, or ''. */
  readonly detail: string;
}

/** What is waited for to make a service that is up begin anew. */
export interface RenewalRuntime {
  /** The newest `watch-paths`; observations for an older one do not count. */
  readonly token: number;
  /** What was last seen of the watched paths, in their order; empty before the first look. */
  readonly seen: readonly PathObservation[];
  /** The process whose life the period counts; null for a service that is up without one. */
  readonly mainPid: Pid | null;
  /** Since when that is the one. */
  readonly since: Instant;
  /** When the period is over; null = there is none. */
  readonly periodDueUsec: MonotonicUsec | null;
  /** What ends then: the period or an expression of the calendar. */
  readonly periodSetting: 'RestartEverySec' | 'RestartOnCalendar';
  /** A path changed: what is done about it when nothing more changes for a while; null = none did. */
  readonly change: { readonly setting: 'RestartOnChange' | 'ReloadOnChange'; readonly path: string; readonly firstUsec: MonotonicUsec; readonly dueUsec: MonotonicUsec } | null;
}

export interface ServiceRuntime {
  readonly kind: 'service';
  readonly state: ServiceState;
  /** Spawns so far; the next token is one more. */
  readonly spawnCount: number;
  readonly pendingSpawn: PendingSpawn<ServiceRole> | null;
  readonly mainPid: Pid | null;
  /**
   * The process that runs beside the main one while one replaces the other (machine/service/overlap): the new one until it has proved itself,
   * then the one that goes. null = there is none.
   */
  readonly beside: ExecRecord | null;
  /** The process of the command that now runs beside the main one: start-pre, reload, stop, …. */
  readonly controlPid: Pid | null;
  /** The command line `controlPid` runs; null when there is none. */
  readonly controlCommand: { readonly role: ServiceRole; readonly index: number } | null;
  /** Index into ExecStart= of the main process. */
  readonly mainCommandIndex: number;
  /** No process was left in the unit's group when last heard, and none was started since. */
  readonly groupEmpty: boolean;
  readonly result: ServiceResult;
  /** Result of the last reload. */
  readonly reloadResult: ServiceResult;
  /** When the current state times out; null = never. */
  readonly deadlineUsec: MonotonicUsec | null;
  /** When the service entered `start`, for EXTEND_TIMEOUT_USEC=. */
  readonly stateEnteredUsec: MonotonicUsec;
  /** When the next keep-alive is overdue; null = watchdog off. */
  readonly watchdogDueUsec: MonotonicUsec | null;
  /** WATCHDOG_USEC= sent by the service overrides WatchdogSec=; null = as configured. */
  readonly watchdogOverrideUsec: Usec | null;
  /** When RuntimeMaxSec= is over; null = never. */
  readonly runtimeMaxDueUsec: MonotonicUsec | null;
  /** Automatic restarts since the last manual start: NRestarts. */
  readonly restarts: number;
  /** The same since the growing pause last began anew (RestartSteps=, RestartResetSec=). */
  readonly delaySteps: number;
  /** The current start came from Restart=, not from a job somebody asked for. */
  readonly restarting: boolean;
  /** The end was asked for (a stop job, or STOPPING=1 in a stop): no automatic restart. */
  readonly stopRequested: boolean;
  readonly statusText: string;
  readonly statusErrno: number;
  /** How the main process of the last run ended; null while it runs or when there was none. */
  readonly mainExit: ExecRecord | null;
  /** The newest end of a main process, which the runs after it keep; null = none has ended since the unit was loaded. */
  readonly lastExit: ExecRecord | null;
  /** Of the present or last run, in the order they were first asked. */
  readonly probes: readonly ProbeRuntime[];
  /** forking: waiting for the PID file to appear after the control process ended. */
  readonly awaitingPidFile: boolean;
  /** When the awaited PID file is looked for again; null = not due. */
  readonly pidFileDueUsec: MonotonicUsec | null;
  /** The last run of each command line, in the order they were first run. */
  readonly execs: readonly ExecRecord[];
  readonly spawnFailure: SpawnFailure | null;
  /** What decided the present result; null for success or before the first run. */
  readonly endReason: Reason | null;
  /** Names of fds in the host's table that belong to this service's fd store. */
  readonly fdStore: readonly string[];
  /** Of an instance started by a socket with Accept=yes; null for all others, and when it is down. */
  readonly connection: ServiceConnection | null;
  /** null while it is not up, and without such settings. */
  readonly renewal: RenewalRuntime | null;
}

export type SocketState =
  | 'dead' | 'start-pre' | 'start-chown' | 'start-post' | 'listening' | 'running'
  | 'stop-pre' | 'stop-pre-sigterm' | 'stop-pre-sigkill' | 'stop-post' | 'final-sigterm' | 'final-sigkill' | 'failed';

/** systemd's `Result` property of a socket. */
export type SocketResult = CommandResult | 'trigger-limit-hit' | 'service-start-limit-hit' | 'start-limit-hit';

/** Happenings since the first one of the present interval; null = none yet. */
export interface RateCount {
  readonly sinceUsec: MonotonicUsec | null;
  readonly count: number;
}

/** The other end of a connection, in words; '' where the kind of socket has no such thing. */
export interface Peer {
  /** Where it comes from, for MaxConnectionsPerSource= and for people: an IP address, `uid 1000`. */
  readonly source: string;
  /** $REMOTE_ADDR. */
  readonly address: string;
  /** $REMOTE_PORT. */
  readonly port: string;
}

/** A connection that a socket with Accept=yes took, for as long as its service has it. */
export interface SocketConnection {
  readonly service: UnitName;
  /** The fd in the host's table. */
  readonly key: string;
  readonly peer: Peer;
}

export interface SocketRuntime extends ControlRuntime<SocketRole> {
  readonly kind: 'socket';
  readonly state: SocketState;
  readonly result: SocketResult;
  /** Names of the open sockets in the host's table, in the order of Listen…=; empty = closed. */
  readonly fds: readonly string[];
  /** An `open-sockets` effect is on its way; its token, else null. */
  readonly openToken: number | null;
  readonly openCount: number;
  /** Which address could not be listened on; null when all could. */
  readonly openFailure: { readonly what: string; readonly errno: string } | null;
  /** Connections taken and turned away, since the unit was loaded. */
  readonly accepted: number;
  readonly refused: number;
  /** At most MaxConnections=. */
  readonly connections: readonly SocketConnection[];
  /** For TriggerLimitBurst=. */
  readonly triggers: RateCount;
  /** For PollLimitBurst=. */
  readonly polls: RateCount;
}

/** The connection a service was started for. */
export interface ServiceConnection {
  readonly socket: UnitName;
  readonly key: string;
  /** Its name in $LISTEN_FDNAMES. */
  readonly name: string;
  readonly peer: Peer;
}

export interface TargetRuntime { readonly kind: 'target'; readonly state: 'dead' | 'active' }
export interface SliceRuntime { readonly kind: 'slice'; readonly state: 'dead' | 'active' }
export interface ScopeRuntime {
  readonly kind: 'scope';
  readonly state: 'dead' | 'running' | 'abandoned' | 'stop-sigterm' | 'stop-sigkill' | 'failed';
  readonly result: 'success' | 'timeout' | 'resources' | 'oom-kill';
  readonly deadlineUsec: MonotonicUsec | null;
  /** The process that was taken over, while it lives; with control groups others may be left after it. */
  readonly takenPid: Pid | null;
}
export interface TimerRuntime {
  readonly kind: 'timer';
  readonly state: 'dead' | 'waiting' | 'running' | 'elapsed' | 'failed';
  readonly result: 'success' | 'resources' | 'start-limit-hit';
  /** The next elapse on each clock, random delay included; null = none. Only while it waits. */
  readonly nextMonotonicUsec: MonotonicUsec | null;
  readonly nextRealtimeUsec: RealtimeUsec | null;
  /** The last elapse; of one that was read from a stamp file only the wall clock's half. 0 = never. */
  readonly lastTrigger: Instant;
  /** When each line elapses, in its order, without random delay, on the line's own clock; 0 = not. */
  readonly elapses: readonly number[];
  /** Indexes of lines that elapse once and have. */
  readonly spent: readonly number[];
  /** A start waits for the answer to `read-stamp`. */
  readonly awaitsStamp: boolean;
}
/** What was seen of a watched path. */
export interface PathObservation {
  /** It exists, a path matches the pattern, or the directory has an entry. */
  readonly holds: boolean;
  /** Changes when the file does: its identity, length and time of change; '' where that does not matter. */
  readonly stamp: string;
}
export interface PathRuntime {
  readonly kind: 'path';
  readonly state: 'dead' | 'waiting' | 'running' | 'failed';
  readonly result: 'success' | 'resources' | 'start-limit-hit' | 'unit-start-limit-hit' | 'trigger-limit-hit';
  /** The newest `watch-paths`; observations for an older one do not count. */
  readonly token: number;
  /** The next look: the first since a start, the first since the unit ended, or one more. */
  readonly look: 'first' | 'after-unit' | 'again';
  /** What was last seen, in the order of the watches; empty before the first look. */
  readonly seen: readonly PathObservation[];
  /** Starts that count against TriggerLimitBurst=, oldest first; never more than that. */
  readonly triggerTimes: readonly MonotonicUsec[];
}
export type MountState =
  | 'dead' | 'mounting' | 'mounting-done' | 'mounted' | 'remounting' | 'unmounting'
  | 'remounting-sigterm' | 'remounting-sigkill' | 'unmounting-sigterm' | 'unmounting-sigkill' | 'failed';
/** systemd's `Result` property of a mount. */
export type MountResult = CommandResult | 'protocol' | 'start-limit-hit';

export interface MountRuntime extends ControlRuntime<MountRole> {
  readonly kind: 'mount';
  readonly state: MountState;
  readonly result: MountResult;
  /** Result of the last remount. */
  readonly reloadResult: MountResult;
  /** The line of the kernel's table; null when nothing is mounted at the place. */
  readonly found: MountPoint | null;
  /** How often the present stop has found another mount below the one it took away. */
  readonly unmountRounds: number;
}
export type SwapState =
  | 'dead' | 'activating' | 'activating-done' | 'active' | 'deactivating' | 'deactivating-sigterm' | 'deactivating-sigkill' | 'failed';
/** systemd's `Result` property of a swap. */
export type SwapResult = CommandResult | 'start-limit-hit';

export interface SwapRuntime extends ControlRuntime<SwapRole> {
  readonly kind: 'swap';
  readonly state: SwapState;
  readonly result: SwapResult;
  /** The line of the kernel's table; null when the kernel does not page to it. */
  readonly found: SwapPoint | null;
}
export interface DeviceRuntime {
  readonly kind: 'device';
  readonly state: 'dead' | 'plugged';
  /** The newest `watch-paths`; observations for an older one do not count. 0 = the device is not watched. */
  readonly token: number;
}
export interface AutomountRuntime {
  readonly kind: 'automount';
  readonly state: 'dead' | 'opening' | 'waiting' | 'running' | 'failed';
  /** systemd's, where it has the same. */
  readonly result: 'success' | 'resources' | 'start-limit-hit' | 'mount-start-limit-hit' | 'unmounted';
  /** The newest `open-automount`; answers to an older one do not count. */
  readonly token: number;
  /** The kernel's autofs stands at the place; without it the mount unit is simply started. */
  readonly hasTrap: boolean;
  /** Processes that wait at the place, by the kernel's numbers. */
  readonly waiting: readonly number[];
  /** When to look whether the mount was used; null while nothing is mounted, or it stays whatever happens. */
  readonly deadlineUsec: MonotonicUsec | null;
}
export type UnitRuntime = ServiceRuntime | SocketRuntime | MountRuntime | SwapRuntime | DeviceRuntime | TargetRuntime | SliceRuntime | ScopeRuntime | TimerRuntime | PathRuntime | AutomountRuntime;

export interface ConditionOutcome {
  readonly kind: string;
  readonly parameter: string;
  readonly trigger: boolean;
  readonly negate: boolean;
  /** null = not tested (a unit that never tried to start). */
  readonly holds: boolean | null;
  /** Why it could not be tested, or ''. */
  readonly error: string;
}

/** Instants of the last change, 0 when it never happened. As systemd's *Timestamp properties. */
export interface UnitTimes {
  readonly stateChange: Instant;
  readonly inactiveExit: Instant;
  readonly activeEnter: Instant;
  readonly activeExit: Instant;
  readonly inactiveEnter: Instant;
  readonly condition: Instant;
}
export interface Instant { readonly realtimeUsec: RealtimeUsec; readonly monotonicUsec: MonotonicUsec }

/** Settings that make a service begin anew while it runs. */
export type RenewalSetting = 'RestartEverySec' | 'RestartOnCalendar' | 'RestartOnChange' | 'ReloadOnChange';

/**
 * Why a unit is as it is: one link of the causal chain `why` follows. Kept for the last start and the last end.
 */
export type Reason =
  | { readonly reason: 'requested'; readonly uid: number; readonly pid: number; readonly verb: string }
  | { readonly reason: 'boot' }
  | { readonly reason: 'dependency'; readonly of: UnitName; readonly kind: string }
  | { readonly reason: 'dependency-failed'; readonly on: UnitName; readonly kind: string }
  | { readonly reason: 'condition'; readonly index: number }
  | { readonly reason: 'assertion'; readonly index: number }
  | { readonly reason: 'start-limit' }
  /** RestartLimit=: after so many restarts in a row it was given up. */
  | { readonly reason: 'restart-limit'; readonly restarts: number }
  | { readonly reason: 'exit'; readonly role: string }
  | { readonly reason: 'spawn-failed'; readonly role: string }
  /** `state`: the unit's, or `job`; `on`: the unit whose job that one waited for. */
  | { readonly reason: 'timeout'; readonly state: string; readonly on?: UnitName }
  /** A job that was to start the unit was taken back before it could. */
  | { readonly reason: 'job-canceled'; readonly type: JobType; readonly by: Reason }
  | { readonly reason: 'watchdog' }
  | { readonly reason: 'oom-kill' }
  | { readonly reason: 'protocol'; readonly detail: string }
  | { readonly reason: 'auto-restart' }
  /** A setting of the service makes it begin anew while it runs. `what`: the span, the expression, or the path that changed. */
  | { readonly reason: 'renewal'; readonly setting: RenewalSetting; readonly what: string }
  | { readonly reason: 'bound-unit-gone'; readonly on: UnitName }
  | { readonly reason: 'conflict'; readonly with: UnitName }
  /** Started by a timer, path or socket. `environment`: what its processes are told of that, as `NAME=value`. */
  | { readonly reason: 'triggered'; readonly by: UnitName; readonly environment: readonly string[] }
  /** A socket could not listen on `what`, or make somebody its owner. */
  | { readonly reason: 'not-listening'; readonly what: string; readonly errno: string }
  /** A socket was triggered more often than TriggerLimitBurst= allows. */
  | { readonly reason: 'trigger-limit' }
  /** The service of a socket ran into its start limit. */
  | { readonly reason: 'service-start-limit'; readonly of: UnitName }
  | { readonly reason: 'unneeded' }
  | { readonly reason: 'shutdown' }
  | { readonly reason: 'load-error' }
  | { readonly reason: 'not-implemented' };

export interface Unit {
  readonly name: UnitName;
  readonly definition: UnitDefinition;
  readonly runtime: UnitRuntime;
  readonly activeState: ActiveState;
  /** The unit's job, or null. At most one at any time. */
  readonly job: JobId | null;
  readonly invocationId: InvocationId | null;
  /** A `test-conditions` effect is on its way; its token, else null. */
  readonly conditionToken: number | null;
  readonly times: UnitTimes;
  /** Outcome of the last test; empty when it was never tested. */
  readonly conditions: readonly ConditionOutcome[];
  readonly assertions: readonly ConditionOutcome[];
  readonly conditionResult: boolean;
  readonly assertResult: boolean;
  /** Monotonic instants of the starts that count against the limit, oldest first; never more than StartLimitBurst. */
  readonly startTimes: readonly MonotonicUsec[];
  /** The same for jobs the manager queued by itself (Upholds=, StopWhenUnneeded=, BindsTo=); bounded by AUTOMATIC_JOBS_BURST. */
  readonly automaticJobTimes: readonly MonotonicUsec[];
  /** Its processes stand still: `freeze`. */
  readonly isFrozen: boolean;
  readonly startReason: Reason | null;
  readonly endReason: Reason | null;
  /** Set at run time by start and stop of the unit: what could not be put into effect, one line for each directive. */
  readonly notEffectiveAtRuntime: readonly { readonly directive: string; readonly why: string }[];
  /** When it was loaded because somebody asked for it; null for what came with the boot or a daemon-reload, and is never forgotten. */
  readonly loadedUsec: MonotonicUsec | null;
}

export type JobType = 'start' | 'verify-active' | 'stop' | 'reload' | 'replace' | 'restart' | 'try-restart' | 'reload-or-start' | 'nop';
export type JobResult = 'done' | 'canceled' | 'timeout' | 'failed' | 'dependency' | 'skipped' | 'invalid' | 'assert' | 'unsupported';

export interface Job {
  readonly id: JobId;
  readonly unit: UnitName;
  readonly type: JobType;
  readonly state: 'waiting' | 'running';
  readonly irreversible: boolean;
  readonly ignoreOrder: boolean;
  readonly createdUsec: MonotonicUsec;
  readonly startedUsec: MonotonicUsec | null;
  readonly deadlineUsec: MonotonicUsec | null;
  /** The job this one waits for, when it was last looked at; it is looked at again when that one ends. */
  readonly blockedBy: JobId | null;
  /** Part of the boot transaction. */
  readonly boot: boolean;
  /** Why it is in the transaction. */
  readonly reason: Reason;
  /** Requests that are answered when it ends. */
  readonly waiters: readonly RequestId[];
}

export type ManagerPhase = 'initializing' | 'starting' | 'running' | 'degraded' | 'maintenance' | 'stopping';
export type ShutdownGoal = 'poweroff' | 'reboot' | 'halt' | 'kexec' | 'soft-reboot' | 'exit';

/** A request that is answered later: when its jobs have ended. */
export interface PendingRequest {
  readonly id: RequestId;
  /** By which the client can ask again; null = it will not. */
  readonly key: string | null;
  /** Jobs still to end. */
  readonly jobs: readonly JobId[];
  /** Results so far, in the order the jobs ended. */
  readonly results: readonly { readonly job: JobId; readonly unit: UnitName; readonly type: JobType; readonly result: JobResult }[];
}

/** The answer to a request. */
export type Reply =
  | { readonly ok: true; readonly jobs: readonly { readonly job: JobId; readonly unit: UnitName; readonly type: JobType; readonly result: JobResult | 'queued' }[] }
  /** `code` is one of control's error codes. */
  | { readonly ok: false; readonly code: 'transaction-refused' | 'transaction-destructive' | 'no-such-unit' | 'unit-masked' | 'load-failed' | 'refused-manually' | 'not-applicable' | 'shutting-down' | 'no-such-job' | 'no-process'; readonly message: string; readonly unit: UnitName | null };

export interface ManagerConfig {
  readonly mode: 'system' | 'container' | 'user';
  /** The unit to boot: default.target and its like. */
  readonly bootUnit: UnitName;
  /** End the manager with this unit's exit status when it ends; null = no such unit. */
  readonly exitWith: UnitName | null;
  readonly defaultTimeoutStartUsec: Usec;
  readonly defaultTimeoutStopUsec: Usec;
  readonly defaultRestartUsec: Usec;
}

export interface Shutdown {
  readonly goal: ShutdownGoal;
  readonly exitStatus: number;
  /** What reboot(2) is told, '' = nothing. */
  readonly rebootArgument: string;
  /** A second signal came: no more waiting. */
  readonly hurry: boolean;
  /** `stopping-units`: stop jobs run; `final`: everything left is being killed; `over`: the `finish` effect is out. */
  readonly phase: 'stopping-units' | 'final' | 'over';
  /** When waiting for stop jobs ends. */
  readonly deadlineUsec: MonotonicUsec;
}

export interface ManagerState {
  readonly config: ManagerConfig;
  readonly units: PersistentMap<UnitName, Unit>;
  /** Alias to canonical name, where they differ. */
  readonly aliases: PersistentMap<UnitName, UnitName>;
  readonly graph: Graph;
  /** The ordering of all loaded units was found to be without a cycle, so that no transaction needs to look for one. */
  readonly orderIsAcyclic: boolean;
  readonly jobs: PersistentMap<JobId, Job>;
  readonly requests: PersistentMap<RequestId, PendingRequest>;
  /** Owner of every process the manager started or was told of. */
  readonly pids: PersistentMap<Pid, UnitName>;
  /** When something of a unit, or the time of a job, is due. They follow from `units` and `jobs`. */
  readonly unitDues: DueLedger<UnitName>;
  readonly jobDues: DueIndex<JobId>;
  readonly nextJobId: number;
  readonly nextConditionToken: number;
  /** For when the one timer is armed; null = not armed. */
  readonly armedUsec: MonotonicUsec | null;
  /** When units that nobody needs are forgotten; null = there are none, as far as is known. */
  readonly sweepDueUsec: MonotonicUsec | null;
  /** Jobs of the boot transaction that have not ended; the boot is over when it is empty. */
  readonly bootJobsLeft: number;
  /** Units that failed during the boot, by the results of its jobs. */
  readonly bootFailed: readonly UnitName[];
  readonly bootFinished: Instant | null;
  readonly started: Instant;
  readonly shutdown: Shutdown | null;
  readonly environment: readonly string[];
  /** What of it environment generators said the last time. */
  readonly generatedEnvironment: readonly string[];
  /** What was changed of the manager's settings since it was started. */
  readonly settings: RuntimeSettings;
  /** Answers that a client may ask for again, oldest first; never more than ANSWERS_MAX. */
  readonly answers: readonly { readonly key: string; readonly result: Reply }[];
  /** The stream that invocation ids and jitter are drawn from. */
  readonly random: RandomState;
}

