import type { Readable } from 'node:stream';

const NEWLINE = 0x0a;
const ZERO = 0x30;
/** Digits of the number at the end of each line; see `bench/programs/log-lines.c`. */
const NUMBER_DIGITS = 10;

/**
 * Counts which of the numbered lines are there. Whatever a logger puts in front of a line does not matter: the number
 * is its last ten bytes.
 */
export class LineTally {
  readonly #seen: Uint8Array;
  #missing: number;

  /** @param expected numbers 0 to `expected` - 1 are to be there */
  constructor(expected: number) {
    this.#seen = new Uint8Array(expected);
    this.#missing = expected;
  }

  /** How many numbers have not been seen yet. */
  get missing(): number {
    return this.#missing;
  }

  /** Reads a source to its end. */
  async add(source: Readable): Promise<void> {
    let rest: Buffer = Buffer.alloc(0);
    for await (const chunk of source as AsyncIterable<Buffer>) {
      const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
      let from = 0;
      for (let end = bytes.indexOf(NEWLINE); end !== -1; end = bytes.indexOf(NEWLINE, from)) {
        if (end - from >= NUMBER_DIGITS) this.#note(bytes, end);
        from = end + 1;
      }
      rest = bytes.subarray(from);
    }
  }

  #note(bytes: Buffer, end: number): void {
    let number = 0;
    for (let i = end - NUMBER_DIGITS; i < end; i++) {
      const digit = (bytes[i] ?? 0) - ZERO;
      if (digit < 0 || digit > 9) return;
      number = number * 10 + digit;
    }
    if (this.#seen[number] !== 0) return; // seen before, or out of range
    this.#seen[number] = 1;
    this.#missing--;
  }
}
