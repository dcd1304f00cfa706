import type { UnitName } from '../../../base/brand.ts';
import { getEntry } from '../../../base/persistent-map.ts';
import type { DependencyListAnswer } from '../../../control/answers.ts';
import type { EdgeKind } from '../../../core/graph/atoms.ts';
import { neighbours } from '../../../core/graph/graph.ts';
import { byTypeAndName } from '../../../core/unit/unit-order.ts';
import type { Reader } from './context.ts';

/** Units in one answer. A whole system has about a thousand. */
const NODES_MAX = 10_000;

/** Source: systemctl(1), "list-dependencies". */
const KINDS: Readonly<Record<string, readonly EdgeKind[]>> = {
  forward: ['Requires', 'Requisite', 'Wants', 'ConsistsOf', 'BindsTo', 'Upholds'],
  reverse: ['RequiredBy', 'RequisiteOf', 'WantedBy', 'PartOf', 'BoundBy', 'UpheldBy'],
  after: ['After'],
  before: ['Before'],
};

export const readDependencies: Reader<'list-dependencies'> = ({ engine, units }, params) => {
  const state = engine.state();
  const [root] = units;
  if (root === undefined) return { ok: false, failure: { name: 'no-such-unit', message: `No loaded unit matches ${params.unit}.`, unit: params.unit } };
  const kinds = KINDS[params.direction] ?? [];
  const nodes: Record<string, DependencyListAnswer['nodes'][string]> = {};
  const open: UnitName[] = [root];
  let truncated = false;
  for (let name = open.shift(); name !== undefined; name = open.shift()) {
    if (Object.hasOwn(nodes, name)) continue;
    if (Object.keys(nodes).length >= NODES_MAX) {
      truncated = true;
      break;
    }
    const unit = getEntry(state.units, name);
    const edges = new Map<UnitName, string[]>();
    for (const kind of kinds) {
      for (const other of neighbours(state.graph, name, kind)) edges.set(other, [...(edges.get(other) ?? []), kind]);
    }
    nodes[name] = {
      active: unit?.activeState ?? 'inactive',
      load: unit?.definition.loadState ?? 'not-found',
      edges: [...edges].sort(([a], [b]) => byTypeAndName(a, b)).map(([other, names]) => ({ unit: other, kinds: names })),
    };
    open.push(...edges.keys());
  }
  return { ok: true, value: { root, nodes, truncated } };
};
