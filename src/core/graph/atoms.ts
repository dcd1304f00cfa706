/**
 * Dependency kinds as sets of atoms.
 *
 * A kind is a word of the unit file; an atom is one thing the manager does because of it. Code asks for atoms, so that a new kind
 * is a row in this table and nothing else. Reverse kinds exist only here: no file contains `RequiredBy` as an edge.
 * Source of the meanings: systemd.unit(5), "[Unit] Section Options".
 */
import type { DependencyKind } from '../unit/dependency.ts';

export type ReverseKind =
  | 'RequiredBy' | 'RequisiteOf' | 'WantedBy' | 'BoundBy' | 'ConsistsOf' | 'UpheldBy' | 'ConflictedBy'
  | 'OnFailureOf' | 'OnSuccessOf' | 'NamespaceJoinedBy' | 'TriggeredBy' | 'SliceOf';
export type EdgeKind = DependencyKind | ReverseKind;

/** The kind of the same edge seen from its other end. */
export const INVERSE: Readonly<Record<EdgeKind, EdgeKind>> = {
  Requires: 'RequiredBy', RequiredBy: 'Requires',
  Requisite: 'RequisiteOf', RequisiteOf: 'Requisite',
  Wants: 'WantedBy', WantedBy: 'Wants',
  BindsTo: 'BoundBy', BoundBy: 'BindsTo',
  PartOf: 'ConsistsOf', ConsistsOf: 'PartOf',
  Upholds: 'UpheldBy', UpheldBy: 'Upholds',
  Conflicts: 'ConflictedBy', ConflictedBy: 'Conflicts',
  Before: 'After', After: 'Before',
  OnFailure: 'OnFailureOf', OnFailureOf: 'OnFailure',
  OnSuccess: 'OnSuccessOf', OnSuccessOf: 'OnSuccess',
  PropagatesReloadTo: 'ReloadPropagatedFrom', ReloadPropagatedFrom: 'PropagatesReloadTo',
  PropagatesStopTo: 'StopPropagatedFrom', StopPropagatedFrom: 'PropagatesStopTo',
  JoinsNamespaceOf: 'NamespaceJoinedBy', NamespaceJoinedBy: 'JoinsNamespaceOf',
  Triggers: 'TriggeredBy', TriggeredBy: 'Triggers',
  InSlice: 'SliceOf', SliceOf: 'InSlice',
};

const REVERSE: ReadonlySet<string> = new Set<ReverseKind>([
  'RequiredBy', 'RequisiteOf', 'WantedBy', 'BoundBy', 'ConsistsOf', 'UpheldBy', 'ConflictedBy', 'OnFailureOf', 'OnSuccessOf',
  'NamespaceJoinedBy', 'TriggeredBy', 'SliceOf',
]);

export function isReverse(kind: string): kind is ReverseKind {
  return REVERSE.has(kind);
}

export const EDGE_KINDS = Object.keys(INVERSE) as readonly EdgeKind[];

export type Atom =
  /** A start of this unit starts the other, and fails when that cannot be queued. */
  | 'pull-in-start'
  /** The same, but a failure to queue it is only logged. */
  | 'pull-in-start-ignored'
  /** A start of this unit needs the other to be active already. */
  | 'pull-in-verify'
  /** A start of this unit stops the other. */
  | 'pull-in-stop'
  | 'pull-in-stop-ignored'
  /** A stop of this unit stops the other. */
  | 'propagate-stop'
  /** A restart of this unit restarts the other when that is active. */
  | 'propagate-restart'
  | 'propagate-reload'
  /** When a start of this unit fails, a waiting start of the other fails too. */
  | 'propagate-start-failure'
  /** The same already when the start ended well but left this unit inactive (a condition, say). */
  | 'propagate-inactive-start-as-failure'
  /** When a stop of this unit fails, the start of the other that needed it fails. */
  | 'propagate-stop-failure'
  /** This unit may only be active while the other is. */
  | 'cannot-be-active-without'
  /** When this unit stops without having been asked to, the other is stopped. */
  | 'retroactive-stop-on-stop'
  /** While this unit is active, StopWhenUnneeded= of the other does not apply. */
  | 'pins'
  | 'needed-by'
  /** While this unit is active the other is started again whenever it is found down. */
  | 'upholds'
  | 'on-failure'
  | 'on-success'
  | 'before'
  | 'after';

/** For every atom the kinds that have it, seen from the unit that owns the edge. */
export const KINDS_WITH: Readonly<Record<Atom, readonly EdgeKind[]>> = {
  'pull-in-start': ['Requires', 'BindsTo'],
  'pull-in-start-ignored': ['Wants', 'Upholds'],
  'pull-in-verify': ['Requisite'],
  'pull-in-stop': ['Conflicts'],
  'pull-in-stop-ignored': ['ConflictedBy'],
  'propagate-stop': ['RequiredBy', 'RequisiteOf', 'BoundBy', 'ConsistsOf', 'PropagatesStopTo'],
  'propagate-restart': ['RequiredBy', 'RequisiteOf', 'BoundBy', 'ConsistsOf'],
  'propagate-reload': ['PropagatesReloadTo'],
  'propagate-start-failure': ['RequiredBy', 'RequisiteOf', 'BoundBy'],
  'propagate-inactive-start-as-failure': ['RequisiteOf'],
  'propagate-stop-failure': ['ConflictedBy'],
  'cannot-be-active-without': ['BindsTo'],
  'retroactive-stop-on-stop': ['BoundBy', 'PropagatesStopTo'],
  pins: ['Requires', 'Requisite', 'Wants', 'BindsTo', 'Upholds'],
  'needed-by': ['RequiredBy', 'RequisiteOf', 'WantedBy', 'BoundBy', 'UpheldBy'],
  upholds: ['Upholds'],
  'on-failure': ['OnFailure'],
  'on-success': ['OnSuccess'],
  before: ['Before'],
  after: ['After'],
};
