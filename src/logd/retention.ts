/**
 * Which segments go. One table of what exists, kept in memory because reading directories for each decision would cost more than
 * the writing. Pure but for the `remove` it is given.
 */
import { assert } from '../base/assert.ts';
import type { SegmentRef } from './catalog.ts';
import { UNIT_SEGMENTS_MAX, UNITS_MAX } from './limits.ts';
import type { Caps } from './segment-place.ts';

interface Kept {
  readonly ref: SegmentRef;
  bytes: number;
}

export interface RetentionOptions {
  readonly caps: () => Caps;
  /** Deletes the file or memory. */
  readonly remove: (unit: string, ref: SegmentRef) => void;
  /** The unit has no segment left. */
  readonly emptied: (unit: string) => void;
  /** The removed one was the newest of its unit. */
  readonly newestRemoved: (unit: string) => void;
}

export class Retention {
  readonly #options: RetentionOptions;
  /** Oldest first for each unit; never an empty array. */
  readonly #units = new Map<string, Kept[]>();
  #totalBytes = 0;

  constructor(options: RetentionOptions) {
    this.#options = options;
  }

  get totalBytes(): number {
    return this.#totalBytes;
  }

  units(): string[] {
    return [...this.#units.keys()];
  }

  segments(unit: string): SegmentRef[] {
    return (this.#units.get(unit) ?? []).map((kept) => kept.ref);
  }

  newest(unit: string): SegmentRef | null {
    return this.#units.get(unit)?.at(-1)?.ref ?? null;
  }

  /** A segment found at start, newer than those of its unit before it. The caps are applied when all are known. */
  restore(unit: string, ref: SegmentRef, bytes: number): void {
    const kept = this.#units.get(unit);
    if (kept === undefined) this.#units.set(unit, [{ ref, bytes }]);
    else kept.push({ ref, bytes });
    this.#totalBytes += bytes;
  }

  /** A new, empty segment of `unit`. */
  add(unit: string, ref: SegmentRef): void {
    this.restore(unit, ref, 0);
    this.enforce(unit);
  }

  /** The newest segment of `unit` is longer now. */
  grew(unit: string, bytes: number): void {
    const newest = this.#units.get(unit)?.at(-1);
    if (newest === undefined) return;
    newest.bytes += bytes;
    this.#totalBytes += bytes;
    if (this.#totalBytes > this.#options.caps().totalBytesMax) this.enforce(unit);
  }

  /** Removes the oldest segment of all units but the newest of `unit`; false when there is none. */
  removeOldest(unit: string | null): boolean {
    let oldest: { readonly unit: string; readonly createdUsec: number } | undefined;
    for (const [name, kept] of this.#units) {
      if (name === unit && kept.length === 1) continue;
      const createdUsec = kept[0]?.ref.createdUsec ?? 0;
      if (oldest === undefined || createdUsec < oldest.createdUsec) oldest = { unit: name, createdUsec };
    }
    if (oldest === undefined) return false;
    this.#removeFirst(oldest.unit);
    return true;
  }

  /** Removes what is above the caps, but never the newest segment of `unit` (null: no unit is spared). */
  enforce(unit: string | null): void {
    const { unitBytesMax, totalBytesMax } = this.#options.caps();
    const own = unit === null ? undefined : this.#units.get(unit);
    if (unit !== null && own !== undefined) {
      let unitBytes = own.reduce((sum, kept) => sum + kept.bytes, 0);
      while ((unitBytes > unitBytesMax || own.length > UNIT_SEGMENTS_MAX) && own.length > 1) {
        unitBytes -= this.#removeFirst(unit);
      }
    }
    while (this.#totalBytes > totalBytesMax && this.removeOldest(unit)) { /* until it fits */ }
    while (this.#units.size > UNITS_MAX && this.removeOldest(unit)) { /* until it fits */ }
  }

  /** @returns the bytes that went */
  #removeFirst(unit: string): number {
    const kept = this.#units.get(unit) ?? [];
    const first = kept.shift();
    assert(first !== undefined, 'a unit in the table has a segment');
    this.#totalBytes -= first.bytes;
    this.#options.remove(unit, first.ref);
    if (kept.length === 0) {
      this.#units.delete(unit);
      this.#options.newestRemoved(unit);
      this.#options.emptied(unit);
    }
    return first.bytes;
  }
}
