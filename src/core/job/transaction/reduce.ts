/** Third phase: redundant jobs, conflicts and order cycles go, until nothing changes; or the transaction is refused. */
import type { UnitName } from '../../../base/brand.ts';
import { assert } from '../../../base/assert.ts';
import type { Unit } from '../../manager/state.ts';
import { INVERSE, isReverse } from '../../graph/atoms.ts';
import { areConflicting, isRedundant } from '../job-type.ts';
import { pathTo, refusalAt, type Draft, type Drafts } from './drafts.ts';
import { findOrderCycle } from './order-cycle.ts';
import { cycleEdges, describeEdges } from './order-edge.ts';
import type { Refusal } from './outcome.ts';

export function reduce(drafts: Drafts): Refusal | null {
  // An isolate is judged by what was asked for at first: a stop that matters goes on to matter when what led to it is redundant.
  const matters = drafts.anchor.mode === 'isolate' ? drafts.needed() : null;
  for (;;) {
    dropRedundant(drafts);
    const conflict = resolveConflict(drafts, matters);
    if (conflict === 'again') continue;
    if (conflict !== null) return conflict;
    const cycle = resolveCycle(drafts);
    if (cycle !== 'again') return cycle;
  }
}

function dropRedundant(drafts: Drafts): void {
  let dropped = false;
  for (const [name, ofUnit] of drafts.byUnit()) {
    const unit = drafts.view.unit(name) as Unit;
    const installed = drafts.installed(unit);
    const keep = ofUnit.some((draft) => draft === drafts.root || !isRedundant(draft.type, unit.activeState)
      || (installed !== undefined && areConflicting(installed.type, draft.type)));
    if (keep) continue;
    for (const draft of ofUnit) drafts.remove(draft);
    dropped = true;
  }
  // What only it pulled in goes too: a unit that runs does not start its broken dependencies again for every newcomer.
  // An isolate keeps it: what would stop the anchor over units that are down already refuses it, as in systemd.
  if (dropped && drafts.anchor.mode !== 'isolate') drafts.removeUnreachable();
}

/** @param matters what may not be dropped; null = to be found out */
function resolveConflict(drafts: Drafts, matters: ReadonlySet<Draft> | null): Refusal | 'again' | null {
  for (const [name, ofUnit] of drafts.byUnit()) {
    if (ofUnit.length === 1 || drafts.typeOf(name) !== null) continue;
    const stop = ofUnit.find((draft) => draft.type === 'stop');
    const other = ofUnit.find((draft) => draft.type !== 'stop');
    assert(stop !== undefined && other !== undefined, 'only a stop conflicts');
    const needed = matters ?? drafts.needed();
    if (needed.has(stop) && needed.has(other)) return refuseBoth(drafts, needed) ?? refuseOne(other, stop);
    const [victim, winner] = needed.has(stop) || (!needed.has(other) && stop.byConflict) ? [other, stop] : [stop, other];
    drafts.drop(victim, `Job ${name}/${victim.type} is left out: it conflicts with ${name}/${winner.type} (${describePulls(winner)}).`);
    return 'again';
  }
  return null;
}

/** The conflict that the others follow from: of what only follows, a reader would learn nothing. */
function refuseBoth(drafts: Drafts, needed: ReadonlySet<Draft>): Refusal | null {
  for (const [name, ofUnit] of drafts.byUnit()) {
    const stop = ofUnit.find((draft) => draft.type === 'stop' && draft.byConflict && needed.has(draft));
    const other = ofUnit.find((draft) => draft.type !== 'stop' && needed.has(draft));
    if (stop !== undefined && other !== undefined && drafts.typeOf(name) === null) return refuseOne(other, stop);
  }
  return null;
}

function refuseOne(start: Draft, stop: Draft): Refusal {
  return refusalAt(start, 'transaction-refused', `Unit ${start.unit} would have to be started and stopped at once: ${describePulls(start)}; ${describePulls(stop)}.`);
}

/** Why the job is there, back to what was asked for. */
function describePulls(draft: Draft): string {
  const pulls: string[] = [];
  for (let at = draft; at.puller !== null; at = at.puller) pulls.push(because(at));
  return pulls.length === 0 ? `${draft.type} was asked for` : `${draft.type} because ${pulls.join(', and ')}`;
}

function because({ unit, reason }: Draft): string {
  switch (reason.reason) {
    case 'dependency': return isReverse(reason.kind) ? `${unit} has ${INVERSE[reason.kind]}=${reason.of}` : `${reason.of} has ${reason.kind}=${unit}`;
    case 'conflict': return `${reason.with} has Conflicts=${unit}`;
    default: return `of ${reason.reason}`;
  }
}

function resolveCycle(drafts: Drafts): Refusal | 'again' | null {
  const cycle = findOrderCycle(drafts);
  if (cycle === null) return null;
  const edges = cycleEdges(drafts.view, cycle);
  const text = `Ordering cycle: ${describeEdges(edges)}.`;
  const needed = drafts.needed();
  // The one that was pulled in last: it is the farthest from what was asked for, and takes the fewest others along.
  const dispensable = new Set(cycle.filter((name) => !drafts.of(name).some((draft) => needed.has(draft))));
  const victim = drafts.all().findLast((draft) => dispensable.has(draft.unit));
  if (victim !== undefined) {
    drafts.drop(victim, `${text} ${victim.unit}/${victim.type} is left out to break it: ${drafts.anchor.unit}/${drafts.anchor.type} does not need it.`, edges);
    return 'again';
  }
  return { code: 'transaction-refused', unit: cycle[0] as UnitName, message: text, path: pathTo(drafts.of(cycle[0] as UnitName)[0] as Draft), cycle: edges };
}
