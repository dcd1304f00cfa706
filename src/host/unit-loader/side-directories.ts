/**
 * Drop-ins and `.wants/` links: which directories belong to a unit, and what is in them. Source: systemd.unit(5).
 */
import { readdirSync, readlinkSync } from 'node:fs';
import type { UnitName } from '../../base/brand.ts';
import { namePrefix, templateOf, unitKind } from '../../core/unit/unit-name.ts';
import type { SideDirectory, SideSuffix, UnitIndex } from './unit-index.ts';

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
 * The names under which a unit's side directories are looked for, the one that wins first: itself, its template with all names of that, then
 * its prefix up to a dash with all names of that. So `a-b@i.service` leads to `a-b@.service`, `a-.service`, `a-@i.service`, `a-@.service`.
 */
function directoryNames(name: string): readonly string[] {
  const list: string[] = [];
  const add = (each: string): void => {
    if (list.includes(each)) return;
    list.push(each);
    const template = templateOf(each);
    if (template !== null && template !== each) add(template);
    const prefix = namePrefix(each);
    const dash = prefix.lastIndexOf('-', prefix.length - 2);
    if (dash <= 0) return;
    const rest = each.slice(prefix.length);
    // A shorter prefix of a template is no template: there is nothing it could be an instance of.
    add(prefix.slice(0, dash + 1) + (template === each ? rest.slice(1) : rest));
  };
  add(name);
  return list;
}

/** All side directories of a unit, most important first. Most units have none, which costs a look-up for each prefix. */
export function sideDirectoriesOf(index: UnitIndex, names: readonly UnitName[]): readonly SideDirectory[] {
  if (index.sideDirectories.size === 0) return NONE;
  const directories: SideDirectory[] = [];
  const take = (owners: readonly string[]): void => {
    let found: { readonly side: SideDirectory; readonly order: number }[] | null = null;
    for (let order = 0; order < owners.length; order += 1) {
      const sides = index.sideDirectories.get(owners[order] as string);
      if (sides === undefined) continue;
      found ??= [];
      for (const side of sides) found.push({ side, order });
    }
    if (found === null) return;
    // The load path decides before the name does: /etc/…/foo-.service.d is above /usr/lib/…/foo-bar.service.d.
    found.sort((a, b) => a.side.rank - b.side.rank || a.order - b.order);
    for (const { side } of found) if (!directories.includes(side)) directories.push(side);
  };
  for (const name of names) take(directoryNames(name));
  take([unitKind(names[0] as UnitName)]);
  return directories;
}

const NONE: readonly SideDirectory[] = [];

/**
 * The files of several directories as one: each name once, from the first directory that has it, in the order of names.
 *
 * @param suffix   which of the directories
 * @param isWanted which names count
 * @returns paths
 */
export function mergeDirectories(directories: readonly SideDirectory[], suffix: SideSuffix, read: DirectoryReader, isWanted: (name: string) => boolean): readonly string[] {
  if (directories.length === 0) return [];
  const byName = new Map<string, string>();
  for (const directory of directories) {
    if (directory.suffix !== suffix) continue;
    for (const name of read(directory.path) ?? []) if (isWanted(name) && !byName.has(name)) byName.set(name, `${directory.path}/${name}`);
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
