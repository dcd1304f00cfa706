/**
 * The manager's long-lived fds under symbolic names. State and effects speak of the names (`store:ssh.service:db:7`), only the
 * shell knows the numbers.
 */
import { assert } from '../base/assert.ts';
import type { Fd } from '../base/brand.ts';
import type { NativeBinding } from './native.ts';

export class FdTable {
  readonly #native: NativeBinding;
  readonly #fds = new Map<string, Fd>();

  constructor(native: NativeBinding) {
    this.#native = native;
  }

  /** Takes over `fd`. */
  add(name: string, fd: Fd): void {
    assert(!this.#fds.has(name), `the name "${name}" stands for one fd`);
    this.#fds.set(name, fd);
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
      this.#native.close(fd);
    }
  }
}
