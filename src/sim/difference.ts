/** Where two pieces of plain data differ. What both share is not looked into, so two states of one life are compared in no time. */
import { entriesOf } from '../base/persistent-map.ts';
import type { ManagerState } from '../core/manager/state.ts';

type Entries = readonly (readonly [unknown, unknown])[];

/**
 * The first difference between two states; null when there is none. Aliases, graph and indexes are left out: they are made of the rest, and
 * a recovery from text makes them anew, in another order perhaps.
 */
export function differenceOfStates(a: ManagerState, b: ManagerState): string | null {
  const { units, jobs, requests, pids, aliases: _aliases, graph: _graph, unitDues: _unitDues, jobDues: _jobDues, ...plain } = a;
  const maps = [['units', units, b.units], ['jobs', jobs, b.jobs], ['requests', requests, b.requests], ['pids', pids, b.pids]] as const;
  for (const [name, ofA, ofB] of maps) {
    const difference = ofA === ofB ? null : differenceOfEntries(entriesOf<string | number, unknown>(ofA), entriesOf<string | number, unknown>(ofB));
    if (difference !== null) return joined(name, difference);
  }
  for (const key of Object.keys(plain) as (keyof typeof plain)[]) {
    const difference = differenceOf(plain[key], b[key]);
    if (difference !== null) return joined(key, difference);
  }
  return null;
}

/** The path of the first difference, as `units.3.runtime.state`; '' when the two themselves differ; null when there is none. */
export function differenceOf(a: unknown, b: unknown): string | null {
  if (Object.is(a, b)) return null;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return '';
  if (Array.isArray(a)) return Array.isArray(b) ? differenceOfLists(a, b) : '';
  return differenceOfRecords(a as Readonly<Record<string, unknown>>, b as Readonly<Record<string, unknown>>);
}

function differenceOfLists(a: readonly unknown[], b: readonly unknown[]): string | null {
  if (a.length !== b.length) return 'length';
  for (let index = 0; index < a.length; index++) {
    const difference = differenceOf(a[index], b[index]);
    if (difference !== null) return joined(String(index), difference);
  }
  return null;
}

/** The order of a map is part of it: who walks over it does things in that order. */
function differenceOfEntries(a: Entries, b: Entries): string | null {
  if (a.length !== b.length) return 'size';
  for (const [index, [key, value]] of a.entries()) {
    const [otherKey, other] = b[index] as Entries[number];
    if (key !== otherKey) return String(key);
    const difference = differenceOf(value, other);
    if (difference !== null) return joined(String(key), difference);
  }
  return null;
}

/** A field that is undefined is the same as none, as it is in text. */
function differenceOfRecords(a: Readonly<Record<string, unknown>>, b: Readonly<Record<string, unknown>>): string | null {
  for (const key in a) {
    const difference = differenceOf(a[key], b[key]);
    if (difference !== null) return joined(key, difference);
  }
  for (const key in b) if (b[key] !== undefined && !(key in a)) return key;
  return null;
}

function joined(key: string, rest: string): string {
  return rest === '' ? key : `${key}.${rest}`;
}
