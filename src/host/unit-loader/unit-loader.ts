/**
 * Loads units: finds the files of a name and of everything it refers to, reads them, and has them built.
 *
 * Synchronous throughout. PID 1 must not start the thread pool, and unit files are on local disks.
 */
import type { UnitName } from '../../base/brand.ts';
import type { LoadDefinitions } from '../../core/manager/survival/journal-entry.ts';
import type { UnitDefinition } from '../../core/unit/definition.ts';
import type { Diagnostic } from '../../core/unit/source.ts';
import type { MountPoint } from '../../core/unit/mount.ts';
import { isUnitName, unitKind, unitNameForm } from '../../core/unit/unit-name.ts';
import type { SwapPoint } from '../../core/unit/swap.ts';
import { buildMountPoint, buildSwapPoint, buildUnit, buildUnusable } from '../../core/unit-file/build-unit.ts';
import { orderTarget } from '../../core/unit-file/default-dependencies.ts';
import { lexUnitFile, type LexedFile } from '../../core/unit-file/lexer.ts';
import { hashSources } from '../../core/unit-file/source-hash.ts';
import type { SpecifierContext } from '../../core/unit-file/specifiers.ts';
import type { UnitDefaults } from '../../core/unit-file/unit-defaults.ts';
import type { BuildContext, LinkedDependency, UnitSources } from '../../core/unit-file/unit-draft.ts';
import { meantUnit } from '../../core/unit-file/unit-section.ts';
import { cachingStampReader, type StampReader } from './file-stamp.ts';
import { KeptDefinitions, type Ingredients } from './kept-definitions.ts';
import { readUnitFile, type FileContents } from './read-unit-file.ts';
import {
  cachingDirectoryReader, isMaskLink, mergeDirectories, sideDirectoriesOf, type DirectoryReader,
} from './side-directories.ts';
import { machineTimeZones } from './time-zones.ts';
import { hasUnitFile, indexUnits, isStampOf, namesOf, resolveName, type ResolvedName, type SideDirectory, type UnitIndex } from './unit-index.ts';

/**
 * Units that one call loads at most. A template that wants two longer instances of itself describes a tree without end;
 * beyond this number names are still answered, but their files are not read.
 */
export const UNITS_PER_LOAD_MAX = 65_536;

export interface UnitLoaderOptions {
  readonly mode: 'system' | 'user';
  /** The load path, most important first (`buildLoadPath`). */
  readonly directories: readonly string[];
  /** The directory of `directories` whose units are transient; null = none. */
  readonly transientDirectory?: string | null;
  /** Whether devices can be known and waited for. */
  readonly hasDevices: boolean;
  /** Prefix for offline verbs, '' for the running system. Paths in definitions do not have it. */
  readonly root: string;
  readonly defaults: UnitDefaults;
  readonly specifiers: SpecifierContext;
  /** In place of the one that reads the disk; absent = that one. */
  readonly readUnitFile?: (path: string) => FileContents;
}

export interface UnitLoader {
  /**
   * The named units and everything they refer to, as far as it is not loaded yet. Names without file are among them, as
   * `not-found`. Order: the named ones first, then in the order they are referred to.
   *
   * @param find what is loaded already, under any of its names
   */
  loadClosure(names: readonly UnitName[], find: (name: UnitName) => UnitDefinition | undefined): readonly UnitDefinition[];
  /**
   * The same for the engine after a death: nothing counts as loaded. What the one before had loaded and left is taken as it was, with its
   * canonical name, whatever the files say by now; each name is answered.
   *
   * @param sourceHashes of what it had loaded, in the order of the names
   */
  readonly restore: LoadDefinitions;
  /** The same for a daemon-reload: nothing counts as loaded, and units that are not in the answer are not kept. Only what changed is read. */
  reload(names: readonly UnitName[]): readonly UnitDefinition[];
  /** The unit of a mount that no file speaks of. `hasDefaults`: it is unmounted at the end. */
  mountPoint(name: UnitName, mount: MountPoint, hasDefaults: boolean): UnitDefinition;
  /** The unit of a swap that no file speaks of. */
  swapPoint(name: UnitName, swap: SwapPoint): UnitDefinition;
  /** One unit alone; targets are not ordered after what they pull in. */
  loadUnit(name: UnitName): UnitDefinition;
  /** The name under which a unit is loaded: the end of all links. */
  canonicalName(name: UnitName): UnitName;
  /** Whether a loaded unit's files differ from what they were when it was loaded. */
  changedOnDisk(definition: UnitDefinition): boolean;
  /** What the load path contains now. */
  index(): UnitIndex;
  /** What was read, for an engine to come. */
  readonly kept: KeptDefinitions;
}

/** All that was read for one unit, before it is built. */
interface Gathered {
  readonly sources: UnitSources;
  readonly unusable: { readonly loadState: 'not-found' | 'masked' | 'error'; readonly loadError: string | null; readonly fragmentPath: string | null } | null;
  readonly diagnostics: readonly Diagnostic[];
  /** Stamps of what was read; null = something of it cannot be told by a stamp. */
  readonly stamps: Ingredients['stamps'] | null;
}

/** What one call shares: directories and files that several units have in common are read once. */
interface Session {
  readonly index: UnitIndex;
  readonly context: BuildContext;
  readonly readDirectory: DirectoryReader;
  readonly stampOf: StampReader;
  readonly readText: (path: string) => FileContents;
  readonly files: Map<string, ReadFile>;
  /** What the paths of transient units begin with; null = there are none. */
  readonly transientPrefix: string | null;
}

interface ReadFile {
  readonly contents: FileContents;
  readonly lexed: LexedFile | null;
}

/** Where the files of a unit are, found without a look at the disk. */
interface Place {
  readonly found: ResolvedName['found'];
  readonly names: readonly UnitName[];
  readonly directories: readonly SideDirectory[];
}

/** Makes a loader. It holds the index of the load path, and the definitions it gave away last. */
export function createUnitLoader(options: UnitLoaderOptions): UnitLoader {
  const { root, directories } = options;
  const kept = new KeptDefinitions(UNITS_PER_LOAD_MAX);
  let index: UnitIndex | null = null;

  const currentIndex = (): UnitIndex => {
    if (index === null || !isStampOf(index.stamp, directories, root)) index = indexUnits(directories, root);
    return index;
  };

  const transientPrefix = typeof options.transientDirectory === 'string' ? `${options.transientDirectory}/` : null;
  const openSession = (): Session => {
    const current = currentIndex();
    return {
      index: current,
      context: {
        mode: options.mode, defaults: options.defaults, specifiers: options.specifiers,
        hasUnitFile: (name) => hasUnitFile(current, name),
        hasDevices: options.hasDevices,
        timeZones: machineTimeZones(),
      },
      readDirectory: cachingDirectoryReader(root),
      stampOf: cachingStampReader(root),
      readText: options.readUnitFile ?? readUnitFile,
      files: new Map(),
      transientPrefix,
    };
  };

  const isTransient = ({ fragmentPath }: UnitDefinition): boolean => transientPrefix !== null && fragmentPath?.startsWith(transientPrefix) === true;

  const loadOne = (session: Session, name: UnitName): UnitDefinition => {
    const place = placeOf(session, name);
    const unchanged = findKept(session, name, place);
    if (unchanged !== null) return unchanged;
    const gathered = gather(session, name, place, root);
    const asked = new Map<UnitName, boolean>();
    const hasFile = (other: UnitName): boolean => {
      const exists = hasUnitFile(session.index, other);
      asked.set(other, exists);
      return exists;
    };
    const context = { ...session.context, hasUnitFile: hasFile };
    const unit = gathered.unusable === null ? buildUnit(gathered.sources, context) : buildUnusable(gathered.sources, context, gathered.unusable);
    const told = gathered.diagnostics.length === 0 ? unit : { ...unit, diagnostics: [...gathered.diagnostics, ...unit.diagnostics] };
    const whole: UnitDefinition = isTransient(told) ? { ...told, transient: true } : told;
    // A timer is always read: the rules of its time zone may have changed.
    const isKnown = gathered.stamps !== null && whole.kind !== 'timer';
    kept.keep({ definition: whole, ingredients: isKnown ? { place: textOf(place), stamps: gathered.stamps, asked: [...asked] } : null });
    return whole;
  };

  const findKept = (session: Session, name: UnitName, place: Place): UnitDefinition | null => kept.find(name, textOf(place), {
    stampOf: session.stampOf, exists: (other) => hasUnitFile(session.index, other),
  });

  /** @param remembered what is to be taken in place of files; null = nothing */
  const loadClosure = (names: readonly UnitName[], find: (name: UnitName) => UnitDefinition | undefined, remembered: (name: UnitName) => UnitDefinition | null = () => null): readonly UnitDefinition[] => {
    const session = openSession();
    const loaded = new Map<UnitName, UnitDefinition>();
    const requested = new Set(names);
    const known = new Set<UnitName>();
    const queue: UnitName[] = [];
    /** A name that had no file may have one by now; only who asks for the unit by name makes us look again. */
    const isToBeRead = (name: UnitName): boolean => {
      const before = find(name);
      return before === undefined || (before.loadState === 'not-found' && requested.has(name) && hasUnitFile(session.index, name));
    };
    const enqueue = (name: UnitName): void => {
      if (known.has(name)) return;
      known.add(name);
      if (isToBeRead(name)) queue.push(name);
    };
    for (const name of names) enqueue(name);
    for (let next = 0; next < queue.length; next += 1) {
      const asked = queue[next] as UnitName;
      const former = remembered(asked);
      const name = former?.name ?? resolveName(session.index, asked).name;
      if (loaded.has(name) || (name !== asked && !isToBeRead(name))) continue;
      const unit = former ?? (loaded.size < UNITS_PER_LOAD_MAX ? loadOne(session, name) : refuse(session, name, TOO_MANY));
      loaded.set(name, unit);
      for (const other of unit.names) known.add(other);
      for (const { other } of unit.dependencies) enqueue(other);
    }
    const byName = new Map<UnitName, UnitDefinition>();
    for (const unit of loaded.values()) for (const name of unit.names) byName.set(name, unit);
    const findAny = (name: UnitName): UnitDefinition | undefined => byName.get(name) ?? find(name);
    return [...loaded.values()].map((unit) => (unit.kind === 'target' ? orderTarget(unit, findAny) : unit));
  };

  return {
    loadClosure: (names, find) => {
      // What a new engine asks for is not loaded yet.
      const wanted = new Set(names);
      kept.prune((name) => wanted.has(name) || find(name) !== undefined);
      return loadClosure(names, find);
    },

    restore: (names, sourceHashes) => {
      const hashes = new Map(sourceHashes === null ? [] : names.map((name, index) => [name, sourceHashes[index]]));
      const units = loadClosure(names, () => undefined, (name) => {
        const hash = hashes.get(name);
        return hash === undefined ? null : kept.formerly(name, hash);
      });
      const given = new Set(units.map(({ name }) => name));
      const session = openSession();
      return [...units, ...names.filter((name) => !given.has(name)).map((name) => refuse(session, name, `The name belongs to ${resolveName(session.index, name).name} now.`))];
    },

    reload: (names) => {
      const units = loadClosure(names, () => undefined);
      kept.retain(new Set(units.map((unit) => unit.name)));
      return units;
    },

    mountPoint: (name, mount, hasDefaults) => buildMountPoint(name, mount, hasDefaults, openSession().context),

    swapPoint: (name, swap) => buildSwapPoint(name, swap, openSession().context),

    loadUnit: (name) => {
      const session = openSession();
      return loadOne(session, resolveName(session.index, name).name);
    },

    canonicalName: (name) => resolveName(currentIndex(), name).name,

    changedOnDisk: (definition) => {
      const session = openSession();
      const place = placeOf(session, definition.name);
      const unchanged = findKept(session, definition.name, place);
      return (unchanged ?? gather(session, definition.name, place, root).sources).sourceHash !== definition.sourceHash;
    },

    index: currentIndex,

    kept,
  };
}

const TOO_MANY = `More than ${UNITS_PER_LOAD_MAX} units refer to each other; this one was not read.`;

function refuse(session: Session, name: UnitName, loadError: string): UnitDefinition {
  const sources: UnitSources = { name, names: [name], fragment: null, dropIns: [], links: [], sourceHash: hashSources([]) };
  return buildUnusable(sources, session.context, { loadState: 'error', loadError, fragmentPath: null });
}

/** Kinds that exist without a file: slices are made by being named, devices by the kernel. */
function needsNoFile(name: UnitName): boolean {
  const kind = unitKind(name);
  return kind === 'slice' || kind === 'device';
}

/** @param name canonical */
function placeOf(session: Session, name: UnitName): Place {
  const names = namesOf(session.index, name);
  return { found: resolveName(session.index, name).found, names, directories: sideDirectoriesOf(session.index, names) };
}

function textOf({ found, names, directories }: Place): string {
  return `${found === null ? '' : Object.values(found).join(' ')}\n${names.join(' ')}\n${directories.map(({ path }) => path).join(' ')}`;
}

/** Finds and reads everything of one unit. `name` is canonical. */
function gather(session: Session, name: UnitName, { found, names, directories }: Place, root: string): Gathered {
  const stamps: (readonly [string, string | null])[] = directories.map(({ path }) => [path, session.stampOf(path)] as const);
  const diagnostics: Diagnostic[] = [];
  let fragment: LexedFile | null = null;
  const texts: { readonly path: string; readonly text: string }[] = [];
  const unusable = (loadState: 'not-found' | 'masked' | 'error', loadError: string | null, fragmentPath: string | null): Gathered => ({
    sources: { name, names, fragment, dropIns: [], links: [], sourceHash: hashSources(texts) },
    unusable: { loadState, loadError, fragmentPath },
    diagnostics: loadState === 'error' ? [...diagnostics, errorAbout(fragmentPath ?? '', loadError ?? '')] : diagnostics,
    stamps: found === null ? [] : null,
  });

  if (found?.kind === 'mask') return unusable('masked', `${name} is masked by the link ${found.link}.`, found.link);
  if (found?.kind === 'broken') return unusable('error', `${found.link} cannot be used: ${found.problem}.`, found.link);
  // Scopes are made by programs that hand over processes; no file but that of such a request can make one.
  if (found === null || (unitKind(name) === 'scope' && !(session.transientPrefix !== null && found.path.startsWith(session.transientPrefix)))) {
    if (!needsNoFile(name)) return unusable('not-found', `There is no unit file ${name} in the load path.`, null);
  } else {
    const read = readFile(session, found.path, root);
    if (read.contents.state === 'missing') return unusable('not-found', `${found.link ?? found.path} leads to ${found.path}, which does not exist.`, null);
    if (read.contents.state === 'unreadable') return unusable('error', `The unit file cannot be used: ${read.contents.problem}.`, found.path);
    if (read.contents.state === 'empty') return unusable('masked', `${name} is masked by the empty file ${found.path}.`, found.path);
    fragment = read.lexed;
    texts.push({ path: found.path, text: read.contents.text });
    stamps.push([found.path, read.contents.stamp]);
  }

  const dropIns: LexedFile[] = [];
  for (const path of mergeDirectories(directories, '.d', session.readDirectory, isDropInName)) {
    const read = readFile(session, path, root);
    stamps.push([path, read.contents.state === 'text' ? read.contents.stamp : null]);
    if (read.contents.state === 'unreadable') diagnostics.push(errorAbout(path, `The drop-in is ignored: ${read.contents.problem}.`));
    if (read.contents.state === 'missing' || read.contents.state === 'unreadable') continue;
    // One that takes away another of the same name says nothing, and is there all the same.
    const text = read.contents.state === 'text' ? read.contents.text : '';
    dropIns.push(read.lexed ?? lexUnitFile(text, path));
    texts.push({ path, text });
  }
  const links = gatherLinks(session, name, directories, root, diagnostics);
  const known = stamps.filter((each): each is readonly [string, string] => each[1] !== null);
  return { sources: { name, names, fragment, dropIns, links, sourceHash: hashSources(texts) }, unusable: null, diagnostics, stamps: known.length === stamps.length ? known : null };
}

/** What an editor keeps beside a file does not count. */
function isDropInName(name: string): boolean {
  return name.endsWith('.conf') && !name.startsWith('.');
}

function errorAbout(file: string, message: string): Diagnostic {
  return { severity: 'error', file, line: 0, column: 0, message };
}

function readFile(session: Session, path: string, root: string): ReadFile {
  const before = session.files.get(path);
  if (before !== undefined) return before;
  const contents = session.readText(root + path);
  const read = { contents, lexed: contents.state === 'text' ? lexUnitFile(contents.text, path) : null };
  session.files.set(path, read);
  return read;
}

const LINK_KINDS = [['.wants', 'Wants'], ['.requires', 'Requires'], ['.upholds', 'Upholds']] as const;

function gatherLinks(session: Session, name: UnitName, directories: readonly SideDirectory[], root: string, diagnostics: Diagnostic[]): readonly LinkedDependency[] {
  if (directories.length === 0) return [];
  const links: LinkedDependency[] = [];
  for (const [suffix, kind] of LINK_KINDS) {
    for (const path of mergeDirectories(directories, suffix, session.readDirectory, () => true)) {
      const entry = path.slice(path.lastIndexOf('/') + 1);
      const other = isUnitName(entry) ? entry : unitNameForm(entry) === 'template' ? meantUnit(entry, name) : null;
      if (other === null) {
        diagnostics.push({ severity: 'warning', file: path, line: 0, column: 0, message: `The link is ignored: ${entry} is not the name of a unit.` });
      } else if (!isMaskLink(root + path)) {
        links.push({ kind, other, origin: { file: path, line: 0 } });
      }
    }
  }
  return links;
}
