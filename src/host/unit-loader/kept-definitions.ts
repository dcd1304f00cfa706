/**
 * Definitions as they were read, with what they were made of: as long as that is the same, nothing is read again. A daemon-reload of ten
 * thousand units that did not change asks the disk for ten thousand stamps and opens no file.
 */
import type { UnitName } from '../../base/brand.ts';
import type { UnitDefinition } from '../../core/unit/definition.ts';
import type { StampReader } from './file-stamp.ts';

/** What a definition follows from, besides what is the same for a whole life of the loader. */
export interface Ingredients {
  /** Where its name leads, its other names, its side directories: one text, compared as a whole. */
  readonly place: string;
  /** Stamps of the files and directories that were read. */
  readonly stamps: readonly (readonly [path: string, stamp: string])[];
  /** Names that were asked for a unit file, with the answers. */
  readonly asked: readonly (readonly [name: UnitName, exists: boolean])[];
}

/** So many are kept without a thought for which of them are still loaded. */
const UNPRUNED_MAX = 1024;

/** A definition, and what it was made of; null = not known well enough to make do with it when files are to be read. */
export interface KeptDefinition {
  readonly definition: UnitDefinition;
  readonly ingredients: Ingredients | null;
}

/** What the disk says now. */
export interface PresentDisk {
  readonly stampOf: StampReader;
  readonly exists: (name: UnitName) => boolean;
}

function keyOf(name: UnitName, sourceHash: string): string {
  return `${name} ${sourceHash}`;
}

export class KeptDefinitions {
  readonly #kept = new Map<UnitName, KeptDefinition>();
  /** All that a former engine left, by name and source. */
  readonly #former = new Map<string, UnitDefinition>();
  /** Names of those that `takeNew` has not given away yet. */
  readonly #new = new Set<UnitName>();
  readonly #max: number;
  /** How many there may be before those that are loaded no longer are looked for. */
  #pruneAbove = UNPRUNED_MAX;

  /** @param max more than these are not kept */
  constructor(max: number) {
    this.#max = max;
  }

  /** The definition, when all it was made of is as it was; else null. */
  find(name: UnitName, place: string, now: PresentDisk): UnitDefinition | null {
    const kept = this.#kept.get(name);
    if (kept === undefined || kept.ingredients === null) return null;
    const { ingredients } = kept;
    const isSame = ingredients.place === place
      && ingredients.stamps.every(([path, stamp]) => now.stampOf(path) === stamp)
      && ingredients.asked.every(([other, existed]) => now.exists(other) === existed);
    return isSame ? kept.definition : null;
  }

  keep({ definition, ingredients }: KeptDefinition): void {
    const { name } = definition;
    // What has no file is made quicker than it is found.
    if (definition.loadState === 'not-found' || this.#kept.size >= this.#max) {
      this.#kept.delete(name);
      return;
    }
    this.#kept.set(name, { definition, ingredients });
    this.#new.add(name);
  }

  /** Takes what a former engine has kept, oldest first; of a name there may be several. */
  admit(former: readonly KeptDefinition[]): void {
    for (const each of former) {
      this.#former.set(keyOf(each.definition.name, each.definition.sourceHash), each.definition);
      if (this.#kept.size < this.#max) this.#kept.set(each.definition.name, each);
    }
  }

  /** The definition that a former engine had loaded, whatever the files say by now; null = it did not leave it. */
  formerly(name: UnitName, sourceHash: string): UnitDefinition | null {
    return this.#former.get(keyOf(name, sourceHash)) ?? null;
  }

  /** `formerly` is not asked any more. */
  forgetFormer(): void {
    this.#former.clear();
  }

  get size(): number {
    return this.#kept.size;
  }

  get hasNew(): boolean {
    return this.#new.size > 0;
  }

  /** Some of those that were kept since the last time. */
  takeNew(max: number): readonly KeptDefinition[] {
    const taken: KeptDefinition[] = [];
    for (const name of this.#new) {
      if (taken.length === max) break;
      this.#new.delete(name);
      const kept = this.#kept.get(name);
      if (kept !== undefined) taken.push(kept);
    }
    return taken;
  }

  /** `takeNew` begins anew with all there are. */
  renew(): void {
    for (const name of this.#kept.keys()) this.#new.add(name);
  }

  /** Forgets what is not loaded any more, now and then: instances of a template come and go by the thousand. */
  prune(isLoaded: (name: UnitName) => boolean): void {
    if (this.#kept.size <= this.#pruneAbove) return;
    for (const name of this.#kept.keys()) if (!isLoaded(name)) this.#kept.delete(name);
    this.#pruneAbove = Math.max(UNPRUNED_MAX, 2 * this.#kept.size);
  }

  /** Forgets all others. */
  retain(names: ReadonlySet<UnitName>): void {
    for (const name of this.#kept.keys()) if (!names.has(name)) this.#kept.delete(name);
  }
}
