/** The newest events of a life, for who wants to know what went before a failure. */
import type { ClockReading } from '../base/time.ts';

/** As many as a failure shows. */
const LAST_EVENTS = 16;
const SECOND = 1_000_000;

/** An event as text, of definitions only how many there are; when it was heard stands before it. */
function describe(event: object): string {
  const { monotonicUsec: _monotonicUsec, realtimeUsec: _realtimeUsec, ...rest } = event as Partial<ClockReading>;
  return JSON.stringify(rest, (key, value: unknown) => (key === 'definitions' && Array.isArray(value) ? value.length : value));
}

export class LastEvents {
  readonly #ring: { readonly atUsec: number; readonly event: object }[] = [];
  #count = 0;

  add(atUsec: number, event: object): void {
    this.#ring[this.#count++ % LAST_EVENTS] = { atUsec, event };
  }

  /** A line each, oldest first. */
  lines(): readonly string[] {
    const oldest = this.#count % LAST_EVENTS;
    const inOrder = this.#count < LAST_EVENTS ? this.#ring : [...this.#ring.slice(oldest), ...this.#ring.slice(0, oldest)];
    return inOrder.map(({ atUsec, event }) => `${(atUsec / SECOND).toFixed(6)} ${describe(event)}`);
  }
}
