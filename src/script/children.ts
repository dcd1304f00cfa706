/** The programs a script runs: started by the host, waited for by one thread of the script each. */
import { spawn, type ChildProcess } from 'node:child_process';
import { constants } from 'node:os';
import { findAccount } from './account.ts';
import type { ChildSpec, StreamRef } from './port.ts';

/** As for a shell: a program ended by signal n has the status 128 + n. */
const SIGNAL_BASE = 128;
/** What `run` gives for a program that could not be executed. */
const NOT_STARTED = 1;
/** Children a script can have at a time: more is a fork bomb. */
const CHILDREN_MAX = 1_000;
/** A child that the newly loaded script does not want any more gets this long from TERM to KILL. */
const UNWANTED_KILL_MSEC = 10_000;

/** What is the host's own affair. */
const HOST_VARIABLES = ['NOTIFY_SOCKET', 'WATCHDOG_PID', 'WATCHDOG_USEC', 'LISTEN_FDS', 'LISTEN_PID', 'LISTEN_FDNAMES', 'HEARTWOOD_PROGRAM', 'HEARTWOOD_SCRIPT_SOCKET', 'HEARTWOOD_SCRIPT_UP', 'MAINPID'];

interface Child {
  readonly process: ChildProcess;
  readonly key: string;
  /** Who waits in the script; null while a newly loaded script has not asked for it yet. */
  id: number | null;
}

export class Children {
  readonly #children = new Set<Child>();
  readonly #descriptorOf: (stream: StreamRef) => number | null;
  readonly #log: (text: string) => void;
  #onExit: (id: number, status: number) => void = () => undefined;
  #onEmpty: (() => void) | null = null;

  /** @param descriptorOf an open descriptor of this process, or null when there is no such stream */
  constructor(descriptorOf: (stream: StreamRef) => number | null, log: (text: string) => void) {
    this.#descriptorOf = descriptorOf;
    this.#log = log;
  }

  set onExit(callback: (id: number, status: number) => void) {
    this.#onExit = callback;
  }

  /** Process ids, oldest first. */
  pids(): number[] {
    return [...this.#children].flatMap(({ process: { pid } }) => (pid === undefined ? [] : [pid]));
  }

  /** Starts a program, or takes over the equal one that the script before had started. */
  start(id: number, spec: ChildSpec): void {
    const key = JSON.stringify(spec);
    const kept = [...this.#children].find((child) => child.id === null && child.key === key);
    if (kept !== undefined) {
      kept.id = id;
      return;
    }
    const refusal = this.#spawn(id, key, spec);
    if (refusal === null) return;
    this.#log(`${spec.argv[0] ?? ''} is not run: ${refusal}`);
    this.#onExit(id, NOT_STARTED);
  }

  /** @returns null, or why it cannot be run */
  #spawn(id: number, key: string, spec: ChildSpec): string | null {
    const [program, ...words] = spec.argv;
    if (program === undefined) return 'no program is named';
    if (this.#children.size >= CHILDREN_MAX) return `there are ${String(CHILDREN_MAX)} children already`;
    const streams: (number | 'inherit' | 'ignore')[] = [];
    const wanted: readonly (readonly [number, StreamRef | null])[] = [[0, spec.stdin], [1, spec.stdout], [2, spec.stderr], ...spec.fds];
    for (const [at, stream] of wanted) {
      const fd = stream === null ? 'inherit' : this.#descriptorOf(stream);
      if (fd === null) return `its descriptor ${String(at)} is neither a pipe nor a socket of this script`;
      streams[at] = fd;
    }
    for (let at = 0; at < streams.length; at++) streams[at] ??= 'ignore';
    let account: { uid?: number; gid?: number } = {};
    if (spec.user !== null) {
      const found = findAccount(spec.user);
      if (found === null) return `there is no user ${String(spec.user)}`;
      // Both at once make Node drop the supplementary groups first, then set group and user, and refuse when one of them fails.
      if (found.uid !== process.getuid?.() || found.gid !== process.getgid?.()) account = { ...found };
    }
    const environment: Record<string, string | undefined> = { ...process.env, ...spec.environment };
    for (const name of HOST_VARIABLES) if (!(name in spec.environment)) Reflect.deleteProperty(environment, name);
    const child: Child = { process: spawn(program, words, { cwd: spec.directory, env: environment, stdio: streams, ...account }), key, id };
    this.#children.add(child);
    child.process.once('error', (error: NodeJS.ErrnoException) => {
      if (child.process.pid !== undefined) return;
      this.#log(`${program} is not run: ${error.code ?? error.message}`);
      this.#end(child, NOT_STARTED);
    });
    child.process.once('exit', (code, signal) => { this.#end(child, code ?? SIGNAL_BASE + (signal === null ? 0 : constants.signals[signal])); });
    return null;
  }

  signal(id: number, signal: string): void {
    for (const child of this.#children) if (child.id === id) child.process.kill(`SIG${signal}` as NodeJS.Signals);
  }

  signalAll(signal: 'SIGTERM' | 'SIGKILL'): void {
    for (const child of this.#children) child.process.kill(signal);
  }

  /** The script is to be loaded anew: nobody waits for its children now. */
  release(): void {
    for (const child of this.#children) child.id = null;
  }

  /** What the new script did not ask for ends. */
  endUnwanted(): void {
    for (const child of this.#children) {
      if (child.id !== null) continue;
      child.process.kill('SIGTERM');
      setTimeout(() => { if (child.id === null && this.#children.has(child)) child.process.kill('SIGKILL'); }, UNWANTED_KILL_MSEC).unref();
    }
  }

  /** Resolves when there is no child. */
  async allEnded(): Promise<void> {
    if (this.#children.size > 0) await new Promise<void>((resolve) => { this.#onEmpty = resolve; });
  }

  #end(child: Child, status: number): void {
    if (!this.#children.delete(child)) return;
    if (child.id !== null) this.#onExit(child.id, status);
    if (this.#children.size === 0) this.#onEmpty?.();
  }
}
