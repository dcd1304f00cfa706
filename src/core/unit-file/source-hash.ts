/**
 * A hash that tells whether a unit's files changed since they were read.
 *
 * SHA-256 was tried: loading it costs 3 ms of the start and 17 µs a unit, a quarter of the time of loading it. Whoever can
 * write unit files owns the manager anyway, so that a change is seen is all that is asked of it: 64 bits in two lanes of
 * 32 that take turns and mix.
 */
export function hashSources(sources: Iterable<{ readonly path: string; readonly text: string }>): string {
  let high = 0x9e3779b9;
  let low = 0x7f4a7c15;
  const add = (text: string): void => {
    const whole = text.length & ~3;
    let i = 0;
    for (; i < whole; i += 4) {
      high = Math.imul(high ^ (text.charCodeAt(i) | (text.charCodeAt(i + 1) << 16)), 0x85ebca6b);
      low = Math.imul(low ^ (high >>> 15) ^ (text.charCodeAt(i + 2) | (text.charCodeAt(i + 3) << 16)), 0xc2b2ae35);
    }
    for (; i < text.length; i += 1) high = Math.imul(high ^ text.charCodeAt(i), 0x85ebca6b) ^ (low >>> 17);
    // The length keeps ('a', 'bc') apart from ('ab', 'c').
    high = Math.imul(high ^ (high >>> 16) ^ text.length, 0x27d4eb2f);
    low = Math.imul(low ^ (low >>> 15) ^ text.length, 0x165667b1);
  };
  for (const { path, text } of sources) {
    add(path);
    add(text);
  }
  high = Math.imul(high ^ (low >>> 13), 0x85ebca6b);
  low = Math.imul(low ^ (high >>> 16), 0xc2b2ae35);
  return (high >>> 0).toString(16).padStart(8, '0') + (low >>> 0).toString(16).padStart(8, '0');
}
