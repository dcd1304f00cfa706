/**
 * Scripts in JavaScript and TypeScript: modules in a context of their own, which see the language, timers, `console`, the files beside
 * them and the module `heartwood` (heartwood.d.ts says what is in it). What they may do to the machine is their unit's affair: they run
 * programs, and the unit confines those.
 *
 * A thread is an asynchronous function and all it awaits; which one runs is found by AsyncLocalStorage.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { createContext, runInContext, type Context } from 'node:vm';
import { transform } from 'sucrase';
import { languageOf, SCRIPT_SIGNALS, type ChildSpec, type ScriptLanguage, type ScriptStart, type StreamRef, type UnitVerb } from '../port.ts';
import { describeError } from './describe-error.ts';
import { Events } from './events.ts';
import type { Post, Runtime } from './runtime.ts';
import { ScriptEvent } from './script-event.ts';

/** Files a script is made of. */
const MODULES_MAX = 256;

interface Thread {
  /** Children it waits for. */
  readonly children: Set<number>;
  /** The command it answers; null = it answers none. */
  readonly call: number | null;
  killed: boolean;
}

interface RunOptions {
  readonly argv: readonly string[];
  readonly stdin?: object;
  readonly stdout?: object;
  readonly stderr?: object;
  readonly fds?: Readonly<Record<string, object>>;
  readonly chdir?: string;
  readonly user?: string | number;
  readonly env?: Readonly<Record<string, string>>;
}

type Command = (...words: readonly string[]) => unknown;
type MainModule = (exports: Record<string, unknown>, require: (name: string) => unknown, module: object) => unknown;

/** @throws Error with file and line when the text is no module */
export function loadJavaScript(start: ScriptStart, post: Post): Runtime {
  return new JavaScriptRuntime(start, post);
}

class JavaScriptRuntime implements Runtime {
  readonly #start: ScriptStart;
  readonly #post: Post;
  readonly #context: Context;
  readonly #main: MainModule;
  readonly #modules = new Map<string, Record<string, unknown>>();
  readonly #threads = new AsyncLocalStorage<Thread>();
  readonly #mainThread: Thread = { children: new Set(), call: null, killed: false };
  readonly #waiting = new Map<number, (error: string | null, value: number | string) => void>();
  readonly #commands = new Map<string, Command>();
  readonly #events: Events;
  readonly #streams = new WeakMap<object, StreamRef>();
  readonly #api: Record<string, unknown>;
  #nextId = 1;
  #nextPipe = 1;

  constructor(start: ScriptStart, post: Post) {
    this.#start = start;
    this.#post = post;
    this.#events = new Events(start.latched);
    this.#api = this.#makeApi();
    this.#context = createContext(this.#makeGlobals(), { name: start.file });
    this.#main = this.#compile(start.file, start.text, true);
    this.#commands.set('up', () => { this.#setEvent('up', true); });
    this.#commands.set('down', () => {
      this.#setEvent('up', false);
      this.#signal(null, 'TERM');
    });
    this.#commands.set('status', () => { this.#reply('the script is loaded'); });
  }

  begin(): void {
    let over = false;
    void this.#threads.run(this.#mainThread, async () => {
      let error: string | null = null;
      try {
        const exports: Record<string, unknown> = {};
        await this.#main(exports, (name) => this.#import(name, this.#start.file), { exports });
        if (typeof exports['default'] === 'function') await (exports['default'] as () => unknown)();
      } catch (thrown) {
        error = describeError(thrown, this.#start.file);
      }
      over = true;
      this.#post({ kind: 'ended', error });
    });
    // Once all that needs no waiting is done: a script that throws at once was never ready.
    setImmediate(() => { if (!over) this.#post({ kind: 'ready' }); });
  }

  call(call: number, command: string, words: readonly string[]): void {
    const handler = this.#commands.get(command);
    if (handler === undefined) {
      this.#post({ kind: 'returned', call, error: `command "${command}" is not defined by ${this.#start.file}` });
      return;
    }
    void this.#threads.run({ children: new Set(), call, killed: false }, async () => {
      let error: string | null = null;
      try {
        await handler(...words);
      } catch (thrown) {
        error = describeError(thrown, this.#start.file);
      }
      this.#post({ kind: 'returned', call, error });
    });
  }

  onExit(id: number, status: number): void {
    this.#waiting.get(id)?.(null, status);
  }

  onDone(id: number, error: string | null, value: string): void {
    this.#waiting.get(id)?.(error, value);
  }

  /** What a script sees beside the language itself. */
  #makeGlobals(): object {
    const log = (...values: readonly unknown[]): void => { this.#post({ kind: 'log', text: values.map((value) => (typeof value === 'string' ? value : toText(value))).join(' ') }); };
    return { console: { log, info: log, warn: log, error: log, debug: log }, setTimeout, setInterval, setImmediate, clearTimeout, clearInterval, clearImmediate, queueMicrotask, structuredClone, TextEncoder, TextDecoder, URL };
  }

  #makeApi(): Record<string, unknown> {
    return {
      command: (name: string, handler: Command) => { this.#commands.set(name, handler); },
      cmd: (text: string) => text.split(/\s+/).filter((word) => word !== ''),
      run: (what: unknown, ...words: readonly string[]) => this.#run(what, words),
      runIfUp: async (what: unknown, ...words: readonly string[]) => {
        await this.#block(this.#events.wait('up'));
        return this.#run(what, words);
      },
      parallel: (body: () => unknown) => this.#parallel(body),
      signal: (thread: Thread | null, signal: string) => { this.#signal(thread, signal); },
      reply: (...fields: readonly unknown[]) => { this.#reply(...fields); },
      pipe: (name?: string) => this.#pipe(name),
      listener: (name: string) => this.#stream({ listener: name }, {}),
      waitEvent: (event: unknown) => this.#block(this.#events.wait(event)),
      triggerEvent: (event: unknown) => { this.#events.trigger(event); },
      setEvent: (event: unknown, on = true) => { this.#setEvent(event, on); },
      isSet: (event: unknown) => this.#events.isSet(event),
      Event: ScriptEvent,
      sleep: (msec: number) => this.#block(new Promise<void>((wake) => { setTimeout(wake, msec); })),
      fileChanged: (path: string) => this.#ask((id) => ({ kind: 'watch', id, path: this.#fullPath(path) })).then(() => undefined),
      unit: (name: string) => {
        const ask = (verb: UnitVerb): Promise<number | string> => this.#ask((id) => ({ kind: 'unit', id, verb, unit: name }));
        return { start: () => ask('start').then(() => undefined), stop: () => ask('stop').then(() => undefined), restart: () => ask('restart').then(() => undefined), state: () => ask('state') };
      },
      scriptName: () => this.#start.file,
      fullpath: (path: string) => this.#fullPath(path),
    };
  }

  get #thread(): Thread {
    return this.#threads.getStore() ?? this.#mainThread;
  }

  /** A thread that is killed while it waits never goes on. */
  #block<T>(promise: Promise<T>): Promise<T> {
    const thread = this.#thread;
    return new Promise((wake, fail) => {
      promise.then((value) => { if (!thread.killed) wake(value); }, (error: unknown) => { if (!thread.killed) fail(error instanceof Error ? error : new Error(String(error))); });
    });
  }

  #ask(message: (id: number) => Parameters<Post>[0]): Promise<number | string> {
    const id = this.#nextId++;
    const answer = new Promise<number | string>((wake, fail) => {
      this.#waiting.set(id, (error, value) => {
        this.#waiting.delete(id);
        if (error === null) wake(value);
        else fail(new Error(error));
      });
    });
    this.#post(message(id));
    return this.#block(answer);
  }

  async #run(what: unknown, words: readonly string[]): Promise<number | string> {
    const spec = this.#specOf(typeof what === 'string' ? [what, ...words] : what);
    const thread = this.#thread;
    let child = 0;
    try {
      return await this.#ask((id) => {
        child = id;
        thread.children.add(id);
        return { kind: 'spawn', id, spec };
      });
    } finally {
      thread.children.delete(child);
    }
  }

  #specOf(what: unknown): ChildSpec {
    const options = (Array.isArray(what) ? { argv: what } : what ?? {}) as RunOptions;
    const argv: readonly unknown[] = Array.isArray(options.argv) ? options.argv : [];
    if (argv.length === 0) throw new TypeError('run takes a program: a string, a list of words, or { argv: [...] }');
    const wrong = argv.find((word) => typeof word !== 'string' || word.includes('\0'));
    if (wrong !== undefined) throw new TypeError(`run takes words that are strings, not ${toText(wrong)}`);
    const stream = (value: object | undefined, name: string): StreamRef | null => {
      if (value === undefined) return null;
      const ref = this.#streams.get(value);
      if (ref === undefined) throw new TypeError(`${name} takes an end of a pipe or a listener`);
      return ref;
    };
    const fds = Object.entries(options.fds ?? {}).map(([fd, value]): readonly [number, StreamRef] => {
      const ref = stream(value, `fds[${fd}]`);
      if (ref === null || !/^\d{1,3}$/.test(fd) || Number(fd) < 3) throw new TypeError(`fds takes numbers from 3 to 999, not ${fd}`);
      return [Number(fd), ref];
    });
    return {
      argv: argv as readonly string[], stdin: stream(options.stdin, 'stdin'), stdout: stream(options.stdout, 'stdout'), stderr: stream(options.stderr, 'stderr'), fds,
      directory: this.#fullPath(options.chdir ?? '.'), user: options.user ?? null, environment: { ...options.env },
    };
  }

  #parallel(body: () => unknown): object {
    const thread: Thread = { children: new Set(), call: null, killed: false };
    const done = this.#threads.run(thread, async () => {
      try {
        await body();
      } catch (error) {
        this.#post({ kind: 'log', text: describeError(error, this.#start.file) });
      }
    });
    return Object.assign(thread, {
      done,
      signal: (signal: string) => { this.#signal(thread, signal); },
      kill: () => {
        thread.killed = true;
        this.#signal(thread, 'KILL');
      },
    });
  }

  #signal(thread: Thread | null, signal: string): void {
    const name = signal.replace(/^SIG/, '');
    if (!SCRIPT_SIGNALS.some((known) => known === name)) throw new TypeError(`${signal} is none of ${SCRIPT_SIGNALS.join(', ')}`);
    for (const id of (thread ?? this.#mainThread).children) this.#post({ kind: 'signal', id, signal: name });
  }

  #setEvent(event: unknown, on: boolean): void {
    if (typeof event === 'string') this.#post({ kind: 'latch', event, on });
    this.#events.set(event, on);
  }

  #reply(...fields: readonly unknown[]): void {
    const { call } = this.#thread;
    if (call === null) throw new Error('reply is for commands: nobody waits for an answer here');
    this.#post({ kind: 'reply', call, fields: fields.map(toText) });
  }

  #pipe(given: string | undefined): object {
    // Pipes without a name are known by their order, so that a script that is loaded anew finds its own again.
    const name = given ?? `#${String(this.#nextPipe++)}`;
    this.#post({ kind: 'pipe', name });
    const write = async (text: string): Promise<void> => {
      await this.#ask((id) => ({ kind: 'write', id, pipe: name, bytes: Buffer.from(text).toString('latin1') }));
    };
    return {
      input: this.#stream({ pipe: name, end: 'input' }, { write, writeln: (text: string) => write(`${text}\n`) }),
      output: this.#stream({ pipe: name, end: 'output' }, {}),
    };
  }

  #stream(ref: StreamRef, face: object): object {
    this.#streams.set(face, ref);
    return face;
  }

  #fullPath(path: string): string {
    return resolve(dirname(this.#start.file), path);
  }

  #import(name: string, from: string): unknown {
    if (name === 'heartwood') return this.#api;
    if (!/^\.{0,2}\//.test(name)) throw new Error(`"${name}" cannot be imported: scripts import "heartwood" and files by their path; for anything else they run programs`);
    const file = resolve(dirname(from), name);
    const known = this.#modules.get(file);
    if (known !== undefined) return known;
    if (this.#modules.size >= MODULES_MAX) throw new Error(`a script can have ${String(MODULES_MAX)} files`);
    const text = readFileSync(file, 'utf8');
    if (file.endsWith('.json')) return JSON.parse(text);
    const exports: Record<string, unknown> = {};
    this.#modules.set(file, exports);
    this.#compile(file, text, false)(exports, (inner) => this.#import(inner, file), { exports });
    return exports;
  }

  /** A function that runs a module. Only the main one may wait while it is loaded. */
  #compile(file: string, text: string, isMain: boolean): MainModule {
    const head = `(${isMain ? 'async ' : ''}function (exports, require, module) {`;
    const bare = text.replace(/^#!.*/, '');
    try {
      const code = removeTypes(bare, languageOf(file, text));
      return runInContext(`${head}${code}\n})`, this.#context, { filename: file, columnOffset: -head.length }) as MainModule;
    } catch (error) {
      const described = describeError(error, file);
      const after = described.slice(file.length + 1);
      throw new Error(/^\d/.test(after) ? described : `${file}:${String(lineOfError(bare, languageOf(file, text)))}:${after}`, { cause: error });
    }
  }
}

/** Imports become calls, types blanks; every line stays where it is. */
function removeTypes(text: string, language: ScriptLanguage): string {
  return transform(text, { transforms: language === 'typescript' ? ['typescript', 'imports'] : ['imports'], disableESTransforms: true }).code;
}

/** Where a text goes wrong whose error does not say it: the last line of the shortest beginning that goes wrong in the same way. */
function lineOfError(text: string, language: ScriptLanguage): number {
  const lines = text.split('\n');
  const errorOf = (count: number): string | null => {
    try {
      removeTypes(lines.slice(0, count).join('\n'), language);
      return null;
    } catch (error) {
      return String(error);
    }
  };
  const whole = errorOf(lines.length);
  let [good, bad] = [0, lines.length];
  while (bad - good > 1) {
    const middle = (good + bad) >> 1;
    if (errorOf(middle) === whole) bad = middle;
    else good = middle;
  }
  return bad;
}

function toText(value: unknown): string {
  if (typeof value !== 'object' || value === null) return String(value);
  try {
    return JSON.stringify(value);
  } catch {
    return '[object]';
  }
}
