/**
 * Waiting for more lines, for readers that follow. Both implementations collect the names of the units that changed since they were
 * asked last, so that one wake-up reads only what is new.
 */
import { existsSync, watch, type FSWatcher } from 'node:fs';
import { basename, dirname } from 'node:path';
import type { Chain } from './catalog.ts';

/** After a change, others are collected this long before the reader is woken: a chatty unit wakes it 20 times a second, not 20,000. */
const COLLECT_MSEC = 50;
/** Without inotify (its watches are used up, or there is nothing to watch) the files are looked at this often. */
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
    for (const root of roots) this.#watchRoot(root);
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

  /** A root that is not there yet (nothing was logged so far) is waited for in its parent. */
  #watchRoot(root: string): void {
    const parent = dirname(root);
    if (existsSync(root) || !existsSync(parent)) {
      this.#watch(root, () => { this.collector.noteEverything(); });
      return;
    }
    this.#watch(parent, (name) => {
      if (name !== basename(root) || this.#watchers.has(root)) return;
      this.#watchRoot(root);
      this.collector.noteEverything();
    }, `${root} is awaited`); // under a key of its own: the parent may be a root too
  }

  /** @param key under which the watcher is kept */
  #watch(directory: string, onChange: (name: string | null) => void, key = directory): void {
    try {
      const watcher = watch(directory, (_event, name) => { onChange(name); });
      watcher.on('error', () => { this.#unwatch(key); });
      // The directory itself was removed: it may come back under the same name.
      watcher.on('change', (event, name) => { if (event === 'rename' && name === basename(directory)) this.#unwatch(key); });
      this.#watchers.set(key, watcher);
    } catch {
      this.#poll ??= setInterval(() => { this.collector.noteEverything(); }, POLL_MSEC);
    }
  }

  #unwatch(key: string): void {
    this.#watchers.get(key)?.close();
    this.#watchers.delete(key);
    this.collector.noteEverything();
  }
}
