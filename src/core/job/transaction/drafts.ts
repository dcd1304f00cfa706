/** The jobs of a transaction while it is built, and who pulled in whom. */
import type { UnitName } from '../../../base/brand.ts';
import { assert } from '../../../base/assert.ts';
import { isReloadable } from '../../graph/reloadable.ts';
import type { Job, JobType, Reason, Unit } from '../../manager/state.ts';
import { collapseJobType, mergeJobTypes } from '../job-type.ts';
import type { CycleEdge } from './order-edge.ts';
import type { Refusal, RefusalCode } from './outcome.ts';
import type { Anchor, TransactionView } from './request.ts';

/** A job under construction. */
export interface Draft {
  readonly unit: UnitName;
  readonly type: JobType;
  readonly reason: Reason;
  /** Who pulled it in first; null for the anchor. */
  readonly puller: Draft | null;
  /** Pulled in by an explicit Conflicts= of another unit. */
  byConflict: boolean;
  /** What this one pulled in. */
  readonly pulls: Link[];
  readonly pulledBy: Link[];
  refusal: Refusal | null;
}

/** `strong`: without the target the source makes no sense. */
interface Link { readonly source: Draft; readonly target: Draft; readonly strong: boolean }

export class Drafts {
  readonly view: TransactionView;
  readonly anchor: Anchor;
  /** The job that was asked for. */
  readonly root: Draft;
  /** What was left out although something wanted it. */
  readonly dropped: Refusal[] = [];
  /** More than one type for a unit until they are merged. */
  readonly #byUnit = new Map<UnitName, Draft[]>();

  constructor(view: TransactionView, anchor: Anchor) {
    this.view = view;
    this.anchor = anchor;
    // A try-restart of what is down is nothing at all: it pulls in nothing either.
    const type = collapseJobType(anchor.type, view.unit(anchor.unit)?.activeState ?? 'inactive');
    this.root = this.add(anchor.unit, type, anchor.reason, null);
  }

  has(unit: UnitName): boolean {
    return this.#byUnit.has(unit);
  }

  of(unit: UnitName): readonly Draft[] {
    return this.#byUnit.get(unit) ?? [];
  }

  /** As they are now; what is added or removed later does not show. */
  all(): readonly Draft[] {
    const all: Draft[] = [];
    for (const drafts of this.#byUnit.values()) all.push(...drafts);
    return all;
  }

  /** In the order in which the units were pulled in. */
  byUnit(): Iterable<readonly [UnitName, readonly Draft[]]> {
    return this.#byUnit;
  }

  units(): Iterable<UnitName> {
    return this.#byUnit.keys();
  }

  /** The job that its unit has already. */
  installed(unit: Unit): Job | undefined {
    return unit.job === null ? undefined : this.view.job(unit.job);
  }

  add(unit: UnitName, type: JobType, reason: Reason, puller: Draft | null): Draft {
    const draft: Draft = { unit, type, reason, puller, byConflict: false, pulls: [], pulledBy: [], refusal: null };
    draft.refusal = whyImpossible(this.view, draft);
    const same = this.#byUnit.get(unit);
    if (same === undefined) this.#byUnit.set(unit, [draft]);
    else same.push(draft);
    return draft;
  }

  /** All drafts that the anchor needs through strong links only. */
  needed(): Set<Draft> {
    const needed = new Set<Draft>([this.root]);
    for (const draft of needed) for (const { target, strong } of draft.pulls) if (strong) needed.add(target);
    return needed;
  }

  /** The one type that does what all drafts of a unit do; null when two of them conflict, or there is none. */
  typeOf(unit: UnitName): JobType | null {
    const drafts = this.of(unit);
    if (drafts.length <= 1) return drafts[0]?.type ?? null;
    let merged: JobType = 'nop';
    for (const draft of drafts) {
      const next = mergeJobTypes(merged, draft.type);
      if (next === null) return null;
      merged = next;
    }
    return collapseJobType(merged, (this.view.unit(unit) as Unit).activeState);
  }

  remove(draft: Draft): void {
    const rest = this.of(draft.unit).filter((each) => each !== draft);
    if (rest.length === 0) this.#byUnit.delete(draft.unit);
    else this.#byUnit.set(draft.unit, rest);
    for (const each of [...draft.pulledBy, ...draft.pulls]) unlink(each);
  }

  /** Removes a draft and all that strongly needs it; then what nobody wants any more. */
  drop(victim: Draft, message: string, cycle: readonly CycleEdge[] = []): void {
    this.dropped.push({ code: 'transaction-refused', unit: victim.unit, message, path: pathTo(victim), cycle });
    const gone = new Set<Draft>([victim]);
    for (const draft of gone) for (const { source, strong } of draft.pulledBy) if (strong) gone.add(source);
    assert(!gone.has(this.root), 'what the anchor needs is never dropped');
    for (const draft of gone) this.remove(draft);
    this.removeUnreachable();
  }

  removeUnreachable(): void {
    const reached = new Set<Draft>([this.root]);
    for (const draft of reached) for (const { target } of draft.pulls) reached.add(target);
    for (const draft of this.all()) if (!reached.has(draft)) this.remove(draft);
  }
}

export function link(source: Draft, target: Draft, strong: boolean): void {
  if (source === target) return;
  const edge: Link = { source, target, strong };
  source.pulls.push(edge);
  target.pulledBy.push(edge);
}

function unlink(edge: Link): void {
  remove(edge.source.pulls, edge);
  remove(edge.target.pulledBy, edge);
}

function remove<T>(list: T[], item: T): void {
  const index = list.indexOf(item);
  if (index >= 0) list.splice(index, 1);
}

/** From the anchor to this draft, both included. */
export function pathTo(draft: Draft): UnitName[] {
  const path: UnitName[] = [];
  for (let at: Draft | null = draft; at !== null; at = at.puller) path.unshift(at.unit);
  return path;
}

/** A refusal of the whole request at this draft. */
export function refusalAt(draft: Draft, code: RefusalCode, message: string): Refusal {
  return { code, unit: draft.unit, message, path: pathTo(draft), cycle: [] };
}

function whyImpossible(view: TransactionView, draft: Draft): Refusal | null {
  const { type } = draft;
  const unit = view.unit(draft.unit);
  if (unit === undefined) return refusalAt(draft, 'no-such-unit', `Unit ${draft.unit} not found.`);
  // A try-restart of what is masked is nothing, and no mistake either; one of a name that does not exist is a slip of the pen.
  if (type === 'stop' || (type === 'nop' && unit.definition.loadState !== 'not-found')) return null;
  const { loadState, loadError } = unit.definition;
  switch (loadState) {
    case 'not-found': return refusalAt(draft, 'no-such-unit', `Unit ${draft.unit} not found.`);
    case 'masked': return refusalAt(draft, 'unit-masked', `Unit ${draft.unit} is masked.`);
    case 'bad-setting':
    case 'error': return refusalAt(draft, 'load-failed', `Unit ${draft.unit} has a bad unit file: ${loadError ?? 'unreadable'}`);
    case 'loaded': break;
  }
  if (type === 'reload' && !isReloadable(view.graph, unit.definition)) return refusalAt(draft, 'not-applicable', `Unit ${draft.unit} cannot be reloaded: it has no ExecReload=.`);
  return null;
}
