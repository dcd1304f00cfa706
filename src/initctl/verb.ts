/**
 * What a verb is: a generator that yields what it wants done (a request to the manager, text for the caller) and ends with an exit
 * status. It does nothing itself, so the same verb runs in the Node client over the socket and in the manager on behalf of the small
 * native client, and a test drives it with hand-made answers.
 */
import type { Answer, EndAnswer } from '../control/answers.ts';
import type { CrashRecord } from '../control/crash-record.ts';
import type { Failure } from '../control/error-codes.ts';
import type { AnyParams, Given, Method } from '../control/requests.ts';
import type { CalendarSurroundings } from '../core/time/calendar.ts';
import type { TimeZones as MachineZones } from '../core/time/time-zone.ts';
import type { LineLayout } from './log-copy/line-layout.ts';
import type { Target } from './log-copy/target.ts';
import type { LogRequest } from './log-request.ts';
import type { LogTail } from './log-tail.ts';
import type { OptionName, Options } from './options.ts';
import type { Terminal } from './terminal.ts';

export type Reply<M extends Method> =
  | { readonly ok: true; readonly value: Answer<M> }
  | { readonly ok: false; readonly failure: Failure };

export type VerbStep =
  | { readonly step: 'request'; readonly method: Method; readonly params: AnyParams }
  | { readonly step: 'out'; readonly text: string }
  | { readonly step: 'err'; readonly text: string }
  /** The last lines of units' output, which the caller gets from the log itself: the manager never touches log bytes. */
  | { readonly step: 'log'; readonly tail: LogTail }
  /** Look again later: for what the manager does not tell by itself. Never shorter than a tenth of a second. */
  | { readonly step: 'sleep'; readonly msec: number }
  /** The log itself, from logd or its files. Only in the Node client. */
  | { readonly step: 'read-log'; readonly query: LogRequest }
  /** The time zones of the machine. Only in the Node client. */
  | { readonly step: 'time-zones' }
  /** Lines of the log go elsewhere. Resumed with an exit status. Only in the Node client. */
  | { readonly step: 'copy-log'; readonly copy: LogCopyRequest }
  /** The unit files of a directory. `unlike`: when they differ from these; null = as they are. Only in the Node client. */
  | { readonly step: 'unit-directory'; readonly path: string; readonly unlike: UnitDirectory | null }
  /** Another program of ours, with the terminal. Only in the Node client. */
  | { readonly step: 'program'; readonly program: OwnProgram; readonly words: readonly string[] }
  /** The crash records there are. Only in the Node client. */
  | { readonly step: 'read-crashes' }
  /** Standard input goes into a FIFO, up to its end. Only in the Node client. */
  | { readonly step: 'feed'; readonly path: string }
  /** The text of a file of the caller's, or writing one, with the caller's rights. Only in the Node client. */
  | { readonly step: 'read-file'; readonly path: string }
  | { readonly step: 'write-file'; readonly path: string; readonly text: string; readonly makeDirectory?: true }
  /** Lets the caller change a text in the editor of their choice. `name`: of the file it will be. Only in the Node client. */
  | { readonly step: 'edit-text'; readonly name: string; readonly text: string }
  /** The caller's terminal is the unit's until the unit has ended or the caller leaves. Only in the Node client. */
  | TerminalStep
  /** All of standard input. Only in the Node client. */
  | { readonly step: 'read-input' }
  /** Where the caller is. */
  | { readonly step: 'working-directory' }
  /** The caller's process becomes this command; nothing of the verb comes after it. */
  | { readonly step: 'exec'; readonly words: readonly string[] };

/** Which unit's terminal is joined. */
export interface TerminalStep {
  readonly step: 'join-terminal';
  readonly unit: string;
  /** Of the process that keeps the terminal. */
  readonly socket: string;
  /** Bytes that, typed, leave the terminal; '' = none do. */
  readonly keys: string;
  /** Whether the unit is the caller's own: the manager is asked how it ended, and the end of the caller's input is told to it. */
  readonly awaitsEnd: boolean;
}

/** What a verb is given for `join-terminal`. */
export type TerminalSession =
  /** `end`: how; null when it was not asked or could not be learned. */
  | { readonly how: 'ended'; readonly end: EndAnswer | null }
  /** The unit goes on. */
  | { readonly how: 'left' }
  | { readonly how: 'failed'; readonly problem: string };

/** Which lines of the log are copied, and where to. */
export interface LogCopyRequest {
  readonly lines: LogRequest;
  readonly targets: readonly Target[];
  readonly layout: LineLayout;
  readonly utc: boolean;
  /** Lines must match one of them; none = all. */
  readonly include: readonly RegExp[];
  /** Lines must match none of them. */
  readonly exclude: readonly RegExp[];
  /** Where it is kept what was copied; null = nowhere. */
  readonly cursorFile: string | null;
}

/** What a verb is given for `unit-directory`. */
export interface UnitDirectory {
  /** Absolute. */
  readonly path: string;
  /** Sorted by name. */
  readonly files: readonly { readonly name: string; readonly text: string }[];
  /** Why they cannot be read, or ''. */
  readonly problem: string;
}

/** Programs that are built beside initctl. */
export type OwnProgram = 'simulate' | 'front';

/** What a verb is given for `read-crashes`. */
export interface CrashFiles {
  /** Newest first. `id`: when it was, as 16 hexadecimal digits, and the unit. */
  readonly records: readonly { readonly id: string; readonly record: CrashRecord }[];
  /** Why some could not be read, one line each. */
  readonly problems: readonly string[];
}

/** What a verb is given for `read-file`, `edit-text` and `read-input` (with the text), `write-file` and `feed`. */
export type FileOutcome = { readonly ok: true; readonly text: string } | { readonly ok: false; readonly error: string };

/** What a verb is given for `time-zones`. */
export interface TimeZones extends MachineZones {
  readonly surroundings: CalendarSurroundings;
}

/**
 * Resumed with the `Reply` after a request, with an exit status after `read-log` and `program`, with `TimeZones` after `time-zones`, with
 * `UnitDirectory` after `unit-directory`, with `CrashFiles` after `read-crashes`, with a `FileOutcome` after the steps about files and texts,
 * with a path or null after `working-directory`, with a `TerminalSession` after `join-terminal`, with nothing after the other steps.
 */
export type VerbRun<R = number> = Generator<VerbStep, R, unknown>;

export interface Invocation {
  readonly program: 'initctl' | 'systemctl';
  /** The verb as it was typed: one verb may have several names. */
  readonly verb: string;
  readonly words: readonly string[];
  readonly options: Options;
  readonly terminal: Terminal;
  /** The wall clock, microseconds since the epoch. */
  readonly nowUsec: number;
}

/** What the words after a verb are, for help and completion. */
export type Operand =
  | 'none' | 'units' | 'units-optional' | 'unit-optional' | 'unit-files' | 'patterns' | 'jobs' | 'assignments' | 'names' | 'verb-and-units' | 'free';

export type VerbGroup = 'Units' | 'Unit files' | 'Explanations' | 'Manager' | 'Tools';

export interface Verb {
  readonly name: string;
  /** Other names, all of them accepted everywhere. */
  readonly aliases: readonly string[];
  readonly group: VerbGroup;
  /** After the verb in the usage line: `UNIT…`. */
  readonly synopsis: string;
  /** One line for help and completion, without full stop. */
  readonly summary: string;
  /** More lines for the verb's own help: what its words mean, where the synopsis cannot tell. A single line is not for the manual, which has its own words. */
  readonly details?: readonly string[];
  readonly operand: Operand;
  /** The options worth showing; every other option is accepted and has no effect on this verb. */
  readonly options: readonly OptionName[];
  /** Short options that mean something else here than elsewhere. */
  readonly shortOptions?: Readonly<Record<string, OptionName>>;
  /** Options that mean something else here than elsewhere. */
  readonly ownMeanings?: Readonly<Partial<Record<OptionName, { readonly value: string; readonly summary: string }>>>;
  /** `node`: works on files or the log, and runs in the Node client. `manager`: asks the manager, which can also run it. */
  readonly runs: 'manager' | 'node';
  /** Words with which a verb that otherwise asks the manager works on files. */
  readonly worksOnFiles?: (call: Invocation) => boolean;
  /** Words with which the manager may die while the verb goes on: the Node client runs it, and connects again. */
  readonly outlivesManager?: (call: Invocation) => boolean;
  readonly run: (call: Invocation) => VerbRun;
}

export function* request<M extends Method>(method: M, params: Given<M>): VerbRun<Reply<M>> {
  return (yield { step: 'request', method, params }) as Reply<M>;
}

/** @returns its exit status */
export function* runProgram(program: OwnProgram, words: readonly string[]): VerbRun {
  return (yield { step: 'program', program, words }) as number;
}

export function* readFile(path: string): VerbRun<FileOutcome> {
  return (yield { step: 'read-file', path }) as FileOutcome;
}

/** Makes the file's directory, too. */
export function* writeFile(path: string, text: string): VerbRun<FileOutcome> {
  return (yield { step: 'write-file', path, text, makeDirectory: true }) as FileOutcome;
}

export function* editText(name: string, text: string): VerbRun<FileOutcome> {
  return (yield { step: 'edit-text', name, text }) as FileOutcome;
}

export function* readInput(): VerbRun<FileOutcome> {
  return (yield { step: 'read-input' }) as FileOutcome;
}

/** Null when it is gone, or not to be found out. */
export function* workingDirectory(): VerbRun<string | null> {
  return (yield { step: 'working-directory' }) as string | null;
}

export function* print(text: string): VerbRun<void> {
  if (text !== '') yield { step: 'out', text: text.endsWith('\n') ? text : `${text}\n` };
}

export function* complain(text: string): VerbRun<void> {
  yield { step: 'err', text: text.endsWith('\n') ? text : `${text}\n` };
}

export function* printJson(value: unknown): VerbRun<void> {
  yield* print(JSON.stringify(value, null, 2));
}
