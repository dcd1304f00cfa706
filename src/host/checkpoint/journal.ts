/**
 * What the engine writes down while it works, so that the next one can go on at the very place: each event when it is queued, the
 * beginning and the end of each batch, and which event or effect is in hand.
 *
 * Law: the state of a dead engine is the newest snapshot with the journal's batches stepped once more. `step` is pure, so that gives
 * the same states and the same effects; effects up to the one in hand were performed, the others are performed now.
 *
 * The records themselves are core/manager/journal-entry, what is made of them core/manager/replay.
 */
import type { ClockReading } from '../../base/time.ts';
import type { UnstampedEvent } from '../../core/manager/event.ts';
import { saveEvent, type JournalEntry, type SavedEvent } from '../../core/manager/survival/journal-entry.ts';
import { NOWHERE } from '../../core/manager/survival/replay.ts';
import { serialise } from '../../core/manager/survival/serialise.ts';
import type { ManagerState } from '../../core/manager/state.ts';
import type { ManagerLog } from '../engine.ts';
import type { CheckpointMemory } from './checkpoint-memory.ts';

/** A snapshot is due when the journal is as long as the last one, so that writing it costs no more than the journal did; but not before this. */
const SNAPSHOT_AFTER_BYTES = 256 * 1024;

/**
 * Work done by an engine that has lived for so long is progress. Before, it may be what each engine does first, and dies right after: the
 * events a recovery makes, an answer to a client that asks again.
 */
const PROGRESS_AFTER_USEC = 500_000;

/** Facts of this life that a next engine must not find out anew. */
export interface LifeFacts {
  readonly bootId: string;
  /** null: without control groups. */
  readonly cgroupRoot: string | null;
}

/** The first line of a snapshot; the state follows. */
export interface SnapshotHead {
  readonly facts: LifeFacts;
  /** Sequence number of the next event to be queued. */
  readonly sequence: number;
  readonly queue: readonly SavedEvent[];
}

/** Written by the engine while it works. */
export interface Journal {
  /** An event was put into the queue. */
  queued(event: UnstampedEvent): void;
  /** A batch of the oldest `count` events begins. */
  batch(count: number, clock: ClockReading): void;
  /** The event at this place of the batch is about to be stepped. */
  stepping(index: number): void;
  /** The effect at this place of the batch is about to be performed. */
  performing(index: number): void;
  /** The batch is over; `queue` are the events that wait for the next. */
  done(state: ManagerState, queue: readonly UnstampedEvent[]): void;
}

export class CheckpointJournal implements Journal {
  readonly #memory: CheckpointMemory;
  readonly #log: ManagerLog;
  readonly #facts: LifeFacts;
  /** Sequence number of the next event to be queued. */
  #sequence: number;
  /** Sequence number of the batch's first event, and of the event after its last. */
  #batchBegin: number;
  #batchEnd: number;
  #batchUsec = 0;
  #snapshotBytes = 0;
  /** The journal has a gap, was gone through once already, or holds definitions, whose files may change. */
  #needsSnapshot = true;

  /** @param at sequence numbers to go on from: of the next event to be queued, and of the next to be stepped */
  constructor(options: { readonly memory: CheckpointMemory; readonly log: ManagerLog; readonly facts: LifeFacts; readonly at: { readonly queued: number; readonly stepped: number } }) {
    this.#memory = options.memory;
    this.#log = options.log;
    this.#facts = options.facts;
    this.#sequence = options.at.queued;
    this.#batchBegin = this.#batchEnd = options.at.stepped;
    this.#memory.setQueued(this.#sequence);
  }

  queued(event: UnstampedEvent): void {
    this.#sequence += 1;
    if ('definitions' in event) this.#needsSnapshot = true;
    this.#append(saveEvent(event));
    this.#memory.setQueued(this.#sequence);
    this.#memory.passFault('after-journal');
  }

  batch(count: number, clock: ClockReading): void {
    this.#memory.passFault('after-poll');
    this.#batchBegin = this.#batchEnd;
    this.#batchEnd += count;
    this.#batchUsec = clock.monotonicUsec;
    this.#append({ batch: count, clock });
  }

  stepping(index: number): void {
    this.#memory.setStepping(this.#batchBegin + index);
    this.#memory.passFault('in-step');
  }

  performing(index: number): void {
    if (index > 0) this.#memory.passFault('between-effects');
    this.#memory.setPosition({ stepping: -1, performing: index, sequence: this.#sequence });
    this.#memory.setBirthEffect(index);
    this.#memory.passFault('in-effect');
  }

  done(state: ManagerState, queue: readonly UnstampedEvent[]): void {
    this.#append({ done: true });
    this.#memory.setPosition(NOWHERE);
    this.#memory.forgetBirths();
    const { aliveUsec } = this.#memory;
    if (aliveUsec > 0 && this.#batchUsec - aliveUsec >= PROGRESS_AFTER_USEC) this.#memory.noteProgress();
    if (this.#needsSnapshot || this.#memory.ringBytes > Math.max(SNAPSHOT_AFTER_BYTES, this.#snapshotBytes)) this.snapshot(state, queue);
  }

  /** Writes everything down anew. */
  snapshot(state: ManagerState, queue: readonly UnstampedEvent[]): void {
    const head: SnapshotHead = { facts: this.#facts, sequence: this.#sequence, queue: queue.map(saveEvent) };
    const text = `${JSON.stringify(head)}\n${serialise(state)}`;
    this.#snapshotBytes = text.length;
    const isWritten = this.#memory.writeSnapshot(text);
    // Definitions that wait are read again by a recovery, and until they are stepped and in a snapshot their files may change.
    this.#needsSnapshot = !isWritten || queue.some((event) => 'definitions' in event);
    if (!isWritten) this.#log.write('crit', '', `the state is too long for a checkpoint: ${String(text.length)} characters`);
  }

  #append(entry: JournalEntry): void {
    if (this.#memory.append(JSON.stringify(entry))) return;
    if (!this.#needsSnapshot) this.#log.write('warning', '', 'the journal is full; a death before the end of this turn would lose what follows');
    this.#needsSnapshot = true;
  }
}
