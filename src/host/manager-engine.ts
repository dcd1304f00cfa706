/**
 * The engine: the loop around `step`.
 *
 * A turn: the poll set has read all ready sources, and their events are queued in the order of `SOURCE_PRIORITY`. The turn
 * takes them as one batch, steps each, then performs all effects in order. Effects may queue events (a `spawned`, a failed
 * condition test); they make the next batch of the same turn. When nothing is queued, changes are published. A turn
 * handles at most `EVENTS_PER_TURN_MAX` events; the rest waits until the loop has looked at the poll set again, so that
 * a storm cannot keep a signal or a client out.
 */
import type { UnitDefinition } from '../core/unit/definition.ts';
import { assert } from '../base/assert.ts';
import { keysOf, valuesOf } from '../base/persistent-map.ts';
import type { ClockReading } from '../base/time.ts';
import type { Errno, Fd, MonotonicUsec, Pid, RequestId, UnitName } from '../base/brand.ts';
import type { Change, Effect, Reply, SpawnEffect } from '../core/manager/effect.ts';
import { stamped, type ManagerEvent, type UnstampedEvent } from '../core/manager/event.ts';
import { fdsThatCameWith } from '../core/manager/upkeep/fd-owners.ts';
import { reportsOf, unfinishedOf, type OpenBatch, type OpenTurn } from '../core/manager/survival/replay.ts';
import type { ManagerState } from '../core/manager/state.ts';
import type { Journal } from './checkpoint/journal.ts';
import { readClock } from './clock.ts';
import type { Engine, EngineFacts, LoadOutcome, ManagerLog, SourcePriority } from './engine.ts';
import type { Drills } from './faults/drills.ts';
import type { ArmedFault } from './faults/fault-points.ts';
import type { NativeBinding } from './native.ts';
import type { EnvironmentOutcome } from './spawn/spawn-environment.ts';
import type { PollSet } from './poll-set.ts';

/** Larger than the boot of a thousand units needs in one go (three events each), small enough to stay within 100 ms. */
const EVENTS_PER_TURN_MAX = 4096;
/** A queue longer than this means that events breed events; the newest are refused, loudly. */
const QUEUED_EVENTS_MAX = 200_000;

/** Performs effects; everything the engine does not do itself. */
export interface EffectPerformer {
  perform(effect: Effect): void;
  /** All effects of a batch are done: time to flush what was gathered. */
  beginBatch(effects: readonly Effect[]): void;
  endBatch(): void;
}

/** The parts of the engine that other parts of the shell provide. Set once, before `start`. */
export interface EngineParts {
  readonly performer: EffectPerformer;
  readonly fds: Engine['fds'];
  loadUnits(names: readonly UnitName[]): LoadOutcome;
  reloadDefinitions(submitted: () => void): void;
  changedOnDisk(unit: UnitDefinition): boolean;
  processesOf(unit: UnitName): readonly number[];
  environmentOf(unit: UnitName): EnvironmentOutcome | null;
  userOf(unit: UnitName): ReturnType<Engine['userOf']>;
  controlGroupOf(unit: UnitName): string | null;
  /** A former engine performed this spawn and told nobody: the process is one of the unit's. Returns whether its program runs. */
  takeOverBirth(effect: SpawnEffect, pid: Pid): boolean;
  armFault(fault: ArmedFault): boolean;
  noteAskedDeath(): void;
  readonly serviceMounts: Engine['serviceMounts'];
  readonly drills: Drills;
  /** Asks the build that would be executed whether it can go on with this state. `done` gets null, or why it cannot. */
  verifyNextBuild(done: (why: string | null) => void): void;
  /** Executes the manager anew. Returns only when that failed. */
  reexec(): Errno;
}

/** Where a former engine ended. */
export interface Resumption {
  readonly queue: readonly UnstampedEvent[];
  readonly open: OpenBatch | null;
}

export class ManagerEngine implements Engine {
  readonly facts: EngineFacts;
  readonly native: NativeBinding;
  readonly log: ManagerLog;
  readonly poll: PollSet;
  readonly #openTurn: (state: ManagerState) => OpenTurn;
  readonly #journal: Journal | null;
  #open: OpenBatch | null = null;
  /** The request that is answered when the re-exec fails; undefined = none is due. */
  #reexec: RequestId | null | undefined = undefined;
  #state: ManagerState;
  #parts: EngineParts | null = null;
  #queue: UnstampedEvent[] = [];
  #inTurn = false;
  #turnScheduled = false;
  #timerDue: MonotonicUsec | null = null;
  #nextRequestId = 1;
  #changes: Change[] = [];
  readonly #replies = new Map<RequestId, (reply: Reply) => void>();
  readonly #listeners = new Set<(change: Change) => void>();
  readonly #turnListeners = new Set<() => void>();
  readonly #wakeUpListeners = new Set<(nowUsec: MonotonicUsec) => void>();

  constructor(options: { readonly native: NativeBinding; readonly poll: PollSet; readonly log: ManagerLog; readonly facts: EngineFacts; readonly openTurn: (state: ManagerState) => OpenTurn; readonly state: ManagerState; readonly journal: Journal | null }) {
    this.native = options.native;
    this.poll = options.poll;
    this.log = options.log;
    this.facts = options.facts;
    this.#openTurn = options.openTurn;
    this.#journal = options.journal;
    this.#state = options.state;
  }

  /** Connects the engine with the parts that need it themselves. */
  attach(parts: EngineParts): void {
    assert(this.#parts === null, 'the engine is put together once');
    this.#parts = parts;
  }

  get fds(): Engine['fds'] {
    return this.#attached().fds;
  }

  state(): ManagerState {
    return this.#state;
  }

  now(): ClockReading {
    return readClock(this.native);
  }

  submit(event: UnstampedEvent): void {
    if (this.#queue.length >= QUEUED_EVENTS_MAX) {
      this.log.write('crit', '', `the queue of events is full, dropped: ${describeEvent(event)}`);
      this.#attached().fds.close(fdsThatCameWith(event));
      return;
    }
    this.#enqueue(event);
    if (!this.#inTurn && !this.poll.serving) this.#scheduleTurn();
  }

  /** Goes on where a former engine ended. To be called once, before `start`. */
  resume(resumption: Resumption): void {
    this.#queue = [...resumption.queue, ...this.#queue];
    this.#open = resumption.open;
    // No number may be given out again that an answer can still come for: another client would get it.
    for (const id of usedRequestIds(this.#state, this.#queue)) this.#nextRequestId = Math.max(this.#nextRequestId, id + 1);
  }

  /** Carries out `reexec`, when the turn is over. */
  requestReexec(request: RequestId | null): void {
    this.#reexec = request;
  }

  noteAskedDeath(): void {
    this.#attached().noteAskedDeath();
  }

  armFault(fault: ArmedFault): boolean {
    return this.#attached().armFault(fault);
  }

  nextRequestId(): RequestId {
    const id = this.#nextRequestId;
    this.#nextRequestId += 1;
    return id as RequestId;
  }

  onReply(id: RequestId, callback: (reply: Reply) => void): void {
    assert(!this.#replies.has(id), 'a request is answered to one place');
    this.#replies.set(id, callback);
  }

  isAwaited(id: RequestId): boolean {
    return this.#replies.has(id);
  }

  dropRequest(id: RequestId): void {
    if (this.#replies.delete(id)) this.submit({ event: 'request-dropped', id });
  }

  subscribe(listener: (change: Change) => void): () => void {
    this.#listeners.add(listener);
    return () => { this.#listeners.delete(listener); };
  }

  onTurnEnd(listener: () => void): () => void {
    this.#turnListeners.add(listener);
    return () => { this.#turnListeners.delete(listener); };
  }

  /** Called after each wake-up, also when it brought no event. `nowUsec` is the monotonic clock. */
  onWakeUp(listener: (nowUsec: MonotonicUsec) => void): void {
    this.#wakeUpListeners.add(listener);
  }

  get serviceMounts(): Engine['serviceMounts'] {
    return this.#attached().serviceMounts;
  }

  get drills(): Drills {
    return this.#attached().drills;
  }

  loadUnits(names: readonly UnitName[]): LoadOutcome {
    return this.#attached().loadUnits(names);
  }

  reloadDefinitions(submitted: () => void = () => undefined): void {
    this.#attached().reloadDefinitions(submitted);
  }

  changedOnDisk(unit: UnitDefinition): boolean {
    return this.#attached().changedOnDisk(unit);
  }

  environmentOf(unit: UnitName): EnvironmentOutcome | null {
    return this.#attached().environmentOf(unit);
  }

  userOf(unit: UnitName): ReturnType<Engine['userOf']> {
    return this.#attached().userOf(unit);
  }

  processesOf(unit: UnitName): readonly number[] {
    return this.#attached().processesOf(unit);
  }

  controlGroupOf(unit: UnitName): string | null {
    return this.#attached().controlGroupOf(unit);
  }

  watch(fd: Fd, events: number, callback: (ready: number) => void, priority: SourcePriority = 'control'): void {
    const result = this.poll.add(fd, events, callback, priority);
    assert(result === 0, `fd ${String(fd)} can be polled: ${String(result)}`);
  }

  rewatch(fd: Fd, events: number): void {
    this.poll.modify(fd, events);
  }

  unwatch(fd: Fd): void {
    this.poll.remove(fd);
  }

  /** Starts to react to the kernel. Events submitted before are handled at once. */
  start(): void {
    this.poll.start({
      onTimer: () => {
        this.#timerDue = null;
        this.#enqueue({ event: 'timer' });
      },
      onWakeUp: () => {
        this.#runTurn();
        this.#tellOfWakeUp();
      },
      onSourceError: (error) => {
        this.log.write('crit', '', `an event source failed: ${describeError(error)}`);
      },
    });
    this.#runTurn();
  }

  /** Carries out `arm-timer`. A timer already due becomes an event of this turn instead of one more wake-up. */
  armTimer(due: MonotonicUsec | null): void {
    if (due !== null && due <= this.now().monotonicUsec) {
      this.submit({ event: 'timer' });
      due = null;
    }
    if (due === this.#timerDue) return;
    this.#timerDue = due;
    const result = this.native.pollTimer(due);
    assert(result === 0, `the timer can be set: ${String(result)}`);
  }

  /** Carries out `reply`. */
  reply(id: RequestId, reply: Reply): void {
    const callback = this.#replies.get(id);
    if (callback === undefined) return;
    this.#replies.delete(id);
    callback(reply);
  }

  /** Carries out `publish`: kept until the turn is over, so that listeners see the state they are told of. */
  publish(change: Change): void {
    this.#changes.push(change);
  }

  #tellOfWakeUp(): void {
    if (this.#wakeUpListeners.size === 0) return;
    const now = this.now().monotonicUsec;
    for (const listener of this.#wakeUpListeners) this.#guard(() => { listener(now); });
    if (this.#reexec !== undefined) this.#executeAnew(this.#reexec);
  }

  #attached(): EngineParts {
    assert(this.#parts !== null, 'the engine is put together before it is used');
    return this.#parts;
  }

  #enqueue(event: UnstampedEvent): void {
    this.#queue.push(event);
    this.#journal?.queued(event);
  }

  #scheduleTurn(): void {
    if (this.#turnScheduled) return;
    this.#turnScheduled = true;
    setImmediate(() => {
      this.#turnScheduled = false;
      this.#runTurn();
    });
  }

  #runTurn(): void {
    if (this.#inTurn || (this.#queue.length === 0 && this.#open === null)) return;
    this.#inTurn = true;
    try {
      if (this.#open !== null) this.#finishOpenBatch(this.#open);
      let left = EVENTS_PER_TURN_MAX;
      while (this.#queue.length > 0 && left > 0) {
        const batch = this.#queue.length <= left ? this.#queue : this.#queue.slice(0, left);
        this.#queue = this.#queue.length <= left ? [] : this.#queue.slice(left);
        left -= batch.length;
        this.#runBatch(batch);
      }
      this.#publishChanges();
    } finally {
      this.#inTurn = false;
    }
    if (this.#reexec !== undefined) this.#executeAnew(this.#reexec);
    if (this.#queue.length > 0) this.#scheduleTurn();
  }

  #runBatch(batch: readonly UnstampedEvent[]): void {
    const clock = this.now();
    const effects: Effect[] = [];
    this.#journal?.batch(batch.length, clock);
    const taken: ManagerEvent[] = [];
    let turn = this.#openTurn(this.#state);
    for (const [index, event] of batch.entries()) {
      this.#journal?.stepping(index);
      const now = stamped(event, clock);
      try {
        for (const effect of turn.take(now)) effects.push(effect);
        taken.push(now);
      } catch (error) {
        // The event is left out, as one that engines died of. The state is immutable: from the one before the batch the steps so far are made again.
        this.log.write('crit', 'unit' in event ? event.unit : '', `an event was skipped, its handling failed: ${describeEvent(event)}: ${describeError(error)}`);
        this.#attached().fds.close(fdsThatCameWith(event));
        turn = this.#openTurn(this.#state);
        for (const before of taken) turn.take(before);
        for (const report of reportsOf({ event }, turn.state())) this.#enqueue(report);
      }
    }
    this.#state = turn.state();
    this.#performAll(effects, 0);
  }

  #performAll(effects: readonly Effect[], from: number): void {
    this.#attached().performer.beginBatch(effects);
    for (let index = from; index < effects.length; index++) {
      this.#journal?.performing(index);
      this.#perform(effects[index] as Effect);
    }
    this.#attached().performer.endBatch();
    this.#journal?.done(this.#state, this.#queue);
  }

  /**
   * What a former engine left undone. A process it started is known by the record of births, told or not; a spawn without one has not
   * happened, and is made up for.
   */
  #finishOpenBatch(open: OpenBatch): void {
    this.#open = null;
    const { untold, next } = unfinishedOf(open, this.#queue);
    for (const { effect, pid } of untold) {
      if (pid !== null) this.#enqueue({ event: 'spawned', unit: effect.unit, token: effect.token, pid, execDone: this.#attached().takeOverBirth(effect, pid) });
    }
    for (const { effect, index, pid } of untold) {
      if (pid !== null) continue;
      this.#journal?.performing(index);
      this.#perform(effect);
    }
    this.#performAll(open.effects, next);
  }

  #perform(effect: Effect): void {
    try {
      this.#attached().performer.perform(effect);
    } catch (error) {
      this.log.write('crit', 'unit' in effect ? effect.unit : '', `the effect "${effect.kind}" failed: ${describeError(error)}`);
      this.reportFailedEffect(effect);
    }
  }

  #executeAnew(request: RequestId | null): void {
    this.#reexec = undefined;
    this.#attached().verifyNextBuild((why) => {
      if (why !== null) {
        this.#refuseReexec(request, why);
        return;
      }
      // Between turns, and everything is in the journal: going on from here or from there is the same.
      this.#refuseReexec(request, this.#attached().reexec());
    });
  }

  #refuseReexec(request: RequestId | null, why: string): void {
    this.log.write('err', '', `the manager is not executed anew, and stays what it is: ${why}`);
    if (request !== null) this.reply(request, { ok: false, code: 'transaction-refused', message: `The manager is not executed anew, and stays what it is: ${why}`, unit: null });
  }

  /** What waits for the effect's answer must not wait for ever. */
  reportFailedEffect(effect: Effect): void {
    if (effect.kind === 'spawn') {
      this.submit({ event: 'spawn-failed', unit: effect.unit, token: effect.token, stage: 'manager', errno: 'EINVAL', subject: effect.command.path });
      return;
    }
    this.submit({ event: 'effect-failed', effect: effect.kind, subject: 'unit' in effect ? effect.unit : '', errno: 'EINVAL' });
  }

  #publishChanges(): void {
    const changes = this.#changes;
    this.#changes = [];
    // Copies: a set that grows while it is gone through shows what was added, and who begins to listen now waits for the next turn.
    const [listeners, turnListeners] = [[...this.#listeners], [...this.#turnListeners]];
    for (const change of changes) for (const listener of listeners) if (this.#listeners.has(listener)) this.#guard(() => { listener(change); });
    for (const listener of turnListeners) if (this.#turnListeners.has(listener)) this.#guard(listener);
  }

  #guard(call: () => void): void {
    try {
      call();
    } catch (error) {
      this.log.write('crit', '', `a listener failed: ${describeError(error)}`);
    }
  }
}

/** Of requests that wait for an answer, that wait to be stepped, or whose client is gone while a job still names them. */
function* usedRequestIds(state: ManagerState, queue: readonly UnstampedEvent[]): Generator<RequestId> {
  yield* keysOf(state.requests);
  for (const job of valuesOf(state.jobs)) yield* job.waiters;
  for (const event of queue) if (event.event === 'request' || event.event === 'request-left-out') yield event.id;
}

/** Definitions are long and of no use in a log line. */
function describeEvent(event: UnstampedEvent): string {
  return JSON.stringify(event, (key, value: unknown) => (key === 'definitions' && Array.isArray(value) ? `${String(value.length)} definitions` : value));
}

/** With the place it was thrown at: the only thing that helps afterwards. */
export function describeError(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
