/**
 * xoshiro128**: a small deterministic generator whose state is four 32-bit words of plain data.
 * For identifiers and jitter, not for secrets. Source: Blackman and Vigna, "Scrambled linear pseudorandom number generators".
 */
export type RandomState = readonly [number, number, number, number];

/** Spreads any number of seed words over a state with splitmix32, so that similar seeds give unrelated streams. */
export function seedRandom(...words: readonly number[]): RandomState {
  let mixed = 0x9e3779b9;
  const next = (): number => {
    mixed = (mixed + 0x9e3779b9) | 0;
    let z = mixed;
    z = Math.imul(z ^ (z >>> 16), 0x85ebca6b);
    z = Math.imul(z ^ (z >>> 13), 0xc2b2ae35);
    return (z ^ (z >>> 16)) >>> 0;
  };
  for (const word of words) {
    mixed ^= word | 0;
    next();
    // Words above 2^32 (a clock in microseconds) count with both halves.
    mixed ^= Math.floor(word / 0x1_0000_0000) | 0;
    next();
  }
  return [next(), next(), next(), next()];
}

/** The next 32 bits and the state after them. By index, for taking an array apart by pattern makes an iterator and as many results. */
export function nextRandom(state: RandomState): readonly [number, RandomState] {
  const a = state[0], b = state[1], c = state[2], d = state[3];
  const result = Math.imul(rotateLeft(Math.imul(b, 5), 7), 9) >>> 0;
  const t = (b << 9) >>> 0;
  const c1 = (c ^ a) >>> 0;
  const d1 = (d ^ b) >>> 0;
  return [result, [(a ^ d1) >>> 0, (b ^ c1) >>> 0, (c1 ^ t) >>> 0, rotateLeft(d1, 11)]];
}

function rotateLeft(word: number, bits: number): number {
  return ((word << bits) | (word >>> (32 - bits))) >>> 0;
}
