/** Watches the kernel's table of mounts, so that what anybody mounts and unmounts is seen by the manager. */
import { readFileSync } from 'node:fs';
import type { UnitName } from '../../base/brand.ts';
import type { UnitDefinition } from '../../core/unit/definition.ts';
import type { MountPoint } from '../../core/unit/mount.ts';
import { isApiMount } from '../../core/unit-file/build-mount.ts';
import { unitNameFromPath } from '../../core/unit/unit-name.ts';
import type { ManagerLog } from '../engine.ts';
import { parseMountInfo } from './mount-info.ts';
import type { NativeBinding } from '../native.ts';
import type { PollSet } from '../poll-set.ts';

const TABLE = '/proc/self/mountinfo';
/** Every mount is a unit. A machine with more mounts than this (containers by the thousand) has them of no concern to the manager. */
const MOUNTS_MAX = 4096;

export interface MountTableOptions {
  readonly native: NativeBinding;
  readonly poll: PollSet;
  readonly log: ManagerLog;
  /** The definition that is loaded under a name. */
  readonly find: (name: UnitName) => UnitDefinition | undefined;
  /** Definitions of these units and what they pull in, as far as it is not loaded yet. */
  readonly load: (names: readonly UnitName[], find: (name: UnitName) => UnitDefinition | undefined) => readonly UnitDefinition[];
  /** The unit of a mount that no file speaks of. */
  readonly unitOf: (name: UnitName, mount: MountPoint) => UnitDefinition;
  readonly onChange: (definitions: readonly UnitDefinition[], mounts: readonly MountPoint[]) => void;
}

export class MountTable {
  readonly #options: MountTableOptions;
  #text = '';
  #isTooLong = false;

  constructor(options: MountTableOptions) {
    this.#options = options;
  }

  /** Reads the table for the first time. */
  read(): readonly MountPoint[] {
    this.#text = readTable();
    return this.#parse();
  }

  /** Tells of changes from now on. */
  watch(): void {
    const { native, poll, log } = this.#options;
    const fd = native.open(TABLE, 0, 0);
    const result = typeof fd === 'string' ? fd : poll.addTable(fd, () => { this.refresh(); }, 'executor');
    if (result === 0) {
      // The file tells what happens after it was opened; the table was read before.
      this.refresh();
      return;
    }
    log.write('warning', '', `mounts made by others will not be noticed: ${result}`);
    if (typeof fd !== 'string') native.close(fd);
  }

  /** Looks now: before the end of a mount(8) is told, what it did must be known. */
  refresh(): void {
    const text = readTable();
    if (text === this.#text) return;
    this.#text = text;
    const mounts = this.#parse();
    this.#options.onChange(this.definitionsFor(mounts, this.#options.find), mounts);
  }

  /** What has to be loaded for these mounts. */
  definitionsFor(mounts: readonly MountPoint[], find: (name: UnitName) => UnitDefinition | undefined): readonly UnitDefinition[] {
    const unknown = new Map<UnitName, MountPoint>();
    for (const mount of mounts) {
      const name = unitNameFromPath(mount.where, 'mount');
      const known = name === null ? undefined : find(name);
      if (name !== null && (known === undefined || known.loadState === 'not-found')) unknown.set(name, mount);
    }
    if (unknown.size === 0) return [];
    const loaded = this.#options.load([...unknown.keys()], find);
    const fromFiles = new Set(loaded.filter(({ loadState }) => loadState !== 'not-found').flatMap(({ names }) => names));
    const fromTable = [...unknown].filter(([name]) => !fromFiles.has(name)).map(([name, mount]) => this.#options.unitOf(name, mount));
    const known = [...loaded.filter(({ name }) => !unknown.has(name) || fromFiles.has(name)), ...fromTable];
    const byName = new Map(known.flatMap((definition) => definition.names.map((name) => [name, definition] as const)));
    const needed = new Set(fromTable.flatMap(({ dependencies }) => dependencies.map(({ other }) => other)));
    return [...known, ...this.#options.load([...needed], (name) => byName.get(name) ?? find(name))];
  }

  /** The same after everything was read again: units without a file are what the table says. */
  replaceMissing(definitions: readonly UnitDefinition[]): readonly UnitDefinition[] {
    const byName = new Map(this.#parse().map((mount) => [unitNameFromPath(mount.where, 'mount'), mount]));
    return definitions.map((definition) => {
      const mount = definition.loadState === 'not-found' ? byName.get(definition.name) : undefined;
      return mount === undefined ? definition : this.#options.unitOf(definition.name, mount);
    });
  }

  /** An autofs is the business of its automount unit: what counts is what is mounted on it. */
  #parse(): readonly MountPoint[] {
    const mounts = parseMountInfo(this.#text).filter(({ where, type }) => type !== 'autofs' && !isApiMount(where) && unitNameFromPath(where, 'mount') !== null);
    if (mounts.length > MOUNTS_MAX && !this.#isTooLong) this.#options.log.write('warning', '', `there are ${String(mounts.length)} mounts; only the first ${String(MOUNTS_MAX)} are units`);
    this.#isTooLong = mounts.length > MOUNTS_MAX;
    return mounts.slice(0, MOUNTS_MAX);
  }
}

function readTable(): string {
  try {
    return readFileSync(TABLE, 'utf8');
  } catch {
    // No /proc: nothing is known of mounts, and nothing depends on them.
    return '';
  }
}
