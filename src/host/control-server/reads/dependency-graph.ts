import { entriesOf, getEntry } from '../../../base/persistent-map.ts';
import type { GraphAnswer } from '../../../control/answers.ts';
import { matchesGlob } from '../../../control/glob.ts';
import { isReverse, type EdgeKind } from '../../../core/graph/atoms.ts';
import type { Reader } from './context.ts';

/** Edges in one answer: a picture of more than this nobody looks at, and it is an answer of a megabyte. */
const EDGES_MAX = 20_000;

export const readGraph: Reader<'graph'> = ({ engine }, { patterns }) => {
  const state = engine.state();
  const isMeant = (name: string): boolean => patterns.length === 0 || patterns.some((pattern) => matchesGlob(pattern, name));
  const edges: GraphAnswer['edges'][number][] = [];
  let truncated = false;
  for (const [name, node] of entriesOf(state.graph)) {
    for (const [kind, others] of Object.entries(node) as [EdgeKind, readonly string[]][]) {
      // Every edge stands at both of its ends; it is told once, the way unit files write it.
      if (isReverse(kind) || kind === 'Before' || kind === 'ReloadPropagatedFrom' || kind === 'StopPropagatedFrom') continue;
      for (const other of others) {
        if (!isMeant(name) && !isMeant(other)) continue;
        if (edges.length >= EDGES_MAX) truncated = true;
        else edges.push({ from: name, kind, to: other });
      }
    }
  }
  const names = new Set(edges.flatMap(({ from, to }) => [from, to]));
  const units = [...names].sort().map((name) => ({ unit: name, active: getEntry(state.units, name as never)?.activeState ?? 'inactive' }));
  return { ok: true, value: { units, edges, truncated } };
};
