/**
 * The loop around `step` in a world without a kernel: the same batches, the same journal records and the same recovery as the host's
 * engine, with a memory that is a few variables. It can die before and after every effect and in every event.
 */
import { assert } from '../base/assert.ts';
import type { Pid } from '../base/brand.ts';
import { valuesOf } from '../base/persistent-map.ts';
import type { ClockReading } from '../base/time.ts';
import type { Effect } from '../core/manager/effect.ts';
import type { UnstampedEvent } from '../core/manager/event.ts';
import { saveEvent, type JournalEntry, type LoadDefinitions } from '../core/manager/survival/journal-entry.ts';
import { NOWHERE, Replay, unfinishedOf, type DeathWitness, type JournalHead, type OpenBatch, type Position, type Replayed, type Step } from '../core/manager/survival/replay.ts';
import { deserialise, serialise } from '../core/manager/survival/serialise.ts';
import type { ManagerState } from '../core/manager/state.ts';
import { BrokenLaw } from './broken-law.ts';
import { differenceOf, differenceOfStates } from './difference.ts';
import type { Faults } from './faults.ts';

/** More events than this with the clock standing still is a loop of the manager. */
const EVENTS_PER_TURN_MAX = 10_000;
/** Small, so that recoveries meet snapshots of every age. */
const SNAPSHOT_AFTER_ENTRIES = 40;

/** The world the engine is in. */
export interface EngineWorld {
  clock(): ClockReading;
  perform(effect: Effect): void;
  load: LoadDefinitions;
  /** A process nobody was told of is the manager's from now on. @returns whether its program runs already */
  takeOverBirth(pid: Pid): boolean;
  /** The engine is new: put timers and watches back, and tell it what it missed. */
  catchUp(replayed: Replayed): void;
  /** After every step. */
  observe(before: ManagerState, event: UnstampedEvent, after: ManagerState, effects: readonly Effect[]): void;
  /** Whether this recovery, the first being 1, reads snapshot and journal from text, as the host's does; else it goes on with the data itself. */
  isThroughText(recovery: number): boolean;
}

/** Thrown through the engine where it dies. */
const DEATH = new Error('death of the engine');

function differenceOfTexts(a: string, b: string): string | null {
  return a === b ? null : differenceOf(JSON.parse(a), JSON.parse(b)) ?? 'the order of its fields';
}

export class SimulatedEngine {
  state: ManagerState;
  steps = 0;
  recoveries = 0;
  /** What recoveries met, by name: for the table of branches. */
  readonly met = new Map<string, number>();
  readonly #world: EngineWorld;
  readonly #step: Step;
  readonly #faults: Faults;
  readonly #isJournaled: boolean;
  #queue: UnstampedEvent[] = [];
  #inTurn = false;
  #open: OpenBatch | null = null;
  // The memory that outlives the engine. It is plain data that nobody changes, and becomes text when a recovery reads it as such: what is
  // written far more often than read costs nothing. As the unit files were then; what becomes of files that were edited since is not simulated.
  #snapshot: ManagerState;
  #snapshotHead: JournalHead = { sequence: 0, queue: [] };
  #journal: JournalEntry[] = [];
  #position = NOWHERE;
  /** Processes born of effects of the batch in hand, by the effect's index. */
  readonly #births = new Map<number, Pid>();
  #suspect = { at: '', count: 0 };
  #sequence = 0;
  #begin = 0;
  #end = 0;
  #needsSnapshot = true;

  constructor(options: { readonly world: EngineWorld; readonly step: Step; readonly state: ManagerState; readonly faults: Faults }) {
    this.#world = options.world;
    this.#step = options.step;
    this.#faults = options.faults;
    this.state = this.#snapshot = options.state;
    this.#isJournaled = this.#faults.knows('crash');
    if (this.#isJournaled) this.#takeSnapshot();
  }

  submit(event: UnstampedEvent): void {
    this.#queue.push(event);
    if (!this.#isJournaled) return;
    this.#sequence += 1;
    if ('definitions' in event) this.#needsSnapshot = true;
    this.#append(saveEvent(event));
  }

  /** The end of this process is queued. */
  expects(pid: Pid): boolean {
    return this.#queue.some((event) => event.event === 'exited' && event.pid === pid);
  }

  /** Handles everything that is queued, and what follows from it. */
  runTurn(): void {
    if (this.#inTurn) return;
    this.#inTurn = true;
    const limit = this.steps + EVENTS_PER_TURN_MAX;
    try {
      while (this.#queue.length > 0 || this.#open !== null) {
        assert(this.steps < limit, 'the events that one event leads to without time passing have an end', EVENTS_PER_TURN_MAX);
        try {
          if (this.#open !== null) this.#finishOpenBatch(this.#open);
          else this.#runBatch();
        } catch (error) {
          if (error !== DEATH) throw error;
          this.#recover();
        }
      }
    } finally {
      this.#inTurn = false;
    }
  }

  #runBatch(): void {
    if (this.#isJournaled) this.#mayDie(NOWHERE);
    const batch = this.#queue;
    this.#queue = [];
    const clock = this.#world.clock();
    if (this.#isJournaled) {
      this.#begin = this.#end;
      this.#end += batch.length;
      this.#append({ batch: batch.length, clock });
    }
    const effects: Effect[] = [];
    for (let index = 0; index < batch.length; index++) {
      const event = batch[index] as UnstampedEvent;
      if (this.#isJournaled) this.#mayDie({ stepping: this.#begin + index, performing: -1, sequence: 0 });
      const before = this.state;
      // The kernel made it for this engine alone, so it is stamped without a copy, which would take as long as a small step.
      const [next, produced] = this.#step(before, Object.assign(event, clock));
      this.state = next;
      this.steps += 1;
      this.#world.observe(before, event, next, produced);
      for (const effect of produced) effects.push(effect);
    }
    this.#performAll(effects, 0);
  }

  #performAll(effects: readonly Effect[], from: number): void {
    for (let index = from; index < effects.length; index++) {
      this.#performOne(effects[index] as Effect, index);
    }
    if (!this.#isJournaled) return;
    this.#append({ done: true });
    this.#position = NOWHERE;
    this.#births.clear();
    if (this.#needsSnapshot || this.#journal.length > SNAPSHOT_AFTER_ENTRIES) this.#takeSnapshot();
  }

  #performOne(effect: Effect, index: number): void {
    if (this.#isJournaled) this.#mayDie({ stepping: -1, performing: index, sequence: this.#sequence });
    this.#world.perform(effect);
    if (this.#isJournaled) this.#mayDie(this.#position);
  }

  /** The effect in hand has made this process; the record is written by the kernel's side. The engine may die before it hears of it. */
  born(pid: Pid): void {
    if (!this.#isJournaled) return;
    this.#births.set(this.#position.performing, pid);
    this.#mayDie(this.#position);
  }

  #mayDie(position: Position): void {
    this.#position = position;
    if (this.#faults.strikes('crash')) throw DEATH;
  }

  // --- the memory

  #append(entry: JournalEntry): void {
    this.#journal.push(entry);
  }

  #takeSnapshot(): void {
    this.#snapshotHead = { sequence: this.#sequence, queue: this.#queue.map(saveEvent) };
    this.#snapshot = this.state;
    this.#journal = [];
    // As in the host's journal: definitions that wait are read again by a recovery, and until they are stepped the files may change.
    this.#needsSnapshot = this.#queue.some((event) => 'definitions' in event);
  }

  // --- recovery

  #recover(): void {
    this.recoveries += 1;
    const died = this.state;
    const diedAt = this.#position;
    // Dying again at the same place; what has happened there is not done again.
    const isRepeated = diedAt.performing < 0 || (!this.#births.has(diedAt.performing) && diedAt.sequence === this.#sequence);
    if (diedAt !== NOWHERE && isRepeated && this.#faults.strikes('poison')) {
      this.#replay(diedAt, () => undefined);
    }
    const missed: (() => void)[] = [];
    const replayed = this.#replay(diedAt, (look) => { missed.push(look); });
    for (const look of missed) look();
    if (replayed.poison !== null) this.#meet('event' in replayed.poison ? 'event left out' : 'effect left out');
    const isWhole = diedAt.performing >= 0 && replayed.poison === null;
    if (isWhole) this.#compare(replayed.state, died);
    this.state = replayed.state;
    this.#queue = [...replayed.queue];
    this.#sequence = replayed.at.queued;
    this.#end = replayed.at.stepped;
    this.#open = replayed.open;
    this.#position = NOWHERE;
    this.#needsSnapshot = true;
    this.#meet(replayed.open === null ? 'recovery between batches' : 'recovery in a batch');
    this.#world.catchUp(replayed);
  }

  #compare(recovered: ManagerState, died: ManagerState): void {
    // The text leaves out definitions and graph, which were made anew and may have another order.
    const where = this.#isThroughText() ? differenceOfTexts(serialise(recovered), serialise(died)) : differenceOfStates(recovered, died);
    if (where !== null) throw new BrokenLaw('recovery', `a recovered state is the state the engine died with, but not in ${where}`);
  }

  #isThroughText(): boolean {
    return this.#world.isThroughText(this.recoveries);
  }

  /** What a recovery finds of the dead engine's life. */
  #remembered(): { readonly state: ManagerState; readonly head: JournalHead; readonly entries: readonly JournalEntry[] } {
    if (!this.#isThroughText()) return { state: this.#snapshot, head: this.#snapshotHead, entries: [...this.#journal] };
    const restored = deserialise(serialise(this.#snapshot), valuesOf(this.#snapshot.units).map((unit) => unit.definition));
    assert(restored.ok, `a snapshot can be read: ${restored.ok ? '' : restored.error}`);
    return { state: restored.state, ...JSON.parse(JSON.stringify({ head: this.#snapshotHead, entries: this.#journal })) as { readonly head: JournalHead; readonly entries: readonly JournalEntry[] } };
  }

  /** @param onNew told of each step that the dead engine did not come to; the replay itself lets no error out */
  #replay(diedAt: Position, onNew: (look: () => void) => void): Replayed {
    let sequence = -1;
    const step: Step = (before, event) => {
      const isNew = diedAt.stepping >= 0 && sequence >= diedAt.stepping;
      try {
        const [after, effects] = this.#step(before, event);
        if (isNew) onNew(() => { this.steps += 1; this.#world.observe(before, event, after, effects); });
        return [after, effects];
      } catch (error) {
        onNew(() => { throw error; });
        throw error;
      }
    };
    const { state, head, entries } = this.#remembered();
    const witness: DeathWitness = {
      position: diedAt, wasKilled: true, births: new Map(this.#births),
      setPosition: (position) => { this.#position = position; },
      setStepping: (at) => { if (at >= 0) sequence = at; },
      note: (entry) => { this.#append(entry); },
      suspect: (position, batchSequence) => {
        const at = `${String(position.stepping >= 0 ? position.stepping : batchSequence)}:${String(position.performing)}`;
        this.#suspect = { at, count: this.#suspect.at === at ? this.#suspect.count + 1 : 1 };
        return this.#suspect.count;
      },
    };
    const replayed = new Replay({ witness, step, load: this.#world.load, state, head }).run(entries);
    if (replayed.open === null) this.#births.clear();
    return replayed;
  }

  #finishOpenBatch(open: OpenBatch): void {
    this.#open = null;
    const { untold, next } = unfinishedOf(open, this.#queue);
    for (const { effect, pid } of untold) {
      this.#meet(pid === null ? 'spawn lost and repeated' : 'birth found');
      if (pid !== null) this.submit({ event: 'spawned', unit: effect.unit, token: effect.token, pid, execDone: this.#world.takeOverBirth(pid) });
    }
    for (const { effect, index, pid } of untold) if (pid === null) this.#performOne(effect, index);
    this.#performAll(open.effects, next);
  }

  #meet(what: string): void {
    this.met.set(what, (this.met.get(what) ?? 0) + 1);
  }
}
