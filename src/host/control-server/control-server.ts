/**
 * The control socket: accepts clients, reads their requests, hands them to the dispatcher and sends the answers.
 *
 * All sockets sit in the manager's one poll set; nothing blocks and nothing is awaited. Each turn takes a bounded amount of work
 * from each client; what is left is done in later turns, with everything else in between.
 */
import type { Fd } from '../../base/brand.ts';
import { isPrivileged, type AccessPolicy } from '../../control/access.ts';
import type { Failure } from '../../control/error-codes.ts';
import {
  ACCEPTS_PER_TURN, CLIENTS_MAX, CLIENTS_PER_UID_MAX, CLIENTS_RESERVED, REQUESTS_IN_FLIGHT_MAX, REQUESTS_PER_TURN,
} from '../../control/limits.ts';
import { decodeMessage, encodeError, encodeRequest, encodeResult, PROTOCOL, PROTOCOL_OLDEST, type MessageId } from '../../control/message.ts';
import { isMethod, PARAMS, type Method, type Params } from '../../control/requests.ts';
import { matchesGlob } from '../../control/glob.ts';
import { monotonicMsec } from '../clock.ts';
import { POLL_IN, type Engine } from '../engine.ts';
import type { LogTail } from '../../initctl/verbs.ts';
import { Command } from './command.ts';
import { Connection, type ConnectionOwner, type Peer } from './connection.ts';
import { Dispatcher, type Outcome } from './dispatcher.ts';

export interface ControlServerOptions {
  readonly socketPath: string;
  readonly policy: AccessPolicy;
}

/** Everybody may connect; what they may ask is decided by who they are. Who must not even read is kept out by the folder's mode. */
const SOCKET_MODE = 0o666;
const BACKLOG = 128;
/** Time for requests in one turn before the rest of the manager gets its chance. */
const SLICE_MSEC = 8;
/** accept(2) fails like this when the manager is out of fds: the socket is looked at again after a pause, not in a tight loop. */
const ACCEPT_PAUSE_MSEC = 200;

/** The line a client sends to the log's own socket for the lines below a status. */
function logQuery(tail: LogTail, { colour, stdoutTty }: Params<'cli'>): string {
  return JSON.stringify({ units: [tail.unit], lines: tail.lines, output: tail.output, colour, escape: stdoutTty || tail.output !== 'cat', ...(tail.invocationId === null ? {} : { invocationId: tail.invocationId }) });
}

interface Client {
  readonly connection: Connection;
  /** Lines read and not yet handled. */
  backlog: string[];
  readonly commands: Set<Command>;
  readonly cancels: Set<() => void>;
  unsubscribe: (() => void) | null;
}

export class ControlServer implements ConnectionOwner {
  readonly #engine: Engine;
  readonly #options: ControlServerOptions;
  readonly #dispatcher: Dispatcher;
  readonly #clients = new Map<Connection, Client>();
  #listener: Fd | null = null;
  #deadlineTimer: NodeJS.Timeout | null = null;
  #deadlineMsec = Infinity;
  #pendingWork = false;

  constructor(engine: Engine, options: ControlServerOptions) {
    this.#engine = engine;
    this.#options = options;
    this.#dispatcher = new Dispatcher(engine, options.policy);
  }

  /** @param inherited a listening socket kept over a re-exec; null makes a new one @returns the errno when there can be no socket */
  start(inherited: Fd | null = null): string | null {
    const listener = inherited ?? this.#engine.native.unixListen(this.#options.socketPath, SOCKET_MODE, BACKLOG);
    if (typeof listener === 'string') return listener;
    this.#listener = listener;
    this.#engine.watch(listener, POLL_IN, () => {
      this.#accept();
    });
    return null;
  }

  /** The listening socket, for the table of fds that live through a re-exec. */
  get listener(): Fd | null {
    return this.#listener;
  }

  get clientCount(): number {
    return this.#clients.size;
  }

  stop(): void {
    for (const connection of [...this.#clients.keys()]) connection.close();
    if (this.#listener !== null) {
      this.#engine.unwatch(this.#listener);
      this.#engine.native.close(this.#listener);
      this.#listener = null;
    }
    if (this.#deadlineTimer !== null) clearTimeout(this.#deadlineTimer);
    this.#deadlineTimer = null;
  }

  onLines(connection: Connection, lines: readonly string[]): void {
    const client = this.#clients.get(connection);
    if (client === undefined) return;
    for (const line of lines) client.backlog.push(line);
    this.#work(client);
  }

  onDrained(connection: Connection): void {
    const client = this.#clients.get(connection);
    if (client !== undefined) for (const command of client.commands) command.resume();
  }

  onClosed(connection: Connection): void {
    const client = this.#clients.get(connection);
    if (client === undefined) return;
    this.#clients.delete(connection);
    client.backlog = [];
    client.unsubscribe?.();
    for (const command of client.commands) command.abandon();
    for (const cancel of client.cancels) cancel();
    this.#armDeadline();
  }

  #accept(): void {
    const { native, log } = this.#engine;
    for (let i = 0; i < ACCEPTS_PER_TURN && this.#listener !== null; i++) {
      const fd = native.accept(this.#listener);
      if (typeof fd === 'string') {
        if (fd === 'EMFILE' || fd === 'ENFILE' || fd === 'ENOMEM' || fd === 'ENOBUFS') this.#pauseAccepting(fd);
        break;
      }
      const peer = native.peerCredentials(fd);
      if (typeof peer === 'string') {
        native.close(fd);
        continue;
      }
      const connection = new Connection(this.#engine, fd, peer, this, monotonicMsec(native));
      this.#clients.set(connection, { connection, backlog: [], commands: new Set(), cancels: new Set(), unsubscribe: null });
      const refusal = this.#refuseClient(peer);
      if (refusal !== null) connection.dismiss({ name: 'too-many-clients', message: refusal });
      else log.write('debug', '', 'control client connected', { uid: peer.uid, pid: peer.pid });
    }
    this.#armDeadline();
  }

  /** The new client is counted already. */
  #refuseClient(peer: Peer): string | null {
    if (this.#clients.size > CLIENTS_MAX) return `there are ${String(CLIENTS_MAX)} control clients already`;
    if (isPrivileged(this.#options.policy, peer.uid)) return null;
    if (this.#clients.size > CLIENTS_MAX - CLIENTS_RESERVED) return 'the remaining connections are kept for the administrator';
    let own = 0;
    for (const other of this.#clients.keys()) if (other.peer.uid === peer.uid) own++;
    return own > CLIENTS_PER_UID_MAX ? `user ${String(peer.uid)} has ${String(CLIENTS_PER_UID_MAX)} control clients already` : null;
  }

  #pauseAccepting(errno: string): void {
    const listener = this.#listener as Fd;
    this.#engine.log.write('err', '', `no control client can be accepted: ${errno}`);
    this.#engine.rewatch(listener, 0);
    setTimeout(() => {
      if (this.#listener === listener) this.#engine.rewatch(listener, POLL_IN);
    }, ACCEPT_PAUSE_MSEC).unref();
  }

  /** Handles waiting lines of one client within the bounds of a turn; asks for another turn when some are left. */
  #work(client: Client): void {
    const { connection } = client;
    const endMsec = monotonicMsec(this.#engine.native) + SLICE_MSEC;
    let handled = 0;
    while (handled < client.backlog.length && connection.isOpen) {
      if (handled >= REQUESTS_PER_TURN || monotonicMsec(this.#engine.native) > endMsec) break;
      this.#handleLine(client, client.backlog[handled++] as string);
    }
    client.backlog.splice(0, handled);
    if (client.backlog.length > 0 && connection.isOpen) {
      connection.pause();
      this.#askForTurn();
    } else if (connection.isOpen) {
      connection.resume();
    }
    this.#armDeadline();
  }

  #askForTurn(): void {
    if (this.#pendingWork) return;
    this.#pendingWork = true;
    setImmediate(() => {
      this.#pendingWork = false;
      for (const client of [...this.#clients.values()]) if (client.backlog.length > 0) this.#work(client);
    });
  }

  #handleLine(client: Client, line: string): void {
    const { connection } = client;
    if (line === '') return;
    const message = decodeMessage(line);
    if (message.kind === 'malformed') {
      if (message.id !== null) connection.send(encodeError(message.id, message.failure));
      connection.dismiss(message.failure);
      return;
    }
    if (message.kind !== 'request') {
      connection.dismiss({ name: 'invalid-request', message: 'the manager asks nothing and takes no answers' });
      return;
    }
    const { id } = message;
    const fail = (failure: Failure): void => {
      if (id !== null) connection.send(encodeError(id, failure));
    };
    if (!isMethod(message.method)) {
      if (connection.greeted) fail({ name: 'method-not-found', message: `there is no method "${message.method.slice(0, 64)}"` });
      else connection.dismiss({ name: 'hello-expected', message: 'the first message must be hello' });
      return;
    }
    const checked = PARAMS[message.method](message.params, 'params');
    if (!checked.ok) {
      if (connection.greeted) fail({ name: 'invalid-params', message: checked.message });
      else connection.dismiss({ name: 'hello-expected', message: `the first message must be a valid hello: ${checked.message}` });
      return;
    }
    if (!connection.greeted && message.method !== 'hello') {
      connection.dismiss({ name: 'hello-expected', message: 'the first message must be hello' });
      return;
    }
    this.#handle(client, id, message.method, checked.value);
  }

  #handle<M extends Method>(client: Client, id: MessageId | null, method: M, params: Params<M>): void {
    const { connection } = client;
    const answer = (outcome: Outcome<Method>): void => {
      if (id === null || !connection.isOpen) return;
      connection.send(outcome.ok ? encodeResult(id, outcome.value) : encodeError(id, outcome.failure));
    };
    switch (method) {
      case 'hello': {
        const { protocol } = params as Params<'hello'>;
        if (protocol < PROTOCOL_OLDEST) {
          connection.dismiss({ name: 'protocol-unsupported', message: `protocol ${String(protocol)} is not spoken here, only ${String(PROTOCOL_OLDEST)} to ${String(PROTOCOL)}` });
          return;
        }
        connection.greeted = true;
        answer({ ok: true, value: { protocol: Math.min(protocol, PROTOCOL), version: this.#engine.facts.version, mode: this.#engine.facts.mode, pid: process.pid } });
        return;
      }
      case 'interrupt':
        for (const command of client.commands) command.interrupt();
        answer({ ok: true, value: {} });
        return;
      case 'subscribe':
        this.#subscribe(client, params as Params<'subscribe'>);
        answer({ ok: true, value: {} });
        return;
      case 'cli':
        if (this.#mayBegin(client, answer)) this.#runCommand(client, params as Params<'cli'>, answer);
        return;
      default: {
        if (!this.#mayBegin(client, answer)) return;
        connection.inFlight++;
        let cancel: (() => void) | null = null;
        const progress = { answered: false };
        cancel = this.#dispatcher.perform(connection.peer, method, params, (outcome) => {
          progress.answered = true;
          connection.inFlight--;
          if (cancel !== null) client.cancels.delete(cancel);
          answer(outcome);
          this.#armDeadline();
        });
        if (cancel !== null && !progress.answered) client.cancels.add(cancel);
      }
    }
  }

  #mayBegin(client: Client, answer: (outcome: Outcome<Method>) => void): boolean {
    if (client.connection.inFlight < REQUESTS_IN_FLIGHT_MAX) return true;
    answer({ ok: false, failure: { name: 'too-many-requests', message: `${String(REQUESTS_IN_FLIGHT_MAX)} requests of this client are not answered yet` } });
    return false;
  }

  #runCommand(client: Client, params: Params<'cli'>, answer: (outcome: Outcome<Method>) => void): void {
    const { connection } = client;
    connection.inFlight++;
    const command = new Command({
      engine: this.#engine,
      dispatcher: this.#dispatcher,
      peer: connection.peer,
      params,
      output: {
        get isBacklogged() {
          return connection.isBacklogged;
        },
        write: (stream, text) => {
          connection.send(encodeRequest(null, 'output', { stream, text }));
        },
        tail: (tail) => {
          connection.send(encodeRequest(null, 'log', { socket: `${this.#engine.facts.runtimeDirectory}/log`, query: logQuery(tail, params) }));
        },
      },
      onEnd: (outcome) => {
        connection.inFlight--;
        client.commands.delete(command);
        answer(outcome);
        this.#armDeadline();
      },
    });
    client.commands.add(command);
    command.resume();
  }

  #subscribe(client: Client, params: Params<'subscribe'>): void {
    client.unsubscribe?.();
    client.connection.subscribed = true;
    const wanted = (unit: string): boolean => params.units.length === 0 || params.units.some((pattern) => matchesGlob(pattern, unit));
    client.unsubscribe = this.#engine.subscribe((change) => {
      if (change.change !== 'unit' && !params.jobs) return;
      if (wanted(change.unit)) client.connection.send(encodeRequest(null, 'change', change));
    });
  }

  /** One timer for all clients, none when nothing is expected of anybody: an idle manager must not wake up. */
  #armDeadline(): void {
    let due = Infinity;
    for (const connection of this.#clients.keys()) due = Math.min(due, connection.deadlineMsec());
    // A deadline that moved away is found out when the old one comes: no timer is made anew for each request.
    if (due >= this.#deadlineMsec && due !== Infinity) return;
    if (this.#deadlineTimer !== null) clearTimeout(this.#deadlineTimer);
    this.#deadlineTimer = null;
    this.#deadlineMsec = due;
    if (due === Infinity) return;
    this.#deadlineTimer = setTimeout(() => {
      this.#deadlineTimer = null;
      this.#deadlineMsec = Infinity;
      const now = monotonicMsec(this.#engine.native);
      for (const connection of [...this.#clients.keys()]) connection.checkDeadline(now);
      this.#armDeadline();
    }, Math.max(1, due - monotonicMsec(this.#engine.native)));
    this.#deadlineTimer.unref();
  }
}
