/**
 * A bounded writer to a fd that may be slow or stuck (a terminal stopped with Ctrl-S, a pipe nobody reads): the manager
 * must never sleep in a write. What does not go out at once is queued; when the queue is full, whole chunks are dropped, and
 * their number is said as soon as there is room again.
 */
import { constants, fstatSync } from 'node:fs';
import type { Fd } from '../../base/brand.ts';
import { POLL_OUT } from '../engine.ts';
import type { NativeBinding } from '../native.ts';
import type { PollSet } from '../poll-set.ts';

/** Enough for the status lines of a thousand units; more would only hide that nobody reads. */
const QUEUED_BYTES_MAX = 256 * 1024;

type Writer =
  /** Own non-blocking open file description, or a regular file: may be written at any time. */
  | { readonly kind: 'own'; readonly fd: Fd }
  /** A socket: send(2) has a flag of its own for not blocking. */
  | { readonly kind: 'socket'; readonly fd: Fd }
  /**
   * Somebody else's description that could not be opened again. Setting constants.O_NONBLOCK would change it for the others too, so it is
   * written to only when poll has said that there is room, and then not more than PIPE_BUF bytes.
   */
  | { readonly kind: 'shared'; readonly fd: Fd };

const PIPE_BUF = 4096;

function openWriter(native: NativeBinding, fd: Fd): Writer {
  const stat = fstatSync(fd);
  if (stat.isSocket()) return { kind: 'socket', fd };
  // A file never blocks; opened again it would have an offset of its own and overwrite what others write.
  if (stat.isFile()) return { kind: 'own', fd };
  const own = native.open(`/proc/self/fd/${String(fd)}`, constants.O_WRONLY | constants.O_NOCTTY | constants.O_NONBLOCK | constants.O_APPEND, 0);
  return typeof own === 'string' ? { kind: 'shared', fd } : { kind: 'own', fd: own };
}

export class OutputSink {
  readonly #native: NativeBinding;
  readonly #poll: PollSet;
  readonly #writer: Writer;
  #queue: Buffer[] = [];
  #queuedBytes = 0;
  #dropped = 0;
  #waiting = false;
  #dead = false;

  /** @param fd stays the caller's; it must stay open */
  constructor(native: NativeBinding, poll: PollSet, fd: Fd) {
    this.#native = native;
    this.#poll = poll;
    this.#writer = openWriter(native, fd);
  }

  /** Queues the text and writes what goes without waiting. */
  write(text: string): void {
    if (this.#dead) return;
    const chunk = Buffer.from(text, 'utf8');
    if (this.#queuedBytes + chunk.length > QUEUED_BYTES_MAX) {
      this.#dropped += 1;
      return;
    }
    this.#queue.push(chunk);
    this.#queuedBytes += chunk.length;
    this.flush();
  }

  /** Writes what goes without waiting; also called when the manager is about to end. */
  flush(): void {
    if (this.#writer.kind === 'shared' && !this.#waiting) {
      this.#wait();
      return;
    }
    this.#drain(this.#writer.kind === 'shared' ? 0 : Infinity);
  }

  /** Writes at most `chunksMax` chunks, then waits for room if anything is left. */
  #drain(chunksMax: number): void {
    for (let written = 0; this.#queue.length > 0 && written < chunksMax; written++) {
      const head = this.#queue[0] as Buffer;
      const piece = this.#writer.kind === 'shared' ? head.subarray(0, PIPE_BUF) : head;
      const result =
        this.#writer.kind === 'socket' ? this.#native.send(this.#writer.fd, piece) : this.#native.write(this.#writer.fd, piece);
      if (typeof result === 'string') {
        if (result === 'EINTR') continue;
        if (result === 'EAGAIN') {
          this.#wait();
          return;
        }
        // The reader is gone (EPIPE), the terminal hung up (EIO): there is nobody to tell.
        this.#die();
        return;
      }
      this.#queuedBytes -= result;
      if (result === head.length) this.#queue.shift();
      else this.#queue[0] = head.subarray(result);
    }
    if (this.#queue.length > 0) {
      this.#wait();
      return;
    }
    this.#stopWaiting();
    if (this.#dropped > 0) {
      const count = this.#dropped;
      this.#dropped = 0;
      this.write(`heartwood: ${String(count)} lines were dropped here, the console was not read\n`);
    }
  }

  #wait(): void {
    if (this.#waiting || this.#dead) return;
    const result = this.#poll.add(this.#writer.fd, POLL_OUT, () => { this.#drain(1); }, 'control');
    if (result === 0) {
      this.#waiting = true;
      return;
    }
    this.#die();
  }

  #stopWaiting(): void {
    if (!this.#waiting) return;
    this.#poll.remove(this.#writer.fd);
    this.#waiting = false;
  }

  #die(): void {
    this.#stopWaiting();
    this.#dead = true;
    this.#queue = [];
    this.#queuedBytes = 0;
  }
}
