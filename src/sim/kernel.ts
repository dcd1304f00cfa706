/**
 * A simulated kernel: performs the manager's effects on processes that are small scripts, against a virtual clock.
 *
 * A run is a loop of "next thing in time -> event -> step -> effects". Nothing sleeps; a day of restarts takes milliseconds. What can go
 * wrong is in `faults`, the manager's own loop in `engine`.
 */
import { assert } from '../base/assert.ts';
import type { MonotonicUsec, Pid, RealtimeUsec, RequestId, UnitName } from '../base/brand.ts';
import { entriesOf, getEntry, valuesOf } from '../base/persistent-map.ts';
import type { ClockReading } from '../base/time.ts';
import { storingUnit } from '../core/machine/service/fd-store.ts';
import type { Effect, Reply, SpawnEffect } from '../core/manager/effect.ts';
import type { ManagerEvent, RememberedStore, Request, UnstampedEvent } from '../core/manager/event.ts';
import { fdsWithoutOwner } from '../core/manager/upkeep/fd-owners.ts';
import { checkInvariants } from '../core/manager/invariants.ts';
import type { LoadDefinitions } from '../core/manager/survival/journal-entry.ts';
import type { Replayed, Step } from '../core/manager/survival/replay.ts';
import { deserialise, serialise } from '../core/manager/survival/serialise.ts';
import type { ConditionOutcome, ManagerConfig, ManagerState, Unit } from '../core/manager/state.ts';
import { outlivesSoftReboot } from '../core/manager/soft-reboot.ts';
import { initialState, step } from '../core/manager/step.ts';
import { waitsForEmptyGroup } from '../core/manager/unit-processes.ts';
import { UTC_ZONE, type TimeZone } from '../core/time/time-zone.ts';
import { renewalWatches } from '../core/unit/renewal.ts';
import type { UnitDefinition } from '../core/unit/definition.ts';
import { Agenda } from './agenda.ts';
import { SimulatedAutofs } from './autofs.ts';
import { SimulatedEngine } from './engine.ts';
import { Faults } from './faults.ts';
import { ProcessTable, type Process, type Script } from './process-table.ts';
import { KernelTables } from './kernel-tables.ts';
import { SimulatedSockets } from './sockets.ts';
import { SIGCONT, SIGHUP, SIGKILL, SIGTERM } from '../base/signals.ts';

export type { Script } from './process-table.ts';

type WatchPaths = Extract<Effect, { readonly kind: 'watch-paths' }>;

export interface SimulationOptions {
  /** What a program does, by its path or by path and unit; absent = it runs until it is told to end. */
  readonly scripts?: Readonly<Record<string, Script | ((run: number) => Script)>>;
  /** Looked at before `scripts`; null = those decide. */
  readonly scriptOf?: (spawn: SpawnEffect, run: number) => Script | null;
  /** How a probe that is no command answers; as a program that exits with status 0 at once when absent. */
  readonly probeOf?: (effect: Extract<Effect, { readonly kind: 'probe' }>) => Pick<Script, 'exitAfterUsec' | 'exitStatus'> | undefined;
  readonly config?: Partial<ManagerConfig>;
  /** Outcome of conditions by parameter; absent = they hold. */
  readonly conditions?: Readonly<Record<string, boolean>>;
  /** The same, asked by kind and parameter. */
  readonly conditionHolds?: (kind: string, parameter: string) => boolean;
  /** The wall clock at the beginning; absent = some day in 2023. */
  readonly realtimeUsec?: RealtimeUsec;
  /** Addresses at which somebody else listens. */
  readonly takenAddresses?: readonly string[];
  /** The definition of an instance that a connection asks for. */
  readonly instances?: (name: UnitName) => UnitDefinition | undefined;
  /** The state goes through a snapshot and back after every so many steps; absent = never. */
  readonly restoreEvery?: number;
  readonly faults?: Faults;
  /** Whether `history`, `logs` and `replies` are kept; absent = they are. */
  readonly remembers?: boolean;
  /** Whether this recovery of the engine, the first being 1, reads its memory from text; absent = each does. */
  readonly isThroughText?: (recovery: number) => boolean;
  /** Reads the unit files again; absent = definitions are as they were given. */
  readonly load?: LoadDefinitions;
  /** In place of the manager's own step: to show that a broken one is found out. */
  readonly step?: Step;
  /** Laws looked at after every step. @throws when one is broken */
  readonly observe?: (look: StepLook) => void;
}

/** One step, for those who watch over it. */
export interface StepLook {
  readonly before: ManagerState;
  readonly event: UnstampedEvent;
  readonly after: ManagerState;
  readonly effects: readonly Effect[];
  readonly kernel: SimulatedKernel;
}

const CONFIG: ManagerConfig = {
  mode: 'container', bootUnit: 'default.target' as UnitName, exitWith: null,
  defaultTimeoutStartUsec: 90_000_000 as ManagerConfig['defaultTimeoutStartUsec'],
  defaultTimeoutStopUsec: 90_000_000 as ManagerConfig['defaultTimeoutStopUsec'],
  defaultRestartUsec: 100_000 as ManagerConfig['defaultRestartUsec'],
};

/** More happenings than this in one call is an endless loop of the manager or of the scenario. */
const HAPPENINGS_MAX = 1_000_000;

/** The wall clock when the monotonic one began. */
const WALL_CLOCK_USEC = 1_700_000_000_000_000;

/** Exit status of the executor when its set-up failed: EXIT_EXEC. */
const EXECUTOR_STATUS = 203;
const SECOND = 1_000_000;

const SPAWN_FAILURES = [
  { stage: 'clone', errno: 'EAGAIN' }, { stage: 'environment', errno: 'ENOENT' }, { stage: 'log-pipe', errno: 'EMFILE' }, { stage: 'exec', errno: 'ENOENT' },
] as const;
const EXECUTOR_FAILURES = [
  { stage: 'chdir', errno: 'ENOENT' }, { stage: 'user', errno: 'ESRCH' }, { stage: 'namespace', errno: 'EPERM' }, { stage: 'exec', errno: 'EACCES' },
] as const;
const FORGED = ['READY=1', 'STOPPING=1', 'RELOADING=1', 'WATCHDOG=trigger', 'STATUS=forged', 'EXTEND_TIMEOUT_USEC=1000000'];
const GARBAGE = ['', '=', 'READY', 'READY=2', 'WATCHDOG_USEC=-1', 'WATCHDOG_USEC=99999999999999999999', 'MAINPID=x', 'MAINPID=0', 'STATUS=\u0000\u001b[2J', 'ERRNO=abc', 'FDSTOREREMOVE=1', 'EXTEND_TIMEOUT_USEC=9999999999999999999', 'STOPPING=', 'RELOADING=1\nREADY=1'];

export class SimulatedKernel {
  nowUsec = 1_000_000;
  /** What units did, in order: `start a.service`, `spawn ExecStart a.service`, `active a.service`, …. */
  readonly history: string[] = [];
  readonly logs: string[] = [];
  readonly replies = new Map<RequestId, Reply>();
  /** Files there are, and how often each was written. */
  readonly files = new Map<string, number>();
  /** Stamp files of timers: when each last elapsed. */
  readonly stamps = new Map<UnitName, RealtimeUsec>();
  readonly sockets: SimulatedSockets;
  readonly tables = new KernelTables();
  readonly autofs = new SimulatedAutofs();
  readonly faults: Faults;
  /** Hears of every effect, for tests that want to know more than `history` tells. */
  onEffect: (effect: Effect) => void = () => undefined;
  finished: Extract<Effect, { readonly kind: 'finish' }> | null = null;
  bootFinished = false;

  readonly #options: SimulationOptions;
  readonly #remembers: boolean;
  readonly #engine: SimulatedEngine;
  readonly #agenda = new Agenda();
  readonly #table = new ProcessTable();
  /** What commands of mounts and swaps do when they succeed. */
  readonly #tableWork = new Map<Process, Pick<SpawnEffect, 'role' | 'definition'>>();
  #nextStored = 1;
  /** Ended, and the manager was not told yet; their numbers are taken. */
  readonly #zombies = new Set<Pid>();
  readonly #watched = new Set<UnitName>();
  readonly #watchedPaths = new Map<UnitName, WatchPaths>();
  readonly #runs = new Map<string, number>();
  #definitions: readonly UnitDefinition[] = [];
  #timerUsec: number | null = null;
  /** The wall clock when the monotonic one began. */
  #wallClockUsec: number;
  #nextRequest = 1;

  constructor(options: SimulationOptions = {}) {
    this.#options = options;
    this.#remembers = options.remembers ?? true;
    this.#wallClockUsec = options.realtimeUsec === undefined ? WALL_CLOCK_USEC : options.realtimeUsec - this.nowUsec;
    this.sockets = new SimulatedSockets(options.takenAddresses ?? []);
    this.faults = options.faults ?? new Faults(0, {});
    this.#engine = new SimulatedEngine({
      step: options.step ?? step, faults: this.faults, state: initialState({ ...CONFIG, ...options.config }, this.clock()),
      world: {
        clock: () => this.clock(),
        perform: (effect) => { this.#perform(effect); },
        load: options.load ?? (() => this.#definitions),
        takeOverBirth: () => !this.faults.knows('exec-fails'),
        catchUp: (replayed) => { this.#catchUp(replayed); },
        observe: (before, event, after, effects) => { this.#observe(before, event, after, effects); },
        isThroughText: options.isThroughText ?? (() => true),
      },
    });
  }

  get state(): ManagerState {
    return this.#engine.state;
  }

  get steps(): number {
    return this.#engine.steps;
  }

  /** What recoveries of the engine met. */
  get recoveries(): ReadonlyMap<string, number> {
    return this.#engine.met;
  }

  /** Live processes by number. */
  get processes(): ReadonlyMap<Pid, Process> {
    return this.#table.live;
  }

  /** For when the kernel's timer is set; null = it is not. */
  get timerUsec(): number | null {
    return this.#timerUsec;
  }

  /** Ended processes whose exit the manager was not told yet. */
  get zombies(): ReadonlySet<Pid> {
    return this.#zombies;
  }

  processesOf(unit: UnitName): readonly Process[] {
    return this.#table.of(unit);
  }

  clock(): ClockReading {
    return { monotonicUsec: this.nowUsec as MonotonicUsec, realtimeUsec: (this.#wallClockUsec + this.nowUsec) as RealtimeUsec };
  }

  /** @param stores fds that a soft-reboot has kept for services */
  boot(definitions: readonly UnitDefinition[], randomSeed = 1, stores: readonly RememberedStore[] = []): void {
    this.#definitions = definitions;
    this.#hear({ event: 'boot', definitions, stores, randomSeed });
  }

  /** daemon-reload. */
  reload(definitions: readonly UnitDefinition[]): void {
    this.#definitions = definitions;
    this.#hear({ event: 'definitions', reload: true, definitions });
  }

  unit(name: string): Unit {
    const unit = getEntry(this.state.units, name as UnitName);
    assert(unit !== undefined, `${name} is loaded`);
    return unit;
  }

  request(request: Request): RequestId {
    const id = this.#nextRequest++ as RequestId;
    const { load } = this.#options;
    if (load !== undefined && request.method === 'enqueue') this.#loadMissing(request.units, load);
    this.#hear({ event: 'request', id, key: null, caller: { uid: 0, gid: 0, pid: 1 }, request });
    if (this.faults.strikes('client-gone')) this.dropRequest(id);
    return id;
  }

  /** The client is gone. */
  dropRequest(id: RequestId): void {
    this.#hear({ event: 'request-dropped', id });
  }

  enqueue(type: Extract<Request, { method: 'enqueue' }>['type'], ...units: string[]): RequestId {
    return this.request({ method: 'enqueue', type, units: units as UnitName[], mode: 'replace', wait: true, verb: type });
  }

  signal(signal: Extract<ManagerEvent, { event: 'signal' }>['signal']): void {
    this.#hear({ event: 'signal', signal });
  }

  /** @param fds names of the fds that come along */
  notify(unit: string, pid: number, text: string, fds: readonly string[] = []): void {
    const fields = text.split('\n').map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)] as const);
    this.#hear({ event: 'notify', unit: unit as UnitName, pid: pid as Pid, fields, fds });
  }

  /** The other end of a stored fd is closed. */
  hangUp(key: string): void {
    this.#hear({ event: 'stored-fd-hung-up', unit: storingUnit(key), key });
  }

  /** Ends a process as a signal would. */
  kill(pid: number, signal: number): void {
    const process = this.#table.live.get(pid as Pid);
    if (process !== undefined) this.#end(process, 'killed', signal);
  }

  /** Ends a process for want of memory: the kernel tells of that before its parent can see the end. */
  oomKill(unit: UnitName, pid: number): void {
    if (!this.#table.live.has(pid as Pid)) return;
    this.#hear({ event: 'oom-kill', unit });
    this.kill(pid, SIGKILL);
  }

  /** Lets a process exit by itself. */
  exit(pid: number, status: number): void {
    const process = this.#table.live.get(pid as Pid);
    if (process !== undefined) this.#end(process, 'exited', status);
  }

  /** Sets the wall clock forward, or back. */
  stepClock(byUsec: number): void {
    this.#wallClockUsec += byUsec;
    this.#hear({ event: 'clock-changed', seen: true });
  }

  /** A file appears or is written to. A directory is there when something is in it. */
  writeFile(path: string): void {
    this.files.set(path, (this.files.get(path) ?? 0) + 1);
    this.#onPathChanged(path);
  }

  removeFile(path: string): void {
    this.files.delete(path);
    this.#onPathChanged(path);
  }

  #onPathChanged(path: string): void {
    for (const effect of [...this.#watchedPaths.values()]) {
      const index = effect.watches.findIndex((watch) => (watch.kind === 'PathChanged' || watch.kind === 'PathModified') && watch.path === path);
      this.#hear(this.#observePaths(effect, index < 0 ? null : index));
    }
  }

  #observePaths({ unit, token, watches }: WatchPaths, changed: number | null, resumed = false): UnstampedEvent {
    const has = (path: string): boolean => [...this.files.keys()].some((file) => file === path || file.startsWith(`${path}/`));
    const observations = watches.map(({ path }) => ({ holds: has(path), stamp: String(this.files.get(path) ?? '') }));
    return { event: 'paths-observed', unit, token, observations, changed, resumed, error: '' };
  }

  changeTimeZone(zone: TimeZone = UTC_ZONE): void {
    this.#hear({ event: 'timezone-changed', zone });
  }

  /** Somebody mounts by hand at the unit's place, or pages to the unit's file. */
  takeIntoUse(unit: string, path: string): void {
    if (unit.endsWith('.mount')) this.tables.mount({ where: path, what: 'by-hand', type: 'tmpfs', options: 'rw' });
    else this.tables.swapOn(path);
    this.#tellTables();
  }

  takeOutOfUse(unit: string, path: string): void {
    if (unit.endsWith('.mount')) this.tables.unmount(path);
    else this.tables.swapOff(path);
    this.#tellTables();
  }

  /** Somebody goes to the place of an automount unit. */
  visit(unit: string, path: string): void {
    this.#hearAll(this.autofs.visit(unit as UnitName, this.tables.mounts.some(({ where }) => where === path)));
  }

  /** Somebody takes the autofs of the unit away. */
  takeAutofs(unit: string): void {
    if (!this.autofs.trapped.has(unit as UnitName)) return;
    this.autofs.close(unit as UnitName);
    this.#hear({ event: 'automount-gone', unit: unit as UnitName });
  }

  #tellTables(): void {
    for (const event of this.tables.news()) this.#hear(event);
  }

  /** Somebody connects to the unit's socket, or writes to it. */
  arrive(unit: string, source = '10.0.0.1'): void {
    this.#hearAll(this.sockets.arrive(unit as UnitName, source));
  }

  /** Lets virtual time pass. */
  run(forUsec: number): void {
    const until = this.nowUsec + forUsec;
    for (let count = 0; count < HAPPENINGS_MAX; count++) {
      const next = this.#agenda.next;
      const timer = this.#timerUsec;
      const nextAt = next === undefined ? Infinity : next.atUsec;
      const at = timer !== null && timer <= nextAt ? timer : nextAt;
      if (at > until) {
        this.nowUsec = until;
        return;
      }
      if (at > this.nowUsec) this.nowUsec = at;
      if (timer !== null && timer <= nextAt) this.#onTimerDue();
      else this.#agenda.take()?.run();
    }
    assert(false, `the simulation settles within ${String(HAPPENINGS_MAX)} happenings`);
  }

  feed(event: ManagerEvent): void {
    this.#hear(event);
  }

  #hear(event: UnstampedEvent): void {
    // After the end there is nobody to hear.
    if (this.finished !== null) return;
    this.#engine.submit(event);
    this.#engine.runTurn();
  }

  /** @param events of one moment */
  #hearAll(events: readonly UnstampedEvent[]): void {
    if (this.finished !== null) return;
    for (const event of events) this.#engine.submit(event);
    this.#engine.runTurn();
  }

  #observe(before: ManagerState, event: UnstampedEvent, after: ManagerState, effects: readonly Effect[]): void {
    if (this.#options.observe === undefined) checkInvariants(after);
    else this.#options.observe({ before, event, after, effects, kernel: this });
    if (this.#options.restoreEvery !== undefined && this.steps % this.#options.restoreEvery === 0) this.#restore();
  }

  /** Everything the manager knew, and nothing else. */
  #restore(): void {
    const text = serialise(this.state);
    const restored = deserialise(text, valuesOf(this.state.units).map((unit) => unit.definition));
    assert(restored.ok, `a snapshot can be read: ${restored.ok ? '' : restored.error}`);
    assert(serialise(restored.state) === text, 'a state survives serialise and deserialise unchanged');
    this.#engine.state = restored.state;
  }

  #at(afterUsec: number, run: () => void): void {
    this.#agenda.put(this.nowUsec + afterUsec, run);
  }

  /** What the manager does not know yet of these units and of all they pull in. */
  #loadMissing(names: readonly UnitName[], load: LoadDefinitions): void {
    const isLoaded = (name: UnitName): boolean => (getEntry(this.state.units, name)?.definition.loadState ?? 'not-found') !== 'not-found';
    const missing = names.filter((name) => !isLoaded(name));
    const definitions = missing.length === 0 ? [] : load(missing, null).filter(({ name }) => !isLoaded(name));
    if (definitions.length > 0) this.#engine.submit({ event: 'definitions', reload: false, definitions });
  }

  #onTimerDue(): void {
    this.#timerUsec = null;
    if (!this.faults.strikes('timer-late')) {
      this.#hear({ event: 'timer' });
      return;
    }
    this.#at(this.faults.below('timer-late', 2 * SECOND), () => { this.#hear({ event: 'timer' }); });
  }

  #perform(effect: Effect): void {
    this.onEffect(effect);
    // The most frequent ones first.
    switch (effect.kind) {
      case 'publish':
        if (this.#remembers && effect.change.change === 'unit') this.history.push(`${effect.change.subState} ${effect.change.unit}`);
        return;
      case 'log':
        if (!this.faults.strikes('log-full') && this.#remembers) this.logs.push(effect.message);
        return;
      case 'arm-timer': this.#armTimer(effect.dueUsec); return;
      case 'reply':
        if (this.#remembers) this.replies.set(effect.request, effect.result);
        return;
      case 'spawn': this.#spawn(effect); return;
      case 'test-conditions': this.#testConditions(effect); return;
      // In this world nobody knows whose child a process is.
      case 'kill-process-tree':
      case 'kill-process': {
        const process = this.#table.live.get(effect.pid);
        if (process !== undefined) this.#deliver(process, effect.signal);
        return;
      }
      case 'kill-control-group':
        for (const process of this.#table.of(effect.unit)) if (!effect.except.includes(process.pid)) this.#deliver(process, effect.signal);
        return;
      case 'watch-control-group': this.#watch(effect.unit); return;
      // No client of this world makes scopes.
      case 'take-process': return;
      case 'release-control-group': this.#watched.delete(effect.unit); return;
      case 'read-stamp': {
        const stamp = this.stamps.get(effect.unit) ?? null;
        if (stamp === null) this.stamps.set(effect.unit, this.clock().realtimeUsec);
        this.#engine.submit({ event: 'timer-stamp', unit: effect.unit, stampUsec: stamp });
        return;
      }
      case 'write-stamp': this.stamps.set(effect.unit, effect.realtimeUsec); return;
      case 'collect': this.#engine.submit({ event: 'collect', unit: effect.unit }); return;
      case 'watch-paths':
        this.#watchedPaths.set(effect.unit, effect);
        this.#engine.submit(this.#observePaths(effect, null));
        return;
      case 'probe': this.#askProbe(effect); return;
      case 'unwatch-paths': this.#watchedPaths.delete(effect.unit); return;
      case 'open-automount': this.#openAutomount(effect); return;
      case 'look-at-automount': this.#lookAtAutomount(effect); return;
      case 'answer-automount': this.autofs.answer(effect.tokens); return;
      case 'close-automount': this.#closeAutomount(effect); return;
      case 'open-sockets': this.#engine.submit(this.sockets.listen(effect)); return;
      case 'close-sockets': this.sockets.close(effect.unit, effect.fds); return;
      case 'close-fds': this.sockets.close(null, effect.names); return;
      case 'watch-sockets': for (const event of this.sockets.watch(effect)) this.#engine.submit(event); return;
      case 'unwatch-sockets': this.sockets.unwatch(effect.unit); return;
      case 'load-instance': {
        const { instances, load } = this.#options;
        const definition = instances?.(effect.instance);
        if (definition !== undefined) this.#engine.submit({ event: 'definitions', reload: false, definitions: [definition] });
        else if (load !== undefined) this.#loadMissing([effect.instance], load);
        this.#engine.submit({ event: 'instance-loaded', unit: effect.unit, instance: effect.instance });
        return;
      }
      case 'boot-finished': this.bootFinished = true; return;
      case 'final-kill':
        this.#table.clear(new Set(this.state.shutdown?.goal === 'soft-reboot' ? valuesOf(this.state.units).filter(outlivesSoftReboot).map(({ name }) => name) : []));
        this.#engine.submit({ event: 'final-kill-done', remaining: 0 });
        return;
      case 'finish': this.finished = effect; return;
      case 'guess-main-pid': {
        const own = this.#table.of(effect.unit);
        this.#engine.submit({ event: 'main-pid-guess', unit: effect.unit, pid: own.length === 1 ? (own[0] as Process).pid : null });
        return;
      }
      case 'read-pid-file': {
        const own = this.#table.of(effect.unit)[0];
        this.#engine.submit({ event: 'pid-file', unit: effect.unit, pid: own?.pid ?? null, error: own === undefined ? 'no such file' : '' });
        return;
      }
      case 'reload-definitions':
        this.#engine.submit({ event: 'definitions', reload: true, definitions: (this.#options.load ?? (() => this.#definitions))(valuesOf(this.state.units).map((unit) => unit.name), null) });
        return;
      default:
    }
  }

  #openAutomount({ unit, token }: Extract<Effect, { readonly kind: 'open-automount' }>): void {
    const outcome = this.faults.strikes('autofs-refused') ? (['no-autofs', 'failed'] as const)[this.faults.below('autofs-refused', 2)] as 'no-autofs' | 'failed' : 'trapped';
    if (outcome === 'trapped') this.autofs.trap(unit);
    this.#engine.submit({ event: 'automount-opened', unit, token, outcome, detail: outcome === 'trapped' ? '' : 'simulated' });
  }

  /** What nobody has used is unmounted by the host itself, and the table of mounts tells. */
  #lookAtAutomount({ unit, where }: Extract<Effect, { readonly kind: 'look-at-automount' }>): void {
    if (this.faults.strikes('automount-in-use') || !this.autofs.look(unit)) {
      this.#engine.submit({ event: 'automount-used', unit });
      return;
    }
    this.tables.unmount(where);
    for (const event of this.tables.news()) this.#engine.submit(event);
  }

  /** To get at the autofs the host takes away what is mounted on it. */
  #closeAutomount({ unit, where }: Extract<Effect, { readonly kind: 'close-automount' }>): void {
    if (!this.autofs.trapped.has(unit)) return;
    this.autofs.close(unit);
    while (this.tables.mounts.some((mount) => mount.where === where)) this.tables.unmount(where);
    for (const event of this.tables.news()) this.#engine.submit(event);
  }

  #armTimer(dueUsec: MonotonicUsec | null): void {
    this.#timerUsec = dueUsec;
    if (dueUsec !== null && this.faults.strikes('timer-early')) this.#at(0, () => { this.#hear({ event: 'timer' }); });
  }

  #testConditions({ unit, token, conditions, assertions }: Extract<Effect, { readonly kind: 'test-conditions' }>): void {
    const test = (each: (typeof conditions)[number]): ConditionOutcome => ({
      kind: each.kind, parameter: each.parameter, trigger: each.trigger, negate: each.negate,
      holds: (this.#options.conditionHolds?.(each.kind, each.parameter) ?? this.#options.conditions?.[each.parameter] ?? true) !== each.negate, error: '',
    });
    this.#engine.submit({ event: 'conditions-tested', unit, token, conditions: conditions.map(test), assertions: assertions.map(test) });
  }

  // --- processes

  /** A probe without a process answers as a program would that exits: status 0 is a yes. */
  #askProbe(effect: Extract<Effect, { readonly kind: 'probe' }>): void {
    const { unit, token, timeoutUsec } = effect;
    const { exitAfterUsec, exitStatus = 0 } = this.#options.probeOf?.(effect) ?? { exitAfterUsec: 0 };
    const isInTime = exitAfterUsec !== undefined && exitAfterUsec <= timeoutUsec && !this.faults.strikes('probe-refused');
    this.#at(isInTime ? exitAfterUsec : timeoutUsec, () => {
      this.#hear({ event: 'probe-answer', unit, token, holds: isInTime && exitStatus === 0, detail: isInTime ? `simulated status ${String(exitStatus)}` : 'no answer in time' });
    });
  }

  #spawn(effect: SpawnEffect): void {
    const { path } = effect.command;
    const { unit, token } = effect;
    const run = (this.#runs.get(path) ?? 0) + 1;
    this.#runs.set(path, run);
    const entry = this.#options.scripts?.[path] ?? {};
    const script = this.#options.scriptOf?.(effect, run) ?? (typeof entry === 'function' ? entry(run) : entry);
    const failure = this.faults.strikes('spawn-fails') ? SPAWN_FAILURES[this.faults.below('spawn-fails', SPAWN_FAILURES.length)] : script.spawnFails;
    if (failure !== undefined) {
      this.#engine.submit({ event: 'spawn-failed', unit, token, ...failure, subject: path });
      return;
    }
    for (const { key } of effect.fds) assert(this.sockets.open.has(key), `${key}, which ${effect.unit} is given, is open`);
    if (script.leavesSockets !== true) this.sockets.take(effect.fds.map(({ key }) => key));
    const isExecutor = this.faults.knows('exec-fails');
    const process = this.#launch({ unit, script: isExecutor ? {} : script, path, role: effect.role });
    if (effect.definition.kind === 'mount' || effect.definition.kind === 'swap') this.#tableWork.set(process, effect);
    if (this.#remembers) this.history.push(`spawn ${effect.role} ${unit}`);
    if (isExecutor) this.#at(this.faults.below('exec-fails', 1000), () => { this.#onExecutorReport(process, script); });
    this.#engine.born(process.pid);
    this.#engine.submit({ event: 'spawned', unit, token, pid: process.pid, execDone: !isExecutor });
  }

  #onExecutorReport(process: Process, script: Script): void {
    if (!this.#table.isLive(process)) return;
    const { unit, pid, path } = process;
    if (this.faults.strikes('exec-fails')) {
      const failure = EXECUTOR_FAILURES[this.faults.below('exec-fails', EXECUTOR_FAILURES.length)] as (typeof EXECUTOR_FAILURES)[number];
      this.#hear({ event: 'exec-failed', unit, pid, ...failure, subject: path });
      this.#end(process, 'exited', EXECUTOR_STATUS);
      return;
    }
    this.#hear({ event: 'exec-done', unit, pid });
    if (this.#table.isLive(process)) this.#play(process, script);
  }

  #launch(birth: Pick<Process, 'unit' | 'script' | 'path' | 'role'>): Process {
    const process = this.#table.add(birth, this.faults.strikes('pid-reused'));
    this.#play(process, birth.script);
    return process;
  }

  /** Puts on the agenda what the script says. */
  #play(process: Process, script: Script): void {
    if (process.script !== script) (process as { script: Script }).script = script;
    if (script.readyAfterUsec !== undefined) this.#whileLive(process, script.readyAfterUsec, () => { this.#sayReady(process); });
    if (script.pingsEveryUsec !== undefined) this.#pingLater(process, script.pingsEveryUsec, this.nowUsec + (script.pingsForUsec ?? Infinity));
    if (script.exitAfterUsec === undefined) return;
    this.#whileLive(process, script.exitAfterUsec, () => {
      if (script.forks !== undefined) this.#launch({ unit: process.unit, script: script.forks, path: `${process.path}+`, role: null });
      if (script.exitSignal === undefined) this.#end(process, 'exited', script.exitStatus ?? 0);
      else this.#end(process, 'killed', script.exitSignal);
    });
  }

  #whileLive(process: Process, afterUsec: number, run: () => void): void {
    this.#at(afterUsec, () => { if (this.#table.isLive(process)) run(); });
  }

  /** Gives new fds into the store. */
  #store(process: Process, { name, count }: NonNullable<Script['stores']>): void {
    const fds = Array.from({ length: count }, () => `store:${process.unit}:${name}:${String(this.#nextStored++)}`);
    for (const fd of fds) this.sockets.open.add(fd);
    this.notify(process.unit, process.pid, `FDSTORE=1\nFDNAME=${name}`, fds);
  }

  #sayReady(process: Process): void {
    const { faults } = this;
    if (process.script.stores !== undefined) this.#store(process, process.script.stores);
    if (!faults.strikes('readiness-lost')) this.notify(process.unit, process.pid, 'READY=1');
    if (faults.strikes('readiness-doubled')) this.notify(process.unit, process.pid, 'READY=1');
    this.#mayForge(process);
  }

  #speakLate(process: Process): void {
    this.notify(process.unit, process.pid, FORGED[this.faults.below('message-late', FORGED.length)] as string);
    if (process.script.stores !== undefined) this.#store(process, process.script.stores);
  }

  #mayForge(process: Process): void {
    const { faults } = this;
    if (faults.strikes('readiness-forged')) this.notify(process.unit, process.pid + 1, FORGED[faults.below('readiness-forged', FORGED.length)] as string);
    if (faults.strikes('message-garbage')) this.notify(process.unit, process.pid, GARBAGE[faults.below('message-garbage', GARBAGE.length)] as string);
    if (!faults.strikes('main-pid-forged')) return;
    // Only processes of units: of others the host lets no MAINPID= through.
    const others = [...this.#table.live.keys()];
    this.notify(process.unit, process.pid, `MAINPID=${String(others[faults.below('main-pid-forged', others.length)])}`);
  }

  #pingLater(process: Process, everyUsec: number, untilUsec: number): void {
    if (this.nowUsec + everyUsec > untilUsec) return;
    this.#whileLive(process, everyUsec, () => {
      this.notify(process.unit, process.pid, 'WATCHDOG=1');
      this.#pingLater(process, everyUsec, untilUsec);
    });
  }

  #deliver(process: Process, signal: number): void {
    const { script } = process;
    // No simulated process is ever stopped, so there is nothing to go on with.
    if (signal === SIGCONT) return;
    if (signal === SIGKILL) {
      const stuckUsec = this.faults.strikes('process-stuck') ? this.faults.below('process-stuck', 3 * SECOND) : 0;
      this.#whileLive(process, stuckUsec, () => { this.#end(process, 'killed', signal); });
    } else if ((signal === SIGTERM || signal === SIGHUP) && script.ignoresTerm === true) {
      return;
    } else if (!process.isDying) {
      process.isDying = true;
      if (script.takesBack !== undefined) this.#at(0, () => { this.notify(process.unit, process.pid, `FDSTOREREMOVE=1\nFDNAME=${script.takesBack ?? ''}`); });
      this.#whileLive(process, script.termTakesUsec ?? 0, () => {
        if (script.termStatus === undefined) this.#end(process, 'killed', signal);
        else this.#end(process, 'exited', script.termStatus);
      });
    }
  }

  #end(process: Process, code: 'exited' | 'killed', status: number): void {
    const { pid, unit } = process;
    this.#table.remove(process);
    this.#zombies.add(pid);
    const { faults } = this;
    this.#doTableWork(process, code === 'exited' && status === 0);
    const tell = (): void => {
      this.#zombies.delete(pid);
      this.#table.free(pid);
      // The host looks at the tables before it tells of the end of their commands.
      if (process.path.endsWith('mount') || process.path.includes('swapo')) for (const event of this.tables.news()) this.#engine.submit(event);
      if (faults.strikes('exit-forgotten')) {
        // What catch-up of the next engine makes of a process that is gone.
        if (getEntry(this.state.pids, pid) !== undefined) this.#engine.submit({ event: 'exited', pid, code: 'killed', status: SIGKILL, unitHint: unit });
      } else {
        // The host looks into the group when it reaps. Without groups, or with processes that are not its to reap, it hears of it later.
        const groupEmpty = this.#table.isEmpty(unit) && !faults.strikes('empty-late');
        if (groupEmpty) this.#watched.delete(unit);
        this.#engine.submit({ event: 'exited', pid, code, status, unitHint: unit, groupEmpty });
      }
    };
    // What it said is heard when it is long reaped, with the number of a process that is none any more.
    if (faults.strikes('message-late')) this.#at(faults.below('message-late', SECOND), () => { this.#speakLate(process); });
    if (faults.strikes('exit-late')) {
      this.#at(faults.below('exit-late', SECOND / 10), () => { tell(); this.#engine.runTurn(); this.#tellEmpty(unit); });
    } else if (faults.strikes('exits-coalesced')) {
      // At the next full tenth of a second, together with all others that wait for it.
      const TICK_USEC = SECOND / 10;
      this.#at(TICK_USEC - (this.nowUsec % TICK_USEC), () => { tell(); this.#at(0, () => { this.#engine.runTurn(); this.#tellEmpty(unit); }); });
    } else {
      tell();
      this.#engine.runTurn();
      this.#tellEmpty(unit);
    }
  }

  /** The command of a mount or swap has ended. */
  #doTableWork(process: Process, isSuccess: boolean): void {
    const work = this.#tableWork.get(process);
    this.#tableWork.delete(process);
    if (work === undefined || !isSuccess || this.faults.strikes('command-vain')) return;
    this.tables.apply(work);
    if (work.definition.kind === 'mount' && work.role === 'ExecMount' && this.faults.strikes('mounted-over')) this.tables.apply(work);
    if (!this.faults.strikes('table-late')) this.#tellTables();
  }

  #watch(unit: UnitName): void {
    if (this.#table.isEmpty(unit)) this.#engine.submit({ event: 'cgroup-empty', unit });
    else this.#watched.add(unit);
  }

  #tellEmpty(unit: UnitName): void {
    if (!this.#watched.has(unit) || !this.#table.isEmpty(unit)) return;
    if (this.faults.strikes('watch-overflow')) {
      // The overflow makes the manager look at all groups, which may tell it twice.
      const isStillEmpty = (): void => {
        if (this.#watched.has(unit) && this.#table.isEmpty(unit)) this.#hear({ event: 'cgroup-empty', unit });
      };
      this.#at(this.faults.below('watch-overflow', SECOND), () => { isStillEmpty(); isStillEmpty(); });
      return;
    }
    this.#watched.delete(unit);
    this.#hear({ event: 'cgroup-empty', unit });
  }

  // --- a new engine

  #watchAgain(unit: Unit): void {
    const { name, definition, runtime } = unit;
    if (waitsForEmptyGroup(unit)) this.#watch(name);
    if (definition.kind === 'socket' && runtime.kind === 'socket' && runtime.state === 'listening' && runtime.deadlineUsec === null) {
      for (const event of this.sockets.watch({ unit: name, accept: definition.accept, flush: false })) this.#engine.submit(event);
    }
    if (definition.kind === 'device' && runtime.kind === 'device' && runtime.token > 0) {
      this.#perform({ kind: 'watch-paths', unit: name, token: runtime.token, watches: [{ kind: 'Device', path: definition.path }], makeDirectoryMode: null });
    }
    if (definition.kind === 'service' && runtime.kind === 'service' && runtime.renewal !== null && runtime.renewal.token > 0) {
      const effect: WatchPaths = { kind: 'watch-paths', unit: name, token: runtime.renewal.token, watches: renewalWatches(definition.renewal), makeDirectoryMode: null };
      this.#watchedPaths.set(name, effect);
      this.#engine.submit(this.#observePaths(effect, null, true));
    }
    if (definition.kind === 'path' && runtime.kind === 'path' && runtime.state === 'waiting') {
      const effect: WatchPaths = { kind: 'watch-paths', unit: name, token: runtime.token, watches: definition.watches, makeDirectoryMode: null };
      this.#watchedPaths.set(name, effect);
      this.#engine.submit(this.#observePaths(effect, null, true));
    }
  }

  #catchUp(replayed: Replayed): void {
    const { state } = replayed;
    this.sockets.close(null, fdsWithoutOwner(this.sockets.open, replayed));
    this.#timerUsec = state.armedUsec;
    this.#watched.clear();
    for (const [pid, unit] of entriesOf(state.pids)) {
      if (this.#table.live.has(pid) || this.#zombies.has(pid) || this.#engine.expects(pid)) continue;
      this.#engine.submit({ event: 'exited', pid, code: 'killed', status: SIGKILL, unitHint: unit });
    }
    for (const event of this.tables.all()) this.#engine.submit(event);
    this.sockets.forgetWatches();
    this.#watchedPaths.clear();
    for (const unit of valuesOf(state.units)) this.#watchAgain(unit);
    // The wall clock may have been set while nobody looked.
    this.#engine.submit({ event: 'clock-changed', seen: false });
    if (state.shutdown?.phase === 'final') this.#perform({ kind: 'final-kill', hurry: state.shutdown.hurry });
    if (state.shutdown?.phase === 'over') this.finished = { kind: 'finish', goal: state.shutdown.goal, exitStatus: state.shutdown.exitStatus, rebootArgument: state.shutdown.rebootArgument };
  }
}
