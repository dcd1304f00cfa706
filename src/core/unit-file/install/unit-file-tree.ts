/**
 * The unit files on disk, as install verbs see them: a port that the host fills, and a layer over it that knows what a verb has
 * planned so far. Paths are absolute and without the root prefix of offline verbs.
 */

/** What is at a path, without following a link. */
export type TreeEntry =
  | { readonly kind: 'file'; readonly isEmpty: boolean }
  /** `target` as the link has it: absolute, or relative to its directory. */
  | { readonly kind: 'link'; readonly target: string }
  | { readonly kind: 'directory' }
  | { readonly kind: 'other' };

export interface UnitFileTree {
  /** null = there is nothing. */
  readonly entryAt: (path: string) => TreeEntry | null;
  /** Names in a directory; none when it does not exist. */
  readonly list: (directory: string) => readonly string[];
  /** The text of a regular file; null when it cannot be read. */
  readonly read: (path: string) => string | null;
}

/** Where things are in the tree. */
export interface UnitFilePlaces {
  /** The load path, most important first. */
  readonly directories: readonly string[];
  /** Where lasting links are made: /etc/systemd/system. */
  readonly configurationDirectory: string;
  /** Where `--runtime` makes them: /run/systemd/system. */
  readonly runtimeDirectory: string;
  /** Where set-property writes, which only revert cares for. */
  readonly controlDirectories: readonly string[];
  /** Directories of generated units. */
  readonly generatorDirectories: readonly string[];
  /** Directories of units made by requests; their files are no unit files of anybody. */
  readonly transientDirectories: readonly string[];
  /** Prefix shown before paths that are changed: the root of offline verbs, ''. */
  readonly root: string;
}

/** Links followed at most; as many as the kernel follows. */
export const LINK_HOPS_MAX = 40;

export function parentOf(path: string): string {
  return path.slice(0, Math.max(1, path.lastIndexOf('/')));
}

export function baseOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

/** `/a/b/../c//d` as `/a/c/d`. */
export function simplify(path: string): string {
  const parts: string[] = [];
  for (const part of path.split('/')) {
    if (part === '' || part === '.') continue;
    if (part === '..') parts.pop();
    else parts.push(part);
  }
  return `/${parts.join('/')}`;
}

/** What a link's text means, as a path. */
export function linkTarget(link: string, target: string): string {
  return simplify(target.startsWith('/') ? target : `${parentOf(link)}/${target}`);
}

/** The path with every link in it followed, the last one too. What does not exist stands for itself. */
export function chase(tree: UnitFileTree, path: string): string {
  let current = simplify(path);
  for (let hops = 0; hops < LINK_HOPS_MAX; hops += 1) {
    const parts = current.split('/');
    let at = '';
    let next: string | null = null;
    for (let index = 1; index < parts.length; index += 1) {
      at += `/${parts[index] as string}`;
      const entry = tree.entryAt(at);
      if (entry === null) break;
      if (entry.kind !== 'link') continue;
      next = [linkTarget(at, entry.target), ...parts.slice(index + 1)].join('/');
      break;
    }
    if (next === null) return current;
    current = simplify(next);
  }
  return current;
}

/** An empty file or the null device stands for a masked unit; null = there is nothing at the end of the links. */
export function isMask(tree: UnitFileTree, path: string): boolean | null {
  const end = chase(tree, path);
  if (end === '/dev/null') return true;
  const entry = tree.entryAt(end);
  return entry === null ? null : entry.kind === 'file' && entry.isEmpty;
}

/** A tree with links made and removed on top of it. */
export class PlannedTree implements UnitFileTree {
  readonly #below: UnitFileTree;
  readonly #changed = new Map<string, TreeEntry | null>();
  readonly #added = new Map<string, Set<string>>();

  constructor(below: UnitFileTree) {
    this.#below = below;
  }

  readonly entryAt = (path: string): TreeEntry | null => {
    const changed = this.#changed.get(path);
    if (changed !== undefined) return changed;
    for (let above = parentOf(path); above !== '/'; above = parentOf(above)) if (this.#changed.get(above) === null) return null;
    if (this.#added.has(path)) return { kind: 'directory' };
    return this.#below.entryAt(path);
  };

  readonly list = (directory: string): readonly string[] => {
    const names = new Set([...this.#below.list(directory), ...(this.#added.get(directory) ?? [])]);
    return [...names].filter((name) => this.entryAt(`${directory}/${name}`) !== null);
  };

  readonly read = (path: string): string | null => (this.entryAt(path)?.kind === 'file' ? this.#below.read(path) : null);

  link(path: string, target: string): void {
    this.#changed.set(path, { kind: 'link', target });
    for (let child = path, parent = parentOf(path); child !== '/'; child = parent, parent = parentOf(parent)) {
      const names = this.#added.get(parent) ?? new Set();
      if (names.has(baseOf(child))) break;
      this.#added.set(parent, names.add(baseOf(child)));
    }
  }

  /** Takes away a link, a file, or a directory with all that is in it. */
  remove(path: string): void {
    this.#changed.set(path, null);
  }
}
