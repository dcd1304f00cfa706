/** Carries out effects: each kind goes to the part of the shell that knows how, and its answer comes back as an event. */
import { unlinkSync } from 'node:fs';
import { unreachable } from '../base/assert.ts';
import type { Fd, Pid, UnitName } from '../base/brand.ts';
import type { Effect } from '../core/manager/effect.ts';
import type { DirectoryKind } from '../core/unit/exec-context.ts';
import type { Automounts } from './storage/automounts.ts';
import { evaluateCondition } from './conditions/evaluate.ts';
import type { CrashRecorder } from './crash-recorder.ts';
import type { ConditionHost } from './conditions/condition-host.ts';
import { POLL_IN } from './engine.ts';
import type { FdTable } from './fd-table.ts';
import type { LogdProcess } from './logging/logd-process.ts';
import type { LogStreams } from './logging/log-streams.ts';
import type { EffectPerformer, ManagerEngine } from './manager-engine.ts';
import type { PathWatches } from './watching/path-watches.ts';
import type { ProbeRunner } from './probe-runner.ts';
import { readPidFile } from './processes/pid-file.ts';
import type { ProcessTracker } from './processes/process-tracker.ts';
import { descendantsOf, readProcess } from './processes/process-table.ts';
import { removeDirectories } from './spawn/service-directories.ts';
import type { FinalKill } from './shutdown/final-kill.ts';
import type { ListeningSockets } from './sockets/listening-sockets.ts';
import type { Spawner } from './spawn/spawner.ts';
import type { TimerStamps } from './timer-stamps.ts';
import { transientUnitsOf } from './transient-units.ts';

export interface PerformerParts {
  readonly engine: ManagerEngine;
  readonly tracker: ProcessTracker;
  readonly spawner: Spawner;
  readonly streams: LogStreams;
  /** null: nobody keeps records of failures, because one command is all there is. */
  readonly crashes: CrashRecorder | null;
  readonly logd: LogdProcess;
  readonly fds: FdTable;
  readonly sockets: ListeningSockets;
  readonly conditionHost: ConditionHost;
  readonly directoryRoots: Readonly<Record<DirectoryKind, string>>;
  readonly finalKill: FinalKill;
  readonly stamps: TimerStamps;
  readonly probes: ProbeRunner;
  /** Gives the manager's log another level and target; null = as it was started. */
  readonly adjustLog: (level: string | null, target: string | null) => void;
  readonly paths: PathWatches;
  readonly automounts: Automounts;
  /** The unit a process belongs to, by everything the manager knows. */
  readonly unitOf: (pid: Pid) => UnitName | null;
  /** A process not started by the manager belongs to the unit from now on. */
  readonly adopt: (pid: Pid, unit: UnitName) => void;
  /** Is the process one of ours that has not been reaped? */
  readonly isAlive: (pid: Pid) => boolean;
  readonly onBootFinished: (failed: readonly UnitName[]) => void;
  readonly onFinish: (effect: Extract<Effect, { readonly kind: 'finish' }>) => void;
}

/** Effects between which children may be on their way to their programs, so that a boot starts several at once. */
const LEAVES_PROCESSES_ALONE: ReadonlySet<Effect['kind']> = new Set<Effect['kind']>(['spawn', 'publish', 'log', 'arm-timer', 'reply', 'test-conditions', 'record-crash']);

export class HostPerformer implements EffectPerformer {
  readonly #parts: PerformerParts;
  /** pidfds of adopted processes that are no children of ours. */
  readonly #adopted = new Map<Pid, Fd>();

  constructor(parts: PerformerParts) {
    this.#parts = parts;
  }

  beginBatch(effects: readonly Effect[]): void {
    this.#parts.crashes?.beginBatch(effects, this.#parts.engine.now().realtimeUsec);
  }

  endBatch(): void {
    this.#parts.spawner.finish();
    this.#parts.crashes?.endBatch();
    this.#parts.logd.flush();
  }

  perform(effect: Effect): void {
    const { engine, tracker } = this.#parts;
    if (!LEAVES_PROCESSES_ALONE.has(effect.kind)) this.#parts.spawner.finish();
    switch (effect.kind) {
      case 'spawn':
        this.#parts.spawner.spawn(effect);
        return;
      case 'test-conditions': {
        const test = (condition: Parameters<typeof evaluateCondition>[1]) => evaluateCondition(this.#parts.conditionHost, condition);
        engine.submit({ event: 'conditions-tested', unit: effect.unit, token: effect.token, conditions: effect.conditions.map(test), assertions: effect.assertions.map(test) });
        return;
      }
      case 'kill-process':
        this.#killProcess(effect);
        return;
      case 'kill-process-tree':
        this.#killProcessTree(effect);
        return;
      case 'kill-control-group':
        tracker.kill(effect);
        return;
      case 'freeze-control-group':
        this.#freeze(effect);
        return;
      case 'watch-control-group':
        tracker.watchEmpty(effect.unit);
        return;
      case 'release-control-group':
        this.#parts.crashes?.noteRelease(effect.unit);
        tracker.release(effect.unit);
        this.#parts.streams.release(effect.unit);
        this.#parts.spawner.release(effect.unit);
        return;
      case 'remove-directories':
        this.#removeDirectories(effect);
        return;
      case 'read-pid-file': {
        const result = readPidFile(engine.native, effect.path, effect.unit, this.#parts.unitOf);
        engine.submit({ event: 'pid-file', unit: effect.unit, ...result });
        return;
      }
      case 'probe':
        this.#parts.probes.ask(effect);
        return;
      case 'adjust-log':
        this.#parts.adjustLog(effect.level, effect.target);
        return;
      case 'forget-probe':
        this.#parts.logd.unseek(effect.unit, effect.probe);
        return;
      case 'remove-file':
        removeFile(effect.path);
        return;
      case 'guess-main-pid':
        engine.submit({ event: 'main-pid-guess', unit: effect.unit, pid: this.#guessMainPid(effect.unit) });
        return;
      case 'adopt-process':
        this.#adopt(effect.unit, effect.pid);
        return;
      case 'take-process':
        this.#take(effect);
        return;
      case 'close-fds':
        this.#parts.fds.close(effect.names);
        return;
      case 'open-sockets':
        this.#parts.sockets.open(effect);
        return;
      case 'close-sockets':
        this.#parts.sockets.close(effect);
        return;
      case 'watch-sockets':
        this.#parts.sockets.watch(effect);
        return;
      case 'unwatch-sockets':
        this.#parts.sockets.unwatch(effect.unit);
        return;
      case 'load-instance':
        engine.loadUnits([effect.instance]);
        engine.submit({ event: 'instance-loaded', unit: effect.unit, instance: effect.instance });
        return;
      case 'arm-timer':
        engine.armTimer(effect.dueUsec);
        return;
      case 'read-stamp':
        engine.submit({ event: 'timer-stamp', unit: effect.unit, stampUsec: this.#parts.stamps.read(effect.unit) });
        return;
      case 'write-stamp':
        this.#parts.stamps.write(effect.unit, effect.realtimeUsec);
        return;
      case 'watch-paths':
        this.#parts.paths.watch(effect.unit, effect.token, effect.watches, effect.makeDirectoryMode);
        return;
      case 'open-automount':
        this.#parts.automounts.open(effect);
        return;
      case 'answer-automount':
        this.#parts.automounts.answer(effect);
        return;
      case 'look-at-automount':
        this.#parts.automounts.look(effect);
        return;
      case 'close-automount':
        this.#parts.automounts.close(effect);
        return;
      case 'unwatch-paths':
        this.#parts.paths.unwatch(effect.unit);
        return;
      case 'collect':
        transientUnitsOf(engine).collect(effect.unit);
        return;
      case 'remove-transient':
        transientUnitsOf(engine).remove(effect.unit);
        return;
      case 'reply':
        engine.reply(effect.request, effect.result);
        return;
      case 'log':
        engine.log.write(effect.level, effect.unit, effect.message, effect.fields);
        return;
      case 'publish':
        this.#parts.crashes?.noteChange(effect.change);
        engine.publish(effect.change);
        return;
      case 'record-crash':
        this.#parts.crashes?.record(effect.unit, effect.facts);
        return;
      case 'boot-finished':
        this.#parts.onBootFinished(effect.failed);
        return;
      case 'final-kill':
        this.#parts.finalKill.begin(effect.hurry);
        return;
      case 'finish':
        this.#parts.onFinish(effect);
        return;
      case 'reload-definitions':
        engine.reloadDefinitions();
        return;
      case 'reexec':
        engine.requestReexec(effect.request);
        return;
      default:
        unreachable(effect);
    }
  }

  #killProcess(effect: Extract<Effect, { readonly kind: 'kill-process' }>): void {
    const { engine, isAlive } = this.#parts;
    const { pid, signal, value } = effect;
    const pidfd = this.#adopted.get(pid);
    // A reaped pid may be somebody else's by now; its exit is on the way to the core.
    if (pidfd === undefined && !isAlive(pid)) return;
    const result = value !== null ? engine.native.sigqueue(pid, signal, value) : pidfd !== undefined ? engine.native.pidfdSendSignal(pidfd, signal) : engine.native.kill(pid, signal);
    if (result !== 0 && result !== 'ESRCH') engine.submit({ event: 'effect-failed', effect: 'kill-process', subject: effect.unit, errno: result });
  }

  /** Children first listed, then signalled: a parent that is gone has none. */
  #killProcessTree({ unit, pid, signal }: Extract<Effect, { readonly kind: 'kill-process-tree' }>): void {
    const { engine, tracker } = this.#parts;
    const children = descendantsOf(engine.native, pid, tracker.processesOf(unit));
    this.#killProcess({ kind: 'kill-process', unit, pid, signal, value: null });
    for (const child of children) engine.native.kill(child, signal);
  }

  #freeze({ unit, freeze }: Extract<Effect, { readonly kind: 'freeze-control-group' }>): void {
    const { engine, tracker } = this.#parts;
    const group = tracker.groupOf(unit);
    const result = group === null ? 'ENOENT' : engine.native.writeAttribute(`${group}/cgroup.freeze`, freeze ? '1' : '0');
    if (result !== 0) engine.submit({ event: 'effect-failed', effect: freeze ? 'freeze' : 'thaw', subject: unit, errno: result });
  }

  #removeDirectories(effect: Extract<Effect, { readonly kind: 'remove-directories' }>): void {
    const { engine, directoryRoots } = this.#parts;
    for (const error of removeDirectories(directoryRoots, effect.definition.exec.directories, effect.kinds)) {
      engine.log.write('warning', effect.unit, `a directory could not be removed: ${error}`);
    }
  }

  /** systemd's rule: the one process that is left and whose parent is the manager. */
  #guessMainPid(unit: UnitName): Pid | null {
    const { engine, tracker } = this.#parts;
    const own = tracker.processesOf(unit).filter((pid) => readProcess(engine.native, pid)?.parent === process.pid);
    return own.length === 1 ? (own[0] as Pid) : null;
  }

  /** Without control groups it is known by its number, and what comes of it by descent. */
  #take({ unit, pid, cgroup }: Extract<Effect, { readonly kind: 'take-process' }>): void {
    const { engine, tracker } = this.#parts;
    const { cgroupFd, cgroupPath } = tracker.prepare(unit, cgroup, 'main');
    if (cgroupFd !== -1) engine.native.close(cgroupFd);
    const moved = cgroupPath === null ? 0 : engine.native.writeAttribute(`${cgroupPath}/cgroup.procs`, String(pid));
    if (moved !== 0) engine.log.write('warning', unit, `${unit}: process ${String(pid)} cannot be moved into its control group: ${moved}`);
    this.#adopt(unit, pid);
  }

  #adopt(unit: UnitName, pid: Pid): void {
    const { engine, adopt } = this.#parts;
    adopt(pid, unit);
    // Taken over at the start already, and asked for once more by the batch a former engine died in.
    if (this.#adopted.has(pid)) return;
    if (readProcess(engine.native, pid)?.parent === process.pid) return;
    // Not our child: SIGCHLD goes to somebody else, the pidfd tells us.
    const pidfd = engine.native.pidfdOpen(pid);
    if (typeof pidfd === 'string') {
      engine.submit({ event: 'exited', pid, code: 'exited', status: 0, unitHint: unit });
      return;
    }
    this.#adopted.set(pid, pidfd);
    engine.watch(pidfd, POLL_IN, () => {
      this.forgetAdopted(pid);
      // Its parent died first and it became ours: the reaper tells the exit, with the status.
      if (readProcess(engine.native, pid)?.parent === process.pid) return;
      engine.submit({ event: 'exited', pid, code: 'exited', status: 0, unitHint: unit });
      // The reaper, which looks at what it reaped, never sees it.
      this.#parts.tracker.recheck(new Set([unit]));
    }, 'exit');
  }

  /** An adopted process was reaped after all (its parent died first): its exit is told with its status. */
  forgetAdopted(pid: Pid): void {
    const pidfd = this.#adopted.get(pid);
    if (pidfd === undefined) return;
    this.#adopted.delete(pid);
    this.#parts.engine.unwatch(pidfd);
    this.#parts.engine.native.close(pidfd);
  }
}

function removeFile(path: string): void {
  try {
    unlinkSync(path);
  } catch {
    // Nobody waits for it: a PID file that is gone already, or in a directory we may not write.
  }
}
