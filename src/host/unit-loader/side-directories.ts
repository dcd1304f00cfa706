/**
 * Drop-ins and `.wants/` links: which directories belong to a unit, and what is in them. Source: systemd.unit(5).
 */
import { readdirSync, readlinkSync } from 'node:fs';
import type { UnitName } from '../../base/brand.ts';
import { namePrefix, templateOf, unitKind } from '../../core/unit/unit-name.ts';
import type { UnitIndex } from './unit-index.ts';

/** The file names of one directory; null = it cannot be read. */
export type DirectoryReader = (path: string) => readonly string[] | null;

/** A reader that asks the disk once for each directory; made for one load. */
export function cachingDirectoryReader(root: string): DirectoryReader {
  const cache = new Map<string, readonly string[] | null>();
  return (path) => {
    let names = cache.get(path);
    if (names === undefined) {
      try {
        names = readdirSync(root + path);
      } catch {
        names = null;
      }
      cache.set(path, names);
    }
    return names;
  };
}

/**
 * The names under which a unit's side directories are looked for, most specific first: itself, its template, then each
 * prefix that ends in a dash, `foo-bar.service`, `foo-.service`.
 */
function directoryNames(name: string): readonly string[] {
  const list = [name];
  const template = templateOf(name);
  if (template !== null && template !== name) list.push(template);
  const prefix = namePrefix(name);
  const rest = name.slice(prefix.length);
  let dash = prefix.lastIndexOf('-', prefix.length - 2);
  while (dash > 0) {
    const shorter = prefix.slice(0, dash + 1);
    list.push(shorter + rest);
    if (template !== null && template !== name) list.push(shorter + template.slice(prefix.length));
    dash = prefix.lastIndexOf('-', dash - 1);
  }
  return list;
}

/** Side directories of a unit with this suffix, most important first. */
export function sideDirectoriesOf(index: UnitIndex, names: readonly UnitName[], suffix: '.d' | '.wants' | '.requires' | '.upholds'): readonly string[] {
  if (index.sideDirectories.size === 0) return [];
  const directories: string[] = [];
  const add = (directoryName: string, into: { readonly path: string; readonly rank: number; readonly order: number }[], order: number): void => {
    for (const side of index.sideDirectories.get(directoryName) ?? []) into.push({ ...side, order });
  };
  const take = (found: { readonly path: string; readonly rank: number; readonly order: number }[]): void => {
    // The load path decides before the name does: /etc/…/foo-.service.d is above /usr/lib/…/foo-bar.service.d.
    found.sort((a, b) => a.rank - b.rank || a.order - b.order);
    for (const each of found) if (!directories.includes(each.path)) directories.push(each.path);
  };
  for (const name of names) {
    const found: { readonly path: string; readonly rank: number; readonly order: number }[] = [];
    directoryNames(name).forEach((each, order) => add(each + suffix, found, order));
    if (found.length > 0) take(found);
  }
  const ofKind: { readonly path: string; readonly rank: number; readonly order: number }[] = [];
  add(unitKind(names[0] as UnitName) + suffix, ofKind, 0);
  take(ofKind);
  return directories;
}

/**
 * The files of several directories as one: each name once, from the first directory that has it, in the order of names.
 *
 * @param isWanted which names count
 * @returns paths
 */
export function mergeDirectories(directories: readonly string[], read: DirectoryReader, isWanted: (name: string) => boolean): readonly string[] {
  if (directories.length === 0) return [];
  const byName = new Map<string, string>();
  for (const directory of directories) {
    for (const name of read(directory) ?? []) if (isWanted(name) && !byName.has(name)) byName.set(name, `${directory}/${name}`);
  }
  const names = [...byName.keys()].sort(compareBytes);
  return names.map((name) => byName.get(name) as string);
}

/** As strcmp(3): by code unit, which for file names in ASCII is by byte. */
function compareBytes(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** Whether a path is a link to /dev/null: how a link or drop-in of a lower directory is taken out. */
export function isMaskLink(path: string): boolean {
  try {
    return readlinkSync(path) === '/dev/null';
  } catch {
    return false;
  }
}
