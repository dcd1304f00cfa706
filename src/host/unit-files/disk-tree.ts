/** The unit files on disk, below a root, as install verbs see them. Directories are read once; files each time they are asked for. */
import { lstatSync, readdirSync, readlinkSync, type Dirent, type Stats } from 'node:fs';
import { posix } from 'node:path';
import type { TreeEntry, UnitFileTree } from '../../core/unit-file/install/unit-file-tree.ts';
import { readUnitFile } from '../unit-loader/read-unit-file.ts';
import { isStampOf, stampOf } from '../unit-loader/unit-index.ts';

export class DiskTree implements UnitFileTree {
  readonly #root: string;
  readonly #directories = new Map<string, ReadonlyMap<string, Dirent>>();
  readonly #links = new Map<string, string>();
  /** Stamps of the directories from before each was read: a change in between makes the tree look stale, never fresh. */
  readonly #stamps = new Map<string, string | null>();

  /** @param root prefix for offline verbs, '' for the running system */
  constructor(root: string) {
    this.#root = root;
  }

  /** Whether every directory that was read is still as it was. */
  get isFresh(): boolean {
    for (const [directory, stamp] of this.#stamps) if (!isStampOf(stamp, [directory], this.#root)) return false;
    return true;
  }

  readonly entryAt = (path: string): TreeEntry | null => {
    if (path === '/') return { kind: 'directory' };
    const parent = posix.dirname(path);
    const known = this.#directories.get(parent);
    if (known === undefined) return this.#look(path);
    const entry = known.get(posix.basename(path));
    if (entry === undefined) return null;
    if (entry.isSymbolicLink()) return this.#link(path);
    return entry.isDirectory() ? { kind: 'directory' } : this.#look(path);
  };

  readonly list = (directory: string): readonly string[] => [...this.#entries(directory).keys()];

  readonly read = (path: string): string | null => {
    const contents = readUnitFile(this.#root + path);
    return contents.state === 'text' ? contents.text : null;
  };

  #entries(directory: string): ReadonlyMap<string, Dirent> {
    const known = this.#directories.get(directory);
    if (known !== undefined) return known;
    this.#stamps.set(directory, stampOf([directory], this.#root));
    let entries: ReadonlyMap<string, Dirent> = new Map();
    try {
      entries = new Map(readdirSync(this.#root + directory, { withFileTypes: true }).map((entry) => [entry.name, entry]));
    } catch {
      // There is none: nothing is in it.
    }
    this.#directories.set(directory, entries);
    return entries;
  }

  #look(path: string): TreeEntry | null {
    let stat: Stats | undefined;
    try {
      stat = lstatSync(this.#root + path, { throwIfNoEntry: false });
    } catch {
      return null;
    }
    if (stat === undefined) return null;
    if (stat.isSymbolicLink()) return this.#link(path);
    if (stat.isDirectory()) return { kind: 'directory' };
    return stat.isFile() ? { kind: 'file', isEmpty: stat.size === 0 } : { kind: 'other' };
  }

  #link(path: string): TreeEntry | null {
    const known = this.#links.get(path);
    if (known !== undefined) return { kind: 'link', target: known };
    try {
      const target = readlinkSync(this.#root + path);
      // Kept only as long as its directory is watched for changes.
      if (this.#directories.has(posix.dirname(path))) this.#links.set(path, target);
      return { kind: 'link', target };
    } catch {
      return null;
    }
  }
}

