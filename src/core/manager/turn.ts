/**
 * The working set of the steps of one turn: a writable view over an immutable state, and the effects of the event in hand.
 *
 * Transitions read and write units, jobs and requests through it; `state` gives what they made of it. Nothing here outlives the turn, and
 * the old state stays valid, so that a step that throws leaves the manager where it was.
 */
import { assert } from '../../base/assert.ts';
import type { InvocationId, JobId, MonotonicUsec, Pid, RequestId, UnitName } from '../../base/brand.ts';
import type { DueIndex } from '../../base/due-index.ts';
import { fileNotes, isFull, type DueLedger } from '../../base/due-ledger.ts';
import { Batch } from '../../base/persistent-map.ts';
import { nextRandom, type RandomState } from '../../base/random.ts';
import type { ClockReading } from '../../base/time.ts';
import type { Graph } from '../graph/graph.ts';
import type { EmergencyAction } from '../unit/unit-common.ts';
import type { TransactionView } from '../job/transaction/request.ts';
import { dueOfUnit, noteUnit, refileJob } from './due.ts';
import type { Effect, LogLevel, Reply } from './effect.ts';
import type { Instant, Job, JobResult, ManagerConfig, ManagerState, PendingRequest, Shutdown, Unit } from './state.ts';

/** A unit's state before and after one transition; both are snapshots. */
export interface UnitChange {
  readonly before: Unit;
  readonly after: Unit;
}

/** A client asks again within seconds; it is enough to remember the answers of as many clients as there may be. */
const ANSWERS_MAX = 256;

export interface FailedJob {
  readonly job: Job;
  readonly result: JobResult;
}

export interface Emergency {
  readonly unit: UnitName;
  readonly action: EmergencyAction;
  readonly why: string;
  /** What the manager exits with; null = as the unit's main process did. */
  readonly exitStatus: number | null;
  /** What reboot(2) is told, '' = nothing. */
  readonly rebootArgument: string;
}

/** What the manager may want of a unit by itself. */
export interface Automatic {
  /** Perhaps to be started: Upholds=. */
  readonly upheld: Set<UnitName>;
  /** Perhaps to be stopped: BindsTo= on a unit that is down. */
  readonly unbound: Set<UnitName>;
  /** Perhaps to be stopped: StopWhenUnneeded=. */
  readonly unneeded: Set<UnitName>;
}

/** RebootArgument= */
export function rebootArgumentOf({ definition }: Pick<Unit, 'definition'>): string {
  return definition.recorded['RebootArgument'] ?? '';
}

export class Turn implements TransactionView {
  /** Of the event in hand. */
  now: ClockReading;
  effects: Effect[] = [];
  readonly config: ManagerConfig;
  /** Jobs to be looked at before the step ends. */
  readonly runQueue = new Set<JobId>();
  /** What unit-changes has still to react to, oldest first. */
  readonly changes: UnitChange[] = [];
  readonly failedJobs: FailedJob[] = [];
  readonly emergencies: Emergency[] = [];
  /** Units that changed or had a job end: what triggers them has still to look at them. */
  readonly triggered = new Set<UnitName>();
  /** Units that are stopped or started by themselves if that turns out to be right once no job is left to be run. */
  readonly automatic: Automatic = { upheld: new Set(), unbound: new Set(), unneeded: new Set() };
  /** Instances that were made for one connection, and are forgotten when they are down. */
  readonly connectionsOver: UnitName[] = [];
  /** A unit was loaded or has ended that may be nobody's any more. */
  mayHaveGarbage = false;
  /** Services whose restart pause is zero: they go on within this step, without a timer. */
  readonly dueNow = new Set<UnitName>();
  graph: Graph;
  orderIsAcyclic: boolean;
  environment: readonly string[];
  generatedEnvironment: readonly string[];
  settings: ManagerState['settings'];
  answers: ManagerState['answers'];
  shutdown: Shutdown | null;
  sweepDueUsec: MonotonicUsec | null;
  bootJobsLeft: number;
  bootFailed: readonly UnitName[];
  bootFinished: Instant | null;
  started: Instant;

  readonly #units: Batch<UnitName, Unit>;
  readonly #aliases: Batch<UnitName, UnitName>;
  readonly #jobs: Batch<JobId, Job>;
  readonly #requests: Batch<RequestId, PendingRequest>;
  readonly #pids: Batch<Pid, UnitName>;
  #unitDues: DueLedger<UnitName>;
  /** Units that changed since the ledger was told, as it has them. Most change several times in a turn. */
  readonly #unnoted = new Map<UnitName, Unit | undefined>();
  #jobDues: DueIndex<JobId>;
  #nextJobId: number;
  #nextConditionToken: number;
  #random: RandomState;
  #armedUsec: MonotonicUsec | null;
  /** The earliest new deadline of this event; deadlines that vanished are noticed when the timer fires in vain. */
  #wantedUsec: MonotonicUsec | null = null;

  constructor(state: ManagerState) {
    this.now = state.started;
    this.config = state.config;
    this.graph = state.graph;
    this.orderIsAcyclic = state.orderIsAcyclic;
    this.environment = state.environment;
    this.generatedEnvironment = state.generatedEnvironment;
    this.settings = state.settings;
    this.answers = state.answers;
    this.shutdown = state.shutdown;
    this.sweepDueUsec = state.sweepDueUsec;
    this.bootJobsLeft = state.bootJobsLeft;
    this.bootFailed = state.bootFailed;
    this.bootFinished = state.bootFinished;
    this.started = state.started;
    this.#units = new Batch(state.units);
    this.#aliases = new Batch(state.aliases);
    this.#jobs = new Batch(state.jobs);
    this.#requests = new Batch(state.requests);
    this.#pids = new Batch(state.pids);
    this.#unitDues = state.unitDues;
    this.#jobDues = state.jobDues;
    this.#nextJobId = state.nextJobId;
    this.#nextConditionToken = state.nextConditionToken;
    this.#random = state.random;
    this.#armedUsec = state.armedUsec;
  }

  /** An event comes: nothing is left of the one before but the state. */
  begin(now: ClockReading): void {
    this.now = { monotonicUsec: now.monotonicUsec, realtimeUsec: now.realtimeUsec };
    this.effects = [];
    this.connectionsOver.length = 0;
    this.mayHaveGarbage = false;
    this.#wantedUsec = null;
  }

  /** The event is handled: the effects are complete. */
  end(): readonly Effect[] {
    if (this.#wantedUsec !== null && (this.#armedUsec === null || this.#wantedUsec < this.#armedUsec)) this.#arm(this.#wantedUsec);
    return this.effects;
  }

  /** As the events so far have left it. */
  state(): ManagerState {
    this.#noteDues();
    if (isFull(this.#unitDues, this.#units.size)) this.#fileDues();
    return {
      config: this.config,
      units: this.#units.finish(),
      aliases: this.#aliases.finish(),
      graph: this.graph,
      orderIsAcyclic: this.orderIsAcyclic,
      jobs: this.#jobs.finish(),
      requests: this.#requests.finish(),
      pids: this.#pids.finish(),
      unitDues: this.#unitDues,
      jobDues: this.#jobDues,
      nextJobId: this.#nextJobId,
      nextConditionToken: this.#nextConditionToken,
      armedUsec: this.#armedUsec,
      bootJobsLeft: this.bootJobsLeft,
      bootFailed: this.bootFailed,
      bootFinished: this.bootFinished,
      started: this.started,
      shutdown: this.shutdown,
      sweepDueUsec: this.sweepDueUsec,
      environment: this.environment,
      generatedEnvironment: this.generatedEnvironment,
      settings: this.settings,
      answers: this.answers,
      random: this.#random,
    };
  }

  // --- units

  /** A unit by canonical name or alias. */
  unit(name: UnitName): Unit | undefined {
    return this.#units.get(name) ?? this.#units.get(this.resolve(name));
  }

  /** A unit that is known to be loaded. */
  require(name: UnitName): Unit {
    const unit = this.#units.get(name);
    assert(unit !== undefined, 'the unit is loaded', name);
    return unit;
  }

  /** As they are at this point of the turn. */
  units(): readonly Unit[] {
    return this.#units.values();
  }

  /** When something of the units is due, at this point of the turn. */
  get unitDues(): DueIndex<UnitName> {
    this.#noteDues();
    return this.#fileDues();
  }

  get unitCount(): number {
    return this.#units.size;
  }

  setUnit(unit: Unit): void {
    this.#expectNote(unit.name);
    this.#units.set(unit.name, unit);
  }

  removeUnit(name: UnitName): void {
    this.#expectNote(name);
    this.#units.delete(name);
  }

  #expectNote(name: UnitName): void {
    if (!this.#unnoted.has(name)) this.#unnoted.set(name, this.#units.get(name));
  }

  #noteDues(): void {
    for (const [name, before] of this.#unnoted) this.#unitDues = noteUnit(this.#unitDues, name, before, this.#units.get(name));
    this.#unnoted.clear();
  }

  #fileDues(): DueIndex<UnitName> {
    this.#unitDues = fileNotes(this.#unitDues, (name) => dueOfUnit(this.#units.get(name)));
    return this.#unitDues.index;
  }

  resolve(name: UnitName): UnitName {
    return this.#aliases.get(name) ?? name;
  }

  setAlias(alias: UnitName, name: UnitName): void {
    this.#aliases.set(alias, name);
  }

  removeAlias(alias: UnitName): void {
    this.#aliases.delete(alias);
  }

  // --- jobs and requests

  job(id: JobId): Job | undefined {
    return this.#jobs.get(id);
  }

  jobs(): readonly Job[] {
    return this.#jobs.values();
  }

  get jobDues(): DueIndex<JobId> {
    return this.#jobDues;
  }

  get jobCount(): number {
    return this.#jobs.size;
  }

  setJob(job: Job): void {
    this.#jobDues = refileJob(this.#jobDues, job.id, this.#jobs.get(job.id), job);
    this.#jobs.set(job.id, job);
  }

  removeJob(id: JobId): void {
    this.#jobDues = refileJob(this.#jobDues, id, this.#jobs.get(id), undefined);
    this.#jobs.delete(id);
    this.runQueue.delete(id);
  }

  newJobId(): JobId {
    return this.#nextJobId++ as JobId;
  }

  newConditionToken(): number {
    return this.#nextConditionToken++;
  }

  request(id: RequestId): PendingRequest | undefined {
    return this.#requests.get(id);
  }

  setRequest(request: PendingRequest): void {
    this.#requests.set(request.id, request);
  }

  /** Keeps the answer for a client that asks again by its key. */
  remember(key: string | null, result: Reply): void {
    if (key !== null) this.answers = [...this.answers, { key, result }].slice(-ANSWERS_MAX);
  }

  removeRequest(id: RequestId): void {
    this.#requests.delete(id);
  }

  // --- processes

  ownerOf(pid: Pid): UnitName | undefined {
    return this.#pids.get(pid);
  }

  setOwner(pid: Pid, unit: UnitName): void {
    this.#pids.set(pid, unit);
  }

  removeOwner(pid: Pid): void {
    this.#pids.delete(pid);
  }

  // --- effects, time, chance

  emit(effect: Effect): void {
    this.effects.push(effect);
  }

  log(level: LogLevel, unit: UnitName | '', message: string, fields?: Readonly<Record<string, string | number>>): void {
    this.emit(fields === undefined ? { kind: 'log', level, unit, message } : { kind: 'log', level, unit, message, fields });
  }

  /** @param more what the unit's file says of it; null and '' when it says nothing */
  wantEmergencyAction(unit: Unit, action: EmergencyAction, why: string, more: Pick<Emergency, 'exitStatus' | 'rebootArgument'> = { exitStatus: null, rebootArgument: rebootArgumentOf(unit) }): void {
    if (action === 'none') return;
    // An end that was wished for is no emergency.
    if (this.settings.serviceWatchdogs || why === 'succeeded') this.emergencies.push({ unit: unit.name, action, why, ...more });
    else this.log('warning', unit.name, `${unit.name}: ${why}; "${action}" is not carried out (service-watchdogs is off)`);
  }

  /** Something is due at `dueUsec`. A timer armed for earlier serves too. */
  wantTimer(dueUsec: MonotonicUsec | null): void {
    if (dueUsec !== null && (this.#wantedUsec === null || dueUsec < this.#wantedUsec)) this.#wantedUsec = dueUsec;
  }

  /** Sets the timer to exactly what is next due, after a look at everything. */
  armExactly(dueUsec: MonotonicUsec | null): void {
    this.#wantedUsec = null;
    if (dueUsec !== this.#armedUsec) this.#arm(dueUsec);
  }

  /** The armed timer has fired: nothing is armed now. */
  timerFired(): void {
    this.#armedUsec = null;
  }

  get armedUsec(): MonotonicUsec | null {
    return this.#armedUsec;
  }

  #arm(dueUsec: MonotonicUsec | null): void {
    this.#armedUsec = dueUsec;
    this.emit({ kind: 'arm-timer', dueUsec });
  }

  /** 32 random bits. */
  random(): number {
    const drawn = nextRandom(this.#random);
    this.#random = drawn[1];
    return drawn[0];
  }

  /** From 0 up to, not including, 1, with all the bits a number has. */
  fraction(): number {
    return (this.random() * 2 ** 21 + (this.random() >>> 11)) / 2 ** 53;
  }

  newInvocationId(): InvocationId {
    let id = '';
    for (let i = 0; i < 4; i++) id += this.random().toString(16).padStart(8, '0');
    return id as InvocationId;
  }

  seed(state: RandomState): void {
    this.#random = state;
  }
}
