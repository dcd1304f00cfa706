/**
 * What work has left in memory is given back when the work is over: after the boot, and after every later burst.
 *
 * V8 forgets the compiled form of functions that were not used during several collections (it compiles them again if they ever are), and
 * empty pages go back to the kernel. After that, clean pages of Node's own text go back to the page cache: half of the resident
 * memory, and they come back by themselves when they are touched.
 *
 * Work is measured by the processor time it took, because whatever fills memory takes time too, and because giving back then costs a
 * bounded share of it. Only work sets the one timer: an idle process does not wake up, and one that hears a word now and then wakes up
 * no more often. Work that never pauses is not waited for without end.
 */
import { monotonicMsec } from '../clock.ts';
import type { NativeBinding } from '../native.ts';

/** Processor time after which there is something to give back. Giving back takes a quarter of it, with a hundred units. */
const NOTICEABLE_WORK_USEC = 250_000;
/** When the dust of a burst has settled. */
const QUIET_MSEC = 2000;
/** Less processor time than this in all that time is quiet: a word now and then, such as a watchdog's, must not put off the end for ever. */
const QUIET_WORK_USEC = 50_000;
/** Work that has not paused for so long is steady: once, it is collected in the midst of it. */
const PATIENCE_MSEC = 30_000;
/** A function is old for V8 after six collections; with a margin. Making the heap small takes two more. */
const COLLECTIONS = 10;
/** A collection takes 5 ms with a hundred units; events are handled between them. */
const COLLECTION_PAUSE_MSEC = 20;

/** What the giving back needs of its process. */
export interface SettledMemoryPorts {
  /** Processor time of the process so far. */
  readonly cpuUsec: () => number;
  /** A clock that only goes forward. */
  readonly nowMsec: () => number;
  readonly setTimer: (callback: () => void, msec: number) => void;
  /** One full collection. Returns false when there is no way to ask for one. */
  readonly collect: () => boolean;
  /** Pages that can be had again are given back. */
  readonly trim: () => void;
}

/** The ports of this process. `gc` is there when it runs with --expose-gc; without it only pages are trimmed. */
export function settledMemoryPorts(native: Pick<NativeBinding, 'clock' | 'shrinkHeap' | 'trimMemory'>): SettledMemoryPorts {
  return {
    cpuUsec: () => {
      const { user, system } = process.cpuUsage();
      return user + system;
    },
    nowMsec: () => monotonicMsec(native),
    setTimer: (callback, msec) => { setTimeout(callback, msec).unref(); },
    collect: () => {
      if (globalThis.gc === undefined) return false;
      globalThis.gc();
      return true;
    },
    trim: () => {
      native.shrinkHeap();
      native.trimMemory();
    },
  };
}

export class SettledMemory {
  readonly #ports: SettledMemoryPorts;
  /** Work up to here has been cleared up after. */
  #settledCpuUsec = 0;
  /** When it was noticed that there is something to give back, or collected in the midst of work; null = there is nothing. */
  #dueSinceMsec: number | null = null;

  constructor(ports: SettledMemoryPorts) {
    this.#ports = ports;
  }

  /** To be called after each wake-up. */
  noteWork(): void {
    if (this.#dueSinceMsec === null && this.#ports.cpuUsec() - this.#settledCpuUsec >= NOTICEABLE_WORK_USEC) this.settle();
  }

  /** Gives back what there is as soon as the process is quiet, however little it did. */
  settle(): void {
    if (this.#dueSinceMsec !== null) return;
    this.#dueSinceMsec = this.#ports.nowMsec();
    this.#wait();
  }

  #wait(): void {
    const cpuUsec = this.#ports.cpuUsec();
    this.#ports.setTimer(() => {
      if (this.#ports.cpuUsec() - cpuUsec < QUIET_WORK_USEC) {
        this.#giveBack(COLLECTIONS);
        return;
      }
      this.#collectIfSteady(this.#ports.nowMsec());
      this.#wait();
    }, QUIET_MSEC);
  }

  #collectIfSteady(nowMsec: number): void {
    if (nowMsec - (this.#dueSinceMsec ?? nowMsec) < PATIENCE_MSEC) return;
    this.#ports.collect();
    this.#dueSinceMsec = nowMsec;
  }

  #giveBack(collectionsLeft: number): void {
    if (collectionsLeft > 0 && this.#ports.collect()) {
      this.#ports.setTimer(() => { this.#giveBack(collectionsLeft - 1); }, COLLECTION_PAUSE_MSEC);
      return;
    }
    this.#ports.trim();
    this.#dueSinceMsec = null;
    this.#settledCpuUsec = this.#ports.cpuUsec();
  }
}
