/** Whose the processes are that this manager waits for: units', as far as it started or adopted them, and its own. */
import type { Pid, UnitName } from '../../base/brand.ts';
import type { NativeBinding, ProcessExit } from '../native.ts';

export interface KnownProcessesOptions {
  readonly native: NativeBinding;
  /** What the state knows of a process that no engine of this life started. */
  readonly recorded: (pid: Pid) => UnitName | null;
}

export class KnownProcesses {
  readonly #options: KnownProcessesOptions;
  readonly #ofUnits = new Map<Pid, UnitName>();
  readonly #own = new Map<Pid, (exit: ProcessExit) => void>();

  constructor(options: KnownProcessesOptions) {
    this.#options = options;
  }

  /** A child of a unit, just born. */
  add(pid: Pid, unit: UnitName): void {
    this.#ofUnits.set(pid, unit);
  }

  /** A process of a unit that this engine did not start. */
  expect(pid: Pid, unit: UnitName): void {
    this.#options.native.expectExit(pid);
    this.#ofUnits.set(pid, unit);
  }

  /** A process of the manager's own, such as logd, a generator, the next build on trial. */
  addOwn(pid: Pid, onExit: (exit: ProcessExit) => void): void {
    this.#options.native.expectExit(pid);
    this.#own.set(pid, onExit);
  }

  /** Tells whoever waits for a process of the manager's own. False: it is none. */
  endOwn(exit: ProcessExit): boolean {
    const callback = this.#own.get(exit.pid);
    if (callback === undefined) return false;
    this.#own.delete(exit.pid);
    callback(exit);
    return true;
  }

  has(pid: Pid): boolean {
    return this.#ofUnits.has(pid);
  }

  /** By memory alone; null when neither this engine nor the state knows it. */
  unitOf(pid: Pid): UnitName | null {
    return this.#ofUnits.get(pid) ?? this.#options.recorded(pid);
  }

  forget(pid: Pid): void {
    this.#ofUnits.delete(pid);
  }
}
