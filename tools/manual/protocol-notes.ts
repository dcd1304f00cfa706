/** What the manual says of errors, limits and methods. The types make sure that each of them has its words, and no other. */
import type { ErrorName } from '../../src/control/error-codes.ts';
import type * as limits from '../../src/control/limits.ts';
import type { Method, Params } from '../../src/control/requests.ts';

export const ERROR_NOTES: Readonly<Record<ErrorName, string>> = {
  'parse-error': 'The line is not JSON. The connection ends.',
  'invalid-request': 'The line is JSON, and no request. The connection ends.',
  'method-not-found': 'There is no such method.',
  'invalid-params': 'A parameter is missing, unknown or of a wrong kind; the message names it.',
  'internal-error': 'The request failed inside the manager, whose log says how.',
  'line-too-long': 'A line is longer than the limit.',
  'hello-expected': 'The first message was not a valid hello.',
  'protocol-unsupported': 'The client speaks only versions of the protocol that this manager does not.',
  'too-many-clients': 'All connections, or all of this user, are taken.',
  'too-many-requests': 'Too many requests of this client are not answered yet. The request is refused, the connection stays.',
  'too-slow': 'The client did not read its answers.',
  'timed-out': 'The client said nothing, or half a line, for too long.',
  'answer-too-large': 'An answer larger than a client may have waiting.',
  'access-denied': 'The caller may not do this, or not to this unit.',
  'transaction-refused': 'The jobs contradict each other or what is running, or need an ordering cycle; the message says which.',
  'no-such-unit': 'There is no unit file and no loaded unit of this name.',
  'unit-masked': 'The unit is masked.',
  'load-failed': 'The unit file cannot be used; the message says why.',
  'refused-manually': 'The unit has RefuseManualStart=yes, RefuseManualStop=yes, or no AllowIsolate=yes.',
  'not-applicable': 'The unit has no such operation, or not in its state.',
  'shutting-down': 'The manager shuts down and starts nothing any more.',
  'no-such-job': 'There is no job with this number.',
  'no-process': 'The unit has no such process.',
  'invalid-unit-name': 'This is not the name of a unit.',
  'file-error': 'Reading or writing unit files failed; the message carries path and error.',
  'unit-file-refused': 'A change of unit files was refused for the reason in the message.',
  'unit-exists': 'A unit to be made has the name of one that is loaded or has a file.',
  'transaction-destructive': 'A job is in the way that must not be replaced: it is irreversible, or the mode is `fail`.',
  'in-rescue': 'The rescue program answers in place of a manager that died again and again.',
};

interface LimitNote {
  readonly text: string;
  readonly unit: 'bytes' | 'milliseconds' | '';
}

/** In the order of the page. */
export const LIMIT_NOTES: Readonly<Record<keyof typeof limits, LimitNote>> = {
  LINE_BYTES_MAX: { text: 'longest line of a request', unit: 'bytes' },
  OUTPUT_BYTES_MAX: { text: 'answers waiting for a client that does not read', unit: 'bytes' },
  OUTPUT_HIGH_WATER_BYTES: { text: 'waiting output at which the printing of a command pauses', unit: 'bytes' },
  OUTPUT_CHUNK_CHARS: { text: 'characters of text in one output notification', unit: '' },
  CLIENTS_MAX: { text: 'connections in all', unit: '' },
  CLIENTS_RESERVED: { text: "of them kept for root and the manager's own user", unit: '' },
  CLIENTS_PER_UID_MAX: { text: 'connections of one other user', unit: '' },
  REQUESTS_IN_FLIGHT_MAX: { text: 'requests of one client that are not answered yet', unit: '' },
  READ_BYTES_PER_TURN: { text: 'read from one client in one turn', unit: 'bytes' },
  REQUESTS_PER_TURN: { text: 'requests handled for one client in one turn', unit: '' },
  ACCEPTS_PER_TURN: { text: 'connections accepted in one turn', unit: '' },
  HELLO_TIMEOUT_MSEC: { text: 'from the connection to hello', unit: 'milliseconds' },
  LINE_TIMEOUT_MSEC: { text: 'from the first byte of a line to its newline', unit: 'milliseconds' },
  SEND_TIMEOUT_MSEC: { text: 'answers left unread', unit: 'milliseconds' },
  IDLE_TIMEOUT_MSEC: { text: 'without a request running or a subscription', unit: 'milliseconds' },
  NAMES_MAX: { text: 'names or patterns in one request', unit: '' },
  NAME_CHARS_MAX: { text: 'characters of one name or pattern', unit: '' },
  ARGUMENTS_MAX: { text: 'arguments of one command line', unit: '' },
  ARGUMENT_CHARS_MAX: { text: 'characters of one argument', unit: '' },
  SYNC_UNITS_MAX: { text: 'units of one origin', unit: '' },
  TRANSIENT_UNITS_MAX: { text: 'units made by one request', unit: '' },
  ASSIGNMENTS_MAX: { text: 'environment assignments in one request', unit: '' },
  ACCESS_RULES_MAX: { text: 'access rules', unit: '' },
};

type MethodNotes = { readonly [M in Method]: { readonly text: string; readonly params: { readonly [P in keyof Params<M>]: string } } };

const UNITS = 'names, or patterns over loaded units';

/** In the order of the page. A `?` ends the note of a parameter that may be left out. */
export const METHOD_NOTES: MethodNotes = {
  hello: { text: 'The first message. The answer has protocol (the version that is spoken from here on), version, mode and pid.', params: { protocol: 'the newest version the client speaks', client: 'a word for the log?' } },
  manager: { text: 'State, counts, times and paths of the manager itself.', params: {} },
  'list-units': { text: 'Loaded units, one line each.', params: { patterns: 'patterns of names?', all: 'inactive ones too?', types: 'types of units?', states: 'load, active or sub-states?' } },
  status: { text: 'All about each unit that a person wants to see. Units are loaded when they are not.', params: { units: UNITS } },
  show: { text: "systemd's properties, as text. No unit means the manager.", params: { units: UNITS, properties: 'names of properties; none means all?' } },
  'start-transient': {
    text: 'Makes units from the text of their files and starts the first.',
    params: {
      name: 'the name all of them have before the suffix of their kind; empty for one nobody has', units: 'kind and text of each', wait: 'answer when the start job has ended?',
      hold: 'keep the ended unit for a moment, for await-end?', keep: 'write files that stay?', pipe: "give the service the caller's standard streams?",
      sameDirectory: "run it in the caller's directory?", inherit: "variables of the caller's environment that it gets?",
    },
  },
  bind: {
    text: 'Binds a file or directory of the machine into the mount namespace of a running service, until its main process ends.',
    params: { unit: 'a name', source: 'absolute, as the machine sees it', target: 'absolute, as the service sees it', readOnly: 'may nothing be changed through it?', makeTarget: 'make what is missing of the target?' },
  },
  'set-property': {
    text: 'Sets what limits a loaded unit, at once and by drop-ins.',
    params: { unit: 'a name', assignments: 'NAME=VALUE, settings of control groups or Description', runtime: 'until the next boot only?' },
  },
  'sync-units': {
    text: 'The units from one origin become exactly these; all can be used, or nothing changes.',
    params: { origin: 'where they come from, in words or as a path', units: 'name and text of each', wait: 'answer when the jobs have ended?' },
  },
  call: {
    text: 'Runs a command that a service has under a name, with the streams of the process that asks.',
    params: { unit: 'a name', command: 'the name of the command (ExecCall=)', arguments: 'what follows the words of the command line?' },
  },
  'await-end': { text: 'Answers when the unit is down: how it ended.', params: { unit: 'a name' } },
  'list-timers': { text: 'Timers, the one that elapses next first.', params: { patterns: 'patterns of names?', all: 'inactive ones too?', states: 'load, active or sub-states?' } },
  'list-sockets': { text: 'Sockets, one line for each address.', params: { patterns: 'patterns of names?', all: 'inactive ones too?', states: 'load, active or sub-states?' } },
  'list-paths': { text: 'Watched paths, one line each.', params: { patterns: 'patterns of names?', all: 'inactive ones too?', states: 'load, active or sub-states?' } },
  'list-jobs': { text: 'Jobs that wait or run.', params: { units: 'of these units only?', order: 'also the numbers of the jobs that each waits for?' } },
  'list-dependencies': { text: 'The graph below a unit, each unit once.', params: { unit: 'a name', direction: 'forward, reverse, before or after?' } },
  cat: { text: 'The texts of the files of units as they are on disk, and the directories where files of their own may be written.', params: { units: UNITS } },
  'list-unit-files': { text: 'Unit files, and whether they are enabled.', params: { patterns: 'patterns of names?', types: 'types of units?', states: 'states of files?' } },
  'is-enabled': { text: 'Whether units are enabled.', params: { units: 'names', links: 'also by which links?' } },
  'process-groups': { text: 'Every process of a unit, by control group.', params: {} },
  'unit-of': { text: 'Which units processes belong to.', params: { pids: 'numbers; none means who asks?' } },
  'get-default': { text: 'What default.target stands for.', params: {} },
  'get-environment': { text: "The manager's environment block.", params: {} },
  'unit-environment': { text: "What the main process of a service would be given if it were started now, each variable with where it is from. For root and the manager's own user.", params: { unit: 'a name' } },
  why: { text: "The chain of causes of a unit's state, from the unit to the first cause.", params: { unit: 'a name' } },
  plan: { text: 'The ordered steps a change would take. Nothing is done.', params: { type: 'as in enqueue', units: UNITS, mode: 'as in enqueue?' } },
  'boot-chart': { text: 'When which unit came up since the manager started, in microseconds, by the instant it began.', params: {} },
  graph: { text: 'Edges between units, each once, the way unit files write it.', params: { patterns: 'patterns of which one end must match; none means all?' } },
  'not-started': { text: 'Loaded units that are down and have no job, each with the reason.', params: { patterns: 'patterns; none means all?', types: 'types; none means all?' } },
  verify: { text: 'What is wrong with the files of units, and what would not be put into effect.', params: { units: `${UNITS}; none means all loaded units?` } },
  subscribe: { text: 'From now on change notifications come. A second one replaces the first.', params: { units: 'names or patterns; none means all?', jobs: 'changes of jobs too?' } },
  enqueue: { text: 'One job for each unit. The answer has jobs, each with its result, and refused, the units that got none.', params: { type: 'TYPES', units: UNITS, mode: 'MODES?', wait: 'answer when all jobs have ended, and not when they are queued?', expect: 'UNIT/TYPE of the jobs it may take, else it is refused; null means whatever is needed?' } },
  cancel: { text: 'Cancels jobs.', params: { jobs: 'numbers; none means all?' } },
  freeze: { text: 'All processes of the units stand still, or go on.', params: { units: UNITS, freeze: 'true or false' } },
  clean: { text: 'Removes directories of units that are down.', params: { units: UNITS, what: 'list of configuration, state, cache, logs, runtime' } },
  kill: { text: 'Sends a signal to the processes of units.', params: { units: UNITS, whom: 'all, main or control?', signal: 'a number?', value: 'a number that goes with the signal?' } },
  'reset-failed': { text: 'Forgets failures and start limits.', params: { units: `${UNITS}; none means all?` } },
  'set-environment': { text: 'Changes the environment block of the manager.', params: { import: 'names of variables of the process that asks; null means all?', assignments: 'NAME=VALUE texts?', unset: 'names?' } },
  shutdown: { text: 'Stops everything and ends.', params: { goal: 'GOALS', exitStatus: 'for exit?', force: 'without stopping units first?' } },
  'daemon-reload': { text: 'Reads all unit files again.', params: {} },
  'daemon-reexec': { text: 'Executes the manager anew; services run on. Connections end: the answer of a cli request with a key is had by sending it again.', params: {} },
  'change-setting': { text: 'Changes a setting of the manager itself until it is started anew.', params: { setting: 'log-level, log-target or service-watchdogs', value: 'a word, as the verb of that name takes it' } },
  fault: { text: 'Makes the manager die, as a drill. Refused unless it was started with HEARTWOOD_FAULTS=1.', params: { how: 'such as segv, abort, throw, loop; initctl help fault has all', at: 'a place where the death waits; null means at once?', passes: 'how often the place is passed unharmed first?', deaths: 'how many engines die there in a row?' } },
  'unit-fault': { text: 'Lets something befall a service, as a drill. Refused as fault is.', params: { how: 'kill, hang, slow-start, spawn-failure or oom', unit: 'a name', count: 'starts that fail?', durationMsec: 'how long processes are held, or get less memory?' } },
  'logd-fault': { text: 'Kills the process that keeps the log, as a drill. Refused as fault is.', params: {} },
  'change-unit-files': { text: 'Changes links in the directories of unit files.', params: { operation: 'OPERATIONS', units: 'names, or absolute paths for enable and link', runtime: 'until the next boot only?', force: 'replace what is in the way?', reload: 'the manager reads its units again afterwards?', presetMode: 'full, enable-only or disable-only?', owner: 'the unit that add-wants and add-requires let want the others?' } },
  cli: {
    text: 'Runs a command line of initctl in the manager. Its text comes in output notifications; the answer is {"exit": N}, or {"run": "node"} for a verb that works on files or logs and is left to the client.',
    params: {
      program: 'initctl or systemctl?', argv: 'the arguments', columns: 'width of the terminal?', stdoutTty: 'standard output is a terminal?',
      stderrTty: 'standard error is one?', colour: 'colours are welcome?', underline: 'underlining looks like that?', unicode: 'characters outside of ASCII are?',
      key: 'random text, for a client that sends the same command line again when its connection has ended?',
    },
  },
  interrupt: { text: "Ends the waiting of this client's commands; the jobs go on.", params: {} },
};
