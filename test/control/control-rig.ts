/**
 * The control server on real sockets, over a simulated manager: the state machine and the processes are those of the simulation, the
 * poll set, the sockets and the credentials are the kernel's.
 */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Fd, RequestId, UnitName } from '../../src/base/brand.ts';
import { getEntry } from '../../src/base/persistent-map.ts';
import type { AccessPolicy } from '../../src/control/access.ts';
import { decodeMessage, type Incoming } from '../../src/control/message.ts';
import type { Change, LogLevel, Reply } from '../../src/core/manager/effect.ts';
import type { UnitDefinition } from '../../src/core/unit/definition.ts';
import { ControlServer } from '../../src/host/control-server/control-server.ts';
import type { UnstampedEvent } from '../../src/core/manager/event.ts';
import { Drills } from '../../src/host/faults/drills.ts';
import type { Engine, LoadOutcome, SourcePriority } from '../../src/host/engine.ts';
import { loadNative } from '../../src/host/load-native.ts';
import { PollSet } from '../../src/host/poll-set.ts';
import { missing } from '../../src/sim/definitions.ts';
import { SimulatedKernel, type SimulationOptions } from '../../src/sim/kernel.ts';

export interface LoggedLine {
  readonly level: LogLevel;
  readonly message: string;
  readonly fields: Readonly<Record<string, string | number>>;
}

const native = loadNative();
const poll = new PollSet(native);
const turnEnds = new Set<() => void>();
poll.start({ onTimer: () => undefined, onWakeUp: () => undefined, onSourceError: (error) => { throw error; } });

export interface ControlRig {
  readonly engine: Engine;
  readonly kernel: SimulatedKernel;
  readonly server: ControlServer;
  readonly socketPath: string;
  readonly log: readonly LoggedLine[];
  /** Lets virtual time pass and delivers what happened. */
  run(usec: number): void;
  client(): Promise<TestClient>;
  close(): void;
}

export interface RigOptions extends SimulationOptions {
  readonly units: readonly UnitDefinition[];
  /** Definitions that are on disk but not loaded. */
  readonly onDisk?: readonly UnitDefinition[];
  readonly policy?: AccessPolicy;
}

export function openControlRig(options: RigOptions): ControlRig {
  const kernel = new SimulatedKernel(options);
  kernel.boot(options.units);
  const log: LoggedLine[] = [];
  const callbacks = new Map<RequestId, (reply: Reply) => void>();
  const listeners = new Set<(change: Change) => void>();
  const directory = mkdtempSync(join(tmpdir(), 'heartwood-control-'));
  const clock = (): ReturnType<Engine['now']> => ({ monotonicUsec: kernel.nowUsec as never, realtimeUsec: (1_700_000_000_000_000 + kernel.nowUsec) as never });
  let nextId = 1000;
  const settle = (): void => {
    for (const [id, reply] of [...kernel.replies]) {
      const callback = callbacks.get(id);
      if (callback === undefined) continue;
      callbacks.delete(id);
      kernel.replies.delete(id);
      callback(reply);
    }
  };
  const feed = (event: UnstampedEvent): void => {
    // As the engine does it: never inside the caller.
    setImmediate(() => {
      kernel.feed({ ...event, ...clock() });
      settle();
      for (const end of [...turnEnds]) end();
    });
  };
  const engine: Engine = {
    facts: { mode: 'container', version: '0.0.0-test', runtimeDirectory: directory, logDirectory: directory, logLevel: 'info', logTarget: 'auto', unitPath: ['/sim'], cgroupRoot: null },
    native,
    log: { write: (level, _unit, message, fields = {}) => { log.push({ level, message, fields }); } },
    state: () => kernel.state,
    now: clock,
    submit: feed,
    nextRequestId: () => nextId++ as RequestId,
    onReply: (id, callback) => { callbacks.set(id, callback); },
    serviceMounts: { isApart: () => false, bind: () => undefined },
    noteAskedDeath: () => undefined, armFault: () => false,
    drills: new Drills({ signal: () => 0, mainPidOf: () => null, processesOf: () => [], logdPid: () => null, limitMemory: () => '' }),
    isAwaited: (id) => callbacks.has(id),
    dropRequest: (id) => {
      callbacks.delete(id);
      feed({ event: 'request-dropped', id });
    },
    subscribe: (listener) => {
      listeners.add(listener);
      return () => { listeners.delete(listener); };
    },
    fds: { add: () => undefined, close: () => undefined },
    onTurnEnd: (listener) => {
      turnEnds.add(listener);
      return () => { turnEnds.delete(listener); };
    },
    changedOnDisk: () => false,
    loadUnits: (names: readonly UnitName[]): LoadOutcome => {
      const fresh = names.filter((name) => getEntry(kernel.state.units, name) === undefined)
        .map((name) => options.onDisk?.find((definition) => definition.name === name) ?? missing(name));
      if (fresh.length > 0) feed({ event: 'definitions', reload: false, definitions: fresh });
      return { names, isNew: fresh.length > 0 };
    },
    reloadDefinitions: (submitted) => {
      submitted?.();
      feed({ event: 'definitions', reload: true, definitions: options.units });
    },
    environmentOf: () => ({ ok: true, lower: new Map([['LANG', 'C']]), upper: new Map([['WORD', 'a b']]) }),
    processesOf: (unit: UnitName) => [...kernel.processes.values()].filter((process) => process.unit === unit).map((process) => process.pid),
    userOf: () => ({ uid: null, gid: null }),
    controlGroupOf: () => null,
    watch: (fd: Fd, events: number, callback: (ready: number) => void, priority: SourcePriority = 'control') => {
      assert.equal(poll.add(fd, events, callback, priority), 0);
    },
    rewatch: (fd: Fd, events: number) => { poll.modify(fd, events); },
    unwatch: (fd: Fd) => { poll.remove(fd); },
  };

  const socketPath = join(directory, 'control');
  const server = new ControlServer(engine, { socketPath, policy: options.policy ?? { ownUid: process.getuid?.() ?? 0, rules: [] } });
  assert.equal(server.start(), null);
  const clients: TestClient[] = [];
  return {
    engine, kernel, server, socketPath, log,
    run: (usec) => {
      kernel.run(usec);
      settle();
    },
    client: async () => {
      const client = await TestClient.connect(socketPath);
      clients.push(client);
      return client;
    },
    close: () => {
      for (const client of clients) client.end();
      server.stop();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

/** Ends the poll set, which alone would keep the test process alive. */
export function endPoll(): void {
  process.exitCode ??= 0;
  setImmediate(() => { process.exit(); });
}

/** A client that says exactly what the test says. */
export class TestClient {
  readonly socket: Socket;
  readonly messages: Incoming[] = [];
  closed = false;
  #text = '';
  #wake: (() => void) | null = null;
  #nextId = 1;

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.setEncoding('utf8');
    socket.on('data', (text: string) => {
      this.#text += text;
      const lines = this.#text.split('\n');
      this.#text = lines.pop() ?? '';
      for (const line of lines) this.messages.push(decodeMessage(line));
      this.#wake?.();
    });
    socket.on('error', () => undefined);
    socket.on('close', () => {
      this.closed = true;
      this.#wake?.();
    });
  }

  static connect(path: string): Promise<TestClient> {
    return new Promise((resolve, reject) => {
      const socket = connect(path);
      socket.once('connect', () => { resolve(new TestClient(socket)); });
      socket.once('error', reject);
    });
  }

  write(text: string): void {
    this.socket.write(text);
  }

  async hello(): Promise<this> {
    await this.ask('hello', { protocol: 1 });
    return this;
  }

  send(method: string, params: unknown = {}): number {
    const id = this.#nextId++;
    this.write(`${JSON.stringify({ jsonrpc: '2.0', id, method, params })}\n`);
    return id;
  }

  /** The answer to a request: its result or error. */
  async ask(method: string, params: unknown = {}): Promise<Incoming> {
    const id = this.send(method, params);
    return this.until((message) => (message.kind === 'result' || message.kind === 'error') && message.id === id);
  }

  async result<T>(method: string, params: unknown = {}): Promise<T> {
    const answer = await this.ask(method, params);
    assert.equal(answer.kind, 'result', JSON.stringify(answer));
    return (answer as { readonly result: T }).result;
  }

  /** The first message the test accepts, seen or to come. Fails when the connection ends without one. */
  async until(accepts: (message: Incoming) => boolean): Promise<Incoming> {
    for (;;) {
      const found = this.messages.find(accepts);
      if (found !== undefined) return found;
      assert.equal(this.closed, false, `the connection ended; it said ${JSON.stringify(this.messages)}`);
      await new Promise<void>((resolve) => { this.#wake = resolve; });
    }
  }

  async untilClosed(): Promise<void> {
    while (!this.closed) await new Promise<void>((resolve) => { this.#wake = resolve; });
  }

  end(): void {
    this.socket.destroy();
  }
}

/** Runs a command line in the manager and collects its text. */
export async function runCli(client: TestClient, argv: readonly string[], params: Readonly<Record<string, unknown>> = {}): Promise<{ readonly exit: number; readonly out: string; readonly err: string }> {
  const before = client.messages.length;
  const { exit } = await client.result<{ exit: number }>('cli', { argv, ...params });
  let out = '';
  let err = '';
  for (const message of client.messages.slice(before)) {
    if (message.kind !== 'request' || message.method !== 'output') continue;
    const { stream, text } = message.params as { stream: number; text: string };
    if (stream === 1) out += text;
    else err += text;
  }
  return { exit, out, err };
}
