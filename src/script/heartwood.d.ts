/** What scripts of units import from `heartwood` (ExecScript=FILE in a service; docs/scripts.md tells how it works together). */
declare module 'heartwood' {
  /** Signals by their names, with or without SIG. */
  export type SignalName = `${'SIG' | ''}${'ALRM' | 'CHLD' | 'CONT' | 'HUP' | 'INT' | 'KILL' | 'PIPE' | 'QUIT' | 'STOP' | 'TERM' | 'USR1' | 'USR2' | 'WINCH'}`;

  /** An end of a pipe, or a socket, that a program can have as one of its descriptors. */
  export interface Stream { readonly __stream?: never }

  export interface PipeInput extends Stream {
    /** Writes text; resolves when all of it is in the pipe. */
    write(text: string): Promise<void>;
    writeln(text: string): Promise<void>;
  }

  export interface Pipe {
    readonly input: PipeInput;
    readonly output: Stream;
  }

  export interface Program {
    /** The program, by path or looked for on PATH, and its arguments. */
    readonly argv: readonly string[];
    readonly stdin?: Stream;
    readonly stdout?: Stream;
    readonly stderr?: Stream;
    /** More descriptors by their numbers, from 3. */
    readonly fds?: Readonly<Record<number, Stream>>;
    /** Where it starts, relative to the script's directory, which is the default. */
    readonly chdir?: string;
    /** Name or uid: with its group and without others. A unit without the right to do that cannot run the program. */
    readonly user?: string | number;
    /** Variables beside those of the unit. */
    readonly env?: Readonly<Record<string, string>>;
  }

  /** A function that runs beside the others, and all it awaits. */
  export interface Thread {
    /** Resolves when the thread is over. */
    readonly done: Promise<void>;
    /** To the program the thread waits for; none = nothing happens. */
    signal(signal: SignalName): void;
    /** The thread does not go on after what it waits for; a program it waits for gets SIGKILL. */
    kill(): void;
  }

  /** Something that happens, with values or with an error. Who waits is told once. */
  export class Event<Values extends readonly unknown[] = readonly unknown[]> {
    fire(...values: Values): void;
    fail(error: unknown): void;
    thenDo(fired: (...values: Values) => unknown, failed?: (error: unknown) => unknown): void;
    wait(): Promise<Values>;
  }

  export interface Unit {
    /** Each resolves when it is done, and rejects with the manager's reason when it is not. */
    start(): Promise<void>;
    stop(): Promise<void>;
    restart(): Promise<void>;
    /** systemd's ActiveState. */
    state(): Promise<string>;
  }

  /** Defines what `initctl call UNIT NAME WORD…` does. What it throws is the error the caller sees. `up`, `down` and `status` exist already. */
  export function command(name: string, handler: (...words: string[]) => unknown): void;
  /** A line of the answer to the command that is carried out. Throws outside of one. */
  export function reply(...fields: readonly unknown[]): void;

  /** Runs a program to its end. @returns its exit status, 128 + n after signal n, 1 when it cannot be executed */
  export function run(program: string, ...words: readonly string[]): Promise<number>;
  export function run(program: readonly string[] | Program): Promise<number>;
  /** Waits for the event "up" first. */
  export function runIfUp(program: string, ...words: readonly string[]): Promise<number>;
  export function runIfUp(program: readonly string[] | Program): Promise<number>;
  /** The words of a text, parted by white space; nothing quotes. */
  export function cmd(text: string): string[];

  /** Starts a thread. What it throws is logged and ends it alone. */
  export function parallel(body: () => unknown): Thread;
  /** To the program a thread waits for; null = the main thread's. */
  export function signal(thread: Thread | null, signal: SignalName): void;

  /** A pipe that lives as long as the unit. One without a name is known by its order when the script is loaded anew. */
  export function pipe(name?: string): Pipe;
  /** A socket the unit was activated with, by its name (FileDescriptorName=). */
  export function listener(name: string): Stream;

  /** Waits for an event, which any value can be; does not wait when it is set. */
  export function waitEvent(event: unknown): Promise<void>;
  /** Wakes who waits now. */
  export function triggerEvent(event: unknown): void;
  /** Sets an event, so that nobody waits for it, or takes that back. Those that are strings stay as they are when the script is loaded anew. */
  export function setEvent(event: unknown, on?: boolean): void;
  export function isSet(event: unknown): boolean;

  export function sleep(msec: number): Promise<void>;
  /** Resolves at the next change of a file, or of its being there. */
  export function fileChanged(path: string): Promise<void>;

  /** Another unit of the same manager; a name without a type means a service. */
  export function unit(name: string): Unit;

  /** Absolute path of the script. */
  export function scriptName(): string;
  /** A path relative to the script's directory, made absolute. */
  export function fullpath(path: string): string;
}
