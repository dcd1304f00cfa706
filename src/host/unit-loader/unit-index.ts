/**
 * What is in the directories of the load path: one readdir for each directory instead of a look for every name in every
 * directory. From it names are resolved through links, templates and masks without touching the disk again.
 */
import { lstatSync, readdirSync, readlinkSync, realpathSync, statSync, type Dirent } from 'node:fs';
import { posix } from 'node:path';
import type { UnitName } from '../../base/brand.ts';
import {
  nameInstance, templateOf, unitKind, unitNameForm, withInstance,
} from '../../core/unit/unit-name.ts';

/** Links followed from one name to the next; a chain as long as this is a loop. */
const ALIAS_HOPS_MAX = 32;

/** What a name stands for in the first directory that has it. Paths are without the root prefix of offline verbs. */
export type IndexedName =
  /** A file, or a link to a file outside of the load path. `path` is the file itself. */
  | { readonly kind: 'file'; readonly path: string; readonly link: string | null }
  /** A link to another name. */
  | { readonly kind: 'alias'; readonly link: string; readonly target: string }
  /** A link to /dev/null. Empty files mask too, but that is seen when they are read. */
  | { readonly kind: 'mask'; readonly link: string }
  /** A link that cannot be used, with the reason. */
  | { readonly kind: 'broken'; readonly link: string; readonly problem: string };

/** Where a name leads. */
export interface ResolvedName {
  /** The unit's own name: that of the file at the end of all links. */
  readonly name: UnitName;
  /** null = there is no file of this name. */
  readonly found: Exclude<IndexedName, { kind: 'alias' }> | null;
}

export type SideSuffix = '.d' | '.wants' | '.requires' | '.upholds';

/** A directory beside the unit files: `foo.service.d`, `bar.target.wants`. */
export interface SideDirectory {
  readonly path: string;
  readonly suffix: SideSuffix;
  /** Index of the load path directory it is in. */
  readonly rank: number;
}

export interface UnitIndex {
  /** Directories as they were given, and those of them that are used: existing, each once. */
  readonly directories: readonly string[];
  /** Every name in the load path, templates included. */
  readonly names: ReadonlyMap<string, IndexedName>;
  /** Side directories by the name they belong to (`foo.service`, or a kind such as `service`), most important first. */
  readonly sideDirectories: ReadonlyMap<string, readonly SideDirectory[]>;
  /** Names that are links to a name. */
  readonly aliasesOf: ReadonlyMap<string, readonly string[]>;
  /** Whether the directories have the content that was indexed; null: they changed so recently that nothing can tell. */
  readonly stamp: string | null;
}

/**
 * Reads the directories.
 *
 * @param directories the load path, most important first
 * @param root        prefix for offline verbs, '' for the running system
 */
export function indexUnits(directories: readonly string[], root: string): UnitIndex {
  const names = new Map<string, IndexedName>();
  const sideDirectories = new Map<string, SideDirectory[]>();
  const inPath = new Set(directories);
  const real = new Set<string>();
  const used: string[] = [];
  // Before the directories are read: a change in between makes the index look stale, never fresh.
  const stamp = stampOf(directories, root);
  directories.forEach((directory, rank) => {
    const entries = listDirectory(root + directory);
    if (entries === null) return;
    // With /lib a link to /usr/lib the same directory is in the path twice.
    const identity = realPath(root + directory);
    if (real.has(identity)) return;
    real.add(identity);
    used.push(directory);
    for (const entry of entries) {
      const suffix = SIDE_SUFFIX.exec(entry.name);
      if (suffix !== null) {
        if (entry.isDirectory() || (entry.isSymbolicLink() && isDirectory(`${root}${directory}/${entry.name}`))) {
          const owner = entry.name.slice(0, suffix.index);
          const list = sideDirectories.get(owner);
          const side = { path: `${directory}/${entry.name}`, suffix: suffix[0] as SideSuffix, rank };
          if (list === undefined) sideDirectories.set(owner, [side]);
          else list.push(side);
        }
        continue;
      }
      if (names.has(entry.name) || unitNameForm(entry.name) === null) continue;
      names.set(entry.name, indexEntry(entry, directory, root, inPath));
    }
  });
  return { directories: used, names, sideDirectories, aliasesOf: reverseAliases(names), stamp };
}

const SIDE_SUFFIX = /\.(?:d|wants|requires|upholds)$/;

function listDirectory(path: string): readonly Dirent[] | null {
  try {
    return readdirSync(path, { withFileTypes: true });
  } catch {
    return null;
  }
}

function realPath(path: string): string {
  try {
    return realpathSync.native(path);
  } catch {
    return path;
  }
}

function isDirectory(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}

/** The kernel's clock for files ticks every 1 to 10 ms; what was written within one tick has the same time. */
const TICK_MSEC = 20;
/** File systems that keep whole seconds, or every other one. */
const WHOLE_SECONDS_TICK_MSEC = 2000;
const SECOND_NSEC = 1_000_000_000n;
const MSEC_NSEC = 1_000_000n;

/**
 * Changes whenever an entry was made, removed or renamed in one of the directories. null: one of them changed so recently that a further
 * change may leave the same time behind, so that what is read now may have to be read again.
 *
 * @param nowMsec the wall clock
 */
export function stampOf(directories: readonly string[], root: string, nowMsec = Date.now()): string | null {
  let stamp = '';
  for (const directory of directories) {
    try {
      const stat = statSync(root + directory, { bigint: true, throwIfNoEntry: false });
      if (stat !== undefined && isWithinTick(stat.mtimeNs, nowMsec)) return null;
      stamp += stat === undefined ? '-;' : `${stat.dev}:${stat.ino}:${stat.mtimeNs};`;
    } catch (error) {
      stamp += `${(error as NodeJS.ErrnoException).code ?? '?'};`;
    }
  }
  return stamp;
}

/** A time in the future is as good as any: the next change will have another. */
function isWithinTick(mtimeNsec: bigint, nowMsec: number): boolean {
  const tickMsec = mtimeNsec % SECOND_NSEC === 0n ? WHOLE_SECONDS_TICK_MSEC : TICK_MSEC;
  return Math.abs(nowMsec - Number(mtimeNsec / MSEC_NSEC)) <= tickMsec;
}

/** Whether what was read with this stamp is what is there now. */
export function isStampOf(stamp: string | null, directories: readonly string[], root: string): boolean {
  return stamp !== null && stampOf(directories, root) === stamp;
}

function indexEntry(entry: Dirent, directory: string, root: string, inPath: ReadonlySet<string>): IndexedName {
  const path = `${directory}/${entry.name}`;
  const isLink = entry.isSymbolicLink() || (!entry.isFile() && !entry.isDirectory() && isSymbolicLink(root + path));
  if (!isLink) return { kind: 'file', path, link: null };
  let target: string;
  try {
    target = readlinkSync(root + path);
  } catch (error) {
    return { kind: 'broken', link: path, problem: `the link cannot be read (${(error as NodeJS.ErrnoException).code ?? 'unknown error'})` };
  }
  const absolute = posix.resolve(directory, target);
  if (absolute === '/dev/null') return { kind: 'mask', link: path };
  const base = posix.basename(absolute);
  if (!inPath.has(posix.dirname(absolute))) return { kind: 'file', path: absolute, link: path };
  if (base === entry.name) return absolute === path ? loop(path) : { kind: 'file', path: absolute, link: path };
  const problem = aliasProblem(entry.name, base);
  return problem === null ? { kind: 'alias', link: path, target: base } : { kind: 'broken', link: path, problem };
}

function loop(link: string): IndexedName {
  return { kind: 'broken', link, problem: 'the link leads to itself' };
}

/** File systems without d_type leave the kind open. */
function isSymbolicLink(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() ?? false;
}

/** Why one name cannot stand for the other; null when it can. Source: systemd.unit(5), "Aliases". */
function aliasProblem(alias: string, target: string): string | null {
  const targetForm = unitNameForm(target);
  if (targetForm === null) return `its target ${target} is not the name of a unit`;
  if (unitKind(alias) !== unitKind(target)) return `a ${unitKind(alias)} cannot be another name of a ${unitKind(target)}`;
  const aliasForm = unitNameForm(alias);
  if (aliasForm === 'template' && targetForm !== 'template') return `a template cannot be another name of ${target}`;
  if (aliasForm === 'plain' && targetForm === 'template') return `the template ${target} needs an instance`;
  if (aliasForm === 'instance' && targetForm === 'plain') return `an instance cannot be another name of ${target}`;
  if (aliasForm === 'plain' && targetForm === 'instance') return `the instance ${target} cannot have another name`;
  if (aliasForm === 'instance' && targetForm === 'instance' && nameInstance(alias) !== nameInstance(target)) return `the instances of ${alias} and ${target} differ`;
  return null;
}

function reverseAliases(names: ReadonlyMap<string, IndexedName>): ReadonlyMap<string, readonly string[]> {
  const reverse = new Map<string, string[]>();
  for (const [name, indexed] of names) {
    if (indexed.kind !== 'alias') continue;
    const list = reverse.get(indexed.target);
    if (list === undefined) reverse.set(indexed.target, [name]);
    else list.push(name);
  }
  return reverse;
}

/** Follows links and templates from a name to the unit it means. */
export function resolveName(index: UnitIndex, requested: UnitName): ResolvedName {
  let name = requested;
  for (let hops = 0; hops < ALIAS_HOPS_MAX; hops += 1) {
    const template = templateOf(name);
    const indexed = index.names.get(name) ?? (template === null ? undefined : index.names.get(template));
    if (indexed === undefined) return { name, found: null };
    if (indexed.kind !== 'alias') return { name, found: indexed };
    const next = unitNameForm(indexed.target) === 'template' ? withInstance(indexed.target, nameInstance(name) ?? '') : (indexed.target as UnitName);
    if (next === null) return { name, found: { kind: 'broken', link: indexed.link, problem: `its target ${indexed.target} cannot have this instance` } };
    name = next;
  }
  return { name: requested, found: { kind: 'broken', link: requested, problem: 'the links lead in a circle' } };
}

/** All names of a unit: its own first, then those that are links to it, directly or through other links. */
export function namesOf(index: UnitIndex, name: UnitName): readonly UnitName[] {
  const names = [name];
  const add = (other: UnitName | null): void => {
    if (other !== null && !names.includes(other) && names.length <= index.names.size) names.push(other);
  };
  // The list grows while it is walked: aliases of aliases are found too.
  for (const each of names) {
    for (const alias of index.aliasesOf.get(each) ?? []) add(alias as UnitName);
    const template = templateOf(each);
    if (template === null) continue;
    for (const alias of index.aliasesOf.get(template) ?? []) {
      const instance = nameInstance(each);
      if (unitNameForm(alias) === 'instance') {
        if (nameInstance(alias) === instance) add(alias as UnitName);
      } else if (!index.names.has(withInstance(alias, instance ?? '') ?? '')) add(withInstance(alias, instance ?? ''));
    }
  }
  return names;
}

/** Whether there is a file for this name, masked or not. */
export function hasUnitFile(index: UnitIndex, name: UnitName): boolean {
  if (index.names.has(name)) return true;
  const template = templateOf(name);
  return template !== null && index.names.has(template);
}
