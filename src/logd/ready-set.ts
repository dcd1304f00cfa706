/** Who is called when an fd is ready: the table behind the addon's poll set. */
import { assert } from '../base/assert.ts';
import type { Fd } from '../base/brand.ts';
import type { NativeBinding } from '../host/native.ts';

export const READABLE = 1;
export const WRITABLE = 4;
/** Reported without being asked for: every writer of a pipe has closed. */
export const HANGUP = 16;

interface Entry {
  readonly token: number;
  readonly onReady: (events: number) => void;
}

export class ReadySet {
  readonly #native: NativeBinding;
  readonly #byFd = new Map<Fd, Entry>();
  /** Tokens are never reused: a readiness reported for an fd that was closed in the same turn finds nobody. */
  readonly #byToken = new Map<number, Entry>();
  #nextToken = 1;

  /** @param onWakeUp called after the ready fds of a wake-up were served */
  constructor(native: NativeBinding, onWakeUp: () => void) {
    this.#native = native;
    const started = native.pollStart((ready) => {
      for (let at = 0; at < ready.length; at += 2) this.#byToken.get(ready[at] ?? 0)?.onReady(ready[at + 1] ?? 0);
      onWakeUp();
    });
    assert(started === 0, `the poll set starts (${started})`);
  }

  /** False when the fd cannot be polled: regular files are always ready. */
  add(fd: Fd, events: number, onReady: (events: number) => void): boolean {
    const entry = { token: this.#nextToken++, onReady };
    if (typeof this.#native.pollAdd(fd, entry.token, events) === 'string') return false;
    this.#byFd.set(fd, entry);
    this.#byToken.set(entry.token, entry);
    return true;
  }

  /** Before the fd is closed. An fd that is not in the set is left alone. */
  remove(fd: Fd): void {
    const entry = this.#byFd.get(fd);
    if (entry === undefined) return;
    this.#native.pollRemove(fd);
    this.#byFd.delete(fd);
    this.#byToken.delete(entry.token);
  }
}
