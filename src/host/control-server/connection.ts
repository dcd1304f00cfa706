/**
 * One client: its bytes in and out, bounded both ways, and the deadlines it must keep.
 *
 * Nothing here waits. A client that cannot be written to has its answers queued up to a bound; one that is asked to leave gets the
 * reason as its last message and is closed when that is written or cannot be.
 */
import type { Fd } from '../../base/brand.ts';
import type { Failure } from '../../control/error-codes.ts';
import { LineSplitter } from '../../control/line-splitter.ts';
import {
  HELLO_TIMEOUT_MSEC, IDLE_TIMEOUT_MSEC, LINE_TIMEOUT_MSEC, OUTPUT_BYTES_MAX, OUTPUT_HIGH_WATER_BYTES, READ_BYTES_PER_TURN,
  SEND_TIMEOUT_MSEC,
} from '../../control/limits.ts';
import { encodeError } from '../../control/message.ts';
import { monotonicMsec } from '../clock.ts';
import { POLL_IN, POLL_OUT, type Engine } from '../engine.ts';

export interface Peer {
  readonly uid: number;
  readonly gid: number;
  readonly pid: number;
}

export interface ConnectionOwner {
  /** Whole lines in order. Called again only when all were taken. */
  onLines(connection: Connection, lines: readonly string[]): void;
  /** Waiting output fell below the high-water mark. */
  onDrained(connection: Connection): void;
  /** The fd is closed; the connection is not used any more. */
  onClosed(connection: Connection): void;
}

/** One buffer for all clients: it is read from before anybody else runs. */
const READ_BUFFER = new Uint8Array(64 << 10);
/** How long the last message may take to leave. */
const FAREWELL_MSEC = 1_000;
const encoder = new TextEncoder();

export class Connection {
  readonly peer: Peer;
  /** Requests not yet answered, commands included. */
  inFlight = 0;
  greeted = false;
  subscribed = false;
  readonly #engine: Engine;
  readonly #fd: Fd;
  readonly #owner: ConnectionOwner;
  readonly #splitter = new LineSplitter();
  readonly #openedMsec: number;
  #out: Uint8Array[] = [];
  #outBytes = 0;
  #state: 'open' | 'leaving' | 'closed' = 'open';
  #paused = false;
  #events = POLL_IN;
  #lastReceivedMsec: number;
  #lineBegunMsec: number | null = null;
  #stalledSinceMsec: number | null = null;
  #leavingSinceMsec = 0;

  constructor(engine: Engine, fd: Fd, peer: Peer, owner: ConnectionOwner, nowMsec: number) {
    this.#engine = engine;
    this.#fd = fd;
    this.#owner = owner;
    this.peer = peer;
    this.#openedMsec = nowMsec;
    this.#lastReceivedMsec = nowMsec;
    engine.watch(fd, POLL_IN, () => {
      this.#onReady();
    });
  }

  get isOpen(): boolean {
    return this.#state === 'open';
  }

  /** Whether a command should stop printing until the client has read. */
  get isBacklogged(): boolean {
    return this.#outBytes > OUTPUT_HIGH_WATER_BYTES;
  }

  /** Queues a line and sends what the socket takes. A client with too much unread is dropped. */
  send(line: string): void {
    if (this.#state !== 'open') return;
    const bytes = encoder.encode(line);
    if (this.#outBytes + bytes.length > OUTPUT_BYTES_MAX) {
      this.#engine.log.write('warning', '', `control client dropped: ${String(this.#outBytes)} bytes of answers unread`, this.#fields());
      this.close();
      return;
    }
    this.#push(bytes);
    this.#flush();
  }

  /** Tells why, and closes as soon as that is told. */
  dismiss(failure: Failure): void {
    if (this.#state !== 'open') return;
    this.#engine.log.write('notice', '', `control client dropped: ${failure.message}`, { ...this.#fields(), code: failure.name });
    this.#state = 'leaving';
    this.#leavingSinceMsec = monotonicMsec(this.#engine.native);
    this.#push(encoder.encode(encodeError(null, failure)));
    this.#flush();
  }

  /** Stops reading, for a client that asks faster than it is answered. */
  pause(): void {
    this.#paused = true;
    this.#updateEvents();
  }

  resume(): void {
    this.#paused = false;
    this.#updateEvents();
  }

  close(): void {
    if (this.#state === 'closed') return;
    this.#state = 'closed';
    this.#engine.unwatch(this.#fd);
    this.#engine.native.close(this.#fd);
    this.#out = [];
    this.#outBytes = 0;
    this.#owner.onClosed(this);
  }

  /** When something must have happened, on the clock of `monotonicMsec`; Infinity = nothing is expected of the client. */
  deadlineMsec(): number {
    if (this.#state === 'leaving') return this.#leavingSinceMsec + FAREWELL_MSEC;
    let due = Infinity;
    if (!this.greeted) due = this.#openedMsec + HELLO_TIMEOUT_MSEC;
    if (this.#lineBegunMsec !== null) due = Math.min(due, this.#lineBegunMsec + LINE_TIMEOUT_MSEC);
    if (this.#stalledSinceMsec !== null) due = Math.min(due, this.#stalledSinceMsec + SEND_TIMEOUT_MSEC);
    if (this.greeted && this.inFlight === 0 && !this.subscribed) due = Math.min(due, this.#lastReceivedMsec + IDLE_TIMEOUT_MSEC);
    return due;
  }

  /** To be called when the deadline may have passed. */
  checkDeadline(nowMsec: number): void {
    if (this.#state === 'closed' || nowMsec < this.deadlineMsec()) return;
    if (this.#state === 'leaving') {
      this.close();
    } else if (this.#stalledSinceMsec !== null && nowMsec >= this.#stalledSinceMsec + SEND_TIMEOUT_MSEC) {
      // Its buffer is full: no message would arrive.
      this.#engine.log.write('warning', '', 'control client dropped: it does not read its answers', this.#fields());
      this.close();
    } else {
      this.dismiss({ name: 'timed-out', message: this.greeted ? 'nothing was asked for too long' : 'no hello, or an unfinished line, for too long' });
    }
  }

  #onReady(): void {
    this.#flush();
    if (this.#state === 'open' && !this.#paused) this.#read();
  }

  #read(): void {
    const lines: string[] = [];
    let ended = false;
    let tooLong = false;
    for (let taken = 0; taken < READ_BYTES_PER_TURN && !tooLong;) {
      const count = this.#engine.native.receive(this.#fd, READ_BUFFER);
      if (typeof count === 'string') {
        ended = count !== 'EAGAIN' && count !== 'EINTR';
        break;
      }
      if (count === 0) {
        ended = true;
        break;
      }
      taken += count;
      const split = this.#splitter.push(READ_BUFFER.subarray(0, count));
      lines.push(...split.lines);
      tooLong = split.tooLong;
      // A short read means that the socket is empty: no second call to learn that.
      if (count < READ_BUFFER.length) break;
    }
    const now = monotonicMsec(this.#engine.native);
    this.#lastReceivedMsec = now;
    if (this.#splitter.heldBytes === 0) this.#lineBegunMsec = null;
    else if (this.#lineBegunMsec === null || lines.length > 0) this.#lineBegunMsec = now;
    if (lines.length > 0) this.#owner.onLines(this, lines);
    if (tooLong) this.dismiss({ name: 'line-too-long', message: 'a line is longer than a request may be' });
    // A client that has shut down its writing side only still reads its answers; one that is gone cannot be told apart until a
    // write fails. Half-closed clients are not worth holding waiters for.
    else if (ended) this.close();
  }

  #push(bytes: Uint8Array): void {
    this.#out.push(bytes);
    this.#outBytes += bytes.length;
  }

  #flush(): void {
    const wasBacklogged = this.isBacklogged;
    while (this.#out.length > 0) {
      const first = this.#out[0] as Uint8Array;
      const sent = this.#engine.native.send(this.#fd, first);
      if (typeof sent === 'string') {
        if (sent === 'EAGAIN' || sent === 'EINTR') break;
        this.close();
        return;
      }
      this.#stalledSinceMsec = null;
      this.#outBytes -= sent;
      if (sent < first.length) this.#out[0] = first.subarray(sent);
      else this.#out.shift();
    }
    if (this.#out.length > 0) this.#stalledSinceMsec ??= monotonicMsec(this.#engine.native);
    else if (this.#state === 'leaving') {
      this.close();
      return;
    }
    this.#updateEvents();
    if (wasBacklogged && this.#outBytes <= OUTPUT_HIGH_WATER_BYTES) this.#owner.onDrained(this);
  }

  #updateEvents(): void {
    if (this.#state === 'closed') return;
    const events = (this.#state === 'open' && !this.#paused ? POLL_IN : 0) | (this.#out.length > 0 ? POLL_OUT : 0);
    if (events === this.#events) return;
    this.#events = events;
    this.#engine.rewatch(this.#fd, events);
  }

  #fields(): Readonly<Record<string, number>> {
    return { uid: this.peer.uid, pid: this.peer.pid };
  }
}
