/**
 * Puts the shell together: poll set, engine, and every part that turns the kernel into events or effects into kernel operations.
 * What differs between a machine, a container, a user session and one command comes in as options.
 */
import { constants, closeSync, openSync, readSync } from 'node:fs';
import { assert } from '../base/assert.ts';
import { entriesOf, getEntry, valuesOf } from '../base/persistent-map.ts';
import type { Errno, Fd, Pid, Signal, UnitName } from '../base/brand.ts';
import type { Effect, SpawnEffect } from '../core/manager/effect.ts';
import type { ManagerConfig, ServiceState, Unit } from '../core/manager/state.ts';
import type { FoundService } from '../core/manager/event.ts';
import { fdsWithoutOwner } from '../core/manager/fd-owners.ts';
import { mayTakeOver } from '../core/manager/found-service.ts';
import { initialState, step } from '../core/manager/step.ts';
import { controlPidOf, mainPidOf, runsCommands, waitsForEmptyGroup } from '../core/manager/unit-processes.ts';
import type { UnitDefinition } from '../core/unit/definition.ts';
import type { CgroupContext, DirectoryKind } from '../core/unit/exec-context.ts';
import type { MountPoint } from '../core/unit/mount.ts';
import type { SwapPoint } from '../core/unit/swap.ts';
import type { SenderQuestion, SenderUnit } from '../logd/protocol.ts';
import { Automounts } from './storage/automounts.ts';
import type { CheckpointMemory } from './checkpoint/checkpoint-memory.ts';
import { CheckpointJournal } from './checkpoint/journal.ts';
import type { KeptFds } from './checkpoint/kept-fds.ts';
import type { Recovered } from './checkpoint/recovery.ts';
import { stateQuestion } from './checkpoint/state-question.ts';
import { watchClock } from './watching/clock-watch.ts';
import { readClock } from './clock.ts';
import { CrashRecorder } from './crash-recorder.ts';
import { realConditionHost } from './conditions/condition-host.ts';
import { Drills } from './faults/drills.ts';
import { HostPerformer } from './effect-performer.ts';
import type { EngineFacts, LoadOutcome, ManagerLog } from './engine.ts';
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
import { findFormerUnits, type FormerUnit } from './processes/former-groups.ts';
import { readChildren, readProcess } from './processes/process-table.ts';
import type { ProcessTracker } from './processes/process-tracker.ts';
import { ProcessTree } from './processes/process-tree.ts';
import { stopStrangers } from './processes/stop-strangers.ts';
import { executorPath, scriptCommand } from './program-paths.ts';
import { ProbeRunner } from './probe-runner.ts';
import { Reaper } from './processes/reaper.ts';
import { FinalKill } from './shutdown/final-kill.ts';
import { managerSignal, watchSignals } from './signal-source.ts';
import { ListeningSockets } from './sockets/listening-sockets.ts';
import { ExecutorLauncher } from './spawn/executor-launcher.ts';
import { Spawner } from './spawn/spawner.ts';
import { watchUevents } from './storage/uevents.ts';
import { UserDatabase } from './spawn/user-database.ts';
import { SwapTable } from './storage/swap-table.ts';
import { transientUnitsOf } from './transient-units.ts';

/** Reads unit files. Both calls return definitions the core has not seen, or shall forget the old ones of. */
export interface UnitSource {
  /** Definitions of the units and of all they pull in, without those that `find` has; `names` are their canonical names. */
  load(names: readonly UnitName[], find: (name: UnitName) => UnitDefinition | undefined): { readonly definitions: readonly UnitDefinition[]; readonly names: readonly UnitName[] };
  /** Reads everything again: definitions of these units and of all they pull in now. */
  reload(names: readonly UnitName[]): readonly UnitDefinition[];
  /** Whether the files of a unit are not those it was loaded from. */
  changedOnDisk(unit: UnitDefinition): boolean;
  /** The unit of a mount that no file speaks of; null: mounts are no units here. */
  readonly mountPoint: ((name: UnitName, mount: MountPoint) => UnitDefinition) | null;
  /** The unit of a swap that no file speaks of; null: the swap is somebody else's. */
  readonly swapPoint: ((name: UnitName, swap: SwapPoint) => UnitDefinition) | null;
}

/** What is made up by the manager, or of a request, has nothing on disk to differ from. */
function hasFiles(unit: UnitDefinition): boolean {
  return unit.transient !== true && (unit.fragmentPath !== null || unit.dropInPaths.length > 0);
}

export interface ManagerOptions {
  readonly native: NativeBinding;
  readonly poll: PollSet;
  readonly log: ManagerLog;
  readonly config: ManagerConfig;
  readonly facts: EngineFacts;
  readonly units: UnitSource;
  /** Which fds live through an execve. */
  readonly kept: KeptFds;
  /** Where the state is written down; null when there is no checkpoint. */
  readonly checkpoint: CheckpointMemory | null;
  /** Where a former engine of this life ended; null in the first. */
  readonly recovered: Recovered | null;
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

/** What a machine boots into when it cannot boot into what was asked for; the core tries them in this order. */
const FALLBACK_UNITS = ['rescue.target', 'emergency.target'] as readonly string[] as readonly UnitName[];

export class Manager {
  readonly engine: ManagerEngine;
  readonly #options: ManagerOptions;
  readonly #fds: FdTable;
  readonly #children = new Map<Pid, UnitName>();
  /** Processes of the manager's own. */
  readonly #own = new Map<Pid, (exit: ProcessExit) => void>();
  readonly #generators: GeneratorRun | null;
  #isGenerating = false;
  /** Whoever wants to know when the reload after the present one is done. */
  #reloads: (() => void)[] = [];
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
  readonly #automounts: Automounts;
  readonly #sockets: ListeningSockets;
  readonly #mounts: MountTable | null;
  readonly #swaps: SwapTable | null;
  readonly #journal: CheckpointJournal | null;
  #isFinishing = false;

  constructor(options: ManagerOptions) {
    this.#options = options;
    const { native, poll, log, facts } = options;
    const { kept, checkpoint, recovered } = options;
    const state = recovered?.state ?? { ...initialState(options.config, readClock(native)), environment: options.environment };
    this.#journal = checkpoint === null ? null : new CheckpointJournal({
      memory: checkpoint, log, facts: { bootId: options.logd.bootId, cgroupRoot: facts.cgroupRoot }, at: recovered?.at ?? { queued: 0, stepped: 0 },
    });
    this.engine = new ManagerEngine({ native, poll, log, facts, step, state, journal: this.#journal });
    const submit = this.engine.submit.bind(this.engine);
    const onEmpty = (unit: UnitName): void => { submit({ event: 'cgroup-empty', unit }); };
    this.#tracker = facts.cgroupRoot === null
      ? new ProcessTree(native, onEmpty)
      : new ControlGroups({
          native, poll, root: facts.cgroupRoot, onEmpty,
          onNotEffective: (unit, items) => { submit({ event: 'runtime-not-effective', unit, items }); },
          contextOf: (unit) => this.#cgroupContextOf(unit),
          defaultTasksMax: options.defaultTasksMax,
        });
    const fds = this.#fds = new FdTable(native, kept);
    for (const [name, fd] of options.fds) fds.add(name, fd);
    const nullFd = openNull(native);
    this.#logd = new LogdProcess({
      native, kept, poll, log, streams: options.streams, nullFd,
      command: scriptCommand('logd'),
      arguments: options.logd.arguments,
      bootId: options.logd.bootId,
      stderr: 2 as Fd,
      echo: options.logd.echo ? (1 as Fd) : null,
      syslog: options.logd.syslog,
      whose: (process) => this.#senderUnit(process),
      onSpawned: (pid, onExit) => { this.#ownProcess(pid, onExit); },
    });
    options.streams.attach(this.#logd);
    this.#crashes = options.foregroundUnit !== null ? null : new CrashRecorder({
      native, version: facts.version, bootId: options.logd.bootId,
      groupOf: (unit) => this.#tracker.groupOf(unit),
      send: (report) => { this.#logd.report(report); },
    });
    const unitOf = (pid: Pid): UnitName | null => this.#knownUnitOf(pid) ?? this.#tracker.unitOf(pid);
    this.#notify = NotifySocket.open({
      native, kept, poll, log, fds, path: options.notifyPath, unitOf,
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
    });
    const users = new UserDatabase(native);
    this.#executor = new ExecutorLauncher({
      native, kept, poll, path: executorPath(), directoryRoots: options.directoryRoots, defaultDirectory: options.defaultDirectory, runtimeDirectory: facts.runtimeDirectory, submit,
      onNotes: (unit, items) => { spawner.addNotEffective(unit, items); },
    });
    const spawner = new Spawner({
      native, log, tracker: this.#tracker, streams: options.streams, fds, users, executor: this.#executor, nullFd,
      notifySocket: this.#notify?.path ?? null, directoryRoots: options.directoryRoots, defaultDirectory: options.defaultDirectory,
      foregroundUnit: options.foregroundUnit, submit,
      failsSpawn: (unit) => this.#drills.failsSpawn(unit),
      onSpawned: (pid, unit) => {
        this.#children.set(pid, unit);
        this.#drills.onSpawned(pid, unit);
      },
    });
    this.#sockets = new ListeningSockets({ native, poll, log, fds, users, submit });
    this.#finalKill = new FinalKill({
      native, log, isPid1: process.pid === 1,
      spare: () => (this.#logd.pid === null ? [] : [this.#logd.pid]),
      onDone: (remaining) => { submit({ event: 'final-kill-done', remaining }); },
    });
    this.#paths = new PathWatches({ native, poll, log, submit });
    this.#automounts = new Automounts({ native, poll, log, fds, submit });
    this.#mounts = this.#watchesMounts();
    this.#swaps = this.#watchesSwaps();
    const conditionHost = realConditionHost({ native, userId: (name) => users.user(name)?.uid ?? null, groupId: (name) => users.group(name), cgroupRoot: facts.cgroupRoot });
    this.#generators = options.generators === null ? null : new GeneratorRun({
      native, poll, log, ...options.generators,
      unitPath: facts.unitPath,
      mayMount: conditionHost.capabilities.includes(CAP_SYS_ADMIN),
      facts: generatorFacts(conditionHost, options.generators.scope),
      stdin: nullFd, stderr: 2 as Fd,
      onSpawned: (pid, onExit) => { this.#own.set(pid, onExit); },
    });
    this.#performer = new HostPerformer({
      engine: this.engine, tracker: this.#tracker, spawner, streams: options.streams, crashes: this.#crashes, logd: this.#logd, fds, sockets: this.#sockets,
      conditionHost,
      directoryRoots: options.directoryRoots,
      probes: new ProbeRunner({ native, poll, submit }),
      paths: this.#paths,
      automounts: this.#automounts,
      stamps: timerStampsIn(options.directoryRoots.state, log),
      privateTmpOf: (unit) => this.#executor.privateTmpOf(unit),
      finalKill: this.#finalKill,
      unitOf,
      adopt: (pid, unit) => {
        this.#expect(pid, unit);
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
      fds,
      loadUnits: (names) => this.#loadUnits(names),
      changedOnDisk: (unit) => hasFiles(unit) && this.#options.units.changedOnDisk(unit),
      reloadDefinitions: (submitted) => { this.#reloadDefinitions(submitted); },
      processesOf: (unit) => this.#tracker.processesOf(unit),
      controlGroupOf: (unit) => this.#tracker.groupOf(unit),
      takeOverBirth: (effect, pid) => this.#takeOverBirth(effect, pid),
      armFault: (fault) => {
        options.checkpoint?.armFault(fault);
        return options.checkpoint !== null;
      },
      drills: this.#drills,
      verifyNextBuild: (done) => {
        verifyNextBuild({
          native, mode: facts.mode, question: stateQuestion(this.engine.state()),
          onSpawned: (pid, onExit) => { this.#ownProcess(pid, onExit); },
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
    watchSignals(native, poll, (record) => { this.#onSignal(record); }, () => { this.#reapSoon(); });
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
      this.#generateAndBoot(whenLoading);
    } else if (recovered.state.units.size === 0 && recovered.queue.length === 0) {
      // The former engine died while generators were running.
      this.#generateAndBoot(whenLoading);
    } else {
      whenLoading();
      this.#coldplug(recovered);
      this.#mounts?.watch();
      this.#swaps?.watch();
    }
    watchClock({ native, poll, log: this.engine.log, submit: this.engine.submit.bind(this.engine) });
    if (this.#options.facts.mode === 'system') watchUevents({ native, poll, log: this.engine.log, onEvents: () => { this.#paths.lookAtDevices(); } });
    // Before the batch in hand goes on: it may start processes, and numbers are given again.
    if (recovered !== null) this.#reaper.takeOver(newestExit(recovered.queue));
    this.engine.start();
    // In this order: who has ended and is not reaped is still to be seen, and its exit not lost.
    if (recovered !== null) this.#catchUp();
    // Children that were there before the signals were blocked (a shell that executed us) may have ended unseen.
    this.#reap();
    checkpoint?.setAlive(readClock(native).monotonicUsec);
  }

  #generateAndBoot(whenLoading: () => void): void {
    this.#generate(() => {
      whenLoading();
      // Told to end before it had begun.
      if (this.engine.state().shutdown === null) this.#boot();
      this.#mounts?.watch();
      this.#swaps?.watch();
    });
  }

  /** Runs generators; at once where there are no programs among them. A reload that was asked for meanwhile comes after `then`. */
  #generate(then: () => void): void {
    if (this.#generators === null) {
      then();
      return;
    }
    this.#isGenerating = true;
    this.#generators.run(this.engine.state().environment, (assignments) => {
      this.#isGenerating = false;
      if (assignments.length + this.engine.state().generatedEnvironment.length > 0) this.engine.submit({ event: 'generated-environment', assignments });
      then();
      if (this.#reloads.length > 0) this.#reloadNow();
    });
  }

  #boot(): void {
    const former = this.#findFormer();
    const definitions = this.#loadBootUnit(former.map(({ unit }) => unit));
    const found = this.#takeOverFormer(former, definitions);
    const { bootUnit } = this.#options.config;
    if (definitions.find(({ names }) => names.includes(bootUnit))?.loadState === 'not-found') {
      this.engine.log.write('crit', bootUnit, `${bootUnit} was not found in ${this.engine.facts.unitPath.join(':')}`);
    }
    const randomSeed = readRandom();
    const mounts = this.#mounts?.read();
    if (mounts === undefined) {
      this.engine.submit({ event: 'boot', definitions, found, randomSeed });
      return;
    }
    const byName = new Map(definitions.flatMap((definition) => definition.names.map((name) => [name, definition] as const)));
    const ofMounts = this.#mounts?.definitionsFor(mounts, (name) => byName.get(name)) ?? [];
    for (const definition of ofMounts) for (const name of definition.names) byName.set(name, definition);
    const swaps = this.#swaps?.read(definitions.flatMap((each) => (each.kind === 'swap' ? [each.what] : []))) ?? [];
    const ofSwaps = this.#swaps?.definitionsFor(swaps, (name) => byName.get(name)) ?? [];
    const replaced = new Set([...ofMounts, ...ofSwaps].map(({ name }) => name));
    this.engine.submit({ event: 'boot', definitions: [...definitions.filter(({ name }) => !replaced.has(name)), ...ofMounts, ...ofSwaps], mounts, swaps, found, randomSeed });
  }

  #findFormer(): readonly FormerUnit[] {
    const { native, facts, foregroundUnit } = this.#options;
    // One command is run in whatever group it was called from: what else is there is none of its business.
    return facts.cgroupRoot === null || foregroundUnit !== null ? [] : findFormerUnits(native, facts.cgroupRoot);
  }

  /**
   * Services that run without a manager go on; what cannot is ended, for a second copy beside it would be worse than none.
   *
   * @returns those that go on
   */
  #takeOverFormer(former: readonly FormerUnit[], definitions: readonly UnitDefinition[]): readonly FoundService[] {
    const definitionOf = (unit: UnitName): UnitDefinition | undefined => definitions.find(({ name }) => name === unit);
    const strangers = former.filter(({ unit, mainPid }) => !mayTakeOver(definitionOf(unit), mainPid));
    for (const { unit, pids } of strangers) this.engine.log.write('warning', unit, `${unit}: ${String(pids.length)} processes of a former manager cannot be taken over, and are ended`);
    for (const pid of stopStrangers(this.#options.native, strangers.flatMap(({ pids }) => pids))) {
      this.engine.log.write('crit', '', `process ${String(pid)} of a former manager could not be ended`);
    }
    return former.filter((each) => !strangers.includes(each)).map(({ unit, mainPid, pids }) => {
      const definition = definitionOf(unit);
      if (definition !== undefined && 'cgroup' in definition) this.#tracker.restore(unit, definition.cgroup, { pids, invocationId: '', mayBeKilled: false });
      return { unit, mainPid };
    });
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

  /** Puts the shell where the former engine left it: processes, groups, timers. Nothing of this is an event. */
  #coldplug(recovered: Recovered): void {
    const { log } = this.engine;
    const state = this.engine.state();
    const now = readClock(this.#options.native).monotonicUsec;
    log.write(recovered.death.signal === 0 ? 'notice' : 'crit', '', describeDeath(recovered, now));
    for (const loss of recovered.losses) log.write('crit', '', loss);
    for (const unit of recovered.changed) log.write('notice', unit, `${unit}: its files have changed, and were read again`);
    for (const unit of valuesOf(state.units)) this.#restoreUnit(unit);
    const children = readChildren();
    for (const [pid, unit] of entriesOf(state.pids)) {
      if (children.has(pid) || this.#isChild(pid)) this.#expect(pid, unit);
      else if (readProcess(this.#options.native, pid) !== null) this.#performer.perform({ kind: 'adopt-process', unit, pid });
    }
    // Born, and their news on the way to the core: nobody else would know them until then.
    for (const event of recovered.queue) {
      if (event.event !== 'spawned') continue;
      this.#expect(event.pid, event.unit);
      this.#tracker.addProcess(event.unit, event.pid, getEntry(state.units, event.unit)?.invocationId ?? '');
    }
    this.#closeWithoutOwner(recovered);
    this.engine.resume(recovered);
    this.#reportPoison(recovered.poison);
    if (recovered.losses.length > 0) this.#findWhatWasForgotten(recovered.lostSpawns);
  }

  /**
   * The state is older than what happened: a service may run that it says is down, under another main process, or born of a start that
   * nobody knows the end of. What is there counts.
   */
  #findWhatWasForgotten(lostSpawns: readonly SpawnEffect[]): void {
    const units = this.engine.state().units;
    const forgotten = this.#findFormer().filter(({ unit, mainPid }) => {
      const runtime = getEntry(units, unit)?.runtime;
      if (runtime === undefined) return true;
      return runtime.kind === 'service' ? runtime.mainPid !== mainPid && runtime.controlPid !== mainPid : !runsCommands(runtime) || runtime.controlPid === null;
    });
    const definitions = this.#options.units.load(forgotten.map(({ unit }) => unit), () => undefined).definitions;
    const found = this.#takeOverFormer(forgotten, definitions);
    if (found.length > 0) this.engine.submit({ event: 'services-found', definitions, found });
    for (const effect of lostSpawns) {
      this.engine.submit({ event: 'spawn-failed', unit: effect.unit, token: effect.token, stage: 'manager', errno: 'EIO', subject: effect.command.path });
    }
  }

  #restoreUnit(unit: Unit): void {
    const { definition, runtime, name } = unit;
    if (runtime.kind === 'slice' && definition.kind === 'slice' && runtime.state === 'active') {
      this.#tracker.restore(name, definition.cgroup, { pids: [], invocationId: '', mayBeKilled: false });
    } else if (runsCommands(runtime) && 'cgroup' in definition) {
      const pids = [mainPidOf(unit), controlPidOf(unit)].filter((pid) => pid !== null);
      const mayBeKilled = !UNKILLED_STATES.has(runtime.state);
      this.#tracker.restore(name, definition.cgroup, { pids, invocationId: unit.invocationId ?? '', mayBeKilled });
    }
  }

  /** Real life since the former engine's last look, as ordinary events. */
  #catchUp(): void {
    const state = this.engine.state();
    const children = readChildren();
    for (const [pid, unit] of entriesOf(state.pids)) {
      if (children.has(pid) || readProcess(this.#options.native, pid) !== null) continue;
      // Reaped, but the former engine died before it could write that down: how it ended is not known any more.
      this.engine.log.write('warning', unit, `${unit}: process ${String(pid)} is gone; how it ended was lost`);
      this.#onExit({ pid, code: 'killed', status: 9, uid: 0, userUsec: 0, systemUsec: 0, maxRssBytes: 0 }, unit);
    }
    for (const unit of valuesOf(state.units)) {
      if (unit.runtime.kind === 'socket' && unit.definition.kind === 'socket' && unit.runtime.state === 'listening' && unit.runtime.deadlineUsec === null) {
        this.#sockets.watch({ unit: unit.name, fds: unit.runtime.fds, accept: unit.definition.accept, flush: false });
      }
      if (waitsForEmptyGroup(unit)) this.#tracker.watchEmpty(unit.name);
    }
    this.#mounts?.refresh();
    this.#swaps?.refresh();
    this.engine.armTimer(state.armedUsec);
    for (const { name, definition, runtime } of valuesOf(state.units)) {
      if (definition.kind === 'path' && runtime.kind === 'path' && runtime.state === 'waiting') this.#paths.watch(name, runtime.token, definition.watches, null, true);
      if (definition.kind === 'automount') this.#automounts.watch(name);
      if (definition.kind === 'device' && runtime.kind === 'device' && runtime.token > 0) this.#paths.watch(name, runtime.token, [{ kind: 'Device', path: definition.path }], null, true);
    }
    // A client that waits for the end of one comes back, and finds how it ended; what nobody waits for goes after a while.
    const transient = transientUnitsOf(this.engine);
    for (const { name, definition } of valuesOf(state.units)) {
      if (definition.transient !== true) continue;
      transient.holdBriefly(name);
      transient.collect(name);
    }
    // The wall clock may have been set while nobody looked.
    this.engine.submit({ event: 'clock-changed', seen: false });
    const { shutdown } = state;
    if (shutdown?.phase === 'final') this.#finalKill.begin(shutdown.hurry);
    if (shutdown?.phase === 'over') this.#finish({ kind: 'finish', goal: shutdown.goal, exitStatus: shutdown.exitStatus, rebootArgument: shutdown.rebootArgument });
  }

  #closeWithoutOwner(recovered: Recovered): void {
    const names = fdsWithoutOwner(this.#fds.names(), recovered);
    if (names.length === 0) return;
    this.engine.log.write('warning', '', `closed what no unit knows any more: ${names.join(', ')}`);
    this.#fds.close(names);
  }

  #reportPoison(poison: Recovered['poison']): void {
    if (poison === null) return;
    const { log } = this.engine;
    if ('effect' in poison) log.write('crit', 'unit' in poison.effect ? poison.effect.unit : '', `the manager died twice of the effect "${poison.effect.kind}"; it is left out`);
    else log.write('crit', 'unit' in poison.event ? poison.event.unit : '', `the manager died twice of the event "${poison.event.event}"; it is left out`);
  }

  #takeOverBirth(effect: SpawnEffect, pid: Pid): boolean {
    this.#expect(pid, effect.unit);
    this.#tracker.addProcess(effect.unit, pid, effect.invocationId);
    return !this.#executor.isPending(pid);
  }

  /** A process of a unit that this engine did not start. */
  #expect(pid: Pid, unit: UnitName): void {
    this.#options.native.expectExit(pid);
    this.#children.set(pid, unit);
  }

  #ownProcess(pid: Pid, onExit: () => void): void {
    this.#options.native.expectExit(pid);
    this.#own.set(pid, onExit);
  }

  #isChild(pid: Pid): boolean {
    return readProcess(this.#options.native, pid)?.parent === process.pid;
  }

  #reexec(): Errno {
    return this.#options.native.guardExecute();
  }

  /**
   * The boot unit and all it needs. When a machine has none that can be loaded, the units it falls back on come with it: nobody
   * else could do anything for it, while a container or a session has somebody who reads the message.
   *
   * @param more units that run already
   */
  #loadBootUnit(more: readonly UnitName[]): readonly UnitDefinition[] {
    const { units, config } = this.#options;
    const load = (names: readonly UnitName[]) => units.load(names, () => undefined);
    const { definitions, names } = load([config.bootUnit, ...more]);
    const isLoaded = definitions.find(({ name }) => name === names[0])?.loadState === 'loaded';
    return isLoaded || config.mode !== 'system' ? definitions : load([config.bootUnit, ...more, ...FALLBACK_UNITS]).definitions;
  }

  /** Sends a signal to a unit's main process; for `heartwood -- CMD`. */
  forwardSignal(unit: UnitName, signal: Signal): void {
    const runtime = getEntry(this.engine.state().units, unit)?.runtime;
    if (runtime?.kind === 'service' && runtime.mainPid !== null) this.#options.native.kill(runtime.mainPid, signal);
  }

  #knownUnitOf(pid: Pid): UnitName | null {
    return this.#children.get(pid) ?? getEntry(this.engine.state().pids, pid) ?? null;
  }

  /** What logd has to know of the sender of a message: the process may be gone, its group tells all the same. */
  #senderUnit({ pid, group }: SenderQuestion): SenderUnit | null {
    const name = this.#knownUnitOf(pid as Pid) ?? (group === null ? null : this.#tracker.unitOfGroup(group)) ?? this.#tracker.unitOf(pid as Pid);
    const unit = name === null ? undefined : getEntry(this.engine.state().units, name);
    if (unit === undefined) return null;
    const levelMax = 'exec' in unit.definition ? unit.definition.exec.logLevelMax & 7 : 7;
    return { unit: unit.name, invocationId: unit.invocationId, levelMax };
  }

  #cgroupContextOf(unit: UnitName): Extract<UnitDefinition, { readonly kind: 'slice' }>['cgroup'] | null {
    const definition = getEntry(this.engine.state().units, unit)?.definition;
    return definition?.kind === 'slice' ? definition.cgroup : null;
  }

  #loadUnits(names: readonly UnitName[]): LoadOutcome {
    const state = this.engine.state();
    const result = this.#options.units.load(names, (name) => getEntry(state.units, getEntry(state.aliases, name) ?? name)?.definition);
    if (result.definitions.length > 0) this.engine.submit({ event: 'definitions', reload: false, definitions: result.definitions });
    return { names: result.names, isNew: result.definitions.length > 0 };
  }

  #reloadDefinitions(submitted: () => void): void {
    this.#reloads.push(submitted);
    if (!this.#isGenerating) this.#reloadNow();
  }

  #reloadNow(): void {
    const waiting = this.#reloads;
    this.#reloads = [];
    this.#generate(() => {
      this.#submitDefinitions();
      for (const submitted of waiting) submitted();
    });
  }

  #submitDefinitions(): void {
    const names = [...this.engine.state().units.shards].flatMap((shard) => (shard === undefined ? [] : [...shard.keys()]));
    const definitions = this.#options.units.reload(names);
    const ofMounts = this.#mounts?.replaceMissing(definitions) ?? definitions;
    this.engine.submit({ event: 'definitions', reload: true, definitions: this.#swaps?.replaceMissing(ofMounts) ?? ofMounts });
    const end = this.engine.onTurnEnd(() => {
      end();
      for (const { name, definition } of valuesOf(this.engine.state().units)) if ('cgroup' in definition) this.#tracker.refresh(name, definition.cgroup);
    });
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
    callback(exit);
    return true;
  }

  #onExit(exit: ProcessExit, unit: UnitName): void {
    this.#executor.settle(exit.pid);
    this.#crashes?.noteExit(exit);
    if (unit.endsWith('.mount')) this.#mounts?.refresh();
    if (unit.endsWith('.swap')) this.#swaps?.refresh();
    this.#performer.forgetAdopted(exit.pid);
    this.#children.delete(exit.pid);
    this.#tracker.removeProcess(exit.pid);
    this.engine.submit({ event: 'exited', pid: exit.pid, code: exit.code, status: exit.status, unitHint: unit });
  }

  #finish(effect: Extract<Effect, { readonly kind: 'finish' }>): void {
    // A former engine may have died of it: then it is asked for by the batch in hand and by the state.
    if (this.#isFinishing) return;
    this.#isFinishing = true;
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

/** The process whose end is the newest event that waits, if that is what it is. */
function newestExit(queue: Recovered['queue']): Pid | null {
  const newest = queue.at(-1);
  return newest?.event === 'exited' ? newest.pid : null;
}

/** States in which nothing has sent SIGKILL to the whole control group. */
const UNKILLED_STATES: ReadonlySet<string> = new Set<ServiceState>(['start-pre', 'start', 'start-post', 'running', 'exited', 'reload', 'reload-signal', 'reload-notify', 'stop']);

/** native/addon/checkpoint-layout.h */
const DEATH_BY_EXIT = -1001;
const DEATH_BY_HANG = -1002;

function describeDeath({ death, replayed, queue }: Recovered, nowUsec: number): string {
  const after = `back after ${String(Math.round((nowUsec - death.monotonicUsec) / 1000))} ms, ${String(replayed)} events replayed, ${String(queue.length)} waiting`;
  if (death.signal === 0) return `the manager executed itself anew: ${after}`;
  const why = death.code === DEATH_BY_EXIT ? 'called exit' : death.code === DEATH_BY_HANG ? 'hung' : `died of signal ${String(death.signal)}`;
  return `the manager ${why} and was executed again: ${after}`;
}

/** /dev/null; without one an unread pipe's end is the next best nothing. */
function openNull(native: NativeBinding): Fd {
  const fd = native.open('/dev/null', constants.O_RDWR, 0);
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
