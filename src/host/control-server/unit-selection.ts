/** Which units a request means: names made canonical, patterns matched against loaded units, and definitions read where needed. */
import type { Pid, UnitName } from '../../base/brand.ts';
import { getEntry, hasEntry, valuesOf } from '../../base/persistent-map.ts';
import { isGlob, matchesGlob } from '../../control/glob.ts';
import type { Failure } from '../../control/error-codes.ts';
import type { Method, Params } from '../../control/requests.ts';
import type { ManagerState } from '../../core/manager/state.ts';
import { isUnitName, mangleUnitName } from '../../core/unit/unit-name.ts';
import type { Engine } from '../engine.ts';

/**
 * Units that unprivileged users may make the manager load in a while, by asking about names nobody loaded. Each costs a look at the disk
 * and stays in memory for some seconds; the administrator's own requests are not bounded, since he may fill the unit folders as well.
 */
const UNPRIVILEGED_LOADS_MAX = 256;
/** By then the units of the interval before have been forgotten. */
const UNPRIVILEGED_LOADS_INTERVAL_USEC = 10_000_000;
/** How often a request reads units that are gone again when it is their turn to be answered; the second time they are fresh. */
const LOADS_AGAIN_MAX = 2;

export type Selection =
  | { readonly ok: true; readonly units: readonly UnitName[] }
  | { readonly ok: false; readonly failure: Failure };

const NOTHING: Selection = { ok: true, units: [] };

/** They answer once for each name; what others do to a unit is done once, however often it is named. */
export const ANSWER_EACH_NAME: ReadonlySet<Method> = new Set<Method>(['status', 'show', 'cat']);

/** Methods whose `units` or `unit` are single units or patterns over loaded ones, and not patterns over everything there is. */
export function resolveUnits<M extends Method>(state: ManagerState, method: M, params: Params<M>): Selection {
  switch (method) {
    case 'status': case 'show': case 'cat': case 'enqueue': case 'plan': case 'kill': case 'freeze': case 'clean': case 'reset-failed': case 'verify':
      return select(state, (params as Params<'status'>).units);
    case 'change-unit-files':
      // Templates and paths are meant too; what is no name at all is refused by the verb itself.
      return { ok: true, units: (params as Params<'change-unit-files'>).units.map((word) => (word.startsWith('/') ? word : (mangleUnitName(word) ?? word)) as UnitName) };
    case 'why': case 'list-dependencies': case 'set-property': case 'bind': case 'call': case 'unit-environment':
      return select(state, [(params as Params<'why'>).unit]);
    default:
      return NOTHING;
  }
}

/** A name as often as it is given, and what patterns match after the names: the order of systemctl's answers. */
function select(state: ManagerState, words: readonly string[]): Selection {
  const units: UnitName[] = [];
  const matching: UnitName[] = [];
  for (const word of words) {
    if (isGlob(word)) {
      const found: UnitName[] = [];
      for (const unit of valuesOf(state.units)) if (unit.definition.names.some((name) => matchesGlob(word, name))) found.push(unit.name);
      matching.push(...found.sort());
      continue;
    }
    const owner = /^\d{1,10}$/.test(word) ? getEntry(state.pids, Number(word) as Pid) : undefined;
    if (owner !== undefined) {
      units.push(owner);
      continue;
    }
    if (/^\d{1,10}$/.test(word)) return { ok: false, failure: { name: 'no-such-unit', message: `Failed to get unit for PID ${word}: PID ${word} does not belong to any loaded unit.` } };
    const name = mangleUnitName(word);
    if (name === null) return { ok: false, failure: { name: 'invalid-unit-name', message: `"${word.slice(0, 64)}" is no unit name.` } };
    if (!isUnitName(name)) {
      return { ok: false, failure: { name: 'invalid-unit-name', message: `Unit name ${name} is missing the instance name.`, unit: name } };
    }
    units.push(name);
  }
  return { ok: true, units: [...units, ...matching] };
}

export interface Loaded {
  /** Canonical names, in the order asked for, without doubles. */
  readonly names: readonly UnitName[];
  readonly failure: Failure | null;
  /** Calls back when the definitions have reached the state; null when they are there already. Returns the end of the waiting. */
  readonly wait: ((proceed: () => void) => () => void) | null;
}

export class UnitLoading {
  readonly #engine: Engine;
  #unprivilegedLoads = 0;
  #unprivilegedSinceUsec = 0;

  constructor(engine: Engine) {
    this.#engine = engine;
  }

  load(units: readonly UnitName[], options: { readonly needsLoading: boolean; readonly privileged: boolean }): Loaded {
    const state = this.#engine.state();
    const missing = units.filter((unit) => !isKnown(state, unit));
    if (!options.needsLoading || missing.length === 0) return { names: canonical(state, units), failure: null, wait: null };
    if (!options.privileged) {
      const now = this.#engine.now().monotonicUsec;
      if (now - this.#unprivilegedSinceUsec >= UNPRIVILEGED_LOADS_INTERVAL_USEC) {
        this.#unprivilegedSinceUsec = now;
        this.#unprivilegedLoads = 0;
      }
      this.#unprivilegedLoads += missing.length;
      if (this.#unprivilegedLoads > UNPRIVILEGED_LOADS_MAX) {
        return { names: [], failure: { name: 'access-denied', message: 'only the administrator may make the manager load more units now; try again in a few seconds' }, wait: null };
      }
    }
    const { names } = this.#engine.loadUnits(units);
    return {
      names: [...new Set(names)],
      failure: null,
      // Nothing may have been new after all (an alias of a loaded unit): then no turn would come.
      wait: names.every((name) => isKnown(this.#engine.state(), name)) ? null : (proceed) => this.#whenLoaded(names, proceed, LOADS_AGAIN_MAX),
    };
  }

  /**
   * The turn that ends may be one that was under way, and the one that loads some of the units may be the one in which others of them,
   * known so far, are forgotten: what is missing then is read again.
   */
  #whenLoaded(names: readonly UnitName[], proceed: () => void, loadsLeft: number): () => void {
    let again: (() => void) | null = null;
    const end = this.#engine.onTurnEnd(() => {
      end();
      const gone = names.filter((name) => !isKnown(this.#engine.state(), name));
      if (gone.length === 0 || loadsLeft === 0 || !this.#engine.loadUnits(gone).isNew) proceed();
      else again = this.#whenLoaded(names, proceed, loadsLeft - 1);
    });
    return () => {
      end();
      again?.();
    };
  }

  canonicalNames(units: readonly UnitName[]): readonly UnitName[] {
    return canonical(this.#engine.state(), units);
  }

  /** One name for each that was asked for, when all are loaded. */
  namesToAnswer(units: readonly UnitName[]): readonly UnitName[] {
    const { aliases } = this.#engine.state();
    return units.map((unit) => getEntry(aliases, unit) ?? unit);
  }
}

function isKnown(state: ManagerState, unit: UnitName): boolean {
  return hasEntry(state.units, unit) || hasEntry(state.aliases, unit);
}

function canonical(state: ManagerState, units: readonly UnitName[]): readonly UnitName[] {
  return [...new Set(units.map((unit) => getEntry(state.aliases, unit) ?? unit))];
}
