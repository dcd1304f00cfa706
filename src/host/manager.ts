/**
 * Puts the shell together: poll set, engine, and every part that turns the kernel into events or effects into kernel operations.
 * What differs between a machine, a container, a user session and one command comes in as options.
 */
import { closeSync, openSync, readSync } from 'node:fs';
import { assert } from '../base/assert.ts';
import { getEntry } from '../base/persistent-map.ts';
import type { Fd, Pid, Signal, UnitName } from '../base/brand.ts';
import type { Effect } from '../core/manager/effect.ts';
import type { ManagerConfig } from '../core/manager/state.ts';
import { initialState, step } from '../core/manager/step.ts';
import type { CgroupContext, DirectoryKind, UnitDefinition } from '../core/unit/definition.ts';
import { readClock } from './clock.ts';
import { realConditionHost } from './conditions/condition-host.ts';
import { HostPerformer } from './effect-performer.ts';
import type { EngineFacts, LoadOutcome, ManagerLog } from './engine.ts';
import { FdTable } from './fd-table.ts';
import { LogdProcess } from './logging/logd-process.ts';
import type { LogStreams } from './logging/log-streams.ts';
import { ManagerEngine, describeError } from './manager-engine.ts';
import type { NativeBinding, ProcessExit, SignalRecord } from './native.ts';
import { NotifySocket } from './notify-socket.ts';
import type { PollSet } from './poll-set.ts';
import { ControlGroups } from './processes/control-groups.ts';
import type { ProcessTracker } from './processes/process-tracker.ts';
import { ProcessTree } from './processes/process-tree.ts';
import { executorPath, scriptCommand } from './program-paths.ts';
import { Reaper } from './reaper.ts';
import { FinalKill } from './shutdown/final-kill.ts';
import { managerSignal, watchSignals } from './signal-source.ts';
import { ExecutorLauncher } from './spawn/executor-launcher.ts';
import { Spawner } from './spawn/spawner.ts';
import { UserDatabase } from './spawn/user-database.ts';

/** Reads unit files. Both calls return definitions the core has not seen, or shall forget the old ones of. */
export interface UnitSource {
  /** Definitions of the units and of all they pull in, without those that `find` has; `names` are their canonical names. */
  load(names: readonly UnitName[], find: (name: UnitName) => UnitDefinition | undefined): { readonly definitions: readonly UnitDefinition[]; readonly names: readonly UnitName[] };
  /** Reads everything again: definitions of these units and of all they pull in now. */
  reload(names: readonly UnitName[]): readonly UnitDefinition[];
}

export interface ManagerOptions {
  readonly native: NativeBinding;
  readonly poll: PollSet;
  readonly log: ManagerLog;
  readonly config: ManagerConfig;
  readonly facts: EngineFacts;
  readonly units: UnitSource;
  /** The manager's own block of variables for services. */
  readonly environment: readonly string[];
  readonly directoryRoots: Readonly<Record<DirectoryKind, string>>;
  readonly defaultDirectory: string;
  /** `DIRECTORY/notify`, or an abstract name. */
  readonly notifyPath: string;
  readonly logd: { readonly arguments: readonly string[]; readonly echo: boolean; readonly bootId: string };
  readonly streams: LogStreams;
  readonly defaultTasksMax: CgroupContext['tasksMax'];
  readonly foregroundUnit: UnitName | null;
  /** Fds under names that definitions may refer to (StandardInput=fd:NAME). */
  readonly fds: readonly (readonly [string, Fd])[];
  /** Sees signals before the core does; true when it has dealt with one. */
  readonly interceptSignal: (record: SignalRecord) => boolean;
  readonly onBootFinished: (failed: readonly UnitName[]) => void;
  /** The end: logd has stored everything, nothing runs any more. */
  readonly onFinish: (effect: Extract<Effect, { readonly kind: 'finish' }>) => void;
}

/** logd may take this long for the last lines; then the end is not held up any further. */
const LOGD_END_MSEC = 2000;

/** What a machine boots into when it cannot boot into what was asked for; the core tries them in this order. */
const FALLBACK_UNITS = ['rescue.target', 'emergency.target'] as readonly string[] as readonly UnitName[];

export class Manager {
  readonly engine: ManagerEngine;
  readonly #options: ManagerOptions;
  readonly #children = new Map<Pid, UnitName>();
  /** Processes of the manager's own. */
  readonly #own = new Map<Pid, () => void>();
  readonly #tracker: ProcessTracker;
  readonly #logd: LogdProcess;
  readonly #notify: NotifySocket | null;
  readonly #reaper: Reaper;
  readonly #executor: ExecutorLauncher;
  readonly #performer: HostPerformer;
  readonly #finalKill: FinalKill;

  constructor(options: ManagerOptions) {
    this.#options = options;
    const { native, poll, log, facts } = options;
    const start = readClock(native);
    const state = { ...initialState(options.config, start), environment: options.environment };
    this.engine = new ManagerEngine({ native, poll, log, facts, step, state });
    const submit = this.engine.submit.bind(this.engine);
    const onEmpty = (unit: UnitName): void => { submit({ event: 'cgroup-empty', unit }); };
    this.#tracker = facts.cgroupRoot === null
      ? new ProcessTree(native, onEmpty)
      : new ControlGroups({ native, poll, root: facts.cgroupRoot, onEmpty, contextOf: (unit) => this.#cgroupContextOf(unit), defaultTasksMax: options.defaultTasksMax });
    const fds = new FdTable(native);
    for (const [name, fd] of options.fds) fds.add(name, fd);
    const nullFd = openNull(native);
    this.#logd = new LogdProcess({
      native, poll, log, streams: options.streams, nullFd,
      command: scriptCommand('logd'),
      arguments: options.logd.arguments,
      bootId: options.logd.bootId,
      stderr: 2 as Fd,
      echo: options.logd.echo ? (1 as Fd) : null,
      onSpawned: (pid, onExit) => { this.#own.set(pid, onExit); },
    });
    options.streams.attach(this.#logd);
    const unitOf = (pid: Pid): UnitName | null => this.#knownUnitOf(pid) ?? this.#tracker.unitOf(pid);
    this.#notify = NotifySocket.open({
      native, poll, log, fds, path: options.notifyPath, unitOf,
      onNotify: (unit, pid, fields, names) => { submit({ event: 'notify', unit, pid, fields, fds: names }); },
    });
    const users = new UserDatabase(native);
    this.#executor = new ExecutorLauncher({
      native, poll, path: executorPath(), directoryRoots: options.directoryRoots, defaultDirectory: options.defaultDirectory, runtimeDirectory: facts.runtimeDirectory, submit,
      onNotes: (unit, items) => { spawner.addNotEffective(unit, items); },
    });
    const spawner = new Spawner({
      native, log, tracker: this.#tracker, streams: options.streams, fds, users, executor: this.#executor, nullFd,
      notifySocket: this.#notify?.path ?? null, directoryRoots: options.directoryRoots, defaultDirectory: options.defaultDirectory,
      foregroundUnit: options.foregroundUnit, submit,
      onSpawned: (pid, unit) => { this.#children.set(pid, unit); },
    });
    this.#finalKill = new FinalKill({
      native, log, isPid1: process.pid === 1,
      spare: () => (this.#logd.pid === null ? [] : [this.#logd.pid]),
      onDone: (remaining) => { submit({ event: 'final-kill-done', remaining }); },
    });
    this.#performer = new HostPerformer({
      engine: this.engine, tracker: this.#tracker, spawner, streams: options.streams, logd: this.#logd, fds,
      conditionHost: realConditionHost({ native, userId: (name) => users.user(name)?.uid ?? null, groupId: (name) => users.group(name), cgroupRoot: facts.cgroupRoot }),
      directoryRoots: options.directoryRoots,
      privateTmpOf: (unit) => this.#executor.privateTmpOf(unit),
      finalKill: this.#finalKill,
      unitOf,
      adopt: (pid, unit) => {
        this.#children.set(pid, unit);
        this.#tracker.addProcess(unit, pid, '');
      },
      isAlive: (pid) => this.#children.has(pid),
      onBootFinished: options.onBootFinished,
      onFinish: (effect) => { this.#finish(effect); },
    });
    this.#reaper = new Reaper({
      native,
      unitOf: (pid) => this.#knownUnitOf(pid) ?? this.#tracker.unitOfReaped(pid),
      beforeReport: () => { this.#notify?.receive(); },
      onOwn: (exit) => this.#onOwnExit(exit),
      onExit: (exit, unit) => { this.#onExit(exit, unit); },
      onDrained: (units) => {
        this.#tracker.recheck(units);
        this.#finalKill.recheck();
      },
    });
    this.engine.attach({
      performer: this.#performer,
      loadUnits: (names) => this.#loadUnits(names),
      reloadDefinitions: () => { this.#reloadDefinitions(); },
      processesOf: (unit) => this.#tracker.processesOf(unit),
      controlGroupOf: (unit) => this.#tracker.groupOf(unit),
    });
  }

  /** Zombies of nobody that were reaped so far. */
  get orphansReaped(): number {
    return this.#reaper.orphans;
  }

  /** Blocks signals, boots the unit of the configuration and starts the loop. */
  start(): void {
    const { native, poll } = this.#options;
    watchSignals(native, poll, (record) => { this.#onSignal(record); }, () => { this.#reapSoon(); });
    process.on('uncaughtException', (error) => {
      // The state is replaced whole or not at all, so going on is sound; the engine guards what it calls, this is the last net.
      this.engine.log.write('crit', '', `uncaught: ${describeError(error)}`);
    });
    process.on('unhandledRejection', (error) => {
      this.engine.log.write('crit', '', `unhandled: ${describeError(error)}`);
    });
    this.engine.submit({ event: 'boot', definitions: this.#loadBootUnit(), randomSeed: readRandom() });
    this.engine.start();
    // Children that were there before the signals were blocked (a shell that executed us) may have ended unseen.
    this.#reap();
  }

  /**
   * The boot unit and all it needs. When a machine has none that can be loaded, the units it falls back on come with it: nobody
   * else could do anything for it, while a container or a session has somebody who reads the message.
   */
  #loadBootUnit(): readonly UnitDefinition[] {
    const { units, config } = this.#options;
    const load = (names: readonly UnitName[]) => units.load(names, () => undefined);
    const { definitions, names } = load([config.bootUnit]);
    const isLoaded = definitions.find(({ name }) => name === names[0])?.loadState === 'loaded';
    return isLoaded || config.mode !== 'system' ? definitions : load([config.bootUnit, ...FALLBACK_UNITS]).definitions;
  }

  /** Sends a signal to a unit's main process; for `heartwood -- CMD`. */
  forwardSignal(unit: UnitName, signal: Signal): void {
    const runtime = getEntry(this.engine.state().units, unit)?.runtime;
    if (runtime?.kind === 'service' && runtime.mainPid !== null) this.#options.native.kill(runtime.mainPid, signal);
  }

  #knownUnitOf(pid: Pid): UnitName | null {
    return this.#children.get(pid) ?? getEntry(this.engine.state().pids, pid) ?? null;
  }

  #cgroupContextOf(unit: UnitName): Extract<UnitDefinition, { readonly kind: 'slice' }>['cgroup'] | null {
    const definition = getEntry(this.engine.state().units, unit)?.definition;
    return definition?.kind === 'slice' ? definition.cgroup : null;
  }

  #loadUnits(names: readonly UnitName[]): LoadOutcome {
    const state = this.engine.state();
    const result = this.#options.units.load(names, (name) => getEntry(state.units, getEntry(state.aliases, name) ?? name)?.definition);
    if (result.definitions.length > 0) this.engine.submit({ event: 'definitions', reload: false, definitions: result.definitions });
    return { names: result.names };
  }

  #reloadDefinitions(): void {
    const names = [...this.engine.state().units.shards].flatMap((shard) => (shard === undefined ? [] : [...shard.keys()]));
    this.engine.submit({ event: 'definitions', reload: true, definitions: this.#options.units.reload(names) });
  }

  #onSignal(record: SignalRecord): void {
    if (this.#options.interceptSignal(record)) return;
    const signal = managerSignal(record.signal);
    if (signal === null) return;
    this.engine.log.write('info', '', `received ${signal}`, { pid: record.pid, uid: record.uid });
    this.engine.submit({ event: 'signal', signal });
  }

  #reapSoon(): void {
    this.#options.poll.defer('exit', () => { this.#reap(); });
  }

  #reap(): void {
    // The bound was hit: other sources first, then the rest.
    if (this.#reaper.drain()) setImmediate(() => { this.#reap(); });
  }

  #onOwnExit(exit: ProcessExit): boolean {
    const callback = this.#own.get(exit.pid);
    if (callback === undefined) return false;
    this.#own.delete(exit.pid);
    callback();
    return true;
  }

  #onExit(exit: ProcessExit, unit: UnitName): void {
    this.#executor.settle(exit.pid);
    this.#performer.forgetAdopted(exit.pid);
    this.#children.delete(exit.pid);
    this.#tracker.removeProcess(exit.pid);
    this.engine.submit({ event: 'exited', pid: exit.pid, code: exit.code, status: exit.status, unitHint: unit });
  }

  #finish(effect: Extract<Effect, { readonly kind: 'finish' }>): void {
    this.#options.streams.releaseAll();
    let over = false;
    const end = (): void => {
      if (over) return;
      over = true;
      this.#tracker.close();
      this.#options.onFinish(effect);
    };
    setTimeout(end, LOGD_END_MSEC);
    // Never within this turn: the last stops of a shutdown are published, and shown on the console, when the turn is over.
    this.#logd.end(() => setImmediate(end));
  }
}

/** /dev/null; without one an unread pipe's end is the next best nothing. */
function openNull(native: NativeBinding): Fd {
  const O_RDWR = 2;
  const fd = native.open('/dev/null', O_RDWR, 0);
  if (typeof fd !== 'string') return fd;
  const memory = native.memfd('null');
  assert(typeof memory !== 'string', `there is something to be standard input: ${memory}`);
  return memory;
}

/** 48 random bits: as many as a number holds exactly with room to spare. */
function readRandom(): number {
  const bytes = Buffer.alloc(6);
  try {
    const fd = openSync('/dev/urandom', 'r');
    readSync(fd, bytes, 0, bytes.length, null);
    closeSync(fd);
    return bytes.readUIntBE(0, bytes.length);
  } catch {
    // No /dev: the clock and the pid must do. Ids need to differ, not to be secret.
    return Math.floor(performance.timeOrigin * 1000) % 2 ** 40 + process.pid;
  }
}
