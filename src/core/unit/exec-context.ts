/**
 * What the commands of a unit are, and what their processes are started from and ended by.
 * Sources: systemd.exec(5), systemd.kill(5), systemd.resource-control(5).
 */
import type { Signal, UnitName } from '../../base/brand.ts';
import type { Confinement } from './confinement.ts';
import type { GroupAccess } from './group-access.ts';
import type { Origin } from './source.ts';
import type { UnitCommon } from './unit-common.ts';

/** The settings that hold command lines, by kind of unit; those of mounts and swaps are names of commands the manager makes itself. */
export type ServiceRole =
  | 'ExecCondition' | 'ExecStartPre' | 'ExecStart' | 'ExecStartPost' | 'ExecReload' | 'ExecStop' | 'ExecStopPost' | 'ExecProbe';
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
  /** The size the terminal is given; null, or absent in what an older build made: it is left as it is. */
  readonly ttyRows?: number | null;
  readonly ttyColumns?: number | null;
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

/** What becomes of a unit of whose processes the kernel has ended one for want of memory. */
export type OomPolicy = 'continue' | 'stop' | 'kill';

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
  /** null = its processes may reach everything, and nobody counts. */
  readonly access: GroupAccess | null;
  /** OOMPolicy=kill: when the kernel ends one of its processes for want of memory, it ends all of them. Only of services and scopes. */
  readonly oomGroup: boolean;
}

/** A unit that runs commands: what the processes of it are started from. */
export interface ExecUnit extends UnitCommon {
  readonly kind: 'service' | 'socket' | 'mount' | 'swap';
  readonly exec: ExecContext;
  readonly kill: KillContext;
  readonly cgroup: CgroupContext;
}
