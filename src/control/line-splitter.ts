import { LINE_BYTES_MAX } from './limits.ts';

const NEWLINE = 10;

/** What a chunk of bytes completed. `tooLong` ends the stream: nothing after it is looked at. */
export interface Split {
  readonly lines: readonly string[];
  readonly tooLong: boolean;
}

/**
 * Cuts a stream of bytes into lines and holds at most one incomplete line, never more than the bound.
 *
 * Bytes are kept as they came and joined once when the newline is there, so that a client sending byte by byte costs no copying
 * of the whole each time.
 */
export class LineSplitter {
  #parts: Uint8Array[] = [];
  #held = 0;
  #tooLong = false;
  readonly #decoder = new TextDecoder('utf-8', { ignoreBOM: true });
  readonly #max: number;

  constructor(max: number = LINE_BYTES_MAX) {
    this.#max = max;
  }

  /** Bytes of the line that has begun. */
  get heldBytes(): number {
    return this.#held;
  }

  /** @param chunk copied where it must outlive the call: the caller may reuse its buffer */
  push(chunk: Uint8Array): Split {
    const lines: string[] = [];
    let start = 0;
    while (!this.#tooLong && start < chunk.length) {
      const end = chunk.indexOf(NEWLINE, start);
      const stop = end === -1 ? chunk.length : end;
      if (this.#held + stop - start > this.#max) {
        this.#tooLong = true;
        this.#parts = [];
        this.#held = 0;
        break;
      }
      if (end === -1) {
        this.#parts.push(chunk.slice(start));
        this.#held += stop - start;
        this.#compact();
        break;
      }
      lines.push(this.#finish(chunk.subarray(start, end)));
      start = end + 1;
    }
    return { lines, tooLong: this.#tooLong };
  }

  #finish(last: Uint8Array): string {
    if (this.#parts.length === 0) return this.#decoder.decode(last);
    const whole = new Uint8Array(this.#held + last.length);
    let offset = 0;
    for (const part of this.#parts) {
      whole.set(part, offset);
      offset += part.length;
    }
    whole.set(last, offset);
    this.#parts = [];
    this.#held = 0;
    return this.#decoder.decode(whole);
  }

  /** A million one-byte parts would cost a hundred times their content: join when they are many and small. */
  #compact(): void {
    if (this.#parts.length < 1024) return;
    const whole = new Uint8Array(this.#held);
    let offset = 0;
    for (const part of this.#parts) {
      whole.set(part, offset);
      offset += part.length;
    }
    this.#parts = [whole];
  }
}
