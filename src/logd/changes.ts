/**
 * Waiting for more lines, for readers that follow. Both implementations collect the names of the units that changed since they were
 * asked last, so that one wake-up reads only what is new.
 */
import { watch, type FSWatcher } from 'node:fs';
import { basename } from 'node:path';
import type { Chain } from './catalog.ts';

/** After a change, others are collected this long before the reader is woken: a chatty unit wakes it 20 times a second, not 20,000. */
const COLLECT_MSEC = 50;
/** Without inotify (its watches are used up) the files are looked at this often. */
const POLL_MSEC = 500;

export type Changed = ReadonlySet<string> | 'everything';

export class ChangeCollector {
  #units = new Set<string>();
  #isEverything = false;
  #wake: (() => void) | null = null;
  #timer: NodeJS.Timeout | null = null;
  #lastWake = 0;

  /** The unit has more lines. */
  note(unit: string): void {
    this.#units.add(unit);
    this.#schedule();
  }

  /** Units may have come or gone, or it is not known which has changed. */
  noteEverything(): void {
    this.#isEverything = true;
    this.#schedule();
  }

  /** Resolves with what has changed since the last call; with null when the signal was given. */
  async next(signal: AbortSignal): Promise<Changed | null> {
    while (!signal.aborted) {
      if (this.#timer === null && (this.#isEverything || this.#units.size > 0)) {
        const changed: Changed = this.#isEverything ? 'everything' : this.#units;
        this.#units = new Set();
        this.#isEverything = false;
        return changed;
      }
      await new Promise<void>((resolve) => {
        const stop = (): void => { resolve(); };
        signal.addEventListener('abort', stop, { once: true });
        this.#wake = () => {
          signal.removeEventListener('abort', stop);
          resolve();
        };
      });
    }
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    return null;
  }

  #schedule(): void {
    if (this.#timer !== null) return;
    // The first change after a silence is shown at once.
    const wait = Math.max(0, COLLECT_MSEC - (Date.now() - this.#lastWake));
    this.#timer = setTimeout(() => {
      this.#timer = null;
      this.#lastWake = Date.now();
      const wake = this.#wake;
      this.#wake = null;
      wake?.();
    }, wait);
  }
}

/** Watches log directories with inotify. */
export class DirectoryChanges {
  readonly collector = new ChangeCollector();
  readonly #watchers = new Map<string, FSWatcher>();
  #poll: NodeJS.Timeout | null = null;

  constructor(roots: readonly string[]) {
    for (const root of roots) this.#watch(root, () => { this.collector.noteEverything(); });
  }

  /** Watches the directories of these chains too, and no others but the roots. */
  follow(chains: readonly Chain[]): void {
    for (const { directory, unit } of chains) {
      if (directory !== null && !this.#watchers.has(directory)) this.#watch(directory, () => { this.collector.note(unit); });
    }
  }

  close(): void {
    for (const watcher of this.#watchers.values()) watcher.close();
    this.#watchers.clear();
    if (this.#poll !== null) clearInterval(this.#poll);
  }

  #watch(directory: string, onChange: () => void): void {
    try {
      const watcher = watch(directory, onChange);
      watcher.on('error', () => { this.#unwatch(directory); });
      // The directory itself was removed: it may come back under the same name.
      watcher.on('change', (event, name) => { if (event === 'rename' && name === basename(directory)) this.#unwatch(directory); });
      this.#watchers.set(directory, watcher);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') this.#poll ??= setInterval(() => { this.collector.noteEverything(); }, POLL_MSEC);
    }
  }

  #unwatch(directory: string): void {
    this.#watchers.get(directory)?.close();
    this.#watchers.delete(directory);
    this.collector.noteEverything();
  }
}
