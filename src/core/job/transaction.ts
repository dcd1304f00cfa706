/**
 * A transaction: all jobs that one request implies, made consistent or refused with the reason. Nothing happens while it is built.
 *
 * Phases: collect (follow the atoms from the anchor), fail (a job that cannot be queued takes along what requires it), reduce
 * (redundant jobs, conflicts and order cycles, until nothing changes), check against the installed jobs. The work lists are
 * explicit: a chain of ten thousand units must not overflow a stack.
 * Behaviour: systemd.unit(5) for the kinds, systemctl(1) `--job-mode=`; cycles are refused rather than broken, see docs/decisions.
 */
import type { JobId, UnitName } from '../../base/brand.ts';
import { assert } from '../../base/assert.ts';
import type { DependencyOrigin } from '../unit/dependency.ts';
import type { JobMode } from '../unit/unit-common.ts';
import type { Atom } from '../graph/atoms.ts';
import { neighbours, neighboursBy, type Graph } from '../graph/graph.ts';
import { isReloadable } from '../graph/reloadable.ts';
import type { Job, JobType, Reason, Unit } from '../manager/state.ts';
import { areConflicting, collapseJobType, firstOf, isActive, isInactive, isRedundant, mergeJobTypes } from './job-type.ts';

/** What a transaction needs to know of the manager. */
export interface TransactionView {
  readonly graph: Graph;
  /**
   * The units' ordering has no cycle; then neither has that of any jobs: stops go before starts, starts run in the units' order and stops
   * against it.
   */
  readonly orderIsAcyclic: boolean;
  unit(name: UnitName): Unit | undefined;
  job(id: JobId): Job | undefined;
  units(): Iterable<Unit>;
}

export interface Anchor {
  readonly unit: UnitName;
  readonly type: JobType;
  readonly mode: JobMode;
  readonly reason: Reason;
  /** Boot: a cycle may be broken at a job that nothing requires. */
  readonly boot: boolean;
}

export interface PlannedJob {
  readonly unit: UnitName;
  readonly type: JobType;
  readonly reason: Reason;
}

/** One edge of an ordering cycle, with the place it is written at. */
export interface CycleEdge {
  readonly from: UnitName;
  readonly kind: 'Before' | 'After';
  readonly to: UnitName;
  readonly origin: DependencyOrigin;
}

export type RefusalCode = 'no-such-unit' | 'unit-masked' | 'load-failed' | 'not-applicable' | 'transaction-refused' | 'transaction-destructive';

export interface Refusal {
  readonly code: RefusalCode;
  /** The unit at fault. */
  readonly unit: UnitName;
  readonly message: string;
  /** From the anchor to the unit at fault, both included. */
  readonly path: readonly UnitName[];
  readonly cycle: readonly CycleEdge[];
}

export interface Transaction {
  /** In the order in which they were pulled in, the anchor first. */
  readonly jobs: readonly PlannedJob[];
  /** Jobs that were left out although something wanted them, with the reason: to be logged. */
  readonly dropped: readonly Refusal[];
}

export type TransactionOutcome = { readonly ok: true; readonly transaction: Transaction } | { readonly ok: false; readonly refusal: Refusal };

/** A job under construction. */
interface Draft {
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

interface Pull { readonly atom: Atom; readonly type: JobType; readonly strong: boolean; readonly conflict: boolean }

const STARTS: readonly Pull[] = [
  { atom: 'pull-in-start', type: 'start', strong: true, conflict: false },
  { atom: 'pull-in-start-ignored', type: 'start', strong: false, conflict: false },
  { atom: 'pull-in-verify', type: 'verify-active', strong: true, conflict: false },
  { atom: 'pull-in-stop', type: 'stop', strong: true, conflict: true },
  { atom: 'pull-in-stop-ignored', type: 'stop', strong: false, conflict: false },
];
const STOPS: readonly Pull[] = [{ atom: 'propagate-stop', type: 'stop', strong: true, conflict: false }];
const RESTARTS: readonly Pull[] = [...STARTS, { atom: 'propagate-restart', type: 'try-restart', strong: true, conflict: false }];
const RELOADS: readonly Pull[] = [{ atom: 'propagate-reload', type: 'reload', strong: false, conflict: false }];
const NOTHING: readonly Pull[] = [];

const PULLS: Readonly<Record<JobType, readonly Pull[]>> = {
  start: STARTS, 'reload-or-start': [...STARTS, ...RELOADS], stop: STOPS, restart: RESTARTS, 'try-restart': RESTARTS,
  reload: RELOADS, replace: STARTS, 'verify-active': NOTHING, nop: NOTHING,
};

/** Builds the transaction of one anchor job. Pure; `view` is only read. */
export function buildTransaction(view: TransactionView, anchor: Anchor): TransactionOutcome {
  const builder = new Builder(view, anchor);
  return builder.build();
}

class Builder {
  readonly #view: TransactionView;
  readonly #anchor: Anchor;
  /** All drafts by unit; more than one type for a unit until they are merged. */
  readonly #drafts = new Map<UnitName, Draft[]>();
  readonly #dropped: Refusal[] = [];
  /** Stops of units that are down: they matter only where the same transaction would start that unit. */
  readonly #idleStops: { readonly source: Draft; readonly name: UnitName; readonly pull: Pull; readonly kind: string }[] = [];
  #root: Draft;

  constructor(view: TransactionView, anchor: Anchor) {
    this.#view = view;
    this.#anchor = anchor;
    // A try-restart of what is down is nothing at all: it pulls in nothing either.
    const type = collapseJobType(anchor.type, view.unit(anchor.unit)?.activeState ?? 'inactive');
    this.#root = this.#draft(anchor.unit, type, anchor.reason, null);
  }

  build(): TransactionOutcome {
    this.#collect([this.#root]);
    if (this.#anchor.mode === 'isolate') this.#collectIsolate();
    if (this.#anchor.mode === 'triggering') this.#collectTriggering();
    this.#pullIdleStops();
    const failed = this.#failWhatCannotBe();
    if (failed !== null) return { ok: false, refusal: failed };
    if (this.#anchor.mode === 'fail') this.#minimizeImpact();
    const refusal = this.#reduce() ?? this.#checkInstalled();
    if (refusal !== null) return { ok: false, refusal };
    const jobs: PlannedJob[] = [];
    for (const [unit, drafts] of this.#drafts) {
      const merged = this.#mergedType(unit, drafts);
      assert(merged !== null, 'a reduced transaction has no conflicting jobs');
      jobs.push({ unit, type: merged, reason: (drafts[0] as Draft).reason });
    }
    return { ok: true, transaction: { jobs, dropped: this.#dropped } };
  }

  // --- collect

  #draft(unit: UnitName, type: JobType, reason: Reason, puller: Draft | null): Draft {
    const draft: Draft = { unit, type, reason, puller, byConflict: false, pulls: [], pulledBy: [], refusal: null };
    draft.refusal = this.#whyImpossible(draft);
    const same = this.#drafts.get(unit);
    if (same === undefined) this.#drafts.set(unit, [draft]);
    else same.push(draft);
    return draft;
  }

  /** Breadth first, so that jobs stand in the order a reader of the unit files would expect. Grows `work` as it goes. */
  #collect(work: Draft[]): void {
    const { mode } = this.#anchor;
    for (const source of work) {
      if (source.refusal !== null || mode === 'ignore-dependencies') continue;
      const restartsOthers = mode === 'restart-dependencies' && source === this.#root && source.type === 'start';
      for (const pull of restartsOthers ? RESTARTS : PULLS[source.type]) {
        if (mode === 'ignore-requirements' && !pull.conflict) continue;
        for (const [name, kind] of neighboursBy(this.#view.graph, source.unit, pull.atom)) {
          const found = this.#pull(source, name, pull, kind);
          if (found !== null) work.push(found);
        }
      }
    }
  }

  /** Adds the link; returns the target when it is new and its own pulls have to be followed. */
  #pull(source: Draft, name: UnitName, pull: Pull, kind: string, evenIdle = false): Draft | null {
    const unit = this.#view.unit(name);
    if (unit === undefined) return null;
    // A stop of what is down and has no job would be dropped as redundant anyway; a boot has thousands of them.
    if (!evenIdle && pull.type === 'stop' && unit.job === null && isInactive(unit.activeState) && !this.#drafts.has(name)) {
      this.#idleStops.push({ source, name, pull, kind });
      return null;
    }
    if (pull.type === 'reload' && (unit.activeState !== 'active' || !isReloadable(this.#view.graph, unit.definition))) return null;
    const type = collapseJobType(pull.type, unit.activeState);
    if (type === 'nop') return null;
    let target = this.#drafts.get(name)?.find((draft) => draft.type === type);
    const fresh = target === undefined;
    const reason: Reason = pull.conflict ? { reason: 'conflict', with: source.unit } : { reason: 'dependency', of: source.unit, kind };
    target ??= this.#draft(name, type, reason, source);
    target.byConflict ||= pull.conflict;
    link(source, target, pull.strong);
    return fresh ? target : null;
  }

  /**
   * A unit that is down and is to be started here, while another one here conflicts with it, must not come up beside it; nor one that
   * would be stopped with units that are down already.
   */
  #pullIdleStops(): void {
    for (let idle = this.#idleStops.splice(0); idle.length > 0; idle = this.#idleStops.splice(0)) {
      const work: Draft[] = [];
      const seen = new Set<UnitName>();
      for (const { source, name, pull, kind } of idle) {
        if (!this.#drafts.has(name) && !this.#stopsWhatIsPlanned(name, seen)) continue;
        const found = this.#pull(source, name, pull, kind, true);
        if (found !== null) work.push(found);
      }
      this.#collect(work);
    }
  }

  /** Whether the stop of a unit that is down leads, over others that are down, to one with a job here. @param seen those that do not */
  #stopsWhatIsPlanned(name: UnitName, seen: Set<UnitName>): boolean {
    const work = [name];
    for (const at of work) {
      if (seen.has(at)) continue;
      seen.add(at);
      for (const pull of PULLS.stop) {
        if (pull.type !== 'stop') continue;
        for (const [other] of neighboursBy(this.#view.graph, at, pull.atom)) {
          if (this.#drafts.get(other)?.some(({ type }) => type !== 'stop') === true) return true;
          work.push(other);
        }
      }
    }
    return false;
  }

  /** Everything that runs or is about to and is not part of the wanted set is stopped. */
  #collectIsolate(): void {
    const work: Draft[] = [];
    for (const unit of this.#view.units()) {
      if (unit.definition.ignoreOnIsolate || this.#drafts.has(unit.name)) continue;
      if (isInactive(unit.activeState) && unit.job === null) continue;
      const draft = this.#draft(unit.name, 'stop', { reason: 'dependency', of: this.#anchor.unit, kind: 'isolate' }, this.#root);
      link(this.#root, draft, true);
      work.push(draft);
    }
    this.#collect(work);
  }

  /** `--job-mode=triggering`: stop the units that would start this one again. */
  #collectTriggering(): void {
    const work: Draft[] = [];
    for (const name of neighbours(this.#view.graph, this.#anchor.unit, 'TriggeredBy')) {
      const unit = this.#view.unit(name);
      if (unit === undefined || isInactive(unit.activeState)) continue;
      const draft = this.#draft(name, 'stop', { reason: 'dependency', of: this.#anchor.unit, kind: 'TriggeredBy' }, this.#root);
      link(this.#root, draft, true);
      work.push(draft);
    }
    this.#collect(work);
  }

  // --- fail

  #whyImpossible(draft: Draft): Refusal | null {
    const { type } = draft;
    const unit = this.#view.unit(draft.unit);
    const refuse = (code: RefusalCode, message: string): Refusal => ({ code, unit: draft.unit, message, path: pathTo(draft), cycle: [] });
    if (unit === undefined) return refuse('no-such-unit', `Unit ${draft.unit} not found.`);
    // A try-restart of what is masked is nothing, and no mistake either; one of a name that does not exist is a slip of the pen.
    if (type === 'stop' || (type === 'nop' && unit.definition.loadState !== 'not-found')) return null;
    const { loadState, loadError } = unit.definition;
    switch (loadState) {
      case 'not-found': return refuse('no-such-unit', `Unit ${draft.unit} not found.`);
      case 'masked': return refuse('unit-masked', `Unit ${draft.unit} is masked.`);
      case 'bad-setting':
      case 'error': return refuse('load-failed', `Unit ${draft.unit} has a bad unit file: ${loadError ?? 'unreadable'}`);
      case 'loaded': break;
    }
    if (type === 'reload' && !isReloadable(this.#view.graph, unit.definition)) return refuse('not-applicable', `Unit ${draft.unit} cannot be reloaded: it has no ExecReload=.`);
    return null;
  }

  /**
   * Returns the refusal of the anchor, or removes what cannot be. Who needs it strongly but is itself only wanted goes on without, and
   * that is said: a unit whose requirement is masked is started at boot by systemd too, though a start of it by hand is refused.
   */
  #failWhatCannotBe(): Refusal | null {
    const impossible = [...this.#all()].filter((draft) => draft.refusal !== null);
    const needing = new Set(impossible);
    for (const draft of needing) {
      const cause = draft.refusal as Refusal;
      for (const { source, strong } of draft.pulledBy) {
        if (!strong || source.refusal !== null) continue;
        source.refusal = { ...cause, path: [...pathTo(source), ...cause.path.slice(cause.path.indexOf(draft.unit))] };
        needing.add(source);
      }
    }
    if (this.#root.refusal !== null) return this.#root.refusal;
    for (const draft of impossible) {
      const refusal = draft.refusal as Refusal;
      const needs = draft.pulledBy.filter((each) => each.strong).map((each) => each.source);
      for (const source of needs) this.#dropped.push({ ...refusal, message: `${source.unit}/${source.type} goes on without ${draft.unit}, which it needs: ${refusal.message}` });
      // A missing unit that is merely wanted is nothing to report: systemd.unit(5), Wants=.
      if (needs.length === 0 && refusal.code !== 'no-such-unit') this.#dropped.push(refusal);
      this.#remove(draft);
    }
    for (const draft of needing) draft.refusal = null;
    this.#removeUnreachable();
    return null;
  }

  /**
   * `--job-mode=fail` is for those who want to disturb nothing: what the anchor does not need is left out where it would stop what runs
   * or undo a job. It is the mode of OnSuccess=, Upholds= and StopWhenUnneeded=.
   */
  #minimizeImpact(): void {
    const needed = this.#needed();
    for (const draft of [...this.#all()]) {
      if (needed.has(draft) || this.#drafts.get(draft.unit)?.includes(draft) !== true) continue;
      const unit = this.#view.unit(draft.unit) as Unit;
      const installed = unit.job === null ? undefined : this.#view.job(unit.job);
      const stopsRunning = draft.type === 'stop' && (isActive(unit.activeState) || unit.activeState === 'activating');
      if (stopsRunning || (installed !== undefined && areConflicting(installed.type, draft.type))) {
        this.#drop(draft, `Job ${draft.unit}/${draft.type} is left out, with what needs it: mode fail disturbs nothing that ${this.#anchor.unit}/${this.#anchor.type} does not need to.`);
      }
    }
  }

  // --- reduce

  #reduce(): Refusal | null {
    // An isolate is judged by what was asked for at first: a stop that matters goes on to matter when what led to it is redundant.
    const matters = this.#anchor.mode === 'isolate' ? this.#needed() : null;
    for (;;) {
      this.#dropRedundant();
      const conflict = this.#resolveConflicts(matters);
      if (conflict === 'again') continue;
      if (conflict !== null) return conflict;
      const cycle = this.#resolveCycle();
      if (cycle === 'again') continue;
      return cycle;
    }
  }

  #dropRedundant(): void {
    let dropped = false;
    for (const [name, drafts] of [...this.#drafts]) {
      const unit = this.#view.unit(name) as Unit;
      const installed = unit.job === null ? undefined : this.#view.job(unit.job);
      const keep = drafts.some((draft) => draft === this.#root || !isRedundant(draft.type, unit.activeState)
        || (installed !== undefined && areConflicting(installed.type, draft.type)));
      if (keep) continue;
      for (const draft of drafts) this.#remove(draft);
      dropped = true;
    }
    // What only it pulled in goes too: a unit that runs does not start its broken dependencies again for every newcomer.
    // An isolate keeps it: what would stop the anchor over units that are down already refuses it, as in systemd.
    if (dropped && this.#anchor.mode !== 'isolate') this.#removeUnreachable();
  }

  /** @param matters what may not be dropped; null = to be found out */
  #resolveConflicts(matters: ReadonlySet<Draft> | null): Refusal | 'again' | null {
    for (const [name, drafts] of this.#drafts) {
      if (drafts.length === 1 || this.#mergedType(name, drafts) !== null) continue;
      const stop = drafts.find((draft) => draft.type === 'stop');
      const other = drafts.find((draft) => draft.type !== 'stop');
      assert(stop !== undefined && other !== undefined, 'only a stop conflicts');
      const needed = matters ?? this.#needed();
      if (needed.has(stop) && needed.has(other)) {
        return this.#refuse(name, other, `Unit ${name} would have to be started and stopped at once: ${describePull(other)}, and ${describePull(stop)}.`);
      }
      const victim = needed.has(stop) ? other : needed.has(other) ? stop : stop.byConflict ? other : stop;
      this.#drop(victim, `Job ${victim.unit}/${victim.type} is left out: it conflicts with ${name}/${victim === stop ? other.type : 'stop'} (${describePull(victim === stop ? other : stop)}).`);
      return 'again';
    }
    return null;
  }

  /** All drafts the anchor needs through strong links only. */
  #needed(): Set<Draft> {
    const needed = new Set<Draft>([this.#root]);
    for (const draft of needed) for (const { target, strong } of draft.pulls) if (strong) needed.add(target);
    return needed;
  }

  #resolveCycle(): Refusal | 'again' | null {
    if (this.#view.orderIsAcyclic) return null;
    const cycle = this.#findCycle();
    if (cycle === null) return null;
    const names = cycle.map((draft) => draft.unit);
    const edges = names.map((name, index) => orderEdge(this.#view, name, names[(index + 1) % names.length] as UnitName));
    const text = edges.map(describeEdge).join(', ');
    if (this.#anchor.boot) {
      const needed = this.#needed();
      const victim = cycle.find((draft) => !needed.has(draft));
      if (victim !== undefined) {
        this.#drop(victim, `Ordering cycle: ${text}. ${victim.unit} is left out of the boot to break it.`, edges);
        return 'again';
      }
    }
    return { code: 'transaction-refused', unit: names[0] as UnitName, message: `Ordering cycle: ${text}.`, path: pathTo(cycle[0] as Draft), cycle: edges };
  }

  /** The drafts of one cycle in running order, or null. Depth first with an explicit stack. */
  #findCycle(): Draft[] | null {
    const done = new Set<UnitName>();
    const onPath = new Map<UnitName, number>();
    for (const start of this.#drafts.keys()) {
      if (done.has(start)) continue;
      const path: { readonly name: UnitName; readonly next: Iterator<UnitName> }[] = [{ name: start, next: this.#runsAfter(start) }];
      onPath.set(start, 0);
      while (path.length > 0) {
        const top = path[path.length - 1] as (typeof path)[number];
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
        if (index !== undefined) return path.slice(index).map((entry) => (this.#drafts.get(entry.name) as Draft[])[0] as Draft);
        onPath.set(name, path.length);
        path.push({ name, next: this.#runsAfter(name) });
      }
    }
    return null;
  }

  /** Units of this transaction whose job waits for the job of `name`. */
  *#runsAfter(name: UnitName): Generator<UnitName> {
    const own = this.#typeOf(name);
    if (own === null) return;
    for (const other of neighbours(this.#view.graph, name, 'Before')) {
      const type = this.#typeOf(other);
      if (type !== null && firstOf(own, type) === 'before') yield other;
    }
    for (const other of neighbours(this.#view.graph, name, 'After')) {
      const type = this.#typeOf(other);
      if (type !== null && firstOf(type, own) === 'after') yield other;
    }
  }

  #typeOf(name: UnitName): JobType | null {
    const drafts = this.#drafts.get(name);
    return drafts === undefined ? null : this.#mergedType(name, drafts);
  }

  // --- check

  #checkInstalled(): Refusal | null {
    const { mode } = this.#anchor;
    for (const [name, drafts] of this.#drafts) {
      const unit = this.#view.unit(name) as Unit;
      const installed = unit.job === null ? undefined : this.#view.job(unit.job);
      if (installed === undefined) continue;
      const type = this.#mergedType(name, drafts) as JobType;
      const conflicting = areConflicting(installed.type, type);
      if (conflicting && installed.irreversible) {
        return this.#destructive(name, drafts[0] as Draft, `Job ${name}/${installed.type} is under way and cannot be undone; ${name}/${type} is refused.`);
      }
      if (conflicting && mode === 'fail') {
        return this.#destructive(name, drafts[0] as Draft, `Job ${name}/${installed.type} is under way and --job-mode=fail does not replace it by ${type}.`);
      }
    }
    return null;
  }

  // --- bookkeeping

  *#all(): Generator<Draft> {
    for (const drafts of this.#drafts.values()) yield* drafts;
  }

  #mergedType(name: UnitName, drafts: readonly Draft[]): JobType | null {
    if (drafts.length === 1) return (drafts[0] as Draft).type;
    let merged: JobType = 'nop';
    for (const draft of drafts) {
      const next = mergeJobTypes(merged, draft.type);
      if (next === null) return null;
      merged = next;
    }
    return collapseJobType(merged, (this.#view.unit(name) as Unit).activeState);
  }

  #remove(draft: Draft): void {
    const rest = (this.#drafts.get(draft.unit) ?? []).filter((each) => each !== draft);
    if (rest.length === 0) this.#drafts.delete(draft.unit);
    else this.#drafts.set(draft.unit, rest);
    for (const each of [...draft.pulledBy, ...draft.pulls]) unlink(each);
  }

  /** Removes a draft and all that strongly needs it; then what nobody wants any more. */
  #drop(victim: Draft, message: string, cycle: readonly CycleEdge[] = []): void {
    this.#dropped.push({ code: 'transaction-refused', unit: victim.unit, message, path: pathTo(victim), cycle });
    const gone = new Set<Draft>([victim]);
    for (const draft of gone) for (const { source, strong } of draft.pulledBy) if (strong) gone.add(source);
    assert(!gone.has(this.#root), 'what the anchor needs is never dropped');
    for (const draft of gone) this.#remove(draft);
    this.#removeUnreachable();
  }

  #removeUnreachable(): void {
    const reached = new Set<Draft>([this.#root]);
    for (const draft of reached) for (const { target } of draft.pulls) reached.add(target);
    for (const draft of [...this.#all()]) if (!reached.has(draft)) this.#remove(draft);
  }

  #destructive(unit: UnitName, at: Draft, message: string): Refusal {
    return { ...this.#refuse(unit, at, message), code: 'transaction-destructive' };
  }

  #refuse(unit: UnitName, at: Draft, message: string): Refusal {
    return { code: 'transaction-refused', unit, message, path: pathTo(at), cycle: [] };
  }
}

/** Where it is written that `first` is ordered before `second` (or, for stops, after it). */
function orderEdge(view: Pick<TransactionView, 'unit'>, first: UnitName, second: UnitName): CycleEdge {
  const lookUp = (from: UnitName, kind: 'Before' | 'After', to: UnitName): CycleEdge | null => {
    const dependency = view.unit(from)?.definition.dependencies.find((each) => each.kind === kind && each.other === to);
    return dependency === undefined ? null : { from, kind, to, origin: dependency.origin };
  };
  return lookUp(second, 'After', first) ?? lookUp(first, 'Before', second)
    ?? lookUp(first, 'After', second) ?? lookUp(second, 'Before', first)
    ?? { from: first, kind: 'Before', to: second, origin: 'implicit' };
}

function describeEdge(edge: CycleEdge): string {
  return `${edge.from} ${edge.kind}=${edge.to} (${placeOf(edge.origin)})`;
}

/** All edges of a cycle (`b.service After=a.service (/etc/…/b.service:4)`), given as names each of which is ordered before the next. */
export function describeCycle(unit: TransactionView['unit'], cycle: readonly UnitName[]): string {
  return cycle.map((name, index) => describeEdge(orderEdge({ unit }, name, cycle[(index + 1) % cycle.length] as UnitName))).join(', ');
}

function link(source: Draft, target: Draft, strong: boolean): void {
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


function pathTo(draft: Draft): UnitName[] {
  const path: UnitName[] = [];
  for (let at: Draft | null = draft; at !== null; at = at.puller) path.unshift(at.unit);
  return path;
}

function describePull(draft: Draft): string {
  const { reason } = draft;
  switch (reason.reason) {
    case 'dependency': return `${draft.type} because ${reason.of} has ${reason.kind}=${draft.unit}`;
    case 'conflict': return `${draft.type} because ${reason.with} has Conflicts=${draft.unit}`;
    default: return `${draft.type} was asked for`;
  }
}

function placeOf(origin: DependencyOrigin): string {
  return typeof origin === 'string' ? `${origin} dependency` : origin.line === 0 ? origin.file : `${origin.file}:${String(origin.line)}`;
}
