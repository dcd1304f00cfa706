/**
 * A ceiling for the memory of the engine itself: past it, the engine executes itself anew, which keeps everything but what leaked.
 *
 * Looked at while there is work, and never by waking up. What only waits to be collected does not count: it is collected first. An
 * engine whose state alone needs more would execute itself anew without end, so it does so only when it has grown by a part of the
 * ceiling since it was smallest; after a large boot that is at most once, for the next engine begins with the state. Then it says so.
 */
import type { ManagerLog } from '../engine.ts';

/**
 * Ten thousand units take about 200 MiB. More than twice as much is a leak, or a state that nobody has measured; the machine's memory
 * belongs to its services.
 */
export const ENGINE_MEMORY_MAX_DEFAULT = 512 * 2 ** 20;
/** Node alone takes about 50 MiB; with less than this the engine would do nothing but begin anew. */
export const ENGINE_MEMORY_MAX_LEAST = 96 * 2 ** 20;

/** Reading the resident size takes some 20 µs: rarely enough for a storm of events, often enough for any leak that leaves time to react. */
const LOOK_USEC = 1_000_000;
/**
 * Growth since a collection before the next one, as a share of the ceiling: a full collection takes a tenth of a second when there is
 * much to collect.
 */
const COLLECTION_SHARE = 0.125;
/** Growth that beginning anew can be hoped to cure, as a share of the ceiling. */
const GROWTH_SHARE = 0.25;

export interface MemoryCeilingOptions {
  /** Bytes of resident memory; null = no ceiling. */
  readonly bytesMax: number | null;
  readonly log: ManagerLog;
  /** Bytes. */
  readonly residentSize: () => number;
  /** Gives back what can be given back. */
  readonly collect: () => void;
  /** Executes the engine anew once the turn is over. */
  readonly reexec: () => void;
}

export class MemoryCeiling {
  readonly #options: MemoryCeilingOptions;
  #nextLookUsec = 0;
  #smallestBytes = Infinity;
  /** Up to this size nothing is done. */
  #patienceBytes = 0;
  #hasComplained = false;

  constructor(options: MemoryCeilingOptions) {
    this.#options = options;
  }

  /** To be called after a turn. @param nowUsec monotonic */
  look(nowUsec: number): void {
    const { bytesMax, residentSize, collect } = this.#options;
    if (bytesMax === null || nowUsec < this.#nextLookUsec) return;
    this.#nextLookUsec = nowUsec + LOOK_USEC;
    if (this.#note(residentSize()) <= Math.max(bytesMax, this.#patienceBytes)) return;
    collect();
    const bytes = this.#note(residentSize());
    this.#patienceBytes = bytes + bytesMax * COLLECTION_SHARE;
    if (bytes > bytesMax) this.#answer(bytes, bytesMax);
  }

  #note(bytes: number): number {
    this.#smallestBytes = Math.min(this.#smallestBytes, bytes);
    return bytes;
  }

  #answer(bytes: number, bytesMax: number): void {
    const { log, reexec } = this.#options;
    const amount = `the engine takes ${mebibytes(bytes)}, more than EngineMemoryMax=${mebibytes(bytesMax)} allows`;
    if (bytes - this.#smallestBytes >= bytesMax * GROWTH_SHARE) {
      log.write('warning', '', `${amount}: it executes itself anew`);
      reexec();
    } else if (!this.#hasComplained) {
      this.#hasComplained = true;
      log.write('warning', '', `${amount}, and never took less than ${mebibytes(this.#smallestBytes)}: to execute itself anew would not help`);
    }
  }
}

function mebibytes(bytes: number): string {
  return `${String(Math.round(bytes / 2 ** 20))}M`;
}
