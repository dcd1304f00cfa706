/**
 * Removes directory trees a slice at a time: one with a million files, which a service may leave behind, must not hold up the manager.
 *
 * What is to go is first renamed to `.gone-NUMBER` in its own directory, so that its name is free at once; what a manager that died has not
 * got to is found under that name by the next. The directory must be one that nobody else can reach, for a name may not become a link
 * between two looks.
 */
import { opendirSync, readdirSync, renameSync, rmdirSync, unlinkSync, type Dir } from 'node:fs';

const PREFIX = '.gone-';
/** Entries removed before others have their turn: about a millisecond. */
const SLICE_ENTRIES = 64;

/** What is left of a removal, or on its way out. */
export function isGone(name: string): boolean {
  return name.startsWith(PREFIX);
}

interface OpenDirectory { readonly path: string; readonly entries: Dir }

export class TreeRemoval {
  readonly #holder: string;
  readonly #waiting: string[] = [];
  /** From the tree's top down to where it stands. */
  #open: OpenDirectory[] = [];
  #next: number;
  #isRunning = false;

  /** @param holder the directory in which trees are removed; it need not be there yet */
  constructor(holder: string) {
    this.#holder = holder;
    const left = namesIn(holder).filter(isGone);
    this.#next = 1 + Math.max(0, ...left.map((name) => Number(name.slice(PREFIX.length)) || 0));
    for (const name of left) this.#waiting.push(`${holder}/${name}`);
    this.#run();
  }

  /** @param path of a directory in the holder. Throws as rename(2) fails */
  remove(path: string): void {
    const gone = `${this.#holder}/${PREFIX}${String(this.#next++)}`;
    renameSync(path, gone);
    this.#waiting.push(gone);
    this.#run();
  }

  #run(): void {
    if (this.#isRunning || (this.#waiting.length === 0 && this.#open.length === 0)) return;
    this.#isRunning = true;
    setImmediate(() => {
      this.#isRunning = false;
      for (let count = 0; count < SLICE_ENTRIES && this.#step(); count++);
      this.#run();
    });
  }

  /** One entry. False = nothing is left to be done. */
  #step(): boolean {
    const top = this.#open.at(-1);
    if (top === undefined) {
      const path = this.#waiting.shift();
      if (path === undefined) return false;
      this.#enter(path);
      return true;
    }
    const entry = top.entries.readSync();
    if (entry === null) {
      top.entries.closeSync();
      this.#open.pop();
      // What a manager without privileges cannot remove stays as long as the runtime directory.
      quietly(() => { rmdirSync(top.path); });
    } else if (entry.isDirectory()) this.#enter(`${top.path}/${entry.name}`);
    else quietly(() => { unlinkSync(`${top.path}/${entry.name}`); });
    return true;
  }

  #enter(path: string): void {
    quietly(() => { this.#open.push({ path, entries: opendirSync(path) }); });
  }
}

function namesIn(directory: string): readonly string[] {
  try {
    return readdirSync(directory);
  } catch {
    return [];
  }
}

function quietly(act: () => void): void {
  try {
    act();
  } catch {
    // The next entry may do better.
  }
}
