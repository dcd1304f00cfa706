/**
 * From the checkpoint of a former engine to the point where it ended.
 *
 * An event that two engines in a row died of while stepping it is left out; so is an effect that two died of while performing it.
 */
import type { UnitName } from '../../base/brand.ts';
import type { ClockReading } from '../../base/time.ts';
import type { Effect } from '../../core/manager/effect.ts';
import { deserialise } from '../../core/manager/serialise.ts';
import type { ManagerState } from '../../core/manager/state.ts';
import type { UnitDefinition } from '../../core/unit/definition.ts';
import type { UnstampedEvent } from '../engine.ts';
import type { Step } from '../manager-engine.ts';
import type { CheckpointMemory, Death } from './checkpoint-memory.ts';
import type { JournalEntry, LifeFacts, SavedEvent, SnapshotHead } from './journal.ts';

/** Dying so often at one place is no accident. */
const POISON_DEATHS = 2;

/** The batch that was in hand: its effects that were not performed yet. */
export interface OpenBatch {
  readonly effects: readonly Effect[];
  /** Index of the first of them. The engine may have died while performing this very one. */
  readonly from: number;
  /** The effect at `from` was begun. */
  readonly begun: boolean;
}

export interface Recovered {
  readonly death: Death;
  readonly facts: LifeFacts;
  readonly state: ManagerState;
  /** Events that were queued and not yet stepped. */
  readonly queue: readonly UnstampedEvent[];
  readonly open: OpenBatch | null;
  /** Sequence numbers to go on from. */
  readonly at: { readonly queued: number; readonly stepped: number };
  /** What was left out because engines died of it. */
  readonly poison: { readonly event: UnstampedEvent } | { readonly effect: Effect } | null;
  /** Events stepped once more. */
  readonly replayed: number;
  /** Units whose files changed since. */
  readonly changed: readonly UnitName[];
  /** What could not be recovered, one line each. */
  readonly losses: readonly string[];
}

export type RecoverOutcome = { readonly ok: true; readonly recovered: Recovered } | { readonly ok: false; readonly error: string };

/** Reads definitions of these units and of all they pull in. */
export type LoadDefinitions = (names: readonly UnitName[]) => readonly UnitDefinition[];

export function recover(memory: CheckpointMemory, step: Step, load: LoadDefinitions): RecoverOutcome {
  const losses: string[] = [];
  for (const { text, isNewest } of memory.readSnapshots()) {
    const entries = isNewest ? memory.readRing().map((entry) => JSON.parse(entry) as JournalEntry) : [];
    if (!isNewest) losses.push('the newest snapshot was damaged; the one before it is used, and what happened since is forgotten');
    const outcome = recoverFrom(memory, text, entries, step, load);
    if (outcome.ok) return { ok: true, recovered: { ...outcome.recovered, losses: [...losses, ...outcome.recovered.losses] } };
    losses.push(outcome.error);
  }
  return { ok: false, error: losses.join('; ') || 'the checkpoint holds no whole snapshot' };
}

function recoverFrom(memory: CheckpointMemory, text: string, entries: readonly JournalEntry[], step: Step, load: LoadDefinitions): RecoverOutcome {
  const newline = text.indexOf('\n');
  const head = JSON.parse(text.slice(0, newline)) as SnapshotHead;
  const stateText = text.slice(newline + 1);
  const { units } = JSON.parse(stateText) as { readonly units: readonly { readonly name: UnitName }[] };
  const restored = deserialise(stateText, load(units.map((unit) => unit.name)));
  if (!restored.ok) return { ok: false, error: restored.error };
  const replay = new Replay(memory, step, load, restored.state, head);
  for (const entry of entries) replay.take(entry);
  return { ok: true, recovered: { death: memory.death, facts: head.facts, changed: restored.changed, losses: [], ...replay.finish() } };
}

/** Definitions of names in the order they were given; a unit whose files are gone is among them as not found. */
function restoreEvent(saved: SavedEvent, load: LoadDefinitions): UnstampedEvent {
  if (!('names' in saved)) return saved.queued;
  const wanted = new Set(saved.names);
  return { ...saved.queued, definitions: load(saved.names).filter((definition) => wanted.has(definition.name)) } as unknown as UnstampedEvent;
}

class Replay {
  readonly #memory: CheckpointMemory;
  readonly #step: Step;
  readonly #load: LoadDefinitions;
  #state: ManagerState;
  readonly #queue: UnstampedEvent[];
  #queued: number;
  #stepped: number;
  #replayed = 0;
  #effects: Effect[] | null = null;
  #poison: Recovered['poison'] = null;
  readonly #diedAt: { readonly stepping: number; readonly performing: number };
  #begin = 0;
  #resume = { from: 0, begun: false };

  constructor(memory: CheckpointMemory, step: Step, load: LoadDefinitions, state: ManagerState, head: SnapshotHead) {
    this.#memory = memory;
    this.#step = step;
    this.#load = load;
    this.#state = state;
    this.#queue = head.queue.map((saved) => restoreEvent(saved, load));
    this.#queued = head.sequence;
    this.#stepped = head.sequence - this.#queue.length;
    this.#diedAt = memory.position;
  }

  take(entry: JournalEntry): void {
    if ('queued' in entry) {
      this.#queue.push(restoreEvent(entry, this.#load));
      this.#queued += 1;
    } else if ('batch' in entry) {
      this.#begin = this.#stepped;
      this.#effects = this.#queue.splice(0, entry.batch).flatMap((event) => this.#stepOne(event, entry.clock));
      this.#resume = { from: 0, begun: false };
    } else if ('resume' in entry) {
      this.#resume = { from: entry.resume, begun: entry.begun };
    } else {
      this.#effects = null;
    }
  }

  finish(): Pick<Recovered, 'state' | 'queue' | 'open' | 'at' | 'poison' | 'replayed'> {
    return {
      state: this.#state, queue: this.#queue, open: this.#openBatch(), at: { queued: this.#queued, stepped: this.#stepped },
      poison: this.#poison, replayed: this.#replayed,
    };
  }

  #stepOne(event: UnstampedEvent, clock: ClockReading): readonly Effect[] {
    const sequence = this.#stepped;
    this.#stepped += 1;
    if (this.#diedAt.stepping === sequence && this.#memory.death.signal !== 0 && this.#memory.suspect(this.#diedAt, sequence) >= POISON_DEATHS) {
      this.#poison = { event };
      return [];
    }
    this.#memory.setStepping(sequence);
    try {
      const [state, effects] = this.#step(this.#state, { ...event, ...clock });
      this.#state = state;
      this.#replayed += 1;
      return effects;
    } catch {
      // The former engine met the same error and said so.
      return [];
    } finally {
      this.#memory.setStepping(-1);
    }
  }

  #openBatch(): OpenBatch | null {
    if (this.#effects === null) return null;
    const { performing } = this.#diedAt;
    if (performing < 0) return { effects: this.#effects, ...this.#resume };
    const effect = this.#effects[performing];
    const isPoison = this.#memory.death.signal !== 0 && this.#memory.suspect(this.#diedAt, this.#begin) >= POISON_DEATHS;
    if (!isPoison || effect === undefined) return { effects: this.#effects, from: performing, begun: true };
    this.#poison = { effect };
    return { effects: this.#effects, from: performing + 1, begun: false };
  }
}
