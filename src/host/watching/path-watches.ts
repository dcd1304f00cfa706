/**
 * Watches files for path units, with inotify(7).
 *
 * A path is watched itself when it exists, and with it all directories above: they may be moved away, or come into being. After every
 * event the watches are put where they belong now, without letting go of those that stay; what no watch could see (a change between
 * two of them) is seen by looking at the paths after that.
 */
import { mkdirSync, readdirSync, realpathSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { UnitName } from '../../base/brand.ts';
import type { UnstampedEvent } from '../../core/manager/event.ts';
import type { PathObservation } from '../../core/manager/state.ts';
import type { PathWatchKind } from '../../core/unit/path.ts';
import type { ManagerLog } from '../engine.ts';
import type { NativeBinding } from '../native.ts';
import type { PollSet } from '../poll-set.ts';
import { SharedInotify, type WatchRecord } from './shared-inotify.ts';
import { expandGlob } from './shell-pattern.ts';
import { IN_ATTRIB, IN_CLOSE_WRITE, IN_CREATE, IN_DELETE, IN_DELETE_SELF, IN_MODIFY, IN_MOVED_FROM, IN_MOVED_TO, IN_MOVE_SELF, IN_Q_OVERFLOW } from './inotify-flags.ts';

const SELF = IN_DELETE_SELF | IN_MOVE_SELF | IN_ATTRIB;
const APPEARS = SELF | IN_CREATE | IN_MOVED_TO;
const CHANGED = SELF | IN_CLOSE_WRITE | IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO;

const MASKS: Readonly<Record<WatchKind, number>> = {
  Device: SELF, PathExists: SELF, PathExistsGlob: SELF, PathChanged: CHANGED, PathModified: CHANGED | IN_MODIFY, DirectoryNotEmpty: APPEARS,
};

/** `Device`: a node below /dev, or an object of the kernel's below /sys, of which uevents tell and not inotify. */
type WatchKind = PathWatchKind | 'Device';

/** Directories that one pattern may have on the way to its last part; more are not watched, only looked at when something else moves. */
const PATTERN_DIRECTORIES_MAX = 256;

/** The existing paths a pattern matches. */
function expandPattern(pattern: string): readonly string[] {
  return expandGlob({ exists: exists, list: entriesOf }, pattern);
}

function entriesOf(path: string): readonly string[] | null {
  try {
    return readdirSync(path);
  } catch {
    return null;
  }
}

export interface PathWatch {
  readonly kind: WatchKind;
  readonly path: string;
}

interface WatchedUnit {
  token: number;
  watches: readonly PathWatch[];
  /** Watch numbers of now, and which of the paths each is itself. */
  numbers: Map<number, number[]>;
  /** Whether the paths were there at the last look. */
  held: string;
}

export class PathWatches {
  readonly #inotify: SharedInotify<UnitName>;
  readonly #log: ManagerLog;
  readonly #submit: (event: UnstampedEvent) => void;
  readonly #units = new Map<UnitName, WatchedUnit>();

  constructor(options: { readonly native: NativeBinding; readonly poll: PollSet; readonly log: ManagerLog; readonly submit: (event: UnstampedEvent) => void }) {
    const { native, poll } = options;
    this.#inotify = new SharedInotify({ native, poll, onRecords: (unit, records) => { this.#onRecords(unit, records); } });
    this.#log = options.log;
    this.#submit = options.submit;
  }

  /** @param resumed the same was watched for by a manager before this one */
  watch(unit: UnitName, token: number, watches: readonly PathWatch[], makeDirectoryMode: number | null, resumed = false): void {
    if (makeDirectoryMode !== null) this.#makeDirectories(unit, watches, makeDirectoryMode);
    const known = this.#units.get(unit);
    const refused = this.#inotify.enter(unit);
    if (refused !== 0) {
      const why = refused === 'EMFILE' ? 'its user has too many inotify instances (sysctl fs.inotify.max_user_instances)' : refused;
      this.#observe(unit, { token, watches }, null, resumed, `nothing can be watched: ${why}`);
      return;
    }
    const watched: WatchedUnit = { token, watches, numbers: known?.numbers ?? new Map<number, number[]>(), held: '' };
    this.#units.set(unit, watched);
    const error = this.#place(unit, watched);
    this.#observe(unit, watched, null, resumed, error);
  }

  /** The kernel told that devices came or went: looks at those that are watched for. */
  lookAtDevices(): void {
    for (const [unit, watched] of this.#units) {
      if (watched.watches.some(({ kind }) => kind === 'Device') && watched.held !== heldOf(watched.watches.map(look))) this.#observe(unit, watched, null, false, '');
    }
  }

  unwatch(unit: UnitName): void {
    if (this.#units.delete(unit)) this.#inotify.leave(unit);
  }

  #onRecords(unit: UnitName, records: readonly WatchRecord[]): void {
    const watched = this.#units.get(unit);
    if (watched === undefined) return;
    const changed = this.#changedBy(unit, watched, records);
    const error = this.#place(unit, watched);
    // Much goes on in /dev that is about other devices.
    if (watched.watches.every(({ kind }) => kind === 'Device') && watched.held === heldOf(watched.watches.map(look))) return;
    this.#observe(unit, watched, changed, false, error);
  }

  /** The first path that changed by itself, null = none. */
  #changedBy(unit: UnitName, watched: WatchedUnit, records: readonly WatchRecord[]): number | null {
    const isAboutChanges = (index: number): boolean => ['PathChanged', 'PathModified'].includes(watched.watches[index]?.kind ?? '');
    if (records.some((record) => (record.mask & IN_Q_OVERFLOW) !== 0)) {
      // Something was lost, nobody knows what. To start once too often is the lesser evil.
      this.#log.write('warning', unit, `${unit}: more happened to the watched files than the kernel keeps count of`);
      const first = watched.watches.findIndex((_, index) => isAboutChanges(index));
      return first < 0 ? null : first;
    }
    for (const record of records) {
      const index = watched.numbers.get(record.watch)?.find(isAboutChanges);
      if (index !== undefined) return index;
    }
    return null;
  }

  /** Puts the watches where they belong now. Returns what is wrong, or ''. */
  #place(unit: UnitName, watched: WatchedUnit): string {
    const numbers = new Map<number, number[]>();
    let error = '';
    const add = (path: string, mask: number, own: number | null): boolean => {
      const number = this.#inotify.add(unit, path, mask);
      if (typeof number === 'string') {
        if (number === 'ENOSPC') error = 'nothing more can be watched: its user has too many inotify watches (sysctl fs.inotify.max_user_watches)';
        return false;
      }
      const owners = numbers.get(number) ?? [];
      if (own !== null) owners.push(own);
      numbers.set(number, owners);
      return true;
    };
    for (const [index, { kind, path }] of watched.watches.entries()) {
      for (const each of kind === 'PathExistsGlob' ? patternDirectories(path) : [path]) {
        placeOne(add, each, MASKS[kind], kind === 'PathExistsGlob' ? null : index);
        // A link that goes is nothing that happens to what it leads to.
        if (kind === 'Device') add(dirname(each), IN_DELETE | IN_MOVED_FROM | IN_CREATE | IN_MOVED_TO, null);
      }
    }
    for (const number of watched.numbers.keys()) if (!numbers.has(number)) this.#inotify.drop(unit, number);
    watched.numbers = numbers;
    return error;
  }

  #observe(unit: UnitName, { token, watches }: Pick<WatchedUnit, 'token' | 'watches'>, changed: number | null, resumed: boolean, error: string): void {
    const observations = watches.map(look);
    const watched = this.#units.get(unit);
    if (watched !== undefined) watched.held = heldOf(observations);
    this.#submit({ event: 'paths-observed', unit, token, observations, changed, resumed, error });
  }

  #makeDirectories(unit: UnitName, watches: readonly PathWatch[], mode: number): void {
    for (const { kind, path } of watches) {
      if (kind === 'PathExists' || kind === 'PathExistsGlob' || kind === 'Device') continue;
      try {
        mkdirSync(path, { recursive: true, mode });
      } catch (error) {
        if (!exists(path)) this.#log.write('warning', unit, `${unit}: ${path} cannot be made: ${error instanceof Error ? error.message : String(error)}`);
      }
    }
  }
}

function exists(path: string): boolean {
  try {
    statSync(path);
    return true;
  } catch {
    return false;
  }
}

function heldOf(observations: readonly PathObservation[]): string {
  return observations.map(({ holds }) => (holds ? '1' : '0')).join('');
}

function isDevice(path: string): boolean {
  try {
    if (path.startsWith('/sys/')) return placesInSys(path).some(exists);
    const stat = statSync(path);
    return stat.isBlockDevice() || stat.isCharacterDevice();
  } catch {
    return false;
  }
}

/** /sys/subsystem/NAME/devices is how unit names of udev speak of what is in /sys/class/NAME or /sys/bus/NAME/devices. */
function placesInSys(path: string): readonly string[] {
  const [, subsystem, device] = /^\/sys\/subsystem\/([^/]+)\/devices\/([^/]+)$/.exec(path) ?? [];
  return subsystem === undefined || device === undefined ? [path] : [`/sys/class/${subsystem}/${device}`, `/sys/bus/${subsystem}/devices/${device}`];
}

type AddWatch = (path: string, mask: number, own: number | null) => boolean;

/** The path itself, when it is there, and the way to it; through links, also the way to what they stand for. */
function placeOne(add: AddWatch, path: string, mask: number, own: number | null): void {
  const isThere = add(path, mask, own);
  let isDeepest = !isThere;
  let above = path;
  while (above !== '/') {
    above = dirname(above);
    // Below the deepest directory that is there, something is to appear; the others can only be moved away.
    if (!add(above, isDeepest ? APPEARS : IN_MOVE_SELF, null)) continue;
    if (isDeepest) {
      isDeepest = false;
      followLinks(add, above);
    }
  }
  if (isThere) followLinks(add, path);
}

function followLinks(add: AddWatch, path: string): void {
  try {
    let real = realpathSync(path);
    if (real === path) return;
    while (real !== '/') {
      real = dirname(real);
      add(real, IN_MOVE_SELF, null);
    }
  } catch {
    // Gone meanwhile: the watch on it tells.
  }
}

/** Directories in which a part of the pattern may come to match, as far as they are there. */
function patternDirectories(pattern: string): readonly string[] {
  const parts = pattern.split('/').slice(1);
  const directories: string[] = [];
  for (let depth = 0; depth < parts.length && directories.length < PATTERN_DIRECTORIES_MAX; depth++) {
    if (depth + 1 < parts.length && !/[*?[]/.test(parts.slice(0, depth + 1).join('/'))) continue;
    const prefix = `/${parts.slice(0, depth).join('/')}`;
    directories.push(...(/[*?[]/.test(prefix) ? expandPattern(prefix) : [prefix]).slice(0, PATTERN_DIRECTORIES_MAX));
  }
  // What is to appear is inside the directory: the name after it only has to differ from what is there.
  return directories.map((directory) => join(directory, '\u0001'));
}

function look({ kind, path }: PathWatch): PathObservation {
  switch (kind) {
    case 'PathExistsGlob': return { holds: expandPattern(path).length > 0, stamp: '' };
    case 'DirectoryNotEmpty': return { holds: hasVisibleEntry(path), stamp: '' };
    case 'Device': return { holds: isDevice(path), stamp: '' };
    default: {
      try {
        const stat = statSync(path, { bigint: true });
        return { holds: true, stamp: kind === 'PathExists' ? '' : `${String(stat.dev)}:${String(stat.ino)}:${String(stat.size)}:${String(stat.mtimeNs)}` };
      } catch {
        return { holds: false, stamp: '' };
      }
    }
  }
}

/** Left over by editors and package managers, and no work for anybody: what systemd does not count either. */
const NO_WORK = /^\.|^lost\+found$|^aquota\.(user|group)$|~$|\.(rpmnew|rpmsave|rpmorig|dpkg-(old|new|tmp|dist|bak|backup|remove)|ucf-(new|old|dist)|swp|bak|old|new)$/;

function hasVisibleEntry(path: string): boolean {
  return entriesOf(path)?.some((name) => !NO_WORK.test(name)) ?? false;
}
