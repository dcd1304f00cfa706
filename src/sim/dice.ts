/** Chance from a seed, quick: mulberry32 on one 32-bit word. The same seed gives the same throws. */
import { assert } from '../base/assert.ts';

export class Dice {
  #word: number;

  constructor(seed: number) {
    this.#word = seed | 0;
  }

  /** An integer from 0 to `limit` - 1. */
  below(limit: number): number {
    this.#word = (this.#word + 0x6d2b79f5) | 0;
    let z = Math.imul(this.#word ^ (this.#word >>> 15), this.#word | 1);
    z ^= z + Math.imul(z ^ (z >>> 7), z | 61);
    return ((z ^ (z >>> 14)) >>> 0) % limit;
  }

  chance(percent: number): boolean {
    return this.below(100) < percent;
  }

  pick<T>(list: readonly T[]): T {
    const item = list[this.below(list.length)];
    assert(item !== undefined, 'a list to pick from has items');
    return item;
  }
}

/** A seed for something of its own, so that one stream of chance does not disturb another. */
export function seedOf(seed: number, text: string): number {
  let hash = seed | 0;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return hash ^ (hash >>> 15);
}
