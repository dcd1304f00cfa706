/** Places of automount units in the simulated kernel: who waits there, and what he was told. */
import type { UnitName } from '../base/brand.ts';
import type { UnstampedEvent } from '../core/manager/event.ts';

/** Of a process that goes somewhere; nobody looks at it. */
const VISITOR_PID = 2;

export class SimulatedAutofs {
  readonly #trapped = new Set<UnitName>();
  /** Who waits, by the kernel's number. */
  readonly #waiting = new Map<number, UnitName>();
  /** Places at which somebody looked, and to which nobody has gone since (MNT_EXPIRE of umount2(2)). */
  readonly #unused = new Set<UnitName>();
  #nextWaiting = 1;

  /** Everybody who waits, with the place's unit. */
  get waiting(): ReadonlyMap<number, UnitName> {
    return this.#waiting;
  }

  /** Places at which an autofs stands. */
  get trapped(): ReadonlySet<UnitName> {
    return this.#trapped;
  }

  trap(unit: UnitName): void {
    this.#trapped.add(unit);
  }

  /** Somebody goes to the place. He waits when an autofs stands there and nothing is mounted on it. */
  visit(unit: UnitName, isMounted: boolean): readonly UnstampedEvent[] {
    this.#unused.delete(unit);
    if (isMounted || !this.#trapped.has(unit)) return [];
    const waiting = this.#nextWaiting++;
    this.#waiting.set(waiting, unit);
    return [{ event: 'automount-request', unit, waiting, pid: VISITOR_PID }];
  }

  /** @returns whether nobody was there since the look before; else the next one tells */
  look(unit: UnitName): boolean {
    if (this.#unused.delete(unit)) return true;
    this.#unused.add(unit);
    return false;
  }

  answer(waiting: readonly number[]): void {
    for (const each of waiting) this.#waiting.delete(each);
  }

  /** The autofs goes; who waits there is told that nothing is there. */
  close(unit: UnitName): void {
    this.#trapped.delete(unit);
    this.#unused.delete(unit);
    for (const [waiting, where] of this.#waiting) if (where === unit) this.#waiting.delete(waiting);
  }
}
