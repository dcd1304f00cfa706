/**
 * What the manager answers, method by method. These shapes are what `--json` prints: fields are added, never renamed or removed
 * within a protocol version. Instants are microseconds since the epoch (`…Usec`), 0 = never; `null` = does not apply or not known.
 */
import type { ErrorName } from './error-codes.ts';
import type { Method } from './requests.ts';

export interface HelloAnswer {
  readonly protocol: number;
  readonly version: string;
  readonly mode: string;
  readonly pid: number;
}

export interface ManagerAnswer {
  readonly hostname: string;
  readonly version: string;
  readonly mode: 'system' | 'container' | 'user';
  /** As is-system-running: initializing, starting, running, degraded, maintenance, stopping. */
  readonly state: string;
  readonly bootUnit: string;
  readonly startedUsec: number;
  readonly bootFinishedUsec: number;
  /** From the manager's start to the end of the boot transaction; null while booting. */
  readonly bootDurationUsec: number | null;
  readonly nowUsec: number;
  readonly units: number;
  readonly failedUnits: readonly string[];
  readonly jobs: number;
  readonly processes: number;
  readonly pid: number;
  readonly controlGroup: string | null;
  readonly runtimeDirectory: string;
  readonly logDirectory: string;
  readonly unitPath: readonly string[];
}

export interface JobAnswer {
  readonly job: number;
  readonly unit: string;
  readonly type: string;
  readonly state: 'waiting' | 'running';
  readonly createdUsec: number;
  readonly startedUsec: number;
  /** When it times out; 0 = never. */
  readonly deadlineUsec: number;
  /** The unit whose job must end first, or null. */
  readonly waitsFor: string | null;
  /** The numbers of all jobs that must end first; only when the order was asked for. */
  readonly waitsForJobs?: readonly number[];
}

export interface UnitSummary {
  readonly unit: string;
  readonly description: string;
  readonly load: string;
  readonly active: string;
  readonly sub: string;
  readonly sinceUsec: number;
  readonly mainPid: number | null;
  readonly restarts: number;
  readonly job: { readonly job: number; readonly type: string; readonly state: string } | null;
}

export interface UnitListAnswer {
  readonly nowUsec: number;
  readonly units: readonly UnitSummary[];
}

export interface ConditionAnswer {
  /** `ConditionPathExists`, `AssertUser`, … */
  readonly directive: string;
  /** With its prefixes `|` and `!`. */
  readonly value: string;
  readonly holds: boolean | null;
  readonly error: string;
}

export interface ProcessAnswer {
  readonly pid: number;
  readonly command: string;
}

export interface ExecAnswer {
  readonly role: string;
  readonly argv: readonly string[];
  readonly pid: number;
  readonly startUsec: number;
  /** null while it runs. */
  readonly exit: { readonly code: 'exited' | 'killed' | 'dumped'; readonly status: number; readonly success: boolean; readonly atUsec: number } | null;
}

export interface NotEffectiveAnswer {
  readonly directive: string;
  readonly requested: string;
  readonly why: string;
  /** `file:line`, or ''. */
  readonly origin: string;
}

export interface DiagnosticAnswer {
  readonly severity: 'error' | 'warning' | 'note';
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly message: string;
}

export interface UnitStatusAnswer {
  readonly unit: string;
  readonly names: readonly string[];
  readonly kind: string;
  readonly description: string;
  readonly documentation: readonly string[];
  readonly load: string;
  readonly loadError: string | null;
  readonly fragmentPath: string | null;
  readonly dropInPaths: readonly string[];
  /** enabled, disabled, static, masked, …; '' when it has no file. */
  readonly fileState: string;
  /** What the presets say: enabled or disabled; '' when there is nothing to enable. */
  readonly preset: string;
  readonly needsReload: boolean;
  readonly active: string;
  readonly sub: string;
  readonly result: string;
  readonly sinceUsec: number;
  readonly nowUsec: number;
  readonly activeEnterUsec: number;
  readonly activeExitUsec: number;
  readonly invocationId: string | null;
  readonly job: JobAnswer | null;
  readonly conditionResult: boolean;
  readonly conditionUsec: number;
  readonly conditions: readonly ConditionAnswer[];
  /** Units that this one starts. */
  readonly triggers: readonly { readonly unit: string; readonly active: string }[];
  /** When a timer elapses next; null = not, undefined = it is no timer. */
  readonly nextElapseUsec?: number | null;
  /** Of a socket: where it listens, and its connections; undefined = it is none. */
  readonly socket?: { readonly listen: readonly string[]; readonly accept: boolean; readonly accepted: number; readonly connected: number; readonly refused: number };
  readonly triggeredBy: readonly { readonly unit: string; readonly active: string }[];
  /** Of mounts, automounts and swaps: what is mounted, and where; undefined = it is none. */
  readonly place?: { readonly where?: string; readonly what?: string };
  readonly main: { readonly pid: number; readonly command: string } | null;
  readonly control: { readonly pid: number; readonly command: string } | null;
  /** How the last main process ended, when it is gone. */
  readonly mainExit: ExecAnswer | null;
  readonly execs: readonly ExecAnswer[];
  readonly statusText: string;
  /** What its probes say, in one line; absent without probes. */
  readonly probes?: string;
  readonly statusErrno: number;
  readonly restarts: number;
  /** When an automatic restart is due; 0 = none. */
  readonly restartUsec: number;
  readonly spawnFailure: string | null;
  readonly tasks: number | null;
  readonly tasksMax: number | null;
  readonly memoryBytes: number | null;
  readonly cpuUsec: number | null;
  /** What IPAccounting= has counted; absent without it. */
  readonly ip?: { readonly ingressBytes: number; readonly ingressPackets: number; readonly egressBytes: number; readonly egressPackets: number };
  readonly controlGroup: string | null;
  /** At most a bounded number of them; `processCount` is the true number. */
  readonly processes: readonly (ProcessAnswer & { readonly group: string })[];
  readonly processCount: number;
  readonly notEffective: readonly NotEffectiveAnswer[];
  readonly diagnostics: readonly DiagnosticAnswer[];
  /** The last link of `why`: one sentence. */
  readonly why: string | null;
}

export interface StatusAnswer {
  readonly units: readonly UnitStatusAnswer[];
  /** Names given that no file and no loaded unit has. */
  readonly missing: readonly string[];
  /** Of those of them that were probably meant for another unit: which. */
  readonly meant: Readonly<Record<string, string>>;
}

export interface ShowAnswer {
  /** One for each unit (or one for the manager), in order; property order is that of the table. */
  readonly units: readonly { readonly unit: string; readonly properties: Readonly<Record<string, string>> }[];
}

export interface JobListAnswer {
  readonly nowUsec: number;
  readonly jobs: readonly JobAnswer[];
}

export interface DependencyAnswer {
  readonly unit: string;
  readonly kinds: readonly string[];
  readonly active: string;
  readonly load: string;
}

/** The whole subgraph, each unit once: the tree is drawn by the reader. */
export interface DependencyListAnswer {
  readonly root: string;
  readonly nodes: Readonly<Record<string, { readonly active: string; readonly load: string; readonly edges: readonly { readonly unit: string; readonly kinds: readonly string[] }[] }>>;
  readonly truncated: boolean;
}

export interface CatAnswer {
  readonly units: readonly {
    readonly unit: string;
    readonly files: readonly { readonly path: string; readonly text: string }[];
    /** The files are not those that were loaded. */
    readonly needsReload: boolean;
  }[];
  /** Where files of the administrator's own are written: for good, until the next boot; and the ones that come before the first of these. */
  readonly directories: { readonly configuration: string; readonly runtime: string; readonly above: readonly string[] };
}

export interface UnitFileListAnswer {
  readonly files: readonly { readonly unit: string; readonly path: string; readonly state: string; readonly preset: string }[];
}

export interface IsEnabledAnswer {
  /** `links`: what makes it so, when that was asked for. */
  readonly units: readonly { readonly unit: string; readonly state: string; readonly links: readonly string[] }[];
}

/** In the order asked for; `unit` null: the process is of no unit. */
export interface UnitOfAnswer {
  readonly units: readonly { readonly pid: number; readonly unit: string | null }[];
}

export interface EnvironmentAnswer {
  readonly environment: readonly string[];
}

export interface UnitEnvironmentAnswer {
  readonly unit: string;
  /** By name. `source`: manager, own (what the manager defines), PassEnvironment, Environment or EnvironmentFile. */
  readonly variables: readonly { readonly name: string; readonly value: string; readonly source: string }[];
}

export interface WhyLinkAnswer {
  readonly unit: string;
  /** A word for programs: condition, dependency-failed, exit, start-limit, spawn-failed, requested, … */
  readonly code: string;
  /** A clause whose subject is the unit. */
  readonly text: string;
  /** `file:line` of the line that decided, `default` or `implicit` for an automatic dependency, or null. */
  readonly origin: string | null;
  /** The process whose end decided, when one did; its time is the time of the link. */
  readonly pid: number | null;
  readonly atUsec: number;
  /** When the unit is restarted by itself; 0 = not at a time that is known. */
  readonly nextTryUsec: number;
  /** How that process ended. `role`: the setting that named its command, `ExecStart`. */
  readonly exit: { readonly role: string; readonly startUsec: number; readonly code: string; readonly status: number } | null;
  /** For the lines of log that go with it; null = the unit never ran. */
  readonly invocationId: string | null;
}

export interface WhyAnswer {
  readonly unit: string;
  readonly load: string;
  readonly active: string;
  readonly sub: string;
  /** From the unit asked about to the root cause; never empty. */
  readonly links: readonly WhyLinkAnswer[];
  readonly nowUsec: number;
}

/** Times are microseconds since the manager started. */
export interface BootChartAnswer {
  readonly root: string;
  /** null = the boot is going on. */
  readonly finishedUsec: number | null;
  /** By the instant they began. `readyUsec` null = still on its way; `endedUsec` null = still up. `after`: units of the chart. */
  readonly units: readonly {
    readonly unit: string; readonly active: string; readonly beganUsec: number; readonly readyUsec: number | null;
    readonly endedUsec: number | null; readonly after: readonly string[];
  }[];
}

export interface ProcessGroupsAnswer {
  /** By path, which begins with `/`: that of the control group below the manager's own, or `/UNIT` where there are none. */
  readonly groups: readonly { readonly path: string; readonly processes: readonly ProcessAnswer[] }[];
  /** There were more processes than are told. */
  readonly truncated: boolean;
}

export interface GraphAnswer {
  readonly units: readonly { readonly unit: string; readonly active: string }[];
  /** Each edge once, the way unit files write it. */
  readonly edges: readonly { readonly from: string; readonly kind: string; readonly to: string }[];
  /** There were more edges than fit. */
  readonly truncated: boolean;
}

export interface NotStartedAnswer {
  readonly units: readonly {
    readonly unit: string;
    readonly active: string;
    /** As in a link of `why`. */
    readonly code: string;
    readonly reason: string;
    readonly origin: string | null;
    /** The end of the chain of causes, where it is another link; null = the reason is all there is. */
    readonly rootUnit: string | null;
    readonly rootReason: string | null;
  }[];
}

export interface PlanStepAnswer {
  /** Steps with the same number may run at the same time; from 1. */
  readonly wave: number;
  readonly unit: string;
  readonly type: string;
  /** Why it is part of the plan. */
  readonly reason: string;
  readonly origin: string | null;
  /** Units of the plan whose step must end before. */
  readonly after: readonly string[];
}

/** One for each unit asked about, in order. `refused` is null, or says why there is no plan. */
export interface PlanAnswer {
  readonly plans: readonly {
    readonly unit: string;
    readonly steps: readonly PlanStepAnswer[];
    /** Dependencies left out, each with the reason. */
    readonly dropped: readonly string[];
    readonly refused: string | null;
  }[];
}

export interface VerifyAnswer {
  readonly units: readonly { readonly unit: string; readonly load: string; readonly loadError: string | null; readonly diagnostics: readonly DiagnosticAnswer[]; readonly notEffective: readonly NotEffectiveAnswer[] }[];
}

/** What became of one unit's job: `result` is `queued` when nobody waited, else done, canceled, timeout, failed, dependency, …. */
export interface JobResultAnswer {
  readonly job: number;
  readonly unit: string;
  readonly type: string;
  readonly result: string;
}

export interface EnqueueAnswer {
  readonly jobs: readonly JobResultAnswer[];
  /** Units whose job could not even be queued. The others went on. */
  readonly refused: readonly { readonly unit: string; readonly name: ErrorName; readonly message: string }[];
  /** Those of the units whose files are not those that were loaded; absent when there are none. */
  readonly changedOnDisk?: readonly string[];
}

export interface UnitFileChangesAnswer {
  /** What was done, in order. `source` is the target of a new link, '' when one was removed. */
  readonly changes: readonly { readonly kind: 'symlink' | 'unlink'; readonly path: string; readonly source: string }[];
  /** The same in systemctl's words, one line each. */
  readonly lines: readonly string[];
  readonly warnings: readonly string[];
  /** What could not be done; what is in `changes` was done all the same. */
  readonly problems: readonly string[];
  /** Whether the problems fail the verb. */
  readonly failed: boolean;
  /** false = the unit files have no [Install] section that says anything. */
  readonly hasInstallRules: boolean;
  /** The units it was about, for `--now`. */
  readonly units: readonly string[];
}

export type CliAnswer =
  | { readonly exit: number }
  /** The client becomes this command. */
  | { readonly exec: readonly string[] }
  /** The client does the rest itself: this verb works on files or logs, which the manager does not. */
  | { readonly run: 'node' };

export interface DefaultAnswer {
  readonly unit: string;
}

/** It is done; there is nothing to tell. */
export type DoneAnswer = Readonly<Record<string, never>>;

export interface TransientAnswer extends EnqueueAnswer {
  /** The names of the units that were made; the first one was started. */
  readonly units: readonly string[];
}

export interface SyncAnswer extends EnqueueAnswer {
  readonly changes: readonly { readonly unit: string; readonly change: 'new' | 'changed' | 'removed' }[];
}

/** The drop-ins that were written. */
export interface SetPropertyAnswer {
  readonly files: readonly string[];
}

/** How a unit ended. */
export interface EndAnswer {
  readonly unit: string;
  readonly active: string;
  readonly result: string;
  /** How its main process ended: exited, killed, dumped; null when it had none. */
  readonly code: string | null;
  /** Exit status, or number of the signal. */
  readonly status: number | null;
  readonly runtimeUsec: number | null;
}

export interface TimerSummary {
  readonly unit: string;
  /** The unit it starts. */
  readonly activates: string;
  readonly active: string;
  readonly sub: string;
  /** The next elapse; null = none. */
  readonly nextUsec: number | null;
  /** The last one; null = never. */
  readonly lastUsec: number | null;
}

export interface TimerListAnswer {
  readonly nowUsec: number;
  readonly timers: readonly TimerSummary[];
}

export interface PathSummary {
  readonly unit: string;
  readonly path: string;
  /** PathExists, PathChanged, …. */
  readonly condition: string;
  /** The unit it starts. */
  readonly activates: string;
  readonly active: string;
  readonly sub: string;
}

export interface PathListAnswer {
  readonly paths: readonly PathSummary[];
}

export interface SocketSummary {
  readonly unit: string;
  /** The address, path or name. */
  readonly listen: string;
  /** Stream, Datagram, FIFO, …. */
  readonly type: string;
  /** The service it starts; '' with Accept=yes, where every connection has its own. */
  readonly activates: string;
  readonly active: string;
  readonly sub: string;
}

export interface SocketListAnswer {
  readonly sockets: readonly SocketSummary[];
}

interface Answers {
  readonly hello: HelloAnswer;
  readonly manager: ManagerAnswer;
  readonly 'list-units': UnitListAnswer;
  readonly status: StatusAnswer;
  readonly show: ShowAnswer;
  readonly 'list-timers': TimerListAnswer;
  readonly 'list-paths': PathListAnswer;
  readonly 'list-sockets': SocketListAnswer;
  readonly 'list-jobs': JobListAnswer;
  readonly 'list-dependencies': DependencyListAnswer;
  readonly cat: CatAnswer;
  readonly 'list-unit-files': UnitFileListAnswer;
  readonly 'is-enabled': IsEnabledAnswer;
  readonly 'unit-of': UnitOfAnswer;
  readonly 'get-default': DefaultAnswer;
  readonly 'get-environment': EnvironmentAnswer;
  readonly 'unit-environment': UnitEnvironmentAnswer;
  readonly 'boot-chart': BootChartAnswer;
  readonly 'process-groups': ProcessGroupsAnswer;
  readonly graph: GraphAnswer;
  readonly 'not-started': NotStartedAnswer;
  readonly why: WhyAnswer;
  readonly plan: PlanAnswer;
  readonly verify: VerifyAnswer;
  readonly enqueue: EnqueueAnswer;
  readonly 'start-transient': TransientAnswer;
  readonly 'set-property': SetPropertyAnswer;
  readonly 'sync-units': SyncAnswer;
  readonly call: TransientAnswer;
  readonly 'await-end': EndAnswer;
  readonly cancel: DoneAnswer;
  readonly kill: DoneAnswer;
  readonly freeze: DoneAnswer;
  readonly bind: DoneAnswer;
  readonly clean: DoneAnswer;
  readonly 'reset-failed': DoneAnswer;
  readonly 'set-environment': DoneAnswer;
  readonly shutdown: DoneAnswer;
  readonly 'daemon-reload': DoneAnswer;
  readonly 'daemon-reexec': DoneAnswer;
  readonly 'change-setting': DoneAnswer;
  readonly fault: DoneAnswer;
  readonly 'unit-fault': DoneAnswer;
  readonly 'logd-fault': DoneAnswer;
  readonly 'change-unit-files': UnitFileChangesAnswer;
  readonly subscribe: DoneAnswer;
  readonly cli: CliAnswer;
  readonly interrupt: DoneAnswer;
}

export type Answer<M extends Method> = Answers[M];
