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
const QUIET_MSEC = 3000;
/** Work that has not paused for so long is steady: collected is in the midst of it, once. */
const PATIENCE_MSEC = 30_000;
/** A function is old for V8 after six collections; with a margin. */
const COLLECTIONS = 12;
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
export function settledMemoryPorts(native: Pick<NativeBinding, 'clock' | 'trimMemory'>): SettledMemoryPorts {
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
    trim: () => { native.trimMemory(); },
  };
}

export class SettledMemory {
  readonly #ports: SettledMemoryPorts;
  #wakeUps = 0;
  /** Work up to here has been cleared up after. */
  #settledCpuUsec = 0;
  #lastWorkMsec = 0;
  /** When it was noticed that there is something to give back; null = there is not. */
  #dueSinceMsec: number | null = null;

  constructor(ports: SettledMemoryPorts) {
    this.#ports = ports;
  }

  /** To be called after each wake-up. */
  noteWork(): void {
    this.#wakeUps += 1;
    if (this.#dueSinceMsec !== null) this.#lastWorkMsec = this.#ports.nowMsec();
    else if (this.#ports.cpuUsec() - this.#settledCpuUsec >= NOTICEABLE_WORK_USEC) this.settle();
  }

  /** Gives back what there is as soon as the process is quiet, however little it did. */
  settle(): void {
    if (this.#dueSinceMsec !== null) return;
    this.#dueSinceMsec = this.#lastWorkMsec = this.#ports.nowMsec();
    this.#wait(QUIET_MSEC);
  }

  #wait(msec: number): void {
    this.#ports.setTimer(() => { this.#look(); }, msec);
  }

  #look(): void {
    const now = this.#ports.nowMsec();
    const quietMsec = now - this.#lastWorkMsec;
    if (quietMsec >= QUIET_MSEC) {
      this.#collect(COLLECTIONS, this.#wakeUps);
    } else if (now - (this.#dueSinceMsec ?? now) >= PATIENCE_MSEC) {
      this.#ports.collect();
      this.#end();
    } else {
      this.#wait(QUIET_MSEC - quietMsec);
    }
  }

  /** @param wakeUps how many there had been: work that comes in between goes first */
  #collect(left: number, wakeUps: number): void {
    if (this.#wakeUps !== wakeUps) {
      this.#wait(QUIET_MSEC);
      return;
    }
    if (left > 0 && this.#ports.collect()) {
      this.#ports.setTimer(() => { this.#collect(left - 1, wakeUps); }, COLLECTION_PAUSE_MSEC);
      return;
    }
    this.#ports.trim();
    this.#end();
  }

  #end(): void {
    this.#dueSinceMsec = null;
    this.#settledCpuUsec = this.#ports.cpuUsec();
  }
}
