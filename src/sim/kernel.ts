/**
 * A simulated kernel: performs the manager's effects on processes that are small scripts, against a virtual clock.
 *
 * A run is a loop of "next thing in time -> event -> step -> effects". Nothing sleeps; a day of restarts takes milliseconds.
 */
import { assert } from '../base/assert.ts';
import type { MonotonicUsec, Pid, RealtimeUsec, RequestId, UnitName } from '../base/brand.ts';
import { getEntry, valuesOf } from '../base/persistent-map.ts';
import { checkInvariants } from '../core/manager/invariants.ts';
import type { Effect, Reply, SpawnEffect } from '../core/manager/effect.ts';
import type { ManagerEvent, Request } from '../core/manager/event.ts';
import type { ManagerConfig, ManagerState, Unit } from '../core/manager/state.ts';
import { deserialise, serialise } from '../core/manager/serialise.ts';
import { UTC_ZONE, type TimeZone } from '../core/time/time-zone.ts';
import { initialState, step } from '../core/manager/step.ts';
import { SimulatedSockets } from './sockets.ts';
import type { UnitDefinition } from '../core/unit/definition.ts';

/** How a program behaves once it runs; times in microseconds after its start. */
export interface Script {
  /** Sends READY=1 then. */
  readonly readyAfterUsec?: number;
  /** Ends by itself then; absent = runs until it is told to end. */
  readonly exitAfterUsec?: number;
  readonly exitStatus?: number;
  /** TERM has no effect. */
  readonly ignoresTerm?: boolean;
  /** How long it takes to end after TERM. */
  readonly termTakesUsec?: number;
  /** Leaves a child behind that lives on in the group, running this script. */
  readonly forks?: Script;
  /** The spawn fails at this stage. */
  readonly spawnFails?: { readonly stage: string; readonly errno: string };
  /** Does not take what waits at its sockets. */
  readonly leavesSockets?: boolean;
  /** Sends WATCHDOG=1 this often. */
  readonly pingsEveryUsec?: number;
}

type WatchPaths = Extract<Effect, { readonly kind: 'watch-paths' }>;

interface Process {
  readonly pid: Pid;
  readonly unit: UnitName;
  readonly script: Script;
  readonly path: string;
}

type Happening = { readonly atUsec: number; readonly order: number; readonly run: () => void; readonly valid: () => boolean };

export interface SimulationOptions {
  readonly scripts?: Readonly<Record<string, Script | ((run: number) => Script)>>;
  readonly config?: Partial<ManagerConfig>;
  /** Outcome of conditions by parameter; absent = they hold. */
  readonly conditions?: Readonly<Record<string, boolean>>;
  /** Addresses at which somebody else listens. */
  readonly takenAddresses?: readonly string[];
  /** The definition of an instance that a connection asks for. */
  readonly instances?: (name: UnitName) => UnitDefinition | undefined;
  /** The manager dies and comes back from its snapshot after every so many steps; absent = never. */
  readonly restoreEvery?: number;
}

const CONFIG: ManagerConfig = {
  mode: 'container', bootUnit: 'default.target' as UnitName, exitWith: null,
  defaultTimeoutStartUsec: 90_000_000 as ManagerConfig['defaultTimeoutStartUsec'],
  defaultTimeoutStopUsec: 90_000_000 as ManagerConfig['defaultTimeoutStopUsec'],
  defaultRestartUsec: 100_000 as ManagerConfig['defaultRestartUsec'],
};

/** More happenings than this in one call is an endless loop of the manager or of the scenario. */
const HAPPENINGS_MAX = 1_000_000;
/** More answers to one event than this, with the clock standing still, is a loop of the manager. */
const ANSWERS_MAX = 10_000;

export class SimulatedKernel {
  state: ManagerState;
  nowUsec = 1_000_000;
  /** What units did, in order: `start a.service`, `exit a.service`, `active a.service`, …. */
  readonly history: string[] = [];
  readonly logs: string[] = [];
  readonly replies = new Map<RequestId, Reply>();
  readonly processes = new Map<Pid, Process>();
  /** Hears of every effect, for tests that want to know more than `history` tells. */
  onEffect: (effect: Effect) => void = () => undefined;
  /** Files there are, and how often each was written. */
  readonly files = new Map<string, number>();
  /** Stamp files of timers: when each last elapsed. */
  readonly stamps = new Map<UnitName, RealtimeUsec>();
  readonly sockets: SimulatedSockets;
  finished: Extract<Effect, { readonly kind: 'finish' }> | null = null;
  bootFinished = false;
  steps = 0;

  readonly #options: SimulationOptions;
  readonly #queue: Happening[] = [];
  readonly #watched = new Set<UnitName>();
  readonly #watchedPaths = new Map<UnitName, WatchPaths>();
  readonly #runs = new Map<string, number>();
  #timerUsec: number | null = null;
  /** The wall clock when the monotonic one began. */
  #wallClockUsec = 1_700_000_000_000_000;
  #nextPid = 100;
  #nextOrder = 0;
  #nextRequest = 1;

  constructor(options: SimulationOptions = {}) {
    this.#options = options;
    this.sockets = new SimulatedSockets(options.takenAddresses ?? []);
    this.state = initialState({ ...CONFIG, ...options.config }, this.#clock());
  }

  boot(definitions: readonly UnitDefinition[], randomSeed = 1): void {
    this.feed({ event: 'boot', definitions, randomSeed, ...this.#clock() });
  }

  unit(name: string): Unit {
    const unit = getEntry(this.state.units, name as UnitName);
    assert(unit !== undefined, `${name} is loaded`);
    return unit;
  }

  request(request: Request): RequestId {
    const id = this.#nextRequest++ as RequestId;
    this.feed({ event: 'request', id, key: null, caller: { uid: 0, gid: 0, pid: 1 }, request, ...this.#clock() });
    return id;
  }

  enqueue(type: Extract<Request, { method: 'enqueue' }>['type'], ...units: string[]): RequestId {
    return this.request({ method: 'enqueue', type, units: units as UnitName[], mode: 'replace', wait: true, verb: type });
  }

  signal(signal: Extract<ManagerEvent, { event: 'signal' }>['signal']): void {
    this.feed({ event: 'signal', signal, ...this.#clock() });
  }

  notify(unit: string, pid: number, text: string): void {
    const fields = text.split('\n').map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)] as const);
    this.feed({ event: 'notify', unit: unit as UnitName, pid: pid as Pid, fields, fds: [], ...this.#clock() });
  }

  /** Sets the wall clock forward, or back. */
  stepClock(byUsec: number): void {
    this.#wallClockUsec += byUsec;
    this.feed({ event: 'clock-changed', seen: true, ...this.#clock() });
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
      this.feed(this.#observePaths(effect, index < 0 ? null : index));
    }
  }

  #observePaths({ unit, token, watches }: WatchPaths, changed: number | null): ManagerEvent {
    const has = (path: string): boolean => [...this.files.keys()].some((file) => file === path || file.startsWith(`${path}/`));
    const observations = watches.map(({ path }) => ({ holds: has(path), stamp: String(this.files.get(path) ?? '') }));
    return { event: 'paths-observed', unit, token, observations, changed, resumed: false, error: '', ...this.#clock() };
  }

  changeTimeZone(zone: TimeZone = UTC_ZONE): void {
    this.feed({ event: 'timezone-changed', zone, ...this.#clock() });
  }

  /** Somebody connects to the unit's socket, or writes to it. */
  arrive(unit: string, source = '10.0.0.1'): void {
    for (const event of this.sockets.arrive(unit as UnitName, source)) this.feed({ ...event, ...this.#clock() });
  }

  /** Ends a process as a signal would. */
  kill(pid: number, signal: number): void {
    const process = this.processes.get(pid as Pid);
    if (process !== undefined) this.#end(process, 'killed', signal);
  }

  /** Lets virtual time pass. */
  run(forUsec: number): void {
    const until = this.nowUsec + forUsec;
    for (let count = 0; count < HAPPENINGS_MAX; count++) {
      const next = this.#queue[0];
      const timer = this.#timerUsec;
      const nextAt = next === undefined ? Infinity : next.atUsec;
      const at = Math.min(nextAt, timer ?? Infinity);
      if (at > until) {
        this.nowUsec = until;
        return;
      }
      this.nowUsec = Math.max(this.nowUsec, at);
      if (timer !== null && timer <= nextAt) {
        this.#timerUsec = null;
        this.feed({ event: 'timer', ...this.#clock() });
      } else if (next !== undefined) {
        this.#queue.shift();
        if (next.valid()) next.run();
      }
    }
    assert(false, `the simulation settles within ${String(HAPPENINGS_MAX)} happenings`);
  }

  feed(event: ManagerEvent): void {
    const work: ManagerEvent[] = [event];
    for (const each of work) {
      assert(work.length <= ANSWERS_MAX, `one event leads to at most ${String(ANSWERS_MAX)} others without time passing`);
      const [next, effects] = step(this.state, each);
      this.state = next;
      this.steps += 1;
      checkInvariants(next);
      if (this.#options.restoreEvery !== undefined && this.steps % this.#options.restoreEvery === 0) this.#restore();
      for (const effect of effects) work.push(...this.#perform(effect));
    }
  }

  /** Death between two effects' answers and recovery from the snapshot: everything the manager knew, and nothing else. */
  #restore(): void {
    const text = serialise(this.state);
    const restored = deserialise(text, [...valuesOf(this.state.units)].map((unit) => unit.definition));
    assert(restored.ok, `a snapshot can be read: ${restored.ok ? '' : restored.error}`);
    assert(serialise(restored.state) === text, 'a state survives serialise and deserialise unchanged');
    this.state = restored.state;
  }

  #clock(): { readonly monotonicUsec: MonotonicUsec; readonly realtimeUsec: RealtimeUsec } {
    return { monotonicUsec: this.nowUsec as MonotonicUsec, realtimeUsec: (this.#wallClockUsec + this.nowUsec) as RealtimeUsec };
  }

  #perform(effect: Effect): ManagerEvent[] {
    const clock = this.#clock();
    this.onEffect(effect);
    switch (effect.kind) {
      case 'spawn': return [this.#spawn(effect)];
      case 'test-conditions': {
        const test = (each: (typeof effect.conditions)[number]) => ({
          kind: each.kind, parameter: each.parameter, trigger: each.trigger, negate: each.negate,
          holds: (this.#options.conditions?.[each.parameter] ?? true) !== each.negate, error: '',
        });
        return [{ event: 'conditions-tested', unit: effect.unit, token: effect.token, conditions: effect.conditions.map(test), assertions: effect.assertions.map(test), ...clock }];
      }
      case 'kill-process': {
        const process = this.processes.get(effect.pid);
        if (process !== undefined) this.#deliver(process, effect.signal);
        return [];
      }
      case 'kill-control-group':
        for (const process of [...this.processes.values()]) {
          if (process.unit === effect.unit && !effect.except.includes(process.pid)) this.#deliver(process, effect.signal);
        }
        return [];
      case 'watch-control-group':
        if (this.#isEmpty(effect.unit)) return [{ event: 'cgroup-empty', unit: effect.unit, ...clock }];
        this.#watched.add(effect.unit);
        return [];
      case 'release-control-group': this.#watched.delete(effect.unit); return [];
      case 'read-stamp': {
        const stamp = this.stamps.get(effect.unit) ?? null;
        if (stamp === null) this.stamps.set(effect.unit, clock.realtimeUsec);
        return [{ event: 'timer-stamp', unit: effect.unit, stampUsec: stamp, ...clock }];
      }
      case 'write-stamp': this.stamps.set(effect.unit, effect.realtimeUsec); return [];
      case 'collect': return [{ event: 'collect', unit: effect.unit, ...clock }];
      case 'watch-paths':
        this.#watchedPaths.set(effect.unit, effect);
        return [this.#observePaths(effect, null)];
      case 'unwatch-paths': this.#watchedPaths.delete(effect.unit); return [];
      case 'open-sockets': return [{ ...this.sockets.listen(effect), ...clock }];
      case 'close-sockets': this.sockets.close(effect.unit, effect.fds); return [];
      case 'close-fds': this.sockets.close(null, effect.names); return [];
      case 'watch-sockets': return this.sockets.watch(effect).map((event) => ({ ...event, ...clock }));
      case 'unwatch-sockets': this.sockets.unwatch(effect.unit); return [];
      case 'load-instance': {
        const definition = this.#options.instances?.(effect.instance);
        const loaded: ManagerEvent = { event: 'instance-loaded', unit: effect.unit, instance: effect.instance, ...clock };
        return definition === undefined ? [loaded] : [{ event: 'definitions', reload: false, definitions: [definition], ...clock }, loaded];
      }
      case 'arm-timer': this.#timerUsec = effect.dueUsec; return [];
      case 'reply': this.replies.set(effect.request, effect.result); return [];
      case 'log': this.logs.push(effect.message); return [];
      case 'publish':
        if (effect.change.change === 'unit') this.history.push(`${effect.change.subState} ${effect.change.unit}`);
        return [];
      case 'boot-finished': this.bootFinished = true; return [];
      case 'final-kill':
        this.processes.clear();
        return [{ event: 'final-kill-done', remaining: 0, ...clock }];
      case 'finish': this.finished = effect; return [];
      case 'guess-main-pid': {
        const own = [...this.processes.values()].filter((process) => process.unit === effect.unit);
        return [{ event: 'main-pid-guess', unit: effect.unit, pid: own.length === 1 ? (own[0] as Process).pid : null, ...clock }];
      }
      case 'read-pid-file': {
        const own = [...this.processes.values()].find((process) => process.unit === effect.unit);
        return [{ event: 'pid-file', unit: effect.unit, pid: own?.pid ?? null, error: own === undefined ? 'no such file' : '', ...clock }];
      }
      default: return [];
    }
  }

  #spawn(effect: SpawnEffect): ManagerEvent {
    const { path } = effect.command;
    const run = (this.#runs.get(path) ?? 0) + 1;
    this.#runs.set(path, run);
    const entry = this.#options.scripts?.[path] ?? {};
    const script = typeof entry === 'function' ? entry(run) : entry;
    if (script.spawnFails !== undefined) {
      return { event: 'spawn-failed', unit: effect.unit, token: effect.token, ...script.spawnFails, subject: path, ...this.#clock() };
    }
    for (const { key } of effect.fds) assert(this.sockets.open.has(key), `${key}, which ${effect.unit} is given, is open`);
    if (script.leavesSockets !== true) this.sockets.take(effect.fds.map(({ key }) => key));
    const pid = this.#launch(effect.unit, script, path);
    this.history.push(`spawn ${effect.role} ${effect.unit}`);
    return { event: 'spawned', unit: effect.unit, token: effect.token, pid, execDone: true, ...this.#clock() };
  }

  #launch(unit: UnitName, script: Script, path: string): Pid {
    const process: Process = { pid: this.#nextPid++ as Pid, unit, script, path };
    this.processes.set(process.pid, process);
    const alive = (): boolean => this.processes.has(process.pid);
    if (script.readyAfterUsec !== undefined) this.#at(script.readyAfterUsec, () => { this.notify(unit, process.pid, 'READY=1'); }, alive);
    if (script.pingsEveryUsec !== undefined) this.#pingLater(process, script.pingsEveryUsec);
    if (script.exitAfterUsec !== undefined) {
      this.#at(script.exitAfterUsec, () => {
        if (script.forks !== undefined) this.#launch(unit, script.forks, `${path}+`);
        this.#end(process, 'exited', script.exitStatus ?? 0);
      }, alive);
    }
    return process.pid;
  }

  #pingLater(process: Process, everyUsec: number): void {
    this.#at(everyUsec, () => {
      this.notify(process.unit, process.pid, 'WATCHDOG=1');
      this.#pingLater(process, everyUsec);
    }, () => this.processes.has(process.pid));
  }

  #deliver(process: Process, signal: number): void {
    const SIGKILL = 9, SIGTERM = 15, SIGCONT = 18;
    // No simulated process is ever stopped, so there is nothing to go on with.
    if (signal === SIGCONT) return;
    if (signal === SIGKILL) this.#at(0, () => { this.#end(process, 'killed', signal); }, () => this.processes.has(process.pid));
    else if (signal === SIGTERM && process.script.ignoresTerm === true) return;
    else this.#at(process.script.termTakesUsec ?? 0, () => { this.#end(process, 'killed', signal); }, () => this.processes.has(process.pid));
  }

  #end(process: Process, code: 'exited' | 'killed', status: number): void {
    this.processes.delete(process.pid);
    this.feed({ event: 'exited', pid: process.pid, code, status, unitHint: process.unit, ...this.#clock() });
    if (this.#watched.has(process.unit) && this.#isEmpty(process.unit)) {
      this.#watched.delete(process.unit);
      this.feed({ event: 'cgroup-empty', unit: process.unit, ...this.#clock() });
    }
  }

  #isEmpty(unit: UnitName): boolean {
    for (const process of this.processes.values()) if (process.unit === unit) return false;
    return true;
  }

  #at(afterUsec: number, run: () => void, valid: () => boolean): void {
    const happening: Happening = { atUsec: this.nowUsec + afterUsec, order: this.#nextOrder++, run, valid };
    let index = this.#queue.length;
    while (index > 0 && (this.#queue[index - 1] as Happening).atUsec > happening.atUsec) index--;
    this.#queue.splice(index, 0, happening);
  }
}
