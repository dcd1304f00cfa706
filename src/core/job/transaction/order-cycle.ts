/** A cycle in the order of a transaction's jobs. */
import type { UnitName } from '../../../base/brand.ts';
import { neighbours } from '../../graph/graph.ts';
import { firstOf } from '../job-type.ts';
import type { Drafts } from './drafts.ts';

/** The units of one cycle in running order, or null. Depth first with an explicit stack: a long chain must not overflow one. */
export function findOrderCycle(drafts: Drafts): UnitName[] | null {
  if (drafts.view.orderIsAcyclic) return null;
  const done = new Set<UnitName>();
  const onPath = new Map<UnitName, number>();
  for (const start of drafts.units()) {
    if (done.has(start)) continue;
    const path: { readonly name: UnitName; readonly next: Iterator<UnitName> }[] = [{ name: start, next: runsAfter(drafts, start) }];
    onPath.set(start, 0);
    for (let top = path.at(-1); top !== undefined; top = path.at(-1)) {
      const step = top.next.next();
      if (step.done === true) {
        done.add(top.name);
        onPath.delete(top.name);
        path.pop();
        continue;
      }
      const name = step.value;
      if (done.has(name)) continue;
      const index = onPath.get(name);
      if (index !== undefined) return path.slice(index).map((entry) => entry.name);
      onPath.set(name, path.length);
      path.push({ name, next: runsAfter(drafts, name) });
    }
  }
  return null;
}

/** Units of this transaction whose job waits for the job of `name`. */
function* runsAfter(drafts: Drafts, name: UnitName): Generator<UnitName> {
  const own = drafts.typeOf(name);
  if (own === null) return;
  for (const other of neighbours(drafts.view.graph, name, 'Before')) {
    const type = drafts.typeOf(other);
    if (type !== null && firstOf(own, type) === 'before') yield other;
  }
  for (const other of neighbours(drafts.view.graph, name, 'After')) {
    const type = drafts.typeOf(other);
    if (type !== null && firstOf(type, own) === 'after') yield other;
  }
}
