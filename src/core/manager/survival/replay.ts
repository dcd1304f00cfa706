/**
 * From a snapshot and the journal that follows it to the point where the engine that wrote them ended. Pure but for the witness, which
 * knows where that was and keeps count of deaths.
 *
 * Law: the state of a dead engine is its snapshot with the journal's batches stepped once more. `step` gives the same states and the
 * same effects; effects up to the one in hand were performed, the others are still to be.
 */
import type { Pid } from '../../../base/brand.ts';
import { getEntry } from '../../../base/persistent-map.ts';
import type { Effect, SpawnEffect } from '../effect.ts';
import { stamped, type ManagerEvent, type UnstampedEvent } from '../event.ts';
import { restoreEvent, saveEvent, type JournalEntry, type LoadDefinitions, type SavedEvent } from './journal-entry.ts';
import type { ManagerState } from '../state.ts';

/** Dying so often at one place is no accident. */
const POISON_DEATHS = 2;

export type Step = (state: ManagerState, event: ManagerEvent) => readonly [ManagerState, readonly Effect[]];

/** Several steps that follow one another. */
export interface OpenTurn {
  /** Handles the next event; returns its effects. After a throw the turn is of no use any more. */
  take(event: ManagerEvent): readonly Effect[];
  /** After the events taken so far. */
  state(): ManagerState;
}

/** Where the engine is within its work; -1 = not there. */
export interface Position {
  /** Sequence number of the event being stepped. */
  readonly stepping: number;
  /** Index of the effect being performed, in the batch in hand. */
  readonly performing: number;
  /** Events queued when that effect was begun. When there are more by now, it has given its answer. */
  readonly sequence: number;
}

export const NOWHERE: Position = { stepping: -1, performing: -1, sequence: 0 };

/** What is known about the death, and outlives the next one. */
export interface DeathWitness {
  readonly position: Position;
  /** The engine ended against its will. */
  readonly wasKilled: boolean;
  /** The processes born of effects of the batch in hand, by the effect's index. */
  readonly births: ReadonlyMap<number, Pid>;
  setPosition(position: Position): void;
  /** An event is stepped once more; `diedHere`: the one the engine died of. -1 = it is through. */
  setStepping(sequence: number, diedHere: boolean): void;
  /** Notes that an engine died there. Returns how many have in a row. */
  suspect(position: Position, batchSequence: number): number;
  /** Adds to the journal. */
  note(entry: JournalEntry): void;
}

/** The batch that was in hand: its effects that were not performed yet. */
export interface OpenBatch {
  readonly effects: readonly Effect[];
  /** Index of the first of them. The engine may have died while performing this very one. */
  readonly from: number;
  /** The effect at `from` was begun. */
  readonly begun: boolean;
  /** The effect at `from` is done: its answer was written down. */
  readonly answered: boolean;
  /** The processes born of these effects, by index. */
  readonly births: ReadonlyMap<number, Pid>;
}

/** What two engines died of. */
export type Poison = { readonly event: UnstampedEvent } | { readonly effect: Effect };

export interface Replayed {
  readonly state: ManagerState;
  /** Events that were queued and not yet stepped. */
  readonly queue: readonly UnstampedEvent[];
  readonly open: OpenBatch | null;
  /** Sequence numbers to go on from. */
  readonly at: { readonly queued: number; readonly stepped: number };
  /** What was left out because engines died of it; the core hears of it by an event of the queue. */
  readonly poison: Poison | null;
  /** Events stepped once more. */
  readonly replayed: number;
}

/** What can be said of a journal without stepping it. */
interface Outline {
  /** A batch was in hand at its end. */
  readonly isOpen: boolean;
  /** Sequence number of the first event of the last batch. */
  readonly begin: number;
  /** Events queued in all. */
  readonly queued: number;
  /** Sequence numbers of events that former recoveries left out. */
  readonly leftOut: ReadonlySet<number>;
  /** Where in the effects of the open batch a former recovery went on; null = there was none. */
  readonly resumed: Progress | null;
}

/** How far the effects of a batch were performed. */
type Progress = Pick<OpenBatch, 'from' | 'begun' | 'answered'>;

/** Where a journal begins: sequence number of the next event to be queued, and the events that waited when the snapshot was made. */
export interface JournalHead {
  readonly sequence: number;
  readonly queue: readonly SavedEvent[];
}

function outlineOf(head: JournalHead, entries: readonly JournalEntry[]): Outline {
  let begin = head.sequence - head.queue.length;
  let stepped = begin;
  let queued = head.sequence;
  let isOpen = false;
  let resumed: Progress | null = null;
  const leftOut = new Set<number>();
  for (const entry of entries) {
    if ('queued' in entry) {
      queued += 1;
    } else if ('batch' in entry) {
      begin = stepped;
      stepped += entry.batch;
      isOpen = true;
      resumed = null;
    } else if ('resume' in entry) {
      resumed = { from: entry.resume, begun: entry.begun, answered: entry.answered };
    } else if ('done' in entry) {
      isOpen = false;
    } else if ('leftOut' in entry) {
      leftOut.add(entry.leftOut);
    }
  }
  return { isOpen, begin, queued, leftOut, resumed };
}

/** What the core is told of something left out: the unit it was about fails, and who asked for it gets an answer. */
export function reportsOf(poison: Poison, state: ManagerState): readonly UnstampedEvent[] {
  if ('event' in poison) {
    const { event } = poison;
    // That nobody could be told is not to be told.
    if (event.event === 'event-left-out') return [];
    if (event.event === 'request') return [{ event: 'request-left-out', id: event.id, key: event.key }];
    if (event.event === 'exited') {
      const unit = getEntry(state.pids, event.pid) ?? event.unitHint;
      return unit === null ? [] : [{ event: 'event-left-out', unit, what: event.event, goneProcess: event.pid }];
    }
    return 'unit' in event ? [{ event: 'event-left-out', unit: event.unit, what: event.event, goneProcess: null }] : [];
  }
  const { effect } = poison;
  if (effect.kind === 'spawn') {
    return [{ event: 'spawn-failed', unit: effect.unit, token: effect.token, stage: 'manager', errno: 'EFAULT', subject: effect.command.path }];
  }
  return 'unit' in effect && effect.unit !== '' ? [{ event: 'event-left-out', unit: effect.unit, what: effect.kind, goneProcess: null }] : [];
}

export class Replay {
  readonly #witness: DeathWitness;
  readonly #step: Step;
  readonly #load: LoadDefinitions;
  readonly #head: JournalHead;
  #state: ManagerState;
  readonly #queue: UnstampedEvent[];
  #queued: number;
  #stepped: number;
  #replayed = 0;
  #effects: readonly Effect[] | null = null;
  #poison: Poison | null = null;
  #poisonEvent: number | null = null;
  #leftOut = new Set<number>();
  #resume: Progress = { from: 0, begun: false, answered: false };
  /** Sequence number of the event the last engine died of; -1 = of none. */
  readonly #diedAt: number;

  constructor(options: { readonly witness: DeathWitness; readonly step: Step; readonly load: LoadDefinitions; readonly state: ManagerState; readonly head: JournalHead }) {
    const { witness, load, head } = options;
    this.#witness = witness;
    this.#step = options.step;
    this.#load = load;
    this.#head = head;
    this.#state = options.state;
    this.#queue = head.queue.map((saved) => restoreEvent(saved, load));
    this.#queued = head.sequence;
    this.#stepped = head.sequence - this.#queue.length;
    this.#diedAt = witness.position.stepping;
  }

  run(entries: readonly JournalEntry[]): Replayed {
    const witness = this.#witness;
    const outline = outlineOf(this.#head, entries);
    this.#leftOut = new Set(outline.leftOut);
    const { position, births } = witness;
    const wasThere = witness.wasKilled && (position.stepping >= 0 || position.performing >= 0);
    const isPoison = wasThere && witness.suspect(position, outline.begin) >= POISON_DEATHS;
    this.#poisonEvent = isPoison && position.stepping >= 0 ? position.stepping : null;
    const poisonEffect = isPoison && this.#poisonEvent === null && outline.isOpen ? position.performing : null;
    // An effect before the point where the recovery went on was a spawn made up for: what follows it is done.
    const isMadeUpFor = outline.resumed !== null && position.performing < outline.resumed.from;
    const reached: Progress | null = position.performing < 0 ? null
      : isMadeUpFor ? outline.resumed
      : poisonEffect !== null ? { from: poisonEffect + 1, begun: false, answered: false }
        : { from: position.performing, begun: true, answered: outline.queued > position.sequence };
    // Written down at once: an engine that dies from here on, until it is back at work, does not die of that event or effect.
    if (this.#poisonEvent !== null) {
      witness.note({ leftOut: this.#poisonEvent });
      this.#leftOut.add(this.#poisonEvent);
    }
    if (outline.isOpen && reached !== null) witness.note({ resume: reached.from, begun: reached.begun, answered: reached.answered });
    witness.setPosition(NOWHERE);
    for (const entry of entries) this.#take(entry);
    if (this.#effects !== null && reached !== null) this.#resume = reached;
    const effect = poisonEffect === null ? undefined : this.#effects?.[poisonEffect];
    if (effect !== undefined) this.#poison = { effect };
    if (this.#poison !== null) for (const report of reportsOf(this.#poison, this.#state)) this.#report(report);
    return {
      state: this.#state, queue: this.#queue,
      open: this.#effects === null ? null : { effects: this.#effects, births, ...this.#resume },
      at: { queued: this.#queued, stepped: this.#stepped }, poison: this.#poison, replayed: this.#replayed,
    };
  }

  #report(event: UnstampedEvent): void {
    this.#witness.note(saveEvent(event));
    this.#queue.push(event);
    this.#queued += 1;
  }

  #take(entry: JournalEntry): void {
    if ('queued' in entry) {
      this.#queue.push(restoreEvent(entry, this.#load));
      this.#queued += 1;
    } else if ('batch' in entry) {
      this.#effects = this.#queue.splice(0, entry.batch).flatMap((event) => this.#stepOne(event, entry.clock));
      this.#resume = { from: 0, begun: false, answered: false };
    } else if ('resume' in entry) {
      this.#resume = { from: entry.resume, begun: entry.begun, answered: entry.answered };
    } else if ('done' in entry) {
      this.#effects = null;
    }
  }

  #stepOne(event: UnstampedEvent, clock: Extract<JournalEntry, { readonly batch: number }>['clock']): readonly Effect[] {
    const sequence = this.#stepped;
    this.#stepped += 1;
    if (sequence === this.#poisonEvent) this.#poison = { event };
    if (this.#leftOut.has(sequence)) return [];
    this.#witness.setStepping(sequence, sequence === this.#diedAt);
    try {
      const [state, effects] = this.#step(this.#state, stamped(event, clock));
      this.#state = state;
      this.#replayed += 1;
      return effects;
    } catch {
      // The former engine met the same error and said so.
      return [];
    } finally {
      this.#witness.setStepping(-1, false);
    }
  }
}

/** A spawn that no event told the outcome of. */
export interface UntoldSpawn {
  readonly effect: SpawnEffect;
  /** Of the effect within its batch. */
  readonly index: number;
  /** null: no process was born of it, and it is to be performed. */
  readonly pid: Pid | null;
}

/**
 * What a former engine left undone. Of spawns before that point, the very effect it died of among them, the record of births tells
 * whether they happened. The effect in hand that answers with an event is done when the answer is there. Everything else bears repetition.
 *
 * @param queue the events that wait
 * @returns spawns nobody was told of, in order, and the index of the first effect to be performed now
 */
export function unfinishedOf({ effects, from, begun, answered, births }: OpenBatch, queue: readonly UnstampedEvent[]): { readonly untold: readonly UntoldSpawn[]; readonly next: number } {
  const isTold = (effect: SpawnEffect): boolean => queue.some((event) => 'token' in event && event.unit === effect.unit && event.token === effect.token);
  const first = effects[from];
  // A spawn that came to nothing is performed in its turn, where a second death of it is noticed.
  const isDone = first?.kind === 'spawn' ? births.has(from) || isTold(first) : answered;
  const next = begun && first !== undefined && isDone ? from + 1 : from;
  const untold = effects.slice(0, next).flatMap((effect, index) => (effect.kind === 'spawn' && !isTold(effect) ? [{ effect, index, pid: births.get(index) ?? null }] : []));
  return { untold, next };
}
