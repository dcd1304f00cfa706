/**
 * Puts the shell together: poll set, engine, and every part that turns the kernel into events or effects into kernel operations.
 * What differs between a machine, a container, a user session and one command comes in as options.
 */
import { constants } from 'node:fs';
import { assert } from '../base/assert.ts';
import { getEntry, valuesOf } from '../base/persistent-map.ts';
import type { Errno, Fd, Pid, Signal, UnitName } from '../base/brand.ts';
import { neighbours } from '../core/graph/graph.ts';
import type { Effect } from '../core/manager/effect.ts';
import type { ManagerConfig } from '../core/manager/state.ts';
import { isPolledStoredFd, storingUnit } from '../core/machine/service/fd-store.ts';
import { outlivesSoftReboot, type Remembered } from '../core/manager/soft-reboot.ts';
import { openLineQuestions } from '../core/manager/line-questions.ts';
import { initialState, openTurn } from '../core/manager/step.ts';
import { mainPidOf } from '../core/manager/unit-processes.ts';
import type { UnitDefinition } from '../core/unit/definition.ts';
import type { CgroupContext, DirectoryKind } from '../core/unit/exec-context.ts';
import type { SenderQuestion, SenderUnit } from '../logd/protocol.ts';
import { Automounts } from './storage/automounts.ts';
import type { CheckpointMemory } from './checkpoint/checkpoint-memory.ts';
import { CheckpointJournal } from './checkpoint/journal.ts';
import type { KeptFds } from './checkpoint/kept-fds.ts';
import type { Recovered } from './checkpoint/recovery.ts';
import { stateQuestion } from './checkpoint/state-question.ts';
import { watchClock } from './watching/clock-watch.ts';
import { newestExit, Resumption } from './checkpoint/resumption.ts';
import { readClock } from './clock.ts';
import { CrashRecorder } from './crash-recorder.ts';
import { realConditionHost } from './conditions/condition-host.ts';
import { Drills } from './faults/drills.ts';
import { HostPerformer } from './effect-performer.ts';
import type { EngineFacts, ManagerLog } from './engine.ts';
import { FdTable } from './fd-table.ts';
import { LogdProcess } from './logging/logd-process.ts';
import type { LogStreams } from './logging/log-streams.ts';
import { generatorFacts } from './generators/generator-facts.ts';
import { GeneratorRun, type GeneratorOptions } from './generators/generator-run.ts';
import { ManagerEngine, describeError } from './manager-engine.ts';
import { MountTable } from './storage/mount-table.ts';
import type { NativeBinding, ProcessExit, SignalRecord } from './native.ts';
import { verifyNextBuild } from './checkpoint/next-build.ts';
import { NotifySocket } from './notify-socket.ts';
import { PathWatches } from './watching/path-watches.ts';
import type { PollSet } from './poll-set.ts';
import { timerStampsIn } from './timer-stamps.ts';
import { ControlGroups } from './processes/control-groups.ts';
import { FormerServices } from './processes/former-services.ts';
import { KnownProcesses } from './processes/known-processes.ts';
import type { ProcessTracker } from './processes/process-tracker.ts';
import { ProcessTree } from './processes/process-tree.ts';
import { executorPath, logdCommand } from './program-paths.ts';
import { ProbeRunner } from './probe-runner.ts';
import { Reaper } from './processes/reaper.ts';
import { FinalKill } from './shutdown/final-kill.ts';
import { managerSignal, watchSignals } from './signal-source.ts';
import { ListeningSockets } from './sockets/listening-sockets.ts';
import { ExecutorLauncher } from './spawn/executor-launcher.ts';
import { ServiceMounts } from './spawn/service-mounts.ts';
import { Spawner } from './spawn/spawner.ts';
import { watchUevents } from './storage/uevents.ts';
import { numbersOfUser } from './spawn/credentials.ts';
import { UserDatabase } from './spawn/user-database.ts';
import { SwapTable } from './storage/swap-table.ts';
import { UnitReader } from './unit-reader.ts';
import { hasFiles, type UnitSource } from './unit-source.ts';

export interface ManagerOptions {
  readonly native: NativeBinding;
  readonly poll: PollSet;
  readonly log: ManagerLog;
  /** Gives the log another level and target; null = as it was started. */
  readonly adjustLog: (level: string | null, target: string | null) => void;
  readonly config: ManagerConfig;
  readonly facts: EngineFacts;
  readonly units: UnitSource;
  /** Which fds live through an execve. */
  readonly kept: KeptFds;
  /** Where the state is written down; null when there is no checkpoint. */
  readonly checkpoint: CheckpointMemory | null;
  /** Where a former engine of this life ended; null in the first. */
  readonly recovered: Recovered | null;
  /** What the life before has left, which ended in a soft-reboot; null = there was none. */
  readonly legacy: Remembered | null;
  /** The manager's own block of variables for services. */
  readonly environment: readonly string[];
  readonly directoryRoots: Readonly<Record<DirectoryKind, string>>;
  readonly defaultDirectory: string;
  /** `DIRECTORY/notify`, or an abstract name. */
  readonly notifyPath: string;
  readonly logd: { readonly arguments: readonly string[]; readonly echo: boolean; readonly bootId: string; readonly syslog: Fd | null };
  readonly streams: LogStreams;
  /** Programs that write units; null where there are no unit files. */
  readonly generators: Pick<GeneratorOptions, 'scope' | 'directories' | 'outputDirectory' | 'isContainer' | 'environment'> | null;
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

/** capabilities(7). */
const CAP_SYS_ADMIN = 21;

/** logd may take this long for the last lines; then the end is not held up any further. */
const LOGD_END_MSEC = 2000;

export class Manager {
  readonly engine: ManagerEngine;
  readonly #options: ManagerOptions;
  readonly #known: KnownProcesses;
  readonly #tracker: ProcessTracker;
  readonly #logd: LogdProcess;
  readonly #crashes: CrashRecorder | null;
  readonly #drills: Drills;
  readonly #notify: NotifySocket | null;
  readonly #reaper: Reaper;
  readonly #executor: ExecutorLauncher;
  readonly #performer: HostPerformer;
  readonly #finalKill: FinalKill;
  readonly #paths: PathWatches;
  readonly #mounts: MountTable | null;
  readonly #swaps: SwapTable | null;
  readonly #journal: CheckpointJournal | null;
  readonly #reader: UnitReader;
  readonly #resumption: Resumption;
  #isFinishing = false;
  #endClockWatch: () => void = () => undefined;

  constructor(options: ManagerOptions) {
    this.#options = options;
    const { native, poll, log, facts } = options;
    const { kept, checkpoint, recovered } = options;
    const state = recovered?.state ?? { ...initialState(options.config, readClock(native)), environment: options.environment };
    this.#journal = checkpoint === null ? null : new CheckpointJournal({
      memory: checkpoint, log, facts: { bootId: options.logd.bootId, cgroupRoot: facts.cgroupRoot }, at: recovered?.at ?? { queued: 0, stepped: 0 },
    });
    this.engine = new ManagerEngine({ native, poll, log, facts, openTurn, state, journal: this.#journal });
    const submit = this.engine.submit.bind(this.engine);
    const onEmpty = (unit: UnitName): void => { submit({ event: 'cgroup-empty', unit }); };
    this.#tracker = facts.cgroupRoot === null
      ? new ProcessTree({ native, onEmpty, defaultTasksMax: options.defaultTasksMax })
      : new ControlGroups({
          native, poll, root: facts.cgroupRoot, onEmpty,
          onOomKill: (unit) => { submit({ event: 'oom-kill', unit }); },
          onNotEffective: (unit, items) => { spawner.addNotEffective(unit, items); },
          contextOf: (unit) => this.#cgroupContextOf(unit),
          defaultTasksMax: options.defaultTasksMax,
        });
    const known = this.#known = new KnownProcesses({ native, recorded: (pid) => getEntry(this.engine.state().pids, pid) ?? null });
    if (state.settings.logLevel !== null || state.settings.logTarget !== null) options.adjustLog(state.settings.logLevel, state.settings.logTarget);
    const fds = new FdTable({
      native, kept, poll, isWatched: isPolledStoredFd,
      onHangUp: (key) => { submit({ event: 'stored-fd-hung-up', unit: storingUnit(key), key }); },
    });
    for (const [name, fd] of options.fds) fds.add(name, fd);
    const nullFd = openNull(native);
    this.#logd = new LogdProcess({
      native, kept, poll, log, streams: options.streams, nullFd,
      command: logdCommand(),
      arguments: options.logd.arguments,
      bootId: options.logd.bootId,
      stderr: 2 as Fd,
      echo: options.logd.echo ? (1 as Fd) : null,
      syslog: options.logd.syslog,
      whose: (process) => this.#senderUnit(process),
      questions: () => openLineQuestions(this.engine.state()),
      onSeen: (unit, token, line) => { submit({ event: 'probe-answer', unit, token, holds: true, detail: line }); },
      onSpawned: (pid, onExit) => { known.addOwn(pid, onExit); },
    });
    options.streams.attach(this.#logd);
    this.#crashes = options.foregroundUnit !== null ? null : new CrashRecorder({
      native, version: facts.version, bootId: options.logd.bootId,
      groupOf: (unit) => this.#tracker.groupOf(unit),
      send: (report) => { this.#logd.report(report); },
    });
    const unitOf = (pid: Pid): UnitName | null => this.#known.unitOf(pid) ?? this.#tracker.unitOf(pid);
    this.#notify = NotifySocket.open({
      native, kept, poll, log, fds, path: options.notifyPath, unitOf, formerlyQueued: recovered?.at.queued ?? null,
      onNotify: (unit, pid, fields, names) => {
        // The core knows the processes it started; of all others the kernel says where they belong.
        const known = fields.filter(([key, value]) => key !== 'MAINPID' || unitOf(Number(value) as Pid) !== null);
        submit({ event: 'notify', unit, pid, fields: known, fds: names });
      },
    });
    this.#drills = new Drills({
      signal: (pid, signal) => native.kill(pid, signal),
      mainPidOf: (name) => {
        const unit = getEntry(this.engine.state().units, name);
        return unit === undefined ? null : mainPidOf(unit);
      },
      processesOf: (unit) => this.#tracker.processesOf(unit),
      logdPid: () => this.#logd.pid,
      limitMemory: (unit, isTight) => this.#tracker.limitMemory(unit, isTight),
    });
    const users = new UserDatabase(native);
    this.#executor = new ExecutorLauncher({
      native, kept, poll, path: executorPath(), directoryRoots: options.directoryRoots, defaultDirectory: options.defaultDirectory, ownKeyrings: facts.mode !== 'user', runtimeDirectory: facts.runtimeDirectory, submit,
      joinedWith: (unit) => (['JoinsNamespaceOf', 'NamespaceJoinedBy'] as const).flatMap((kind) => neighbours(this.engine.state().graph, unit, kind)),
      onNotes: (unit, items) => { spawner.addNotEffective(unit, items); },
    });
    const spawner = new Spawner({
      native, log, tracker: this.#tracker, streams: options.streams, fds, users, executor: this.#executor, nullFd,
      notifySocket: this.#notify?.path ?? null, directoryRoots: options.directoryRoots, defaultDirectory: options.defaultDirectory, ownKeyrings: facts.mode !== 'user',
      foregroundUnit: options.foregroundUnit, submit,
      failsSpawn: (unit) => this.#drills.failsSpawn(unit),
      onSpawned: (pid, unit) => {
        known.add(pid, unit);
        this.#drills.onSpawned(pid, unit);
      },
    });
    const sockets = new ListeningSockets({ native, poll, log, fds, users, submit });
    this.#finalKill = new FinalKill({
      native, log, isPid1: process.pid === 1,
      spare: () => [...(this.#logd.pid === null ? [] : [this.#logd.pid]), ...this.#outliving().flatMap((unit) => this.#tracker.processesOf(unit))],
      onDone: (remaining) => { submit({ event: 'final-kill-done', remaining }); },
    });
    this.#paths = new PathWatches({ native, poll, log, submit });
    const automounts = new Automounts({ native, poll, log, fds, submit });
    this.#mounts = this.#watchesMounts();
    this.#swaps = this.#watchesSwaps();
    const conditionHost = realConditionHost({ native, userId: (name) => users.user(name)?.uid ?? null, groupId: (name) => users.group(name), cgroupRoot: facts.cgroupRoot });
    const generators = options.generators === null ? null : new GeneratorRun({
      native, poll, log, ...options.generators,
      unitPath: facts.unitPath,
      mayMount: conditionHost.capabilities.includes(CAP_SYS_ADMIN),
      facts: generatorFacts(conditionHost, options.generators.scope),
      stdin: nullFd, stderr: 2 as Fd,
      onSpawned: (pid, onExit) => { known.addOwn(pid, onExit); },
    });
    this.#performer = new HostPerformer({
      engine: this.engine, tracker: this.#tracker, spawner, streams: options.streams, crashes: this.#crashes, logd: this.#logd, fds, sockets,
      conditionHost,
      directoryRoots: options.directoryRoots,
      adjustLog: options.adjustLog,
      probes: new ProbeRunner({ native, poll, submit, logd: this.#logd }),
      paths: this.#paths,
      automounts,
      stamps: timerStampsIn(options.directoryRoots.state, log),
      finalKill: this.#finalKill,
      unitOf,
      adopt: (pid, unit) => {
        known.expect(pid, unit);
        this.#tracker.addProcess(unit, pid, '');
      },
      isAlive: (pid) => known.has(pid),
      onBootFinished: options.onBootFinished,
      onFinish: (effect) => { this.#finish(effect); },
    });
    this.#reaper = new Reaper({
      native,
      unitOf: (pid) => this.#known.unitOf(pid) ?? this.#tracker.unitOfReaped(pid),
      beforeReport: () => { this.#notify?.receive(); },
      onOwn: (exit) => known.endOwn(exit),
      onExit: (exit, unit) => { this.#onExit(exit, unit); },
      onDrained: (units) => {
        this.#tracker.recheck(units);
        this.#finalKill.recheck();
      },
    });
    const former = new FormerServices({
      native, log, tracker: this.#tracker, remembered: options.legacy?.services ?? [],
      // One command is run in whatever group it was called from.
      cgroupRoot: options.foregroundUnit === null ? facts.cgroupRoot : null,
    });
    this.#reader = new UnitReader({
      engine: this.engine, units: options.units, bootUnit: options.config.bootUnit, generators, mounts: this.#mounts, swaps: this.#swaps, former,
      tracker: this.#tracker, stores: options.legacy?.stores ?? [],
    });
    this.#resumption = new Resumption({
      native, engine: this.engine, performer: this.#performer, tracker: this.#tracker, known, former, executor: this.#executor, units: options.units,
      fds, sockets, paths: this.#paths, automounts, mounts: this.#mounts, swaps: this.#swaps, finalKill: this.#finalKill,
      onExit: (exit, unit) => { this.#onExit(exit, unit); },
      finish: (effect) => { this.#finish(effect); },
    });
    this.engine.attach({
      performer: this.#performer,
      fds,
      loadUnits: (names) => this.#reader.load(names),
      changedOnDisk: (unit) => hasFiles(unit) && this.#options.units.changedOnDisk(unit),
      reloadDefinitions: (submitted) => { this.#reader.reload(submitted); },
      processesOf: (unit) => this.#tracker.processesOf(unit),
      environmentOf: (name) => {
        const unit = getEntry(this.engine.state().units, name);
        return unit?.definition.kind === 'service' ? spawner.environmentOf(unit.definition, this.engine.state().environment, unit.invocationId) : null;
      },
      userOf: (name) => {
        const definition = getEntry(this.engine.state().units, name)?.definition;
        return definition !== undefined && 'exec' in definition ? numbersOfUser(users, definition.exec) : { uid: null, gid: null };
      },
      controlGroupOf: (unit) => this.#tracker.groupOf(unit),
      takeOverBirth: (effect, pid) => this.#resumption.takeOverBirth(effect, pid),
      noteAskedDeath: () => { options.checkpoint?.noteAskedDeath(); },
      armFault: (fault) => {
        options.checkpoint?.armFault(fault);
        return options.checkpoint !== null;
      },
      serviceMounts: new ServiceMounts({ native, path: executorPath(), nullFd, onSpawned: (pid, onExit) => { known.addOwn(pid, onExit); } }),
      drills: this.#drills,
      verifyNextBuild: (done) => {
        verifyNextBuild({
          native, mode: facts.mode, question: stateQuestion(this.engine.state()),
          onSpawned: (pid, onExit) => { known.addOwn(pid, onExit); },
        }, done);
      },
      reexec: () => this.#reexec(),
    });
  }

  /**
   * Blocks signals, boots the unit of the configuration and starts the loop.
   *
   * @param whenLoading called when clients may come: generators have been run and units are about to be loaded
   */
  start(whenLoading: () => void): void {
    const { native, poll } = this.#options;
    native.reapStrangersQuietly(!this.#tracker.endOfStrangersMatters);
    const signals = watchSignals(native, poll, (record) => { this.#onSignal(record); }, () => { this.#reapSoon(); });
    process.on('uncaughtException', (error) => {
      this.#onUncaught(`uncaught: ${describeError(error)}`);
    });
    process.on('unhandledRejection', (error) => {
      this.#onUncaught(`unhandled: ${describeError(error)}`);
    });
    const { checkpoint, recovered } = this.#options;
    if (recovered === null) {
      // The first snapshot comes before the first event, for the journal has to follow something.
      this.#journal?.snapshot(this.engine.state(), []);
      this.#reader.boot(whenLoading);
    } else if (recovered.state.units.size === 0 && recovered.queue.length === 0) {
      // The former engine died while generators were running.
      this.#reader.boot(whenLoading);
    } else {
      whenLoading();
      this.#resumption.coldplug(recovered);
      this.#mounts?.watch();
      this.#swaps?.watch();
    }
    this.#endClockWatch = watchClock({ native, poll, log: this.engine.log, submit: this.engine.submit.bind(this.engine) });
    if (this.#options.facts.mode === 'system') watchUevents({ native, poll, log: this.engine.log, onEvents: () => { this.#paths.lookAtDevices(); } });
    // Before the batch in hand goes on: it may start processes, and numbers are given again.
    if (recovered !== null) this.#reaper.takeOver(newestExit(recovered.queue));
    this.engine.start();
    // In this order: who has ended and is not reaped is still to be seen, and its exit not lost.
    if (recovered !== null) {
      this.#resumption.catchUp();
      signals.takeOver(recovered.at.queued);
      this.#notify?.receive();
    }
    // Children that were there before the signals were blocked (a shell that executed us) may have ended unseen.
    this.#reap();
    checkpoint?.setAlive(readClock(native).monotonicUsec);
  }

  #watchesMounts(): MountTable | null {
    const { native, poll, log, units } = this.#options;
    const { mountPoint } = units;
    if (mountPoint === null) return null;
    return new MountTable({
      native, poll, log, unitOf: mountPoint,
      find: (name) => this.#definitionOf(name),
      load: (names, find) => units.load(names, find).definitions,
      onChange: (definitions, mounts) => {
        if (definitions.length > 0) this.engine.submit({ event: 'definitions', reload: false, definitions });
        this.engine.submit({ event: 'mount-table', mounts });
      },
    });
  }

  #watchesSwaps(): SwapTable | null {
    const { native, poll, log, units } = this.#options;
    if (units.mountPoint === null) return null;
    return new SwapTable({
      native, poll, log, unitOf: units.swapPoint,
      find: (name) => this.#definitionOf(name),
      places: () => [...valuesOf(this.engine.state().units)].flatMap(({ definition }) => (definition.kind === 'swap' ? [definition.what] : [])),
      load: (names, find) => units.load(names, find).definitions,
      onChange: (definitions, swaps) => {
        if (definitions.length > 0) this.engine.submit({ event: 'definitions', reload: false, definitions });
        this.engine.submit({ event: 'swap-table', swaps });
      },
    });
  }

  #definitionOf(name: UnitName): UnitDefinition | undefined {
    const state = this.engine.state();
    return getEntry(state.units, getEntry(state.aliases, name) ?? name)?.definition;
  }

  /**
   * The engine guards what it calls, so this is an error of the shell: what it knows may be torn, what is written down is not. When the
   * manager cannot be executed anew, going on is better than ending.
   */
  #onUncaught(what: string): void {
    this.engine.log.write('crit', '', what);
    this.#reexec();
  }

  #reexec(): Errno {
    return this.#options.native.guardExecute();
  }

  /** Sends a signal to a unit's main process; for `heartwood -- CMD`. */
  forwardSignal(unit: UnitName, signal: Signal): void {
    const runtime = getEntry(this.engine.state().units, unit)?.runtime;
    if (runtime?.kind === 'service' && runtime.mainPid !== null) this.#options.native.kill(runtime.mainPid, signal);
  }

  /** What logd has to know of the sender of a message: the process may be gone, its group tells all the same. */
  #senderUnit({ pid, group }: SenderQuestion): SenderUnit | null {
    const name = this.#known.unitOf(pid as Pid) ?? (group === null ? null : this.#tracker.unitOfGroup(group)) ?? this.#tracker.unitOf(pid as Pid);
    const unit = name === null ? undefined : getEntry(this.engine.state().units, name);
    if (unit === undefined) return null;
    const levelMax = 'exec' in unit.definition ? unit.definition.exec.logLevelMax & 7 : 7;
    return { unit: unit.name, invocationId: unit.invocationId, levelMax };
  }

  #cgroupContextOf(unit: UnitName): Extract<UnitDefinition, { readonly kind: 'slice' }>['cgroup'] | null {
    const definition = getEntry(this.engine.state().units, unit)?.definition;
    return definition?.kind === 'slice' ? definition.cgroup : null;
  }

  /** Services that go on while this life ends. */
  #outliving(): readonly UnitName[] {
    const { shutdown, units } = this.engine.state();
    return shutdown?.goal === 'soft-reboot' ? valuesOf(units).filter(outlivesSoftReboot).map(({ name }) => name) : [];
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

  #onExit(exit: ProcessExit, unit: UnitName): void {
    this.#executor.settle(exit.pid);
    this.#crashes?.noteExit(exit);
    this.#drills.onExited(unit);
    if (unit.endsWith('.mount')) this.#mounts?.refresh();
    if (unit.endsWith('.swap')) this.#swaps?.refresh();
    this.#performer.forgetAdopted(exit.pid);
    this.#known.forget(exit.pid);
    this.#tracker.removeProcess(exit.pid);
    if (exit.code !== 'exited') this.#tracker.noteKilled(unit);
    const { pid, code, status } = exit;
    this.engine.submit(this.#tracker.wasLast(unit) ? { event: 'exited', pid, code, status, unitHint: unit, groupEmpty: true } : { event: 'exited', pid, code, status, unitHint: unit });
  }

  #finish(effect: Extract<Effect, { readonly kind: 'finish' }>): void {
    // A former engine may have died of it: then it is asked for by the batch in hand and by the state.
    if (this.#isFinishing) return;
    this.#isFinishing = true;
    this.#options.streams.releaseAllBut(new Set(this.#outliving()));
    let over = false;
    const end = (): void => {
      if (over) return;
      over = true;
      this.#tracker.close();
      this.#endClockWatch();
      this.#options.onFinish(effect);
    };
    setTimeout(end, LOGD_END_MSEC);
    // Never within this turn: the last stops of a shutdown are published, and shown on the console, when the turn is over.
    this.#logd.end(() => setImmediate(end));
  }
}

/** /dev/null; without one an unread pipe's end is the next best nothing. */
function openNull(native: NativeBinding): Fd {
  const fd = native.open('/dev/null', constants.O_RDWR, 0);
  if (typeof fd !== 'string') return fd;
  const memory = native.memfd('null');
  assert(typeof memory !== 'string', `there is something to be standard input: ${memory}`);
  return memory;
}
