/** First phase: the anchor's dependencies are followed, and each unit that is reached gets a draft of a job. */
import type { UnitName } from '../../../base/brand.ts';
import type { Atom } from '../../graph/atoms.ts';
import { neighbours, neighboursBy } from '../../graph/graph.ts';
import { isReloadable } from '../../graph/reloadable.ts';
import type { JobType, Reason } from '../../manager/state.ts';
import { collapseJobType, isInactive } from '../job-type.ts';
import { link, type Draft, type Drafts } from './drafts.ts';

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

/** The stop of a unit that is down: it matters only where the same transaction would start that unit. */
interface IdleStop { readonly source: Draft; readonly name: UnitName; readonly pull: Pull; readonly kind: string }

/** Drafts a job for everything that the anchor implies in its mode. */
export function collect(drafts: Drafts): void {
  const collector = new Collector(drafts);
  collector.follow([drafts.root]);
  switch (drafts.anchor.mode) {
    case 'isolate': collector.follow(stopsOfAllElse(drafts)); break;
    case 'triggering': collector.follow(stopsOfTriggers(drafts)); break;
    default: break;
  }
  collector.followIdleStops();
}

/** Everything that runs or is about to and is not part of the wanted set is stopped. */
function stopsOfAllElse(drafts: Drafts): Draft[] {
  const others = [...drafts.view.units()].filter((unit) => !unit.definition.ignoreOnIsolate && !drafts.has(unit.name)
    && !(isInactive(unit.activeState) && unit.job === null));
  return others.map((unit) => stopFromAnchor(drafts, unit.name, 'isolate'));
}

/** `--job-mode=triggering`: stop the units that would start this one again. */
function stopsOfTriggers(drafts: Drafts): Draft[] {
  const triggers = neighbours(drafts.view.graph, drafts.anchor.unit, 'TriggeredBy').filter((name) => {
    const unit = drafts.view.unit(name);
    return unit !== undefined && !isInactive(unit.activeState);
  });
  return triggers.map((name) => stopFromAnchor(drafts, name, 'TriggeredBy'));
}

function stopFromAnchor(drafts: Drafts, name: UnitName, kind: string): Draft {
  const draft = drafts.add(name, 'stop', { reason: 'dependency', of: drafts.anchor.unit, kind }, drafts.root);
  link(drafts.root, draft, true);
  return draft;
}

class Collector {
  readonly #drafts: Drafts;
  #idleStops: IdleStop[] = [];

  constructor(drafts: Drafts) {
    this.#drafts = drafts;
  }

  /** Breadth first, so that jobs stand in the order a reader of the unit files would expect. Grows `work` as it goes. */
  follow(work: Draft[]): void {
    const { anchor: { mode }, root, view } = this.#drafts;
    for (const source of work) {
      if (source.refusal !== null || mode === 'ignore-dependencies') continue;
      const restartsOthers = mode === 'restart-dependencies' && source === root && source.type === 'start';
      for (const pull of restartsOthers ? RESTARTS : PULLS[source.type]) {
        if (mode === 'ignore-requirements' && !pull.conflict) continue;
        for (const { other, kind } of neighboursBy(view.graph, source.unit, pull.atom)) {
          const found = this.#pull(source, other, pull, kind);
          if (found !== null) work.push(found);
        }
      }
    }
  }

  /**
   * A unit that is down and is to be started here, while another one here conflicts with it, must not come up beside it; nor one that
   * would be stopped with units that are down already.
   */
  followIdleStops(): void {
    while (this.#idleStops.length > 0) {
      const idle = this.#idleStops;
      this.#idleStops = [];
      const work: Draft[] = [];
      const seen = new Set<UnitName>();
      for (const { source, name, pull, kind } of idle) {
        if (!this.#drafts.has(name) && !this.#stopsWhatIsPlanned(name, seen)) continue;
        const found = this.#pull(source, name, pull, kind, true);
        if (found !== null) work.push(found);
      }
      this.follow(work);
    }
  }

  /** Adds the link; returns the target when it is new and its own pulls have to be followed. */
  #pull(source: Draft, name: UnitName, pull: Pull, kind: string, evenIdle = false): Draft | null {
    const drafts = this.#drafts;
    const unit = drafts.view.unit(name);
    if (unit === undefined) return null;
    // A stop of what is down and has no job would be dropped as redundant anyway; a boot has thousands of them.
    if (!evenIdle && pull.type === 'stop' && unit.job === null && isInactive(unit.activeState) && !drafts.has(name)) {
      this.#idleStops.push({ source, name, pull, kind });
      return null;
    }
    if (pull.type === 'reload' && (unit.activeState !== 'active' || !isReloadable(drafts.view.graph, unit.definition))) return null;
    const type = collapseJobType(pull.type, unit.activeState);
    if (type === 'nop') return null;
    const known = drafts.of(name).find((draft) => draft.type === type);
    const reason: Reason = pull.conflict ? { reason: 'conflict', with: source.unit } : { reason: 'dependency', of: source.unit, kind };
    const target = known ?? drafts.add(name, type, reason, source);
    target.byConflict ||= pull.conflict;
    link(source, target, pull.strong);
    return known === undefined ? target : null;
  }

  /** Whether the stop of a unit that is down leads, over others that are down, to one with a job here. @param seen those that do not */
  #stopsWhatIsPlanned(name: UnitName, seen: Set<UnitName>): boolean {
    const work = [name];
    for (const at of work) {
      if (seen.has(at)) continue;
      seen.add(at);
      for (const pull of STOPS) {
        for (const { other } of neighboursBy(this.#drafts.view.graph, at, pull.atom)) {
          if (this.#drafts.of(other).some(({ type }) => type !== 'stop')) return true;
          work.push(other);
        }
      }
    }
    return false;
  }
}
