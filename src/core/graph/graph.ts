/**
 * The dependency graph: for every unit its edges by kind, both ends known.
 *
 * Derived from the definitions and kept beside them. A node is replaced when one of its edges changes; nodes are plain data.
 */
import type { UnitName } from '../../base/brand.ts';
import { Batch, emptyMap, getEntry, type PersistentMap } from '../../base/persistent-map.ts';
import type { UnitDefinition } from '../unit/definition.ts';
import { INVERSE, KINDS_WITH, type Atom, type EdgeKind } from './atoms.ts';

/**
 * Neighbours by kind, sorted by name: equal sets of units have equal graphs, in whatever order they were loaded, for the order in which
 * jobs are made and run follows from it. No duplicates, never the unit itself.
 */
export type GraphNode = Readonly<Partial<Record<EdgeKind, readonly UnitName[]>>>;
export type Graph = PersistentMap<UnitName, GraphNode>;

const NO_NODE: GraphNode = {};
const NO_NAMES: readonly UnitName[] = [];

export function emptyGraph(): Graph {
  return emptyMap();
}

/** Neighbours over one kind of edge. */
export function neighbours(graph: Graph, unit: UnitName, kind: EdgeKind): readonly UnitName[] {
  return (getEntry(graph, unit) ?? NO_NODE)[kind] ?? NO_NAMES;
}

/** A neighbour, and the kind of edge that leads to it. */
export interface Neighbour {
  readonly other: UnitName;
  readonly kind: EdgeKind;
}

const NO_NEIGHBOURS: readonly Neighbour[] = [];

/** Neighbours over every kind that has the atom, kind by kind. A unit joined by two kinds comes twice. */
export function neighboursBy(graph: Graph, unit: UnitName, atom: Atom): readonly Neighbour[] {
  const node = getEntry(graph, unit);
  if (node === undefined) return NO_NEIGHBOURS;
  let found: Neighbour[] | null = null;
  for (const kind of KINDS_WITH[atom]) {
    const others = node[kind];
    if (others !== undefined) for (const other of others) (found ??= []).push({ other, kind });
  }
  return found ?? NO_NEIGHBOURS;
}

/** Whether at least one edge with the atom joins the two. */
export function isJoined(graph: Graph, unit: UnitName, atom: Atom, other: UnitName): boolean {
  const node = getEntry(graph, unit);
  return node !== undefined && KINDS_WITH[atom].some((kind) => node[kind]?.includes(other) === true);
}

type OpenNode = Partial<Record<EdgeKind, Set<UnitName>>>;

/**
 * Adds the edges of definitions that the graph does not know yet.
 *
 * @param resolve canonical name of a unit that may be named by an alias
 */
export function addToGraph(graph: Graph, definitions: Iterable<UnitDefinition>, resolve: (name: UnitName) => UnitName): Graph {
  const batch = new Batch(graph);
  const open = new Map<UnitName, OpenNode>();
  const addEdge = (from: UnitName, kind: EdgeKind, to: UnitName): void => {
    let node = open.get(from);
    if (node === undefined) open.set(from, (node = {}));
    let others = node[kind];
    if (others === undefined) node[kind] = others = new Set(batch.get(from)?.[kind]);
    others.add(to);
  };
  for (const definition of definitions) {
    for (const dependency of definition.dependencies) {
      const other = resolve(dependency.other);
      if (other === definition.name) continue;
      addEdge(definition.name, dependency.kind, other);
      addEdge(other, INVERSE[dependency.kind], definition.name);
    }
  }
  for (const [name, node] of open) {
    const closed: Partial<Record<EdgeKind, readonly UnitName[]>> = { ...batch.get(name) };
    for (const kind of Object.keys(node) as EdgeKind[]) {
      const others = [...(node[kind] ?? [])];
      closed[kind] = others.length > 1 ? others.sort() : others;
    }
    batch.set(name, closed);
  }
  return batch.finish();
}

/** Takes out a unit that nothing names: its node, and the other ends of its edges. */
export function removeFromGraph(graph: Graph, unit: UnitName): Graph {
  const batch = new Batch(graph);
  for (const [kind, others] of Object.entries(getEntry(graph, unit) ?? NO_NODE) as [EdgeKind, readonly UnitName[]][]) {
    for (const other of others) {
      const node = batch.get(other);
      const back = INVERSE[kind];
      if (node?.[back] !== undefined) batch.set(other, { ...node, [back]: node[back].filter((each) => each !== unit) });
    }
  }
  batch.delete(unit);
  return batch.finish();
}

/** A graph made from nothing: after a daemon-reload. */
export function buildGraph(definitions: Iterable<UnitDefinition>, resolve: (name: UnitName) => UnitName): Graph {
  return addToGraph(emptyGraph(), definitions, resolve);
}
