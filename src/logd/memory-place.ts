/**
 * Segments in memory, for machines where nothing can be written: the same format in memfds, so that nothing else has to differ.
 * They end with this process; readers reach them through the query socket.
 */
import { closeSync, openSync } from 'node:fs';
import { assert } from '../base/assert.ts';
import type { Fd } from '../base/brand.ts';
import type { NativeBinding } from '../host/native.ts';
import type { Chain, SegmentRef } from './catalog.ts';
import { MEMORY_BYTES_MAX, MEMORY_SEGMENT_BYTES } from './limits.ts';
import { Retention } from './retention.ts';
import type { NewestRemoved, OpenSegment, SegmentPlace } from './segment-place.ts';

export class MemoryPlace implements SegmentPlace {
  readonly directory = null;
  readonly roots = [];
  readonly segmentBytes = MEMORY_SEGMENT_BYTES;
  readonly #native: Pick<NativeBinding, 'memfd'>;
  readonly #retention: Retention;
  /** By path; the fd that keeps the memory alive. */
  readonly #held = new Map<string, number>();

  constructor(native: Pick<NativeBinding, 'memfd'>, newestRemoved: NewestRemoved) {
    this.#native = native;
    this.#retention = new Retention({
      caps: () => ({ unitBytesMax: MEMORY_BYTES_MAX / 2, totalBytesMax: MEMORY_BYTES_MAX }),
      remove: (_unit, ref) => {
        const held = this.#held.get(ref.path);
        assert(held !== undefined, 'a segment in memory is held by its fd');
        closeSync(held);
        this.#held.delete(ref.path);
      },
      emptied: () => undefined,
      newestRemoved,
    });
  }

  chains(): readonly Chain[] {
    return this.#retention.units().sort().map((unit) => ({
      unit, directory: null, segments: () => this.#retention.segments(unit),
    }));
  }

  openNewest(unit: string): OpenSegment | null {
    const ref = this.#retention.newest(unit);
    const fd = ref === null ? null : this.openAgain(ref);
    return ref === null || fd === null ? null : { ref, fd };
  }

  openAgain(ref: SegmentRef): number | null {
    return this.#held.has(ref.path) ? openSync(ref.path, 'r+') : null;
  }

  create(unit: string, createdUsec: number): OpenSegment {
    const held: Fd | string = this.#native.memfd(`log:${unit.slice(0, 200)}`);
    if (typeof held === 'string') throw Object.assign(new Error(`memfd_create: ${held}`), { code: held });
    // Opening it by this name gives every reader and the writer an fd of their own, as with a file.
    const ref = { sequence: (this.#retention.newest(unit)?.sequence ?? 0) + 1, createdUsec, path: `/proc/self/fd/${held}` };
    this.#held.set(ref.path, held);
    this.#retention.add(unit, ref);
    return { ref, fd: openSync(ref.path, 'r+') };
  }

  grew(unit: string, bytes: number): void {
    this.#retention.grew(unit, bytes);
  }

  makeRoom(unit: string): boolean {
    return this.#retention.removeOldest(unit);
  }
}
