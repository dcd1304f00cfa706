/** Where an order between two units is written, in words. */
import type { UnitName } from '../../../base/brand.ts';
import type { DependencyOrigin } from '../../unit/dependency.ts';
import type { TransactionView } from './request.ts';

/** One edge of an ordering cycle, with the place it is written at. */
export interface CycleEdge {
  readonly from: UnitName;
  readonly kind: 'Before' | 'After';
  readonly to: UnitName;
  readonly origin: DependencyOrigin;
}

type Units = Pick<TransactionView, 'unit'>;

/** All edges of a cycle (`b.service After=a.service (/etc/…/b.service:4), …`), given as names each of which is ordered before the next. */
export function describeCycle(view: Units, cycle: readonly UnitName[]): string {
  return describeEdges(cycleEdges(view, cycle));
}

/** The edges of a cycle, given as names each of which is ordered before the next, and the last before the first. */
export function cycleEdges(view: Units, cycle: readonly UnitName[]): CycleEdge[] {
  return cycle.map((name, index) => orderEdge(view, name, cycle[(index + 1) % cycle.length] as UnitName));
}

export function describeEdges(edges: readonly CycleEdge[]): string {
  return edges.map(({ from, kind, to, origin }) => `${from} ${kind}=${to} (${placeOf(origin)})`).join(', ');
}

/** Where it is written that `first` is ordered before `second` (or, for stops, after it). */
function orderEdge(view: Units, first: UnitName, second: UnitName): CycleEdge {
  const lookUp = (from: UnitName, kind: 'Before' | 'After', to: UnitName): CycleEdge | null => {
    const dependency = view.unit(from)?.definition.dependencies.find((each) => each.kind === kind && each.other === to);
    return dependency === undefined ? null : { from, kind, to, origin: dependency.origin };
  };
  return lookUp(second, 'After', first) ?? lookUp(first, 'Before', second)
    ?? lookUp(first, 'After', second) ?? lookUp(second, 'Before', first)
    ?? { from: first, kind: 'Before', to: second, origin: 'implicit' };
}

function placeOf(origin: DependencyOrigin): string {
  return typeof origin === 'string' ? `${origin} dependency` : origin.line === 0 ? origin.file : `${origin.file}:${String(origin.line)}`;
}
