/** The recorded answers of systemd 252 about values, made by `test/systemd/values.ts`: where they are and how they are written. */
import { readFileSync } from 'node:fs';

export const ANSWERS = new URL('./value-answers.tsv', import.meta.url).pathname;

/** The texts that each directive was given. */
export const POOL: readonly string[] = readFileSync(new URL('./value-pool.txt', import.meta.url), 'utf8').split('\n').slice(0, -1);

/** Sections with a kind of unit to put them in. */
export const KIND_OF_SECTION: Readonly<Record<string, string>> = {
  Unit: 'target', Service: 'service', Socket: 'socket', Timer: 'timer', Path: 'path', Slice: 'slice', Mount: 'mount', Automount: 'automount', Swap: 'swap',
};

const DIGIT_BITS = 4;

/** A set of line numbers in hexadecimal, trailing zeros left out; `-` for none. */
export function bitsText(set: ReadonlySet<number>): string {
  const digits = Array.from({ length: Math.ceil(POOL.length / DIGIT_BITS) }, () => 0);
  for (const index of set) digits[Math.floor(index / DIGIT_BITS)] = (digits[Math.floor(index / DIGIT_BITS)] ?? 0) | (1 << (index % DIGIT_BITS));
  const text = digits.map((digit) => digit.toString(16)).join('').replace(/0+$/, '');
  return text === '' ? '-' : text;
}

export function bitsOf(text: string): ReadonlySet<number> {
  const set = new Set<number>();
  if (text === '-') return set;
  for (let index = 0; index < text.length; index += 1) {
    const digit = Number.parseInt(text.charAt(index), 16);
    for (let bit = 0; bit < DIGIT_BITS; bit += 1) if ((digit >> bit & 1) === 1) set.add(index * DIGIT_BITS + bit);
  }
  return set;
}
