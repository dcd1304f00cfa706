/**
 * Asks the probes of services that need no process: connections, HTTP requests, files, and lines by way of logd. Nothing here waits: sockets are in the poll
 * set, and each question has its time.
 */
import { statSync } from 'node:fs';
import type { Errno, Fd } from '../base/brand.ts';
import type { Effect } from '../core/manager/effect.ts';
import type { UnstampedEvent } from '../core/manager/event.ts';
import type { LineQuestion } from '../core/manager/line-questions.ts';
import type { SocketAddress } from '../core/unit/socket.ts';
import { POLL_IN, POLL_OUT } from './engine.ts';
import type { NativeBinding } from './native.ts';
import type { PollSet } from './poll-set.ts';
import { addressBytes, familyOf } from './sockets/address-bytes.ts';

/** socket(2), the same on all of Linux's machines but MIPS, which Node does not run on any more. */
const SOCK_STREAM = 1;

/** Questions on their way at once. Each is a socket of the manager; more than this is a mistake in unit files. */
const OPEN_MAX = 256;

/** Only the first line of an answer counts. */
const ANSWER_BYTES_MAX = 1024;
const STATUS_LINE = /^HTTP\/1\.[01] ([1-5]\d\d)\b/;
const STATUS_MIN = 200;
const STATUS_MAX = 399;

type Question = Extract<Effect, { readonly kind: 'probe' }>;

export interface ProbeRunnerOptions {
  readonly native: NativeBinding;
  readonly poll: PollSet;
  readonly submit: (event: UnstampedEvent) => void;
  /** Who knows the lines that services write. */
  readonly logd: { seek(question: LineQuestion): void };
}

export class ProbeRunner {
  readonly #options: ProbeRunnerOptions;
  #open = 0;

  constructor(options: ProbeRunnerOptions) {
    this.#options = options;
  }

  /** Carries out `probe`. */
  ask(question: Question): void {
    const { check } = question;
    switch (check.kind) {
      case 'log':
        this.#options.logd.seek({ ...question, check });
        return;
      case 'file': {
        const found = exists(check.path);
        this.#answer(question, found, found ? 'the file is there' : `there is no ${check.path}`);
        return;
      }
      case 'connect':
        this.#connect(question, check.address, (_fd, end) => { end(true, 'connected'); });
        return;
      case 'http':
        this.#connect(question, check.address, (fd, end) => { this.#request(fd, check, end); });
    }
  }

  #answer({ unit, token }: Question, holds: boolean, detail: string): void {
    this.#options.submit({ event: 'probe-answer', unit, token, holds, detail });
  }

  #connect(question: Question, address: SocketAddress, then: (fd: Fd, end: (holds: boolean, detail: string) => void) => void): void {
    const { native, poll } = this.#options;
    if (this.#open >= OPEN_MAX) {
      this.#answer(question, false, `${String(OPEN_MAX)} probes are on their way already`);
      return;
    }
    const fd = native.socketOpen(familyOf(address), SOCK_STREAM, 0);
    if (typeof fd === 'string') {
      this.#answer(question, false, fd);
      return;
    }
    this.#open += 1;
    let isOver = false;
    const end = (holds: boolean, detail: string): void => {
      if (isOver) return;
      isOver = true;
      this.#open -= 1;
      clearTimeout(timer);
      poll.remove(fd);
      native.close(fd);
      this.#answer(question, holds, detail);
    };
    const timer = setTimeout(() => { end(false, `no answer within ${String(question.timeoutUsec / 1_000_000)} s`); }, question.timeoutUsec / 1000);
    const connected = native.socketConnect(fd, addressBytes(address));
    // EAGAIN: the queue of a Unix socket is full.
    if (connected === 0) then(fd, end);
    else if (connected === 'EINPROGRESS') this.#await(fd, end, () => { then(fd, end); });
    else end(false, connected);
  }

  #await(fd: Fd, end: (holds: boolean, detail: string) => void, then: () => void): void {
    const { native, poll } = this.#options;
    const watched = poll.add(fd, POLL_OUT, () => {
      poll.remove(fd);
      const error = native.socketError(fd);
      if (error === 0) then();
      else end(false, error);
    }, 'control');
    if (watched !== 0) end(false, watched);
  }

  #request(fd: Fd, { host, path }: { readonly host: string; readonly path: string }, end: (holds: boolean, detail: string) => void): void {
    const { native, poll } = this.#options;
    const request = Buffer.from(`GET ${path} HTTP/1.0\r\nHost: ${host}\r\nUser-Agent: heartwood\r\nConnection: close\r\n\r\n`);
    // An empty queue takes a request of this size whole.
    const sent = native.send(fd, request);
    if (sent !== request.length) {
      end(false, typeof sent === 'string' ? sent : 'the request could not be sent');
      return;
    }
    let answer = '';
    const watched = poll.add(fd, POLL_IN, () => {
      const into = new Uint8Array(ANSWER_BYTES_MAX);
      const bytes: number | Errno = native.receive(fd, into);
      if (bytes === 'EAGAIN') return;
      if (typeof bytes === 'string') {
        end(false, bytes);
        return;
      }
      answer += Buffer.from(into.subarray(0, bytes)).toString('latin1');
      if (bytes > 0 && !answer.includes('\n') && answer.length < ANSWER_BYTES_MAX) return;
      const status = Number(STATUS_LINE.exec(answer)?.[1] ?? NaN);
      if (Number.isNaN(status)) end(false, answer === '' ? 'the connection was closed without an answer' : 'the answer is no HTTP');
      else end(status >= STATUS_MIN && status <= STATUS_MAX, `status ${String(status)}`);
    }, 'control');
    if (watched !== 0) end(false, watched);
  }
}

function exists(path: string): boolean {
  try {
    statSync(path);
    return true;
  } catch {
    return false;
  }
}
