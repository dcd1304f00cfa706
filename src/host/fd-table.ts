/**
 * The manager's long-lived fds under symbolic names. State and effects speak of the names (`store:ssh.service:db:7`), only the
 * shell knows the numbers.
 */
import { assert } from '../base/assert.ts';
import type { Fd } from '../base/brand.ts';
import type { KeptFds } from './checkpoint/kept-fds.ts';
import type { NativeBinding } from './native.ts';

export class FdTable {
  readonly #native: NativeBinding;
  readonly #fds = new Map<string, Fd>();

  readonly #kept: KeptFds;

  /** Begins with what a former engine had in its table. */
  constructor(native: NativeBinding, kept: KeptFds) {
    this.#native = native;
    this.#kept = kept;
    for (const [fd, { name }] of kept.inherited('named')) this.#fds.set(name, fd);
  }

  /** Takes over `fd`. The standard streams are there in any life and need not be kept. */
  add(name: string, fd: Fd): void {
    assert(!this.#fds.has(name), `the name "${name}" stands for one fd`);
    this.#fds.set(name, fd);
    if (fd > 2) this.#kept.keep(fd, { is: 'named', name });
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
      this.#kept.drop(fd);
      this.#native.close(fd);
    }
  }
}
