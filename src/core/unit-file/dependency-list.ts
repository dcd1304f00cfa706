import type { UnitName } from '../../base/brand.ts';
import type { Dependency, DependencyKind, DependencyOrigin } from '../unit/definition.ts';

/** Up to this many edges a walk over the list is faster than a set of keys. */
const WALK_MAX = 24;

/**
 * Outgoing edges of a unit: in the order they were added, each (kind, other) once, none to the unit itself.
 */
export class DependencyList {
  readonly #own: readonly UnitName[];
  readonly #list: Dependency[] = [];
  #seen: Set<string> | null = null;

  /** @param own all names of the unit, aliases included */
  constructor(own: readonly UnitName[]) {
    this.#own = own;
  }

  /** Whether it was added; false for a duplicate and for an edge to the unit itself. */
  add(kind: DependencyKind, other: UnitName, origin: DependencyOrigin): boolean {
    if (this.#own.includes(other) || this.#has(kind, other)) return false;
    this.#list.push({ kind, other, origin });
    this.#seen?.add(`${kind} ${other}`);
    return true;
  }

  finish(): readonly Dependency[] {
    return this.#list;
  }

  #has(kind: DependencyKind, other: UnitName): boolean {
    if (this.#list.length <= WALK_MAX) {
      for (const each of this.#list) if (each.other === other && each.kind === kind) return true;
      return false;
    }
    this.#seen ??= new Set(this.#list.map((each) => `${each.kind} ${each.other}`));
    return this.#seen.has(`${kind} ${other}`);
  }
}
