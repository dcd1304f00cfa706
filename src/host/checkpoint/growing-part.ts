/**
 * A part of the checkpoint, looked at only as far as it is used.
 *
 * V8 takes the buffer of a part for memory that collecting could free, and the whole room of a checkpoint is a hundred megabytes: looked
 * at all at once, it makes V8 collect garbage several times in the midst of a boot.
 */
import { assert } from '../../base/assert.ts';
import type { NativeBinding } from '../native.ts';

/** What most managers of a few dozen units need of each part. */
const FIRST_BYTES = 128 << 10;

export class GrowingPart {
  readonly #native: Pick<NativeBinding, 'checkpointPart'>;
  readonly #at: number;
  /** There is no more room than this. */
  readonly bytesMax: number;
  #bytes = new Uint8Array();
  #view = new DataView(this.#bytes.buffer);

  /** @param at where it begins in the mapping */
  constructor(native: Pick<NativeBinding, 'checkpointPart'>, at: number, bytesMax: number) {
    this.#native = native;
    this.#at = at;
    this.bytesMax = bytesMax;
  }

  /** The part from its beginning, at least up to `end`, which is at most `bytesMax`. */
  bytes(end: number): Uint8Array {
    this.#reach(end);
    return this.#bytes;
  }

  /** The same for numbers. */
  view(end: number): DataView {
    this.#reach(end);
    return this.#view;
  }

  #reach(end: number): void {
    if (end <= this.#bytes.length) return;
    assert(end <= this.bytesMax, `${String(end)} is within a part of ${String(this.bytesMax)} bytes`);
    let size = FIRST_BYTES;
    while (size < end) size *= 2;
    const part = this.#native.checkpointPart(this.#at, Math.min(size, this.bytesMax));
    assert(typeof part !== 'string', `the checkpoint is mapped, so there are parts of it: ${part as string}`);
    this.#bytes = new Uint8Array(part);
    this.#view = new DataView(part);
  }
}
