/** The edges that a unit's files and kind make to other units: systemd.unit(5). */
import type { UnitName } from '../../base/brand.ts';
import type { Origin } from './source.ts';

/** Why an edge exists: a place in a file, or one of systemd.unit(5)'s automatic dependencies. */
export type DependencyOrigin = Origin | 'implicit' | 'default';

/** The forward kinds: what may be written in a unit file. Reverse kinds are derived by the graph. */
export type DependencyKind =
  | 'Requires' | 'Requisite' | 'Wants' | 'BindsTo' | 'PartOf' | 'Upholds' | 'Conflicts' | 'Before' | 'After'
  | 'OnFailure' | 'OnSuccess' | 'PropagatesReloadTo' | 'ReloadPropagatedFrom' | 'PropagatesStopTo'
  | 'StopPropagatedFrom' | 'JoinsNamespaceOf' | 'Triggers' | 'InSlice';

export interface Dependency {
  readonly kind: DependencyKind;
  readonly other: UnitName;
  readonly origin: DependencyOrigin;
}
