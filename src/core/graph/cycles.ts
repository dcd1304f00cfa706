/**
 * Ordering cycles among loaded units: sets of units each of which would have to start before the others.
 *
 * Found when units are loaded, so that they are told of before anyone needs them; a job that needs one is refused by its transaction.
 * Strongly connected components by Tarjan's algorithm with an explicit stack; from each component one shortest cycle is shown.
 */
import type { UnitName } from '../../base/brand.ts';
import { neighbours, type Graph } from './graph.ts';

/** More than this are counted, not shown: they share their causes. */
export const CYCLES_SHOWN_MAX = 20;

/** Each cycle as the names in start order: every unit is ordered before the next, and the last before the first. */
export function findOrderCycles(graph: Graph, names: Iterable<UnitName>): UnitName[][] {
  const cycles: UnitName[][] = [];
  for (const component of components(graph, names)) {
    if (component.length > 1) cycles.push(cycleThrough(graph, component[0] as UnitName, new Set(component)) ?? component);
  }
  return cycles;
}

interface Visit {
  readonly name: UnitName;
  readonly next: Iterator<UnitName>;
}

function* components(graph: Graph, names: Iterable<UnitName>): Generator<UnitName[]> {
  const index = new Map<UnitName, number>();
  const low = new Map<UnitName, number>();
  const open: UnitName[] = [];
  const isOpen = new Set<UnitName>();
  const enter = (name: UnitName): Visit => {
    index.set(name, index.size);
    low.set(name, index.size - 1);
    open.push(name);
    isOpen.add(name);
    return { name, next: neighbours(graph, name, 'Before')[Symbol.iterator]() };
  };
  const lower = (name: UnitName, to: number): void => {
    if (to < (low.get(name) ?? to)) low.set(name, to);
  };
  for (const start of names) {
    if (index.has(start)) continue;
    const path: Visit[] = [enter(start)];
    for (let top = path[path.length - 1]; top !== undefined; top = path[path.length - 1]) {
      const step = top.next.next();
      if (step.done !== true) {
        const seen = index.get(step.value);
        if (seen === undefined) path.push(enter(step.value));
        else if (isOpen.has(step.value)) lower(top.name, seen);
        continue;
      }
      path.pop();
      const parent = path[path.length - 1];
      const own = low.get(top.name) ?? 0;
      if (parent !== undefined) lower(parent.name, own);
      if (own !== index.get(top.name)) continue;
      const component = open.splice(open.indexOf(top.name));
      for (const name of component) isOpen.delete(name);
      yield component;
    }
  }
}

/**
 * The shortest cycle that the unit is part of, beginning with it: each is ordered before the next, the last before the first. Null = none.
 *
 * @param within the only units to be looked at; null = all
 */
export function cycleThrough(graph: Graph, start: UnitName, within: ReadonlySet<UnitName> | null = null): UnitName[] | null {
  const from = new Map<UnitName, UnitName>();
  const work: UnitName[] = [start];
  for (const name of work) {
    for (const next of neighbours(graph, name, 'Before')) {
      if (next === start) {
        const cycle = [name];
        for (let at = name; at !== start; cycle.unshift(at)) at = from.get(at) as UnitName;
        return cycle;
      }
      if (from.has(next) || within?.has(next) === false) continue;
      from.set(next, name);
      work.push(next);
    }
  }
  return null;
}
