/**
 * The state as text and back: what a checkpoint holds.
 *
 * Definitions stay out, for they are read again from the files; only a unit that has no file, or one that
 * goes with it (a transient one), or one that cannot be read any more, carries its own.
 * The graph and the aliases are derived from the definitions, the indexes of due times from units and jobs. Law, tested at every event of the random scenarios: a state that goes
 * through here behaves as before.
 *
 * Versions of the format: 1 (first).
 */
import type { Pid, UnitName } from '../../../base/brand.ts';
import { entriesOf, mapFrom, valuesOf } from '../../../base/persistent-map.ts';
import { buildGraph } from '../../graph/graph.ts';
import type { UnitDefinition } from '../../unit/definition.ts';
import { jobDues, unitDues } from '../due.ts';
import { newUnit } from '../load.ts';
import { UNCHANGED_SETTINGS } from '../runtime-settings.ts';
import type { Job, ManagerState, PendingRequest, Unit } from '../state.ts';

export const SNAPSHOT_FORMAT = 1;

/** A unit without what is read from files. `definition` only for a unit whose files do not say it. */
type SavedUnit = Omit<Unit, 'definition'> & { readonly sourceHash: string; readonly definition?: UnitDefinition };

/** What the text holds. */
export interface Snapshot extends Omit<ManagerState, 'units' | 'aliases' | 'graph' | 'jobs' | 'requests' | 'pids' | 'unitDues' | 'jobDues'> {
  readonly format: typeof SNAPSHOT_FORMAT;
  readonly units: readonly SavedUnit[];
  readonly jobs: readonly Job[];
  readonly requests: readonly PendingRequest[];
  readonly pids: readonly (readonly [Pid, UnitName])[];
}

/**
 * Every list is in the order of its map. The order is part of the state: transitions that walk over all units do so in it, and a replay has
 * to do the same things in the same order.
 */
export function serialise(state: ManagerState): string {
  const { units, aliases: _aliases, graph: _graph, jobs, requests, pids, unitDues: _unitDues, jobDues: _jobDues, ...plain } = state;
  const snapshot: Snapshot = {
    format: SNAPSHOT_FORMAT,
    ...plain,
    units: valuesOf(units).map(saveUnit),
    jobs: valuesOf(jobs),
    requests: valuesOf(requests),
    pids: entriesOf(pids),
  };
  return JSON.stringify(snapshot);
}

function saveUnit(unit: Unit): SavedUnit {
  const { definition, ...rest } = unit;
  const saved = { ...rest, sourceHash: definition.sourceHash };
  const isWithoutFile = definition.loadState === 'loaded' && (definition.fragmentPath === null || definition.transient === true);
  return isWithoutFile || definition.outdated === true ? { ...saved, definition } : saved;
}

export type Restored =
  | { readonly ok: true; readonly state: ManagerState; /** Units whose files changed since the snapshot. */ readonly changed: readonly UnitName[] }
  | { readonly ok: false; readonly error: string };

/** A snapshot that was read and is not a state yet: its definitions are missing. */
export type ReadSnapshot =
  | { readonly ok: true; readonly snapshot: Snapshot; /** Units whose definitions are wanted. */ readonly units: readonly UnitName[]; /** Of what they were made, in the same order. */ readonly sourceHashes: readonly string[] }
  | { readonly ok: false; readonly error: string };

/** Reads the text of a snapshot. A text that is none is answered with the reason. */
export function readSnapshot(text: string): ReadSnapshot {
  let snapshot: Snapshot;
  try {
    snapshot = JSON.parse(text) as Snapshot;
  } catch (error) {
    return { ok: false, error: `the snapshot is no JSON: ${error instanceof Error ? error.message : String(error)}` };
  }
  const format: unknown = snapshot.format;
  if (format !== SNAPSHOT_FORMAT) return { ok: false, error: `snapshot format ${String(format)} is not known here` };
  return { ok: true, snapshot, units: snapshot.units.map(({ name }) => name), sourceHashes: snapshot.units.map(({ sourceHash }) => sourceHash) };
}

/** Both steps in one, for who has the definitions already. */
export function deserialise(text: string, definitions: readonly UnitDefinition[]): Restored {
  const read = readSnapshot(text);
  return read.ok ? restoreState(read.snapshot, definitions) : read;
}

/**
 * A state from a snapshot and the definitions that the files give now. A unit whose file is gone keeps its state under a definition
 * that says so; a definition that the snapshot does not know becomes a unit that was never started.
 *
 * @param definitions of every unit named in the snapshot and everything those name
 */
export function restoreState(snapshot: Snapshot, definitions: readonly UnitDefinition[]): Restored {
  const byName = new Map(definitions.map((definition) => [definition.name, definition]));
  const units = new Map<UnitName, Unit>();
  const changed: UnitName[] = [];
  for (const { sourceHash, definition: own, ...saved } of snapshot.units) {
    const definition = own ?? byName.get(saved.name);
    if (definition === undefined) return { ok: false, error: `no definition was read for ${saved.name}` };
    const fresh = newUnit(definition).runtime;
    // An engine that knew less had nothing to remember of units of this type.
    // Nor had it fields that came later: those begin as in a unit that never ran.
    const runtime = (saved.runtime.kind as string) === 'inert' ? fresh : saved.runtime.kind === fresh.kind ? { ...fresh, ...saved.runtime } : saved.runtime;
    if (fresh.kind !== runtime.kind) return { ok: false, error: `${saved.name} is of another type now` };
    if (definition.sourceHash !== sourceHash) changed.push(saved.name);
    // Of an engine that forgot no unit.
    const loadedUsec = (saved as Partial<SavedUnit>).loadedUsec ?? null;
    units.set(saved.name, { ...saved, loadedUsec, runtime, definition });
  }
  for (const definition of definitions) if (!units.has(definition.name)) units.set(definition.name, newUnit(definition));
  const aliases = new Map<UnitName, UnitName>();
  for (const { definition } of units.values()) for (const name of definition.names) if (name !== definition.name) aliases.set(name, definition.name);
  const { format: _format, units: _units, jobs, requests, pids, ...plain } = snapshot;
  const isAsSaved = changed.length === 0 && units.size === snapshot.units.length;
  const state: ManagerState = {
    ...plain,
    // Engines before these were known have not written them.
    generatedEnvironment: (plain as Partial<typeof plain>).generatedEnvironment ?? [],
    settings: { ...UNCHANGED_SETTINGS, ...(plain as Partial<typeof plain>).settings },
    shutdown: plain.shutdown === null ? null : { ...plain.shutdown, rebootArgument: (plain.shutdown as Partial<typeof plain.shutdown>).rebootArgument ?? '' },
    sweepDueUsec: (plain as Partial<ManagerState>).sweepDueUsec ?? null,
    // Files that changed meanwhile may have brought a cycle: transactions look for themselves until the next daemon-reload.
    orderIsAcyclic: isAsSaved && plain.orderIsAcyclic,
    units: mapFrom(units),
    aliases: mapFrom(aliases),
    graph: buildGraph([...units.values()].map((unit) => unit.definition), (name) => aliases.get(name) ?? name),
    jobs: mapFrom(jobs.map((job) => [job.id, job] as const)),
    requests: mapFrom(requests.map((request) => [request.id, request] as const)),
    pids: mapFrom(pids),
    unitDues: unitDues(units.values()),
    jobDues: jobDues(jobs),
  };
  return { ok: true, state, changed };
}

