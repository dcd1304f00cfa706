/** What all modes have in common: from chosen options to a running manager. */
import type { Fd, UnitName } from '../base/brand.ts';
import type { AccessRule } from '../control/access.ts';
import type { Effect } from '../core/manager/effect.ts';
import { STANDING_UNITS } from '../core/manager/upkeep/garbage.ts';
import type { ManagerConfig } from '../core/manager/state.ts';
import type { EngineFacts, ManagerLog } from '../host/engine.ts';
import { ControlServer } from '../host/control-server/control-server.ts';
import type { Checkpoint } from '../host/checkpoint/checkpoint.ts';
import { NOTHING_KEPT, keptFdsIn } from '../host/checkpoint/kept-fds.ts';
import type { KeptFds } from '../host/checkpoint/kept-fds.ts';
import { gatherLegacy, type Legacy } from '../host/checkpoint/legacy.ts';
import { rememberFormerLife, type FormerLife } from '../host/checkpoint/former-life.ts';
import { DefinitionMemory } from '../host/checkpoint/definition-memory.ts';
import { recover } from '../host/checkpoint/recovery.ts';
import type { Recovered } from '../host/checkpoint/recovery.ts';
import { step } from '../core/manager/step.ts';
import { LogStreams } from '../host/logging/log-streams.ts';
import { openSyslogSocket } from '../host/logging/syslog-socket.ts';
import { OutputSink } from '../host/logging/output-sink.ts';
import { Manager } from '../host/manager.ts';
import { MemoryCeiling } from '../host/memory/memory-ceiling.ts';
import type { ManagerOptions } from '../host/manager.ts';
import type { UnitSource } from '../host/unit-source.ts';
import type { NativeBinding, SignalRecord } from '../host/native.ts';
import { PollSet } from '../host/poll-set.ts';
import { programStamp } from '../host/program-paths.ts';
import { findCgroupRoot } from '../host/processes/cgroup-root.ts';
import { readAllProcesses } from '../host/processes/process-table.ts';
import { stopStrangers } from '../host/processes/stop-strangers.ts';
import { SettledMemory, settledMemoryPorts } from '../host/memory/settled-memory.ts';
import { managerSignal } from '../host/signal-source.ts';
import { StatusLines } from '../host/status-lines.ts';
import { hasDevices } from '../host/storage/has-devices.ts';
import type { LoadPath } from '../host/unit-loader/load-path.ts';
import { transientDirectory } from '../host/transient-units.ts';
import { createUnitLoader } from '../host/unit-loader/unit-loader.ts';
import type { UnitLoader } from '../host/unit-loader/unit-loader.ts';
import type { SpecifierContext } from '../core/unit-file/specifiers.ts';
import type { UnitDefaults } from '../core/unit-file/unit-defaults.ts';
import { setUpLog } from './log-setup.ts';
import type { LogWishes } from './log-setup.ts';
import type { Mode } from './options.ts';
import { BOOTED_NAME, makeLockDirectory, markBooted } from './legacy-directories.ts';
import { findOuterManager } from '../host/outer-manager.ts';
import type { RuntimeDirectory } from './runtime-directory.ts';
import { VERSION } from './version.ts';

/** How long a recovered manager works before it writes down what it was recovered from. */
const RECORD_DELAY_MSEC = 1000;

export interface BootOptions {
  readonly native: NativeBinding;
  readonly mode: Mode;
  /** One line for the log: how the mode came about. */
  readonly modeReason: string;
  /** Nobody asked for this mode: say on the console which it is. */
  readonly announcesMode: boolean;
  readonly config: ManagerConfig;
  readonly loadPath: LoadPath;
  /** Null: nothing generates units. */
  readonly generators: ManagerOptions['generators'];
  readonly specifiers: SpecifierContext;
  readonly defaults: UnitDefaults;
  /** Bytes of memory that the engine may take; null = as much as it likes. */
  readonly engineMemoryMax: number | null;
  readonly runtimeDirectory: RuntimeDirectory;
  /** `[Access]` of the configuration. */
  readonly accessRules: readonly AccessRule[];
  readonly logDirectory: string;
  readonly logWishes: LogWishes;
  readonly showStatus: 'auto' | 'yes' | 'no';
  readonly environment: readonly string[];
  readonly bootId: string;
  /** Null: there is none, and why. */
  readonly checkpoint: Checkpoint | { readonly memory: null; readonly inherits: false; readonly isLost: false; readonly why: string };
  /** What the life before has left, which ended in a soft-reboot; null = there was none. */
  readonly legacy: Legacy | null;
  readonly echo: boolean;
  /** `heartwood -- CMD`: its unit, instead of unit files. */
  readonly command: { readonly units: UnitSource; readonly unit: UnitName; readonly fds: readonly (readonly [string, Fd])[] } | null;
  /** Signals that are not for the manager. */
  readonly interceptSignal: (manager: Manager, record: SignalRecord) => boolean;
  /** The very end. Must not return. `gather`: what a life that follows is left. */
  readonly onFinish: (effect: Extract<Effect, { readonly kind: 'finish' }>, log: ManagerLog, gather: () => Legacy) => void;
}

function unitSource(loader: UnitLoader, mode: BootOptions['mode']): UnitSource {
  return {
    load: (names, find) => ({ definitions: loader.loadClosure(names, find), names: names.map((name) => loader.canonicalName(name)) }),
    restore: (names, sourceHashes) => loader.restore(names, sourceHashes),
    reload: (names) => loader.reload(names),
    changedOnDisk: (unit) => loader.changedOnDisk(unit),
    // The mounts of a container or of a session belong to somebody else, who takes them away again.
    mountPoint: (name, mount) => loader.mountPoint(name, mount, mode === 'system'),
    swapPoint: mode === 'system' ? (name, swap) => loader.swapPoint(name, swap) : null,
  };
}

/** Abstract socket names carry the pid, because they are shared with the whole network name space. */
function socketPath(runtimeDirectory: string | null, name: string): string {
  return runtimeDirectory === null ? `@heartwood-${String(process.pid)}-${name}` : `${runtimeDirectory}/${name}`;
}

/** Starts the manager. Returns it running; the process lives on in its loop. */
export function boot(options: BootOptions): Manager {
  const { native, mode, config } = options;
  if (process.pid !== 1) native.setChildSubreaper(true);
  native.setProcessName('heartwood');
  const poll = new PollSet(native);
  // Whoever shows our output on a terminal without being one says so.
  const onTerminal = native.isTty(1 as Fd) || process.env['HEARTWOOD_CONSOLE_IS_TERMINAL'] === '1';
  const colour = onTerminal && process.env['NO_COLOR'] === undefined && process.env['TERM'] !== 'dumb';
  const output = new OutputSink(native, poll, 1 as Fd);
  const errors = new OutputSink(native, poll, 2 as Fd);
  const isCommand = options.command !== null;
  const runtimeDirectory = options.runtimeDirectory.path;
  const complaints: string[] = [];
  const { checkpoint } = options;
  const kept = checkpoint.memory === null ? NOTHING_KEPT : keptFdsIn(native, checkpoint.memory, checkpoint.inherits ? 'by-engine' : (options.legacy?.fds ?? []), (complaint) => { complaints.push(complaint); });
  const streams = new LogStreams({ native, kept, echo: options.echo });
  const outer = findOuterManager(native, process.env);
  const log = setUpLog(options.logWishes, { native, sink: errors, colour, streams: isCommand ? null : streams, system: mode === 'system' });
  const unguarded = checkpoint.memory === null ? checkpoint.why : checkpoint.guard();
  if (unguarded !== null) log.write('warning', '', `the manager would not survive its own death: ${unguarded}`);
  const transient = runtimeDirectory === null ? null : transientDirectory(runtimeDirectory);
  const directories = transient === null ? options.loadPath.directories : [transient, ...options.loadPath.directories];
  const loaderOptions = { mode: mode === 'user' ? 'user' as const : 'system' as const, hasDevices: hasDevices(mode), directories, transientDirectory: transient, root: '', defaults: options.defaults, specifiers: options.specifiers };
  const loader = options.command === null ? createUnitLoader(loaderOptions) : null;
  const definitionMemory = loader === null || checkpoint.memory === null ? null : new DefinitionMemory({
    native, kept, definitions: loader.kept, life: () => JSON.stringify([VERSION, programStamp(), loaderOptions]), setTimer: (callback, msec) => { setTimeout(callback, msec).unref(); },
  });
  definitionMemory?.restore();
  const units = options.command?.units ?? unitSource(loader as UnitLoader, mode);
  const recovered = recoverFormer(options, units, log);
  loader?.kept.forgetFormer();
  const isLost = checkpoint.inherits && recovered === null;
  const cgroup = recovered !== null ? foundBefore(recovered) : findCgroupRoot(native, { runtimeDirectory: runtimeDirectory ?? '/run', mayMount: process.pid === 1 && !isCommand, mayBeInLeaf: isLost || options.legacy !== null });
  // With control groups the manager finds out by itself what runs.
  if (isLost) forgetFormer(native, kept, log, cgroup.root === null);
  const mission = `heartwood ${VERSION} runs as a manager of ${mode === 'user' ? 'a user session' : mode === 'system' ? 'the machine' : 'a container'}: ${options.modeReason}`;
  if (options.announcesMode) output.write(`${mission}\n`);
  log.write('info', '', mission);
  if (options.runtimeDirectory.complaint !== '') log.write('warning', '', options.runtimeDirectory.complaint);
  if (cgroup.root === null) log.write('info', '', `units have no control groups: ${cgroup.why}`);
  const facts: EngineFacts = {
    mode, version: VERSION, runtimeDirectory: runtimeDirectory ?? '', logDirectory: options.logDirectory,
    logLevel: options.logWishes.level ?? 'info', logTarget: options.logWishes.target ?? 'auto',
    unitPath: options.loadPath.directories, cgroupRoot: cgroup.root,
  };
  const ownsMachine = mode !== 'user' && !isCommand && process.pid === 1;
  if (ownsMachine) makeLockDirectory();
  const untold = ownsMachine ? markBooted() : null;
  if (ownsMachine && untold === null) native.setProcessName(BOOTED_NAME);
  if (untold !== null) log.write('debug', '', `programs are not told that services are managed here: ${untold}`);
  let laterLoaded = isCommand;
  const syslog = ownsMachine ? openSyslogSocket({ native, kept, isMachine: mode === 'system' }) : { fd: null, complaint: '' };
  if (syslog.complaint !== '') log.write('info', '', syslog.complaint);
  const loadLater = (): void => {
    if (laterLoaded) return;
    laterLoaded = true;
    manager.engine.loadUnits(STANDING_UNITS);
  };
  const managerOptions: ManagerOptions = {
    native, poll, log, config, facts, adjustLog: (level, target) => { log.adjust(level, target); }, streams, generators: options.generators,
    defaultTasksMax: options.defaults.tasksMax,
    units, kept, recovered, legacy: options.legacy, checkpoint: checkpoint.memory,
    environment: options.environment,
    directoryRoots: {
      runtime: options.specifiers.runtimeRoot, state: options.specifiers.stateRoot, cache: options.specifiers.cacheRoot,
      logs: options.specifiers.logsRoot, configuration: options.specifiers.configurationRoot,
    },
    defaultDirectory: isCommand ? process.cwd() : mode === 'user' ? options.specifiers.home : '/',
    notifyPath: socketPath(runtimeDirectory, 'notify'),
    logd: {
      arguments: ['--directory', options.logDirectory,
        // An abstract socket would show the lines to everybody: it has no mode.
        ...(runtimeDirectory === null ? [] : ['--directory', `${runtimeDirectory}/log.d`, '--query-socket', `${runtimeDirectory}/log`])],
      echo: options.echo,
      bootId: recovered?.facts.bootId ?? options.bootId,
      syslog: syslog.fd,
    },
    foregroundUnit: options.command?.unit ?? null,
    fds: options.command?.fds ?? [],
    interceptSignal: (record) => {
      if (options.interceptSignal(manager, record)) return true;
      if (managerSignal(record.signal) !== null) loadLater();
      return false;
    },
    onBootFinished: (failed) => {
      outer.tell('READY=1\nSTATUS=All units are up');
      if (failed.length > 0) status?.say('FAILED', `${failed.length === 1 ? 'One unit' : `${String(failed.length)} units`} failed: ${failed.join(', ')}`);
      loadLater();
      memory.settle();
      definitionMemory?.begin();
    },
    onFinish: (effect) => {
      outer.tell('STOPPING=1');
      status?.end();
      output.flush();
      errors.flush();
      options.onFinish(effect, log, () => gatherLegacy(manager.engine.state(), checkpoint.memory));
    },
  };
  const memory = new SettledMemory(settledMemoryPorts(native));
  const manager = new Manager(managerOptions);
  manager.engine.onWakeUp(() => {
    memory.noteWork();
    definitionMemory?.noteWork();
  });
  const ceiling = new MemoryCeiling({
    // Without a checkpoint nobody would begin anew.
    bytesMax: checkpoint.memory === null ? null : options.engineMemoryMax,
    log,
    residentSize: () => process.memoryUsage.rss(),
    collect: () => {
      globalThis.gc?.();
      native.trimMemory();
    },
    reexec: () => { manager.engine.requestReexec(null); },
  });
  manager.engine.onWakeUp((nowUsec) => { ceiling.look(nowUsec); });
  let status: StatusLines | null = null;
  if (options.showStatus !== 'no') {
    status = new StatusLines({ sink: output, colour, live: onTerminal, show: options.showStatus, state: () => manager.engine.state(), nowUsec: () => manager.engine.now().monotonicUsec });
    const lines = status;
    manager.engine.subscribe((change) => { lines.onChange(change); });
  }
  manager.start(() => {
    if (!isCommand) startControl(manager, socketPath(runtimeDirectory, 'control'), options.accessRules, kept, log);
  });
  // Its boot may be long over.
  if (recovered !== null) {
    memory.settle();
    if (recovered.state.bootFinished !== null) definitionMemory?.begin();
  }
  for (const complaint of complaints) log.write('warning', '', complaint);
  return manager;
}

/** What a former engine of this life left; null when there was none, or nothing can be made of what it left. */
function recoverFormer(options: BootOptions, units: UnitSource, log: ManagerLog): Recovered | null {
  const { checkpoint } = options;
  if (checkpoint.memory === null || !checkpoint.inherits) return null;
  if (checkpoint.isLost) {
    log.write('emerg', '', 'the state of the former engine is lost, because its build kept it in another layout; what runs is looked for');
    return null;
  }
  const former = rememberFormerLife(checkpoint.memory, units.restore);
  const outcome = recover(checkpoint.memory, step, former.load);
  if (outcome.ok) {
    recordLater(former, options.runtimeDirectory.path, log);
    return outcome.recovered;
  }
  log.write('emerg', '', `the state of the former engine is lost, and what runs is looked for: ${outcome.error}`);
  return null;
}

/** The record of the former life can wait until its services have what they wait for. */
function recordLater(former: FormerLife, directory: string | null, log: ManagerLog): void {
  if (directory === null) return;
  setTimeout(() => {
    const written = former.write(directory, VERSION);
    if ('file' in written) log.write('info', '', `what came before is in ${written.file}: initctl replay shows it`);
    else log.write('notice', '', `there is no record of what came before: ${written.error}`);
  }, RECORD_DELAY_MSEC).unref();
}

/**
 * @param endsAll there is no telling which process is of which unit: all are ended in order, because the boot that follows would start
 *   everything a second time
 */
function forgetFormer(native: NativeBinding, kept: KeptFds, log: ManagerLog, endsAll: boolean): void {
  const logd = kept.inherited('logd').map(([, { pid }]) => pid);
  kept.forget('named');
  kept.forget('exec-report');
  if (!endsAll) return;
  log.write('emerg', '', 'without control groups nothing tells which process is of which unit: all are ended');
  // What a process leaves behind becomes a child of ours.
  for (;;) {
    const children = readAllProcesses(native).filter(({ pid, parent }) => parent === process.pid && !logd.includes(pid)).map(({ pid }) => pid);
    if (children.length === 0 || stopStrangers(native, children).length > 0) return;
  }
}

/** The manager's place among the control groups is that of its first engine: by now it may have moved into a leaf. */
function foundBefore({ facts }: Recovered): { readonly root: string } | { readonly root: null; readonly why: string } {
  return facts.cgroupRoot === null ? { root: null, why: 'there were none before' } : { root: facts.cgroupRoot };
}

function startControl(manager: Manager, path: string, rules: readonly AccessRule[], kept: KeptFds, log: ManagerLog): void {
  const server = new ControlServer(manager.engine, { socketPath: process.env['HEARTWOOD_SOCKET'] ?? path, policy: { ownUid: process.getuid?.() ?? 0, rules } });
  const error = server.start(kept.inherited('control')[0]?.[0] ?? null);
  if (server.listener !== null) kept.keep(server.listener, { is: 'control' });
  if (error !== null) log.write('err', '', `there is no control socket, ${path}: ${error}`);
}
