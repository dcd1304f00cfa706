/** Events by name: a trigger wakes who waits now; what is set wakes who comes later, too. */
export class Events {
  readonly #set: Set<unknown>;
  readonly #waiting = new Map<unknown, (() => void)[]>();

  constructor(set: Iterable<unknown>) {
    this.#set = new Set(set);
  }

  isSet(event: unknown): boolean {
    return this.#set.has(event);
  }

  wait(event: unknown): Promise<void> {
    if (this.#set.has(event)) return Promise.resolve();
    return new Promise((resolve) => { this.#waiting.set(event, [...(this.#waiting.get(event) ?? []), resolve]); });
  }

  trigger(event: unknown): void {
    const waiting = this.#waiting.get(event) ?? [];
    this.#waiting.delete(event);
    for (const wake of waiting) wake();
  }

  set(event: unknown, on: boolean): void {
    if (!on) {
      this.#set.delete(event);
      return;
    }
    this.#set.add(event);
    this.trigger(event);
  }
}
