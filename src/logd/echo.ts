/**
 * In a container each line also goes to the manager's stdout, as `nginx: text`, where `docker logs` finds it.
 *
 * Whoever reads that stdout may be slow or stuck. The bargain: up to `ECHO_QUEUE_BYTES` wait here; above that the services wait
 * (as they would if they wrote there themselves) for as long as bytes go out at all; when none went out for `ECHO_STALL_MSEC`, lines
 * are dropped instead and counted, and the count is printed when the reader is back. What is stored on disk is not concerned.
 *
 * The fd is shared with others, so its flags are not touched: it is written only when poll says that it takes bytes, and then not more
 * than PIPE_BUF, which cannot block.
 */
import type { Fd } from '../base/brand.ts';
import type { NativeBinding } from '../host/native.ts';
import { ECHO_QUEUE_BYTES, ECHO_STALL_MSEC, ECHO_WRITE_BYTES, LINE_BYTES_MAX } from './limits.ts';
import { readLevelPrefix } from './segment-reader.ts';
import { WRITABLE, type ReadySet } from './ready-set.ts';

const NEWLINE = 10;
const LINE_END = Buffer.from('\n');

export interface EchoOptions {
  readonly native: Pick<NativeBinding, 'write' | 'send'>;
  readonly ready: ReadySet;
  readonly fd: Fd;
  /** There is room again for lines of the services that were told to wait. */
  readonly onRoom: () => void;
}

/** What is known of a stream between two of its chunks. */
export interface EchoStream {
  /** `nginx: `, made once. */
  readonly prefix: Buffer;
  readonly levelPrefix: boolean;
  /** The beginning of a line whose end has not come yet; at most `LINE_BYTES_MAX`. */
  pending: Buffer;
}

/** `name` is the unit's name without `.service`, the type nearly everything has. */
export function makeEchoStream(unit: string, levelPrefix: boolean): EchoStream {
  return { prefix: Buffer.from(`${unit.replace(/\.service$/, '')}: `), levelPrefix, pending: Buffer.alloc(0) };
}

export class Echo {
  readonly #options: EchoOptions;
  #queue: Buffer[] = [];
  #queuedBytes = 0;
  #dropped = 0;
  /** Nobody reads: lines are dropped until something goes out. */
  #isStalled = false;
  #isDead = false;
  #isWaiting = false;
  #stallTimer: NodeJS.Timeout | null = null;
  #awaiting: (() => void)[] = [];

  constructor(options: EchoOptions) {
    this.#options = options;
  }

  /** Services that are echoed should wait: their bytes would be dropped. */
  get isFull(): boolean {
    return this.#queuedBytes >= ECHO_QUEUE_BYTES && !this.#isStalled && !this.#isDead;
  }

  /** Takes bytes of a stream as they came. `bytes` may be overwritten afterwards. */
  feed(stream: EchoStream, bytes: Buffer): void {
    if (this.#isDead) return;
    let start = 0;
    for (let newline = bytes.indexOf(NEWLINE); newline !== -1; newline = bytes.indexOf(NEWLINE, start)) {
      this.#line(stream, bytes.subarray(start, newline));
      start = newline + 1;
    }
    while (stream.pending.length + bytes.length - start >= LINE_BYTES_MAX) {
      const stop = start + LINE_BYTES_MAX - stream.pending.length;
      this.#line(stream, bytes.subarray(start, stop));
      start = stop;
    }
    if (start < bytes.length) stream.pending = Buffer.concat([stream.pending, bytes.subarray(start)]);
    this.#flush();
  }

  /** The stream has ended: a last line without end is a line. */
  end(stream: EchoStream): void {
    if (stream.pending.length > 0) this.#line(stream, Buffer.alloc(0));
    this.#flush();
  }

  /** Calls `done` when all lines are written, or when it is clear that nobody reads. At once when nothing waits. */
  whenEmpty(done: () => void): void {
    if (this.#queuedBytes === 0 || this.#isStalled) done();
    else this.#awaiting.push(done);
  }

  #line(stream: EchoStream, rest: Buffer): void {
    const raw = Buffer.concat([stream.pending, rest]);
    stream.pending = Buffer.alloc(0);
    // Twice the queue when nobody could be told to wait: the last bytes of a stream that is closed.
    if (this.#queuedBytes >= (this.#isStalled ? ECHO_QUEUE_BYTES : 2 * ECHO_QUEUE_BYTES)) {
      this.#dropped++;
      return;
    }
    const level = stream.levelPrefix ? readLevelPrefix(raw) : null;
    const line = Buffer.concat([stream.prefix, level === null ? raw : raw.subarray(level.length), LINE_END]);
    this.#queue.push(line);
    this.#queuedBytes += line.length;
  }

  #flush(): void {
    if (this.#queuedBytes === 0 || this.#isWaiting || this.#isDead) return;
    if (this.#options.ready.add(this.#options.fd, WRITABLE, () => { this.#write(); })) {
      this.#isWaiting = true;
      this.#stallTimer = setTimeout(() => { this.#stall(); }, ECHO_STALL_MSEC);
      return;
    }
    // A regular file: always ready.
    while (this.#queuedBytes > 0 && this.#writeOnce()) { /* until all is out or it fails */ }
  }

  #write(): void {
    const wasFull = this.isFull;
    this.#writeOnce();
    this.#stallTimer?.refresh();
    this.#isStalled = false;
    if (this.#queuedBytes === 0 && this.#dropped > 0 && !this.#isDead) {
      const line = Buffer.from(`heartwood: ${this.#dropped} lines were not shown here, because nobody read; initctl log has them\n`);
      this.#dropped = 0;
      this.#queue.push(line);
      this.#queuedBytes = line.length;
    }
    if (this.#queuedBytes === 0 || this.#isDead) this.#stopWaiting();
    // Half empty before the services go on, so that they do not stop and go with every write.
    if ((wasFull || this.#queuedBytes < ECHO_QUEUE_BYTES / 2) && !this.isFull) this.#options.onRoom();
  }

  /** @returns false when the reader is gone for good */
  #writeOnce(): boolean {
    const bytes = this.#nextPiece();
    const outcome = this.#options.native.write(this.#options.fd, bytes);
    const written = outcome === 'EAGAIN' || outcome === 'EINTR' ? 0 : outcome;
    if (typeof written === 'string') {
      // EPIPE, EIO: the reader is gone for good.
      this.#isDead = true;
      this.#queue = [];
      this.#queuedBytes = 0;
      return false;
    }
    this.#queuedBytes -= written;
    if (written < bytes.length) this.#queue.unshift(bytes.subarray(written));
    return true;
  }

  /** At most `ECHO_WRITE_BYTES` from the front of the queue, several short lines in one. */
  #nextPiece(): Buffer {
    const pieces: Buffer[] = [];
    let length = 0;
    let taken = 0;
    for (const head of this.#queue) {
      const room = ECHO_WRITE_BYTES - length;
      if (head.length > room) {
        // Lines are kept whole as long as they fit at all.
        if (taken === 0) {
          pieces.push(head.subarray(0, room));
          this.#queue[0] = head.subarray(room);
        }
        break;
      }
      pieces.push(head);
      length += head.length;
      taken += 1;
    }
    this.#queue.splice(0, taken);
    return Buffer.concat(pieces);
  }

  #stall(): void {
    this.#isStalled = true;
    this.#options.onRoom();
    this.#release();
  }

  #stopWaiting(): void {
    if (this.#stallTimer !== null) clearTimeout(this.#stallTimer);
    this.#stallTimer = null;
    if (this.#isWaiting) this.#options.ready.remove(this.#options.fd);
    this.#isWaiting = false;
    this.#release();
  }

  #release(): void {
    const awaiting = this.#awaiting;
    this.#awaiting = [];
    for (const done of awaiting) done();
  }
}
