import type { UnitName } from '../../base/brand.ts';
import type { Dependency, DependencyKind, DependencyOrigin } from '../unit/dependency.ts';

/** A bit for each kind, so that all kinds towards one unit are one number. */
const KIND_BITS: Readonly<Record<DependencyKind, number>> = {
  Requires: 1, Requisite: 2, Wants: 4, BindsTo: 8, PartOf: 16, Upholds: 32, Conflicts: 64, Before: 128, After: 256, OnFailure: 512,
  OnSuccess: 1024, PropagatesReloadTo: 2048, ReloadPropagatedFrom: 4096, PropagatesStopTo: 8192, StopPropagatedFrom: 16384,
  JoinsNamespaceOf: 32768, Triggers: 65536, InSlice: 131072,
};

/**
 * Outgoing edges of a unit: in the order they were added, each (kind, other) once, none to the unit itself.
 */
export class DependencyList {
  readonly #own: readonly UnitName[];
  readonly #list: Dependency[] = [];
  readonly #kinds = new Map<UnitName, number>();
  readonly #mountPaths = new Set<string>();

  /** @param own all names of the unit, aliases included */
  constructor(own: readonly UnitName[]) {
    this.#own = own;
  }

  /** Whether it was added; false for a duplicate and for an edge to the unit itself. */
  add(kind: DependencyKind, other: UnitName, origin: DependencyOrigin): boolean {
    const bit = KIND_BITS[kind];
    const kinds = this.#kinds.get(other) ?? 0;
    if ((kinds & bit) !== 0 || this.#own.includes(other)) return false;
    this.#kinds.set(other, kinds | bit);
    this.#list.push({ kind, other, origin });
    return true;
  }

  /** Notes a path whose mounts the unit requires, whether or not there are units for them. */
  addMountPath(path: string): void {
    this.#mountPaths.add(path);
  }

  /** Paths whose mounts are required, sorted. */
  get mountPaths(): readonly string[] {
    return [...this.#mountPaths].sort();
  }

  finish(): readonly Dependency[] {
    return this.#list;
  }
}
