import type { UnitName } from '../../base/brand.ts';
import type { Dependency, DependencyKind, DependencyOrigin } from '../unit/definition.ts';

/**
 * Outgoing edges of a unit: in the order they were added, each (kind, other) once, none to the unit itself.
 */
export class DependencyList {
  readonly #own: ReadonlySet<UnitName>;
  readonly #seen = new Set<string>();
  readonly #list: Dependency[] = [];

  /** @param own all names of the unit, aliases included */
  constructor(own: readonly UnitName[]) {
    this.#own = new Set(own);
  }

  /** Whether it was added; false for a duplicate and for an edge to the unit itself. */
  add(kind: DependencyKind, other: UnitName, origin: DependencyOrigin): boolean {
    if (this.#own.has(other)) return false;
    const key = `${kind} ${other}`;
    if (this.#seen.has(key)) return false;
    this.#seen.add(key);
    this.#list.push({ kind, other, origin });
    return true;
  }

  has(kind: DependencyKind, other: UnitName): boolean {
    return this.#seen.has(`${kind} ${other}`);
  }

  finish(): readonly Dependency[] {
    return this.#list;
  }
}
