/**
 * What a unit's files say, after specifier expansion: the configured half of every unit.
 *
 * Everything here is immutable plain data, made by `unit-file/` and replaced whole by a daemon-reload. It is not part of
 * a checkpoint: it is read again from the files.
 * Sources: systemd.unit(5), systemd.service(5), systemd.exec(5), systemd.kill(5), systemd.resource-control(5).
 */
import type { Signal, UnitName, Usec } from '../../base/brand.ts';
import type { MountUnit } from './mount.ts';
import type { PathUnit } from './path.ts';
import type { TimerUnit } from './timer.ts';
import type { RestartPacing } from './restart-pacing.ts';
import type { Confinement } from './confinement.ts';
import type { SocketUnit } from './socket.ts';

export type UnitKind =
  | 'service' | 'target' | 'slice' | 'scope'
  | 'socket' | 'timer' | 'path' | 'mount' | 'automount' | 'swap' | 'device';

/**
 * - `loaded`: files found and usable (or a unit that needs none, as a slice)
 * - `not-found`: no file has this name
 * - `bad-setting`: the files are readable but cannot make a unit of this kind (no ExecStart=, say)
 * - `error`: the files could not be read
 * - `masked`: the fragment is a link to /dev/null or empty
 */
export type LoadState = 'loaded' | 'not-found' | 'bad-setting' | 'error' | 'masked';

/** Where a fact was written. `line` counts from 1; 0 means the file or link as a whole (a `.wants/` link). */
export interface Origin {
  readonly file: string;
  readonly line: number;
}

/** Why an edge exists: a place in a file, or one of systemd.unit(5)'s automatic dependencies. */
export type DependencyOrigin = Origin | 'implicit' | 'default';

/** The forward kinds: what may be written in a unit file. Reverse kinds are derived by the graph. */
export type DependencyKind =
  | 'Requires' | 'Requisite' | 'Wants' | 'BindsTo' | 'PartOf' | 'Upholds' | 'Conflicts' | 'Before' | 'After'
  | 'OnFailure' | 'OnSuccess' | 'PropagatesReloadTo' | 'ReloadPropagatedFrom' | 'PropagatesStopTo'
  | 'StopPropagatedFrom' | 'JoinsNamespaceOf' | 'Triggers' | 'InSlice';

export interface Dependency {
  readonly kind: DependencyKind;
  readonly other: UnitName;
  readonly origin: DependencyOrigin;
}

/** One `Condition…=` or `Assert…=` line. `kind` is the name without that prefix: `PathExists`. */
export interface Condition {
  readonly kind: string;
  /** With `|`: one of the triggering conditions must hold instead of all. */
  readonly trigger: boolean;
  /** With `!`. */
  readonly negate: boolean;
  readonly parameter: string;
  readonly origin: Origin;
}

export type Severity = 'error' | 'warning' | 'note';

export interface Diagnostic {
  readonly severity: Severity;
  readonly file: string;
  /** From 1; 0 = the whole file. */
  readonly line: number;
  /** From 1; 0 = the whole line. */
  readonly column: number;
  /** A sentence: what is wrong, what was done with the line, and the nearest known name where one helps. */
  readonly message: string;
}

/** One assignment as written, after drop-ins were merged, in the order of effect. */
export interface Entry {
  readonly section: string;
  readonly key: string;
  /** Raw: continuation lines joined, specifiers not expanded, quotes kept. */
  readonly value: string;
  readonly file: string;
  readonly line: number;
}

/** A directive the unit asks for that this manager does not put into effect here, and why. */
export interface NotEffective {
  readonly directive: string;
  readonly requested: string;
  /** `not-implemented` is known when loading; the others are found out when the unit starts. */
  readonly why: 'not-implemented' | 'no-capability' | 'no-cgroup' | 'no-kernel-support' | 'not-privileged';
  readonly origin: Origin;
}

export type JobMode =
  | 'fail' | 'replace' | 'replace-irreversibly' | 'isolate' | 'flush'
  | 'ignore-dependencies' | 'ignore-requirements' | 'triggering' | 'restart-dependencies';

/** FailureAction=, SuccessAction=, StartLimitAction=, JobTimeoutAction=. */
export type EmergencyAction =
  | 'none' | 'reboot' | 'reboot-force' | 'reboot-immediate' | 'poweroff' | 'poweroff-force' | 'poweroff-immediate'
  | 'exit' | 'exit-force' | 'halt' | 'halt-force' | 'halt-immediate' | 'kexec' | 'kexec-force' | 'soft-reboot' | 'soft-reboot-force';

export interface InstallSection {
  readonly wantedBy: readonly string[];
  readonly requiredBy: readonly string[];
  readonly upheldBy: readonly string[];
  readonly also: readonly string[];
  readonly alias: readonly string[];
  readonly defaultInstance: string | null;
}

/** What all kinds of units have in common: the [Unit] and [Install] sections and where they came from. */
export interface UnitCommon {
  readonly name: UnitName;
  readonly loadState: LoadState;
  /** A sentence with file and line when `loadState` is neither `loaded` nor `masked`, else null. */
  readonly loadError: string | null;
  /** All names of the unit, itself first, then aliases. */
  readonly names: readonly UnitName[];
  readonly fragmentPath: string | null;
  readonly dropInPaths: readonly string[];
  /** Its fragment is one that a client had made: the unit is forgotten when it has ended. */
  readonly transient?: true;
  /** 16 hexadecimal digits over the paths and texts of all source files in order; tells "changed on disk". Not a defence against forgery. */
  readonly sourceHash: string;
  /** Description=, or the unit's name. */
  readonly description: string;
  readonly documentation: readonly string[];
  /** All outgoing edges, implicit and default ones included, in order; no duplicates of (kind, other). */
  readonly dependencies: readonly Dependency[];
  readonly conditions: readonly Condition[];
  readonly assertions: readonly Condition[];
  readonly defaultDependencies: boolean;
  readonly stopWhenUnneeded: boolean;
  readonly refuseManualStart: boolean;
  readonly refuseManualStop: boolean;
  readonly allowIsolate: boolean;
  readonly ignoreOnIsolate: boolean;
  readonly onFailureJobMode: JobMode;
  readonly onSuccessJobMode: JobMode;
  /** JobTimeoutSec=; null waits for ever. */
  readonly jobTimeoutUsec: Usec | null;
  readonly jobRunningTimeoutUsec: Usec | null;
  readonly jobTimeoutAction: EmergencyAction;
  readonly failureAction: EmergencyAction;
  readonly successAction: EmergencyAction;
  /** StartLimitIntervalSec= and StartLimitBurst=; a zero in either means no limit. */
  readonly startLimitIntervalUsec: Usec;
  readonly startLimitBurst: number;
  readonly startLimitAction: EmergencyAction;
  readonly install: InstallSection;
  /** Every assignment with its place, for `show`, `verify` and requested-versus-effective. */
  readonly entries: readonly Entry[];
  readonly diagnostics: readonly Diagnostic[];
  readonly notEffective: readonly NotEffective[];
  /** Properties of settings that are read but not put into effect, by systemd's name, as `show` prints them; only what differs from the default. */
  readonly recorded: Readonly<Record<string, string>>;
}

/** The settings that hold command lines, by kind of unit; those of mounts and swaps are names of commands the manager makes itself. */
export type ServiceRole =
  | 'ExecCondition' | 'ExecStartPre' | 'ExecStart' | 'ExecStartPost' | 'ExecReload' | 'ExecStop' | 'ExecStopPost';
export type SocketRole = 'ExecStartPre' | 'ExecStartPost' | 'ExecStopPre' | 'ExecStopPost';
export type MountRole = 'ExecMount' | 'ExecUnmount' | 'ExecRemount';
export type SwapRole = 'ExecActivate' | 'ExecDeactivate';
export type ExecRole = ServiceRole | SocketRole | MountRole | SwapRole;

/** One command line of Exec…=, specifiers expanded, quoting undone, variables not yet expanded. */
export interface ExecCommand {
  /** Absolute path, or a bare name that is looked up in the fixed search path when it is run. */
  readonly path: string;
  /** The arguments, argv[0] first (differs from `path` with the `@` prefix). `$FOO` and `${FOO}` still stand in them. */
  readonly argv: readonly string[];
  /** `-`: a failure is noted but counts as success. */
  readonly ignoreFailure: boolean;
  /** `:`: no environment variable expansion. */
  readonly noEnvironmentExpansion: boolean;
  /** `+` all privileges, `!` no change of user by the manager, `!!` the same only without ambient capabilities. */
  readonly privilege: 'normal' | 'full' | 'no-setuid' | 'no-setuid-if-no-ambient';
  readonly origin: Origin;
}

/** `'infinity'` or a number in the limit's own unit. */
export type LimitValue = number | 'infinity';
export interface ResourceLimit {
  readonly soft: LimitValue;
  readonly hard: LimitValue;
}
/** Names as in getrlimit(2) without RLIMIT_. */
export type LimitName =
  | 'CPU' | 'FSIZE' | 'DATA' | 'STACK' | 'CORE' | 'RSS' | 'NOFILE' | 'AS' | 'NPROC' | 'MEMLOCK'
  | 'LOCKS' | 'SIGPENDING' | 'MSGQUEUE' | 'NICE' | 'RTPRIO' | 'RTTIME';

export type StandardStream =
  | { readonly kind: 'null' | 'inherit' | 'journal' | 'kmsg' | 'socket' | 'tty' | 'tty-force' | 'tty-fail' | 'data' }
  /** `file:`, `append:`, `truncate:` of StandardOutput=, `file:` of StandardInput=. */
  | { readonly kind: 'file' | 'append' | 'truncate'; readonly path: string }
  | { readonly kind: 'fd'; readonly name: string };

export type DirectoryKind = 'runtime' | 'state' | 'cache' | 'logs' | 'configuration';
export interface ServiceDirectory {
  readonly kind: DirectoryKind;
  /** Relative to the kind's root: `nginx` becomes /run/nginx, /var/lib/nginx, …. */
  readonly path: string;
  /** Links made to it, `RuntimeDirectory=foo:bar`. Same root. */
  readonly links: readonly string[];
}

/** The execution environment of a command: systemd.exec(5). */
export interface ExecContext {
  /** Name or decimal uid; null = the manager's own. */
  readonly user: string | null;
  readonly group: string | null;
  readonly supplementaryGroups: readonly string[];
  readonly dynamicUser: boolean;
  /** null = `/` (system) or $HOME (user). `home` stands for `~`. `optional` is the `-` prefix. */
  readonly workingDirectory: { readonly path: string; readonly optional: boolean } | { readonly home: true; readonly optional: boolean } | null;
  readonly rootDirectory: string | null;
  /** `NAME=value`, specifiers expanded, later ones win. */
  readonly environment: readonly string[];
  readonly environmentFiles: readonly { readonly path: string; readonly optional: boolean }[];
  readonly passEnvironment: readonly string[];
  readonly unsetEnvironment: readonly string[];
  readonly umask: number;
  readonly limits: Readonly<Partial<Record<LimitName, ResourceLimit>>>;
  readonly nice: number | null;
  readonly oomScoreAdjust: number | null;
  readonly ioSchedulingClass: number | null;
  readonly ioSchedulingPriority: number | null;
  readonly cpuSchedulingPolicy: number | null;
  readonly cpuSchedulingPriority: number | null;
  /** CPU numbers; null = not set. */
  readonly cpuAffinity: readonly number[] | null;
  readonly noNewPrivileges: boolean;
  /** Capability numbers kept in the bounding set; null = all. */
  readonly capabilityBoundingSet: readonly number[] | null;
  readonly ambientCapabilities: readonly number[];
  readonly ignoreSigpipe: boolean;
  readonly directories: readonly ServiceDirectory[];
  readonly directoryModes: Readonly<Record<DirectoryKind, number>>;
  readonly runtimeDirectoryPreserve: 'no' | 'yes' | 'restart';
  readonly privateTmp: boolean;
  /** What it may not see and do; null = nothing is forbidden. */
  readonly confinement: Confinement | null;
  readonly standardInput: StandardStream;
  readonly standardOutput: StandardStream;
  readonly standardError: StandardStream;
  /** StandardInputText= and StandardInputData= joined, base64; null = none. */
  readonly standardInputData: string | null;
  readonly ttyPath: string;
  readonly ttyReset: boolean;
  readonly ttyHangup: boolean;
  /** SyslogIdentifier=; null = the command's base name. */
  readonly syslogIdentifier: string | null;
  /** SyslogLevel= 0 to 7. */
  readonly syslogLevel: number;
  readonly syslogLevelPrefix: boolean;
  readonly logLevelMax: number;
}

/** How a unit's processes are ended: systemd.kill(5). */
export interface KillContext {
  readonly killMode: 'control-group' | 'mixed' | 'process' | 'none';
  readonly killSignal: Signal;
  readonly restartKillSignal: Signal | null;
  readonly sendSighup: boolean;
  readonly sendSigkill: boolean;
  readonly finalKillSignal: Signal;
  readonly watchdogSignal: Signal;
}

/** Numbers go to the control group as they are; null leaves the kernel's default. */
export interface CgroupContext {
  /** The slice the unit lives in; null only for the root slice. */
  readonly slice: UnitName | null;
  readonly delegate: boolean;
  readonly tasksMax: LimitValue | { readonly percent: number } | null;
  readonly memoryMin: LimitValue | { readonly percent: number } | null;
  readonly memoryLow: LimitValue | { readonly percent: number } | null;
  readonly memoryHigh: LimitValue | { readonly percent: number } | null;
  readonly memoryMax: LimitValue | { readonly percent: number } | null;
  readonly memorySwapMax: LimitValue | { readonly percent: number } | null;
  /** 1 to 10000. */
  readonly cpuWeight: number | null;
  /** Share of one CPU in microseconds per second. */
  readonly cpuQuotaUsecPerSec: number | null;
  readonly ioWeight: number | null;
}

/** A unit that runs commands: what the processes of it are started from. */
export interface ExecUnit extends UnitCommon {
  readonly kind: 'service' | 'socket' | 'mount' | 'swap';
  readonly exec: ExecContext;
  readonly kill: KillContext;
  readonly cgroup: CgroupContext;
}

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
  readonly oomPolicy: 'continue' | 'stop' | 'kill';
  readonly fileDescriptorStoreMax: number;
  /** How long the store is kept: until the service goes down, until it is stopped for good, or as long as the unit is loaded. */
  readonly fileDescriptorStorePreserve: 'no' | 'restart' | 'yes';
  readonly reloadSignal: Signal;
  /** Sockets= and the socket unit of the same name when there is one. */
  readonly sockets: readonly UnitName[];
  readonly exec: ExecContext;
  readonly kill: KillContext;
  readonly cgroup: CgroupContext;
}

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
}

/** The kinds that load, take part in dependencies and are listed, but cannot be started yet. */
export interface InertUnit extends UnitCommon {
  readonly kind: 'automount' | 'swap' | 'device';
}

export type UnitDefinition = ServiceUnit | SocketUnit | TargetUnit | SliceUnit | ScopeUnit | TimerUnit | PathUnit | MountUnit | InertUnit;
