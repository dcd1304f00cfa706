/**
 * The manager's long-lived fds under symbolic names. State and effects speak of the names (`store:ssh.service:db:7`), only the
 * shell knows the numbers.
 */
import { assert } from '../base/assert.ts';
import type { Fd } from '../base/brand.ts';
import type { KeptFds } from './checkpoint/kept-fds.ts';
import type { NativeBinding } from './native.ts';

/** Without any event asked for, the kernel tells of a hang-up or an error all the same: poll(2). */
const HANG_UP_ONLY = 0;

export interface FdTableOptions {
  readonly native: NativeBinding;
  readonly kept: KeptFds;
  /** The poll set, as far as fds that others made are watched. */
  readonly poll: {
    add(fd: Fd, events: number, callback: () => void, priority: 'notify'): string | 0;
    remove(fd: Fd): void;
  };
  /** Of which fds hang-ups are told. */
  readonly isWatched: (name: string) => boolean;
  /** The other end of a watched fd is gone; told once. */
  readonly onHangUp: (name: string) => void;
}

export class FdTable {
  readonly #options: FdTableOptions;
  readonly #fds = new Map<string, Fd>();

  /** Begins with what a former engine had in its table. */
  constructor(options: FdTableOptions) {
    this.#options = options;
    for (const [fd, { name }] of options.kept.inherited('named')) this.#enter(name, fd);
  }

  /** Takes over `fd`. The standard streams are there in any life and need not be kept. */
  add(name: string, fd: Fd): void {
    assert(!this.#fds.has(name), `the name "${name}" stands for one fd`);
    this.#enter(name, fd);
    if (fd > 2) this.#options.kept.keep(fd, { is: 'named', name });
  }

  #enter(name: string, fd: Fd): void {
    const { poll, isWatched, onHangUp } = this.#options;
    this.#fds.set(name, fd);
    if (!isWatched(name)) return;
    // What cannot be polled, as a file or a memfd, never hangs up.
    poll.add(fd, HANG_UP_ONLY, () => {
      poll.remove(fd);
      onHangUp(name);
    }, 'notify');
  }

  /** All names, oldest first. */
  names(): readonly string[] {
    return [...this.#fds.keys()];
  }

  get(name: string): Fd | undefined {
    return this.#fds.get(name);
  }

  /** Closes the fds of these names; unknown names are fine. */
  close(names: readonly string[]): void {
    for (const name of names) {
      const fd = this.#fds.get(name);
      if (fd === undefined) continue;
      this.#fds.delete(name);
      // Whoever watches it, the poll set must not know a number that will be another's.
      this.#options.poll.remove(fd);
      this.#options.kept.drop(fd);
      this.#options.native.close(fd);
    }
  }
}
