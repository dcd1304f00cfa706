/** Watches the kernel's table of swaps, so that what anybody turns on and off is seen by the manager. */
import { readFileSync, realpathSync } from 'node:fs';
import type { UnitName } from '../../base/brand.ts';
import type { UnitDefinition } from '../../core/unit/definition.ts';
import type { SwapPoint } from '../../core/unit/swap.ts';
import { unitNameFromPath } from '../../core/unit/unit-name.ts';
import type { ManagerLog } from '../engine.ts';
import { unescapeOctal } from './mount-info.ts';
import type { NativeBinding } from '../native.ts';
import type { PollSet } from '../poll-set.ts';

const TABLE = '/proc/swaps';

export interface SwapTableOptions {
  readonly native: NativeBinding;
  readonly poll: PollSet;
  readonly log: ManagerLog;
  /** The definition that is loaded under a name. */
  readonly find: (name: UnitName) => UnitDefinition | undefined;
  /** What= of all swap units that are loaded. */
  readonly places: () => readonly string[];
  /** Definitions of these units and what they pull in, as far as it is not loaded yet. */
  readonly load: (names: readonly UnitName[], find: (name: UnitName) => UnitDefinition | undefined) => readonly UnitDefinition[];
  /** The unit of a swap that no file speaks of; null: there are none, for the swap is somebody else's. */
  readonly unitOf: ((name: UnitName, swap: SwapPoint) => UnitDefinition) | null;
  readonly onChange: (definitions: readonly UnitDefinition[], swaps: readonly SwapPoint[]) => void;
}

export class SwapTable {
  readonly #options: SwapTableOptions;
  #told = '[]';

  constructor(options: SwapTableOptions) {
    this.#options = options;
  }

  /** Tells of changes from now on, and of what there is. */
  watch(): void {
    const { native, poll, log } = this.#options;
    const fd = native.open(TABLE, 0, 0);
    // A kernel without swap has no such file, and nothing to tell.
    if (fd === 'ENOENT') return;
    const result = typeof fd === 'string' ? fd : poll.addTable(fd, () => { this.refresh(); }, 'executor');
    if (result !== 0) log.write('info', '', `swap turned on or off by others will not be noticed: ${result}`);
    if (result !== 0 && typeof fd !== 'string') native.close(fd);
    this.refresh();
  }

  /** Looks now: before the end of a swapon(8) is told, what it did must be known. */
  refresh(): void {
    const swaps = this.read(this.#options.places());
    const text = JSON.stringify(swaps);
    if (text === this.#told) return;
    this.#told = text;
    this.#options.onChange(this.definitionsFor(swaps, this.#options.find), swaps);
  }

  /** @param places What= of swap units, which may be links to what the kernel names */
  read(places: readonly string[]): readonly SwapPoint[] {
    const swaps = parseSwaps(readTable());
    if (swaps.length === 0) return swaps;
    const targets = places.map((path) => [path, resolveLinks(path)] as const);
    return swaps.map((swap) => ({ ...swap, links: targets.filter(([path, target]) => target === swap.what && path !== swap.what).map(([path]) => path) }));
  }

  /** What has to be loaded for these swaps. One that a loaded unit leads to needs no other. */
  definitionsFor(swaps: readonly SwapPoint[], find: (name: UnitName) => UnitDefinition | undefined): readonly UnitDefinition[] {
    const { unitOf, load } = this.#options;
    if (unitOf === null) return [];
    const definitions: UnitDefinition[] = [];
    for (const swap of swaps) {
      const name = unitNameFromPath(swap.what, 'swap');
      const known = name === null ? undefined : find(name);
      if (name === null || swap.links.length > 0 || (known !== undefined && known.loadState !== 'not-found')) continue;
      const [loaded] = load([name], find);
      const unit = loaded === undefined || loaded.loadState === 'not-found' ? unitOf(name, swap) : loaded;
      definitions.push(unit, ...load(unit.dependencies.map(({ other }) => other), (other) => (other === name ? unit : find(other))));
    }
    return definitions;
  }

  /** The same after everything was read again: units without a file are what the table says. */
  replaceMissing(definitions: readonly UnitDefinition[]): readonly UnitDefinition[] {
    const { unitOf } = this.#options;
    if (unitOf === null) return definitions;
    const byName = new Map(this.read([]).map((swap) => [unitNameFromPath(swap.what, 'swap'), swap]));
    return definitions.map((definition) => {
      const swap = definition.loadState === 'not-found' ? byName.get(definition.name) : undefined;
      return swap === undefined ? definition : unitOf(definition.name, swap);
    });
  }
}

/** The kernel writes this behind the path of a swap file that was removed. */
const DELETED = ' (deleted)';

/** The lines of proc(5), /proc/swaps, below its heading. */
export function parseSwaps(text: string): readonly SwapPoint[] {
  return text.split('\n').slice(1).flatMap((line) => {
    const [what = '', , , , priority = ''] = line.split(/[ \t]+/);
    const path = unescapeOctal(what);
    return path.startsWith('/') ? [{ what: path.endsWith(DELETED) ? path.slice(0, -DELETED.length) : path, priority: Number(priority), links: [] }] : [];
  });
}

function resolveLinks(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}

function readTable(): string {
  try {
    return readFileSync(TABLE, 'utf8');
  } catch {
    // No /proc, or a kernel without swap.
    return '';
  }
}
