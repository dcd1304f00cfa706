/**
 * The process of one scripted unit. The script runs in a worker thread; what it started and what it said lives here, so a script that
 * loops for ever is told from one that waits, ended, and takes its children with it, and one that is loaded anew keeps them.
 *
 *   loading   the text is read and understood; nothing runs yet. A text that cannot be understood changes nothing when another one runs
 *   running   from there to the end of the main thread
 *   stopping  the children have got SIGTERM; the process ends with the last of them
 */
import { readFileSync, watch } from 'node:fs';
import { dirname } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { NativeBinding } from '../host/native.ts';
import type { OuterManager } from '../host/outer-manager.ts';
import { Children } from './children.ts';
import { serveCalls, type CallAnswer } from './call-socket.ts';
import { steerUnit } from './unit-steering.ts';
import { PipeTable } from './pipe-table.ts';
import { languageOf, type FromScript, type ScriptStart, type StreamRef, type ToScript } from './port.ts';

/** Room for the objects of a script. What needs more is a program of its own. */
const SCRIPT_HEAP_MB = 64;
/** A script that has not let anybody else run for this long does not come back. WatchdogSec= of the unit replaces it. */
const PATIENCE_MSEC = 10_000;
/** How often it is asked whether it comes back, in parts of that. */
const PINGS_PER_PATIENCE = 4;
/** What a script that was loaded anew has not asked for by then, it does not want. */
const ADOPTION_MSEC = 2_000;
/** sd_listen_fds(3). */
const LISTEN_FDS_START = 3;

export interface HostOptions {
  readonly file: string;
  /** Where commands come in; null = nowhere. */
  readonly callSocket: string | null;
  /** Whether the event "up" is set at first. */
  readonly up: boolean;
  /** $WATCHDOG_USEC, or null. */
  readonly watchdogUsec: number | null;
  readonly manager: OuterManager;
  readonly native: NativeBinding;
}

interface Loaded {
  readonly worker: Worker;
  ready: boolean;
  /** It was asked whether it comes back, and has not answered yet. */
  asked: boolean;
  /** It gave way or failed: what is still heard of it does not count. */
  over: boolean;
}

export class ScriptHost {
  readonly #options: HostOptions;
  readonly #pipes: PipeTable;
  readonly #children: Children;
  readonly #latched: Set<string>;
  readonly #calls = new Map<number, (answer: CallAnswer) => void>();
  readonly #onReady: (() => void)[] = [];
  readonly #listeners: readonly string[];
  #current: Loaded | null = null;
  #nextCall = 1;
  #stopping = false;
  #finish: (status: number) => void = () => undefined;

  constructor(options: HostOptions) {
    this.#options = options;
    this.#pipes = new PipeTable(options.native);
    this.#latched = new Set(options.up ? ['up'] : []);
    this.#listeners = listenNames();
    this.#children = new Children((stream) => this.#descriptorOf(stream), (text) => { this.#say(text); });
    this.#children.onExit = (id, status) => { this.#tell({ kind: 'exit', id, status }); };
  }

  /** @returns the exit status, when all is over */
  async run(): Promise<number> {
    const ended = new Promise<number>((resolve) => { this.#finish = resolve; });
    const { callSocket, watchdogUsec } = this.#options;
    const server = callSocket === null ? null : serveCalls(callSocket, {
      call: (command, words, answer) => { this.#call(command, words, answer); },
      children: () => this.#children.pids(),
    });
    process.on('SIGHUP', () => { this.#reload(); });
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => { void this.#stop(); });
    const patience = watchdogUsec === null ? PATIENCE_MSEC : Math.max(watchdogUsec / 1000, PINGS_PER_PATIENCE);
    const pings = setInterval(() => { this.#ping(); }, patience / PINGS_PER_PATIENCE);
    this.#load((loaded) => { this.#begin(loaded); });
    const status = await ended;
    clearInterval(pings);
    server?.close();
    this.#pipes.closeAll();
    return status;
  }

  /** Reads the script into a worker of its own. @param onLoaded called when its text was understood */
  #load(onLoaded: (loaded: Loaded) => void): void {
    const { file } = this.#options;
    let text: string;
    try {
      text = readFileSync(file, 'utf8');
    } catch (error) {
      this.#failed(null, `${file} cannot be read: ${(error as Error).message}`);
      return;
    }
    const start: ScriptStart = { file, text, language: languageOf(file, text), latched: [...this.#latched] };
    const worker = new Worker(process.argv[1] ?? '', { workerData: start, execArgv: [], env: {}, resourceLimits: { maxOldGenerationSizeMb: SCRIPT_HEAP_MB } });
    const loaded: Loaded = { worker, ready: false, asked: false, over: false };
    worker.on('message', (message: FromScript) => {
      if (loaded.over) return;
      if (message.kind === 'loaded') onLoaded(loaded);
      else if (message.kind === 'ended') this.#failed(loaded, message.error);
      else if (message.kind === 'log') this.#say(message.text);
      else if (loaded === this.#current) this.#hear(loaded, message);
    });
    worker.on('error', (error: NodeJS.ErrnoException) => {
      this.#failed(loaded, error.code === 'ERR_WORKER_OUT_OF_MEMORY' ? `${file}: the script needs more than ${String(SCRIPT_HEAP_MB)} MB` : error.message);
    });
    worker.on('exit', () => { this.#failed(loaded, `${file}: the script ended without a word`); });
  }

  /** The text was understood: what ran before gives way. */
  #begin(loaded: Loaded): void {
    const before = this.#current;
    this.#current = loaded;
    this.#children.release();
    for (const [, answer] of this.#calls) answer({ error: 'the script is loaded anew' });
    this.#calls.clear();
    if (before !== null) {
      before.over = true;
      void before.worker.terminate();
    }
    loaded.worker.postMessage({ kind: 'go' } satisfies ToScript);
    setTimeout(() => { if (this.#current === loaded) this.#children.endUnwanted(); }, ADOPTION_MSEC).unref();
  }

  #reload(): void {
    if (this.#stopping) return;
    this.#options.manager.tell(`RELOADING=1\nMONOTONIC_USEC=${String(process.hrtime.bigint() / 1000n)}`);
    this.#load((loaded) => { this.#begin(loaded); });
  }

  /** A script is over: with all of its children when it is the one that runs, else nothing changes. */
  #failed(loaded: Loaded | null, error: string | null): void {
    const { manager } = this.#options;
    if (loaded?.over === true) return;
    if (loaded !== null) {
      loaded.over = true;
      void loaded.worker.terminate();
    }
    if (error !== null) this.#say(error);
    if (this.#current !== null && loaded !== this.#current) {
      manager.tell(`STATUS=not loaded anew: ${error ?? 'it ended'}\nREADY=1`);
      return;
    }
    if (this.#stopping) return;
    this.#stopping = true;
    manager.tell(`STOPPING=1\nSTATUS=${error ?? 'the script is over'}`);
    for (const [, answer] of this.#calls) answer({ error: error ?? 'the script is over' });
    this.#calls.clear();
    this.#children.signalAll('SIGKILL');
    void this.#children.allEnded().then(() => { this.#finish(error === null ? 0 : 1); });
  }

  /** Politely: who does not care is killed by the manager when its patience is over. */
  async #stop(): Promise<void> {
    if (this.#stopping) return;
    this.#stopping = true;
    this.#options.manager.tell('STOPPING=1');
    if (this.#current !== null) {
      this.#current.over = true;
      await this.#current.worker.terminate();
    }
    this.#children.signalAll('SIGTERM');
    await this.#children.allEnded();
    this.#finish(0);
  }

  #hear(loaded: Loaded, message: FromScript): void {
    switch (message.kind) {
      case 'ready':
        loaded.ready = true;
        this.#options.manager.tell('READY=1\nSTATUS=the script runs');
        for (const waiting of this.#onReady.splice(0)) waiting();
        return;
      case 'spawn':
        this.#children.start(message.id, message.spec);
        return;
      case 'signal':
        this.#children.signal(message.id, message.signal);
        return;
      case 'pipe':
        this.#try(() => { this.#pipes.make(message.name); });
        return;
      case 'write':
        this.#pipes.write(message.pipe, Buffer.from(message.bytes, 'latin1'), (error) => { this.#tell({ kind: 'done', id: message.id, error, value: '' }); });
        return;
      case 'latch':
        if (message.on) this.#latched.add(message.event);
        else this.#latched.delete(message.event);
        return;
      case 'watch':
        this.#watch(message.id, message.path);
        return;
      case 'unit':
        void steerUnit(message.verb, message.unit).then(({ error, value }) => { this.#tell({ kind: 'done', id: message.id, error, value }); });
        return;
      case 'reply':
        this.#calls.get(message.call)?.({ reply: message.fields });
        return;
      case 'returned':
        this.#calls.get(message.call)?.(message.error === null ? { ok: true } : { error: message.error });
        this.#calls.delete(message.call);
        return;
      case 'pong':
        loaded.asked = false;
        return;
      case 'loaded':
      case 'ended':
      case 'log':
        return;
    }
  }

  /** Commands wait until the main thread does. */
  #call(command: string, words: readonly string[], answer: (answer: CallAnswer) => void): void {
    const pass = (): void => {
      const call = this.#nextCall++;
      this.#calls.set(call, answer);
      this.#tell({ kind: 'call', call, command, words });
    };
    if (this.#stopping) answer({ error: 'the script is ending' });
    else if (this.#current?.ready === true) pass();
    else this.#onReady.push(pass);
  }

  /** A script that has not answered since the last time but three is not waiting: it loops. */
  #missed = 0;
  #ping(): void {
    const loaded = this.#current;
    if (loaded === null || this.#stopping) return;
    this.#missed = loaded.asked ? this.#missed + 1 : 0;
    if (this.#missed < PINGS_PER_PATIENCE - 1) this.#options.manager.tell('WATCHDOG=1');
    if (this.#missed >= PINGS_PER_PATIENCE) {
      this.#failed(loaded, `${this.#options.file}: the script does not come back: it loops without waiting for anything`);
      return;
    }
    loaded.asked = true;
    this.#tell({ kind: 'ping' });
  }

  #watch(id: number, path: string): void {
    this.#try(() => {
      // The directory, because editors put a new file in the place of the old one.
      const name = path.slice(path.lastIndexOf('/') + 1);
      const watcher = watch(dirname(path), { persistent: false }, (_, changed) => {
        if (changed !== null && changed !== name) return;
        watcher.close();
        this.#tell({ kind: 'done', id, error: null, value: '' });
      });
      watcher.on('error', (error) => { this.#tell({ kind: 'done', id, error: error.message, value: '' }); });
    }, (error) => { this.#tell({ kind: 'done', id, error, value: '' }); });
  }

  #try(body: () => void, onError: (error: string) => void = (error) => { this.#say(error); }): void {
    try {
      body();
    } catch (error) {
      onError((error as Error).message);
    }
  }

  #descriptorOf(stream: StreamRef): number | null {
    if ('pipe' in stream) return this.#pipes.end(stream.pipe, stream.end);
    const at = this.#listeners.indexOf(stream.listener);
    return at < 0 ? null : LISTEN_FDS_START + at;
  }

  #tell(message: ToScript): void {
    this.#current?.worker.postMessage(message);
  }

  #say(text: string): void {
    process.stderr.write(`${text}\n`);
  }
}

/** The names of the sockets this unit was activated with, in the order of their descriptors. */
function listenNames(): readonly string[] {
  const { LISTEN_FDS: count = '0', LISTEN_PID: pid = '', LISTEN_FDNAMES: names = '' } = process.env;
  if (Number(pid) !== process.pid) return [];
  const given = names.split(':');
  return Array.from({ length: Number(count) }, (_, i) => given[i] ?? 'unknown');
}
