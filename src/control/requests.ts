/**
 * The requests of the control protocol: for each method its parameters, what it does to the manager, and by which word `[Access]`
 * rules and the log know it. The one table the server's dispatch, the access check and the clients are built on.
 *
 * Unit names: parameters called `units` take names and, where the method says so, shell patterns over loaded units. A name without
 * a type suffix means a service.
 */
import {
  ARGUMENTS_MAX, ARGUMENT_CHARS_MAX, ASSIGNMENTS_MAX, NAMES_MAX, NAME_CHARS_MAX, TRANSIENT_UNITS_MAX, LINE_BYTES_MAX, SYNC_UNITS_MAX,
} from './limits.ts';
import { flag, integer, list, nullable, oneOf, optional, shape, text } from './schema.ts';
import type { Valid, Validator } from './schema.ts';

/** A unit's name and a job type. */
const EXPECTED_JOB_CHARS_MAX = NAME_CHARS_MAX + 32;
/** As many as a boot of a large machine has. */
const EXPECTED_JOBS_MAX = 10_000;

const name = text(NAME_CHARS_MAX);
const names = list(name, NAMES_MAX);
const noNames: readonly string[] = [];

/** Ways for the manager to die. */
export const FAULTS = ['segv', 'bus', 'fpe', 'ill', 'abort', 'exit', 'throw', 'reject', 'loop', 'native-loop', 'recursion', 'native-recursion', 'out-of-memory', 'leak'] as const;
export type Fault = (typeof FAULTS)[number];
/** What may befall a service. */
export const UNIT_FAULTS = ['kill', 'hang', 'slow-start', 'spawn-failure', 'oom'] as const;
export type UnitFault = (typeof UNIT_FAULTS)[number];
/** Places where a death can be made to wait for the engine. */
export const FAULT_PLACES = ['after-poll', 'after-reap', 'after-record', 'after-journal', 'in-step', 'in-effect', 'between-effects', 'after-spawn', 'in-snapshot', 'in-recovery', 'after-receive'] as const;
export type FaultPlace = (typeof FAULT_PLACES)[number];

export const ENQUEUE_TYPES = [
  'start', 'stop', 'reload', 'restart', 'try-restart', 'reload-or-restart', 'reload-or-try-restart',
] as const;
export const JOB_MODES = [
  'fail', 'replace', 'replace-irreversibly', 'isolate', 'flush', 'ignore-dependencies', 'ignore-requirements', 'triggering',
  'restart-dependencies',
] as const;
export const UNIT_FILE_OPERATIONS = ['enable', 'disable', 'reenable', 'mask', 'unmask', 'preset', 'preset-all', 'link', 'revert', 'add-wants', 'add-requires', 'set-default'] as const;
export const PRESET_MODES = ['full', 'enable-only', 'disable-only'] as const;
/** Directories of a unit, by what they are for. */
export const DIRECTORY_KINDS = ['configuration', 'state', 'cache', 'logs', 'runtime'] as const;
/** Kinds of units that can be made through the control socket. */
export const TRANSIENT_KINDS = ['service', 'timer', 'path', 'slice', 'scope', 'target'] as const;
/** Settings of the manager that can be changed while it runs. */
export const MANAGER_SETTINGS = ['log-level', 'log-target', 'service-watchdogs'] as const;
export const SHUTDOWN_GOALS = ['poweroff', 'reboot', 'halt', 'kexec', 'soft-reboot', 'exit'] as const;

/** The validators of all methods' parameters. */
export const PARAMS = {
  /** First message. `client` is a free word for the log. */
  hello: shape({ protocol: integer(0, 1_000_000), client: optional(text(64), '') }),

  // --- reading
  /** The manager itself: mode, state, counts. */
  manager: shape({}),
  /** Loaded units. Empty lists do not filter; without `all`, only units that are active, failed or have a job. */
  'list-units': shape({ patterns: optional(names, noNames), all: optional(flag, false), types: optional(names, noNames), states: optional(names, noNames) }),
  /** All about each unit that a person wants to see. Loads units that are not. Takes patterns. */
  status: shape({ units: names }),
  /** systemd's properties as text. No units = the manager. No properties = all. Takes patterns. */
  show: shape({ units: names, properties: optional(names, noNames) }),
  /** Timers by their next elapse; without `all`, only those that are active or have a job. */
  'list-timers': shape({ patterns: optional(names, noNames), all: optional(flag, false), states: optional(names, noNames) }),
  /** Path units, one line for each path; the rest as for timers. */
  'list-paths': shape({ patterns: optional(names, noNames), all: optional(flag, false), states: optional(names, noNames) }),
  /** Sockets, one line for each address; the rest as for timers. */
  'list-sockets': shape({ patterns: optional(names, noNames), all: optional(flag, false), states: optional(names, noNames) }),
  /** `order`: also which jobs each of them waits for. */
  'list-jobs': shape({ units: optional(names, noNames), order: optional(flag, false) }),
  'list-dependencies': shape({ unit: name, direction: optional(oneOf(['forward', 'reverse', 'before', 'after']), 'forward') }),
  /** The texts of the unit's files as they are on disk now. */
  cat: shape({ units: names }),
  'list-unit-files': shape({ patterns: optional(names, noNames), types: optional(names, noNames), states: optional(names, noNames) }),
  /** `links`: also the links in the file system that `disable` would take away. */
  'is-enabled': shape({ units: names, links: optional(flag, false) }),
  /** Which units processes belong to; no `pids` = the process that asks. */
  /** Every process of a unit, by control group; without control groups by unit. */
  'process-groups': shape({}),
  'unit-of': shape({ pids: optional(list(integer(1, 0x7fff_ffff), NAMES_MAX), []) }),
  'get-default': shape({}),
  'get-environment': shape({}),
  /** What the main process of a service would be given if it were started now. For root and the manager's own user: files may hold secrets. */
  'unit-environment': shape({ unit: name }),
  /** When which unit came up since the manager started. */
  'boot-chart': shape({}),
  /** Edges between units, of which at least one end matches; no patterns = all. */
  graph: shape({ patterns: optional(names, noNames) }),
  /** Loaded units that are down and have no job, each with the reason. Empty lists do not filter. */
  'not-started': shape({ patterns: optional(names, noNames), types: optional(names, noNames) }),
  /** The chain of causes of a unit's state. */
  why: shape({ unit: name }),
  /** The ordered steps a change would take. Nothing is done. */
  plan: shape({ type: oneOf(ENQUEUE_TYPES), units: names, mode: optional(oneOf(JOB_MODES), 'replace') }),
  /** What was found wrong with the files of these (or all loaded) units. */
  verify: shape({ units: optional(names, noNames) }),
  /** From now on `change` notifications come. Units without patterns = all units. */
  subscribe: shape({ units: optional(names, noNames), jobs: optional(flag, false) }),

  // --- changing
  /**
   * One job for each unit. `wait`: answered when all have ended. Takes patterns (over loaded units). `expect`: the jobs of all of them
   * (`a.service/start`), in any order; when there would be others, nothing is done. null = whatever is needed.
   */
  enqueue: shape({
    type: oneOf(ENQUEUE_TYPES), units: names, mode: optional(oneOf(JOB_MODES), 'replace'), wait: optional(flag, true),
    expect: optional(nullable(list(text(EXPECTED_JOB_CHARS_MAX), EXPECTED_JOBS_MAX)), null),
  }),
  /**
   * Makes units from the text of their files and starts the first. They are all called `name`, with the suffix of their kind; an empty
   * name stands for one nobody has. `keep`: as files of the administrator, else the units are forgotten when they have ended. `hold`:
   * they are kept a moment longer, for `await-end`. `pipe`: the service gets the standard streams of the process that asks;
   * `sameDirectory`: and its working directory; `inherit`: and these variables of its environment.
   */
  'start-transient': shape({
    name: optional(name, ''), units: list(shape({ kind: oneOf(TRANSIENT_KINDS), text: text(ARGUMENT_CHARS_MAX) }), TRANSIENT_UNITS_MAX),
    wait: optional(flag, true), hold: optional(flag, false), keep: optional(flag, false), pipe: optional(flag, false), sameDirectory: optional(flag, false),
    inherit: optional(list(text(NAME_CHARS_MAX), ASSIGNMENTS_MAX), noNames),
  }),
  /** Settings of a loaded unit for control groups, as `NAME=VALUE`: written as drop-ins and put into effect at once. */
  'set-property': shape({ unit: name, assignments: list(text(ARGUMENT_CHARS_MAX), ASSIGNMENTS_MAX), runtime: optional(flag, false) }),
  /**
   * The units from `origin` become exactly these: new ones are started, changed ones restarted, removed ones stopped. All can be used, or
   * nothing changes. `wait`: answered when the jobs have ended.
   */
  'sync-units': shape({ origin: text(ARGUMENT_CHARS_MAX), units: list(shape({ name, text: text(LINE_BYTES_MAX) }), SYNC_UNITS_MAX), wait: optional(flag, true) }),
  /** Runs a command that a service has under a name, with the streams of the process that asks; `await-end` tells how it ended. */
  call: shape({ unit: name, command: name, arguments: optional(list(text(ARGUMENT_CHARS_MAX), ARGUMENTS_MAX), noNames) }),
  /**
   * A file or directory of the machine appears in the mount name space of a service that runs, until it ends. `makeTarget`: what is missing of
   * the place is made.
   */
  bind: shape({ unit: name, source: text(ARGUMENT_CHARS_MAX), target: text(ARGUMENT_CHARS_MAX), readOnly: optional(flag, false), makeTarget: optional(flag, false) }),
  /** Answers when the unit is down: how it ended. */
  'await-end': shape({ unit: name }),
  /** No jobs = all. */
  cancel: shape({ jobs: optional(list(integer(1, Number.MAX_SAFE_INTEGER), NAMES_MAX), []) }),
  kill: shape({ units: names, whom: optional(oneOf(['all', 'main', 'control']), 'all'), signal: optional(integer(1, 64), 15), value: optional(nullable(integer(-0x8000_0000, 0x7fff_ffff)), null) }),
  /** All processes of the units stand still, or go on. Takes patterns. */
  freeze: shape({ units: names, freeze: flag }),
  /** Removes directories of units that are down. Takes patterns. */
  clean: shape({ units: names, what: list(oneOf(DIRECTORY_KINDS), DIRECTORY_KINDS.length) }),
  /** No units = all. */
  'reset-failed': shape({ units: optional(names, noNames) }),
  /** `import`: these variables of the process that asks, too; null = all of them. */
  'set-environment': shape({ import: optional(nullable(list(text(NAME_CHARS_MAX), ASSIGNMENTS_MAX)), noNames), assignments: optional(list(text(ARGUMENT_CHARS_MAX), ASSIGNMENTS_MAX), []), unset: optional(list(text(ARGUMENT_CHARS_MAX), ASSIGNMENTS_MAX), []) }),
  /** `force`: without stopping units first. */
  shutdown: shape({ goal: oneOf(SHUTDOWN_GOALS), exitStatus: optional(integer(0, 255), 0), force: optional(flag, false) }),
  'daemon-reload': shape({}),
  /** Executes the manager anew. Connections end; who gave a `key` with `cli` asks again and hears that it is done. */
  'daemon-reexec': shape({}),
  /** A setting of the manager itself, until it is started anew: one word, as its verb takes it. */
  'change-setting': shape({ setting: oneOf(MANAGER_SETTINGS), value: text(ARGUMENT_CHARS_MAX) }),
  /** Makes the manager die in this way, to see it come back. Refused unless it was started with HEARTWOOD_FAULTS=1. */
  fault: shape({
    how: oneOf(FAULTS),
    /** Not now but there; only for deaths by a signal. `passes`: after it was passed so often; `deaths`: so many engines in a row. */
    at: optional(nullable(oneOf(FAULT_PLACES)), null), passes: optional(integer(0, 1_000_000), 0), deaths: optional(integer(1, 100), 1),
  }),
  /**
   * The same for a service. `count`: so many starts of a process fail. `durationMsec`: so long its processes, or the next one, are held, or it
   * may have half of its memory.
   */
  'unit-fault': shape({
    how: oneOf(UNIT_FAULTS), unit: name, count: optional(integer(1, 1000), 1), durationMsec: optional(integer(1, 3_600_000), 5000),
  }),
  /** Kills the process that keeps the log. */
  'logd-fault': shape({}),
  /**
   * Names, or absolute paths of files for enable and link. `reload`: the manager reads its units again afterwards. `owner`: the unit that
   * add-wants and add-requires let want the others.
   */
  'change-unit-files': shape({
    operation: oneOf(UNIT_FILE_OPERATIONS), units: optional(names, noNames), runtime: optional(flag, false), force: optional(flag, false), reload: optional(flag, true),
    presetMode: optional(oneOf(PRESET_MODES), 'full'), owner: optional(name, ''),
  }),

  // --- commands
  /**
   * Runs a command line of `initctl` inside the manager. Its text comes as `output` notifications with `stream` (1 or 2) and `text`;
   * the answer is the exit status. `program` `systemctl` chooses that tool's grammar and formats.
   */
  cli: shape({
    program: optional(oneOf(['initctl', 'systemctl']), 'initctl'),
    argv: list(text(ARGUMENT_CHARS_MAX), ARGUMENTS_MAX),
    columns: optional(integer(0, 100_000), 0),
    stdoutTty: optional(flag, false),
    stderrTty: optional(flag, false),
    colour: optional(flag, false),
    underline: optional(flag, true),
    unicode: optional(flag, true),
    /** Random; a client whose connection ended sends the same command line with the same key, and waits on instead of asking anew. */
    key: optional(text(64), ''),
  }),
  /** Ends the waiting of the client's running commands; the jobs go on. */
  interrupt: shape({}),
} as const satisfies Readonly<Record<string, Validator<unknown>>>;

export type Method = keyof typeof PARAMS;
export type Params<M extends Method> = Valid<(typeof PARAMS)[M]>;

/** A method's parameters with the defaults left out where the caller likes. */
export type Given<M extends Method> = Partial<Params<M>>;

/** Parameters of some method, before they are checked. */
export type AnyParams = Readonly<Record<string, unknown>>;

/**
 * What a method does, for the access check and the log:
 * - `session`: about the connection itself; its own rules
 * - `read`: everybody may
 * - `change`: root, the manager's own user, and whom `[Access]` allows; logged with uid and pid
 * - `manage`: as `change`, but about the whole manager, so a rule must name no unit glob for it
 */
export const METHOD_KINDS: Readonly<Record<Method, 'session' | 'read' | 'change' | 'manage'>> = {
  hello: 'session', cli: 'session', interrupt: 'session', subscribe: 'session',
  manager: 'read', 'list-units': 'read', status: 'read', show: 'read', 'list-timers': 'read', 'list-paths': 'read', 'list-sockets': 'read', 'list-jobs': 'read', 'list-dependencies': 'read', cat: 'read', 'process-groups': 'read',
  'list-unit-files': 'read', 'is-enabled': 'read', 'get-default': 'read', 'unit-of': 'read', 'get-environment': 'read', 'unit-environment': 'read', why: 'read', plan: 'read', 'boot-chart': 'read', graph: 'read', 'not-started': 'read',
  verify: 'read',
  'await-end': 'read',
  // Whoever may put any file of the machine into a service may do anything.
  'start-transient': 'manage', 'sync-units': 'manage', bind: 'manage', enqueue: 'change', kill: 'change', freeze: 'change', clean: 'change', 'reset-failed': 'change', 'set-property': 'change', call: 'change', 'change-unit-files': 'change',
  cancel: 'manage', 'set-environment': 'manage', shutdown: 'manage', 'daemon-reload': 'manage', 'daemon-reexec': 'manage', 'change-setting': 'manage', fault: 'manage', 'unit-fault': 'manage', 'logd-fault': 'manage',
};

export function isMethod(word: string): word is Method {
  return Object.hasOwn(PARAMS, word);
}

/** The words an access rule may grant: what a person would call the request. */
export function accessVerb<M extends Method>(method: M, params: Params<M>): string {
  const given = params as Readonly<Record<string, unknown>>;
  if (method === 'enqueue') {
    // These modes reach beyond the unit: they stop all others, or take away their jobs.
    if (given['mode'] === 'isolate') return 'isolate';
    return given['mode'] === 'flush' ? 'cancel' : given['type'] as string;
  }
  if (method === 'change-unit-files') return given['operation'] as string;
  if (method === 'shutdown') return given['goal'] as string;
  if (method === 'change-setting') return given['setting'] as string;
  if (method === 'unit-fault' || method === 'logd-fault') return 'fault';
  if (method === 'freeze') return given['freeze'] === true ? 'freeze' : 'thaw';
  return method;
}
