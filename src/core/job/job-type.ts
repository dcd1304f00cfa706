/**
 * Job types and their algebra.
 *
 * Two jobs for one unit either merge into one type or conflict. Merging is commutative, associative and idempotent; `nop` is its
 * identity. `stop` merges with nothing but itself. A `try-…` or `…-or-…` type collapses to a plain one once the unit's state is known.
 */
import type { ActiveState, JobType } from '../manager/state.ts';

/** What a type does besides its own name: a type that covers another one can stand for both. */
const COVERS: Readonly<Partial<Record<JobType, ReadonlySet<JobType>>>> = {
  start: new Set(['verify-active']),
  reload: new Set(['verify-active']),
  'reload-or-start': new Set(['verify-active', 'start', 'reload']),
  // A new main process beside the old one, which goes then; of what is down, a start.
  replace: new Set(['verify-active', 'start', 'reload', 'reload-or-start']),
  restart: new Set(['verify-active', 'start', 'reload', 'reload-or-start', 'replace', 'try-restart']),
  'try-restart': new Set(['verify-active', 'reload']),
};

function covers(wide: JobType, narrow: JobType): boolean {
  return wide === narrow || narrow === 'nop' || COVERS[wide]?.has(narrow) === true;
}

/** The one type that does what both do, or null when they conflict. */
export function mergeJobTypes(a: JobType, b: JobType): JobType | null {
  if (covers(a, b)) return a;
  if (covers(b, a)) return b;
  if (a === 'stop' || b === 'stop') return null;
  // What is left: start with reload, and start (or reload-or-start, or replace) with try-restart.
  const pair = new Set<JobType>([a, b]);
  if (pair.has('try-restart')) return 'restart';
  return 'reload-or-start';
}

export function areConflicting(a: JobType, b: JobType): boolean {
  return mergeJobTypes(a, b) === null;
}

/** Whether `installed` already does all that `wanted` asks for. */
export function isSuperset(installed: JobType, wanted: JobType): boolean {
  return covers(installed, wanted);
}

export function isInactive(state: ActiveState): boolean {
  return state === 'inactive' || state === 'failed';
}

export function isActive(state: ActiveState): boolean {
  return state === 'active' || state === 'reloading';
}

/** The plain type that a conditional one means for a unit in `state`. */
export function collapseJobType(type: JobType, state: ActiveState): JobType {
  switch (type) {
    case 'try-restart': return isInactive(state) || state === 'deactivating' ? 'nop' : 'restart';
    case 'reload-or-start': return isInactive(state) ? 'start' : 'reload';
    case 'replace': return isInactive(state) ? 'start' : 'replace';
    default: return type;
  }
}

/** Whether the unit is already where the job would bring it. */
export function isRedundant(type: JobType, state: ActiveState): boolean {
  switch (type) {
    case 'start':
    case 'verify-active': return isActive(state);
    case 'stop': return isInactive(state);
    case 'reload': return state === 'reloading';
    case 'nop': return true;
    default: return false;
  }
}

/**
 * Which of two jobs runs first when unit A is ordered before unit B: a stop goes before a start, and of two stops the one of
 * the later unit; a restart begins with a stop. `'none'` when neither waits.
 */
export function firstOf(typeOfBefore: JobType, typeOfAfter: JobType): 'before' | 'after' | 'none' {
  if (typeOfBefore === 'nop' || typeOfAfter === 'nop') return 'none';
  return typeOfAfter === 'stop' || typeOfAfter === 'restart' || typeOfAfter === 'try-restart' ? 'after' : 'before';
}
