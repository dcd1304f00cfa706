/** The unit files on disk as `enable` and its kin see them, and the performing of what they plan. */
import {
  lstatSync, mkdirSync, readFileSync, readdirSync, readlinkSync, rmdirSync, statSync, symlinkSync, unlinkSync, type Dirent,
} from 'node:fs';
import { posix } from 'node:path';
import type { UnitName } from '../../base/brand.ts';
import type { InstallSection } from '../../core/unit/definition.ts';
import { templateOf, unitNameForm } from '../../core/unit/unit-name.ts';
import {
  parsePresets, type FoundLink, type FoundUnitFile, type InstallPlan, type LinkOperation, type PresetRule, type UnitFilesView,
} from '../../core/unit-file/install.ts';
import { EMPTY_INSTALL, readInstallSection } from '../../core/unit-file/install-section.ts';
import { lexUnitFile } from '../../core/unit-file/lexer.ts';
import { readSettings } from '../../core/unit-file/setting-reader.ts';
import { expandSpecifiers, type SpecifierContext } from '../../core/unit-file/specifiers.ts';
import type { LoadPath } from './load-path.ts';
import { readUnitFile } from './read-unit-file.ts';
import { cachingDirectoryReader, mergeDirectories, sideDirectoriesOf, type DirectoryReader } from './side-directories.ts';
import { indexUnits, resolveName, type UnitIndex } from './unit-index.ts';

/**
 * Reads the load path for install verbs. The view is a snapshot: make a new one for every verb.
 *
 * @param root prefix for offline verbs, '' for the running system
 */
export function readUnitFiles(loadPath: LoadPath, specifiers: SpecifierContext, root: string): UnitFilesView {
  const index = indexUnits(loadPath.directories, root);
  const readDirectory = cachingDirectoryReader(root);
  return {
    directories: loadPath.directories,
    configurationDirectory: loadPath.configurationDirectory,
    runtimeDirectory: loadPath.runtimeDirectory,
    generatorDirectory: loadPath.generatorDirectory,
    links: findLinks(index.directories, root),
    find: (name) => (name.startsWith('/') ? findPath(name, specifiers, root) : findName(index, name, specifiers, root, readDirectory)),
    exists: (path) => lstatSync(root + path, { throwIfNoEntry: false }) !== undefined,
    root,
  };
}

const OWNER = /\.(?:wants|requires|upholds)$/;

function findLinks(directories: readonly string[], root: string): readonly FoundLink[] {
  const links: FoundLink[] = [];
  const take = (directory: string, owner: string, entries: readonly Dirent[]): void => {
    const parent = owner === '' ? directory : `${directory}/${owner}`;
    for (const entry of entries) {
      if (!entry.isSymbolicLink() || unitNameForm(entry.name) === null) continue;
      try {
        links.push({ directory, owner, name: entry.name, target: posix.resolve(parent, readlinkSync(`${root}${parent}/${entry.name}`)) });
      } catch {
        // Removed since the directory was read.
      }
    }
  };
  for (const directory of directories) {
    const entries = list(root + directory);
    take(directory, '', entries);
    for (const entry of entries) if (OWNER.test(entry.name) && entry.isDirectory()) take(directory, entry.name, list(`${root}${directory}/${entry.name}`));
  }
  return links;
}

function list(path: string): readonly Dirent[] {
  try {
    return readdirSync(path, { withFileTypes: true });
  } catch {
    return [];
  }
}

function findName(index: UnitIndex, name: string, specifiers: SpecifierContext, root: string, readDirectory: DirectoryReader): FoundUnitFile | null {
  if (unitNameForm(name) === null) return null;
  const resolved = resolveName(index, name as UnitName);
  if (resolved.found === null || resolved.found.kind === 'broken') return null;
  if (resolved.found.kind === 'mask') return { state: 'masked', path: resolved.found.link, name: resolved.name, install: EMPTY_INSTALL };
  // A template asked for by an instance keeps its own name: the instance is no alias of it.
  const own = index.names.has(resolved.name) ? resolved.name : templateOf(resolved.name) ?? resolved.name;
  const dropIns = mergeDirectories(sideDirectoriesOf(index, [resolved.name]), '.d', readDirectory, (each) => each.endsWith('.conf'));
  return readFound(resolved.found.path, own, resolved.name, dropIns, specifiers, root);
}

function findPath(path: string, specifiers: SpecifierContext, root: string): FoundUnitFile | null {
  const name = posix.basename(path);
  return unitNameForm(name) === null ? null : readFound(path, name, name as UnitName, [], specifiers, root);
}

function readFound(path: string, own: string, asked: UnitName, dropIns: readonly string[], specifiers: SpecifierContext, root: string): FoundUnitFile | null {
  const contents = readUnitFile(root + path);
  if (contents.state === 'missing' || contents.state === 'unreadable') return null;
  if (contents.state === 'empty') return { state: 'masked', path, name: own, install: EMPTY_INSTALL };
  const files = [lexUnitFile(contents.text, path)];
  for (const dropIn of dropIns) {
    const more = readUnitFile(root + dropIn);
    if (more.state === 'text') files.push(lexUnitFile(more.text, dropIn));
  }
  const unit = { name: asked, fragmentPath: path };
  return { state: 'file', path, name: own, install: installOf(asked, files, (text) => expandSpecifiers(text, specifiers, unit)) };
}

function installOf(name: UnitName, files: Parameters<typeof readSettings>[1], expand: Parameters<typeof readSettings>[2]): InstallSection {
  const install = readInstallSection(readSettings(name, files, expand));
  // `%i` of a template is that of the instance it is enabled with by default.
  if (install.defaultInstance === null || unitNameForm(name) !== 'template') return install;
  const instance = name.replace(/@\./, `@${install.defaultInstance}.`) as UnitName;
  return unitNameForm(instance) === 'instance' ? readInstallSection(readSettings(instance, files, (text) => expand(text.replace(/%i/g, install.defaultInstance ?? '')))) : install;
}

/** The outcome of performing a plan: null, or the operation that failed and its errno by name. */
export type InstallFailure = { readonly operation: LinkOperation; readonly code: string } | null;

/** Makes and removes the links of a plan, in order, and stops at the first that fails. */
export function performInstall(plan: InstallPlan, root: string): InstallFailure {
  for (const operation of plan.operations) {
    try {
      perform(operation, root);
    } catch (error) {
      return { operation, code: (error as NodeJS.ErrnoException).code ?? 'unknown error' };
    }
  }
  return null;
}

function perform(operation: LinkOperation, root: string): void {
  const path = root + operation.path;
  if (operation.kind === 'symlink') {
    mkdirSync(posix.dirname(path), { recursive: true, mode: 0o755 });
    symlinkSync(operation.target, path);
    return;
  }
  unlinkSync(path);
  if (!OWNER.test(posix.dirname(path))) return;
  try {
    rmdirSync(posix.dirname(path));
  } catch {
    // Other links are still in it.
  }
}

/**
 * All preset rules in the order in which they count: files of all directories by name, a name only from the first directory.
 *
 * @param directories most important first, such as /etc/systemd/system-preset
 */
export function readPresets(directories: readonly string[], root: string): readonly PresetRule[] {
  const files = new Map<string, string>();
  for (const directory of directories) {
    for (const entry of list(root + directory)) {
      if (entry.name.endsWith('.preset') && !files.has(entry.name)) files.set(entry.name, `${root}${directory}/${entry.name}`);
    }
  }
  return [...files.keys()].sort().flatMap((name) => {
    try {
      const path = files.get(name) as string;
      return statSync(path).isFile() ? parsePresets(readFileSync(path, 'utf8')) : [];
    } catch {
      return [];
    }
  });
}

/** Where preset files are. */
export function presetDirectories(mode: 'system' | 'user', shipped: string | null): readonly string[] {
  return [
    `/etc/heartwood/${mode}-preset`, `/etc/systemd/${mode}-preset`, `/run/systemd/${mode}-preset`, `/usr/local/lib/systemd/${mode}-preset`,
    shipped ?? `/usr/lib/heartwood/${mode}-preset`, `/usr/lib/systemd/${mode}-preset`, `/lib/systemd/${mode}-preset`,
  ];
}
