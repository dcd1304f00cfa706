/**
 * From a snapshot and the journal that follows it to the point where the engine that wrote them ended. Pure but for the witness, which
 * knows where that was and keeps count of deaths.
 *
 * Law: the state of a dead engine is its snapshot with the journal's batches stepped once more. `step` gives the same states and the
 * same effects; effects up to the one in hand were performed, the others are still to be.
 */
import type { Effect, SpawnEffect } from './effect.ts';
import type { ManagerEvent, UnstampedEvent } from './event.ts';
import { restoreEvent, type JournalEntry, type LoadDefinitions, type SavedEvent } from './journal-entry.ts';
import type { ManagerState } from './state.ts';

/** Dying so often at one place is no accident. */
const POISON_DEATHS = 2;

export type Step = (state: ManagerState, event: ManagerEvent) => readonly [ManagerState, readonly Effect[]];

/** Where the engine is within its work; -1 = not there. */
export interface Position {
  /** Sequence number of the event being stepped. */
  readonly stepping: number;
  /** Index of the effect being performed, in the batch in hand. */
  readonly performing: number;
}

/** What is known about the death, and outlives the next one. */
export interface DeathWitness {
  readonly position: Position;
  /** The engine ended against its will. */
  readonly wasKilled: boolean;
  setStepping(sequence: number): void;
  /** Notes that an engine died there. Returns how many have in a row. */
  suspect(position: Position, batchSequence: number): number;
}

/** The batch that was in hand: its effects that were not performed yet. */
export interface OpenBatch {
  readonly effects: readonly Effect[];
  /** Index of the first of them. The engine may have died while performing this very one. */
  readonly from: number;
  /** The effect at `from` was begun. */
  readonly begun: boolean;
}

export interface Replayed {
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
}

export class Replay {
  readonly #witness: DeathWitness;
  readonly #step: Step;
  readonly #load: LoadDefinitions;
  #state: ManagerState;
  readonly #queue: UnstampedEvent[];
  #queued: number;
  #stepped: number;
  #replayed = 0;
  #effects: Effect[] | null = null;
  #poison: Replayed['poison'] = null;
  readonly #diedAt: Position;
  #begin = 0;
  #resume = { from: 0, begun: false };

  /** @param head sequence number of the next event to be queued, and the events that waited, both when the snapshot was made */
  constructor(options: {
    readonly witness: DeathWitness; readonly step: Step; readonly load: LoadDefinitions; readonly state: ManagerState;
    readonly head: { readonly sequence: number; readonly queue: readonly SavedEvent[] };
  }) {
    const { witness, load, head } = options;
    this.#witness = witness;
    this.#step = options.step;
    this.#load = load;
    this.#state = options.state;
    this.#queue = head.queue.map((saved) => restoreEvent(saved, load));
    this.#queued = head.sequence;
    this.#stepped = head.sequence - this.#queue.length;
    this.#diedAt = witness.position;
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

  finish(): Replayed {
    return {
      state: this.#state, queue: this.#queue, open: this.#openBatch(), at: { queued: this.#queued, stepped: this.#stepped },
      poison: this.#poison, replayed: this.#replayed,
    };
  }

  #stepOne(event: UnstampedEvent, clock: Extract<JournalEntry, { readonly batch: number }>['clock']): readonly Effect[] {
    const sequence = this.#stepped;
    this.#stepped += 1;
    if (this.#diedAt.stepping === sequence && this.#witness.wasKilled && this.#witness.suspect(this.#diedAt, sequence) >= POISON_DEATHS) {
      this.#poison = { event };
      return [];
    }
    this.#witness.setStepping(sequence);
    try {
      const [state, effects] = this.#step(this.#state, { ...event, ...clock });
      this.#state = state;
      this.#replayed += 1;
      return effects;
    } catch {
      // The former engine met the same error and said so.
      return [];
    } finally {
      this.#witness.setStepping(-1);
    }
  }

  #openBatch(): OpenBatch | null {
    if (this.#effects === null) return null;
    const { performing } = this.#diedAt;
    if (performing < 0) return { effects: this.#effects, ...this.#resume };
    const effect = this.#effects[performing];
    const isPoison = this.#witness.wasKilled && this.#witness.suspect(this.#diedAt, this.#begin) >= POISON_DEATHS;
    if (!isPoison || effect === undefined) return { effects: this.#effects, from: performing, begun: true };
    this.#poison = { effect };
    return { effects: this.#effects, from: performing + 1, begun: false };
  }
}

/** What is to be done about an open batch. */
export interface Unfinished {
  /** Spawns whose outcome nobody was told: their process may have been born. */
  readonly uncertain: readonly SpawnEffect[];
  /** Index of the first effect to be performed now. */
  readonly next: number;
}

/**
 * What a former engine left undone. A spawn before that point that nobody was told the outcome of, be it the very effect the engine
 * died of, may have been born all the same. Everything else bears repetition.
 *
 * @param queue the events that wait
 */
export function unfinishedOf({ effects, from, begun }: OpenBatch, queue: readonly UnstampedEvent[]): Unfinished {
  const isAnswered = (effect: Extract<Effect, { readonly token: number }>): boolean =>
    queue.some((event) => 'token' in event && event.unit === effect.unit && event.token === effect.token);
  const first = effects[from];
  const isDone = begun && first !== undefined && (first.kind === 'spawn' || (first.kind === 'test-conditions' && isAnswered(first)));
  const next = isDone ? from + 1 : from;
  return { uncertain: effects.slice(0, next).filter((effect): effect is SpawnEffect => effect.kind === 'spawn' && !isAnswered(effect)), next };
}
