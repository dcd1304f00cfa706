/** The Node client's connection to the manager. */
import { connect, type Socket } from 'node:net';
import type { Answer } from '../../control/answers.ts';
import { errorName, type Failure } from '../../control/error-codes.ts';
import { LineSplitter } from '../../control/line-splitter.ts';
import { decodeMessage, encodeRequest, PROTOCOL } from '../../control/message.ts';
import type { Given, Method } from '../../control/requests.ts';
import type { Reply } from '../verb.ts';

/** An answer may be as long as the manager lets a client have waiting. */
const ANSWER_BYTES_MAX = 16 << 20;
/** The manager answers at once, or it is in trouble: a client should say so instead of hanging. */
const HELLO_TIMEOUT_MSEC = 5_000;

export class ManagerConnection {
  readonly #socket: Socket;
  readonly #waiting = new Map<number, (reply: { readonly ok: true; readonly value: unknown } | { readonly ok: false; readonly failure: Failure }) => void>();
  readonly #splitter = new LineSplitter(ANSWER_BYTES_MAX);
  #nextId = 1;
  #lost: Failure | null = null;
  /** Called once when the manager has gone. */
  onLost: (() => void) | null = null;
  /** Called for each `change` notification about a unit, after `subscribe`. */
  onChange: ((unit: string, change: Readonly<Record<string, unknown>>) => void) | null = null;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('data', (chunk: Buffer) => {
      const { lines, tooLong } = this.#splitter.push(chunk);
      for (const line of lines) this.#onLine(line);
      if (tooLong) this.#lose({ name: 'answer-too-large', message: 'the manager sent a line that is too long' });
    });
    socket.on('error', (error) => { this.#lose({ name: 'internal-error', message: error.message }); });
    socket.on('close', () => { this.#lose({ name: 'internal-error', message: 'the manager ended the conversation' }); });
  }

  /**
   * @param client a word for the manager's log
   * @returns a sentence when no manager answers there
   */
  static async open(path: string, client = 'initctl-node'): Promise<ManagerConnection | string> {
    const socket = connect(path);
    const error = await new Promise<Error | null>((resolve) => {
      socket.once('connect', () => { resolve(null); });
      socket.once('error', resolve);
    });
    if (error !== null) return `no manager answers at ${path}: ${(error as NodeJS.ErrnoException).code ?? error.message}`;
    const connection = new ManagerConnection(socket);
    const timeout = setTimeout(() => { socket.destroy(); }, HELLO_TIMEOUT_MSEC);
    const hello = await connection.request('hello', { protocol: PROTOCOL, client });
    clearTimeout(timeout);
    return hello.ok ? connection : `the manager at ${path} says: ${hello.failure.message}`;
  }

  request<M extends Method>(method: M, params: Given<M>): Promise<Reply<M>> {
    if (this.#lost !== null) return Promise.resolve({ ok: false, failure: this.#lost });
    const id = this.#nextId++;
    return new Promise((resolve) => {
      this.#waiting.set(id, (reply) => { resolve(reply.ok ? { ok: true, value: reply.value as Answer<M> } : reply); });
      this.#socket.write(encodeRequest(id, method, params));
    });
  }

  get isLost(): boolean {
    return this.#lost !== null;
  }

  close(): void {
    this.onLost = null;
    this.#socket.destroy();
  }

  #onLine(line: string): void {
    const message = decodeMessage(line);
    if (message.kind === 'error' && message.id === null) {
      this.#lose({ name: errorName(message.code) ?? 'internal-error', message: message.message });
      return;
    }
    if (message.kind === 'request' && message.method === 'change') {
      const change = message.params as Readonly<Record<string, unknown>>;
      if (typeof change['unit'] === 'string') this.onChange?.(change['unit'], change);
      return;
    }
    if ((message.kind !== 'result' && message.kind !== 'error') || typeof message.id !== 'number') return;
    const resolve = this.#waiting.get(message.id);
    this.#waiting.delete(message.id);
    if (message.kind === 'result') resolve?.({ ok: true, value: message.result });
    else resolve?.({ ok: false, failure: { name: errorName(message.code) ?? 'internal-error', message: message.message, ...(message.unit === null ? {} : { unit: message.unit }) } });
  }

  #lose(failure: Failure): void {
    if (this.#lost !== null) return;
    this.#lost = failure;
    for (const resolve of this.#waiting.values()) resolve({ ok: false, failure });
    this.#waiting.clear();
    this.#socket.destroy();
    this.onLost?.();
  }
}
