/**
 * A new engine in the place of one that ended. First the shell is put where that one left it (coldplug); then, when the batch it had in
 * hand is done, what happened meanwhile is admitted as ordinary events (catch up).
 */
import { entriesOf, getEntry, valuesOf } from '../../base/persistent-map.ts';
import type { Pid, UnitName } from '../../base/brand.ts';
import type { Effect, SpawnEffect } from '../../core/manager/effect.ts';
import { fdsWithoutOwner } from '../../core/manager/upkeep/fd-owners.ts';
import type { ServiceState, Unit } from '../../core/manager/state.ts';
import { renewalWatches } from '../../core/unit/renewal.ts';
import { besidePidOf, controlPidOf, mainPidOf, runsCommands, takenPidOf, waitsForEmptyGroup } from '../../core/manager/unit-processes.ts';
import { readClock } from '../clock.ts';
import type { HostPerformer } from '../effect-performer.ts';
import type { FdTable } from '../fd-table.ts';
import type { ManagerEngine } from '../manager-engine.ts';
import type { NativeBinding, ProcessExit } from '../native.ts';
import type { FormerServices } from '../processes/former-services.ts';
import type { KnownProcesses } from '../processes/known-processes.ts';
import { readChildren, readProcess } from '../processes/process-table.ts';
import type { ProcessTracker } from '../processes/process-tracker.ts';
import type { FinalKill } from '../shutdown/final-kill.ts';
import type { ListeningSockets } from '../sockets/listening-sockets.ts';
import type { ExecutorLauncher } from '../spawn/executor-launcher.ts';
import type { Automounts } from '../storage/automounts.ts';
import type { MountTable } from '../storage/mount-table.ts';
import type { SwapTable } from '../storage/swap-table.ts';
import { transientUnitsOf } from '../transient-units.ts';
import type { UnitSource } from '../unit-source.ts';
import type { PathWatches } from '../watching/path-watches.ts';
import type { Recovered } from './recovery.ts';

export interface ResumptionOptions {
  readonly native: NativeBinding;
  readonly engine: ManagerEngine;
  readonly performer: HostPerformer;
  readonly tracker: ProcessTracker;
  readonly known: KnownProcesses;
  readonly former: FormerServices;
  readonly executor: ExecutorLauncher;
  readonly units: UnitSource;
  readonly fds: FdTable;
  readonly sockets: ListeningSockets;
  readonly paths: PathWatches;
  readonly automounts: Automounts;
  readonly mounts: MountTable | null;
  readonly swaps: SwapTable | null;
  readonly finalKill: FinalKill;
  readonly onExit: (exit: ProcessExit, unit: UnitName) => void;
  readonly finish: (effect: Extract<Effect, { readonly kind: 'finish' }>) => void;
}

export class Resumption {
  readonly #options: ResumptionOptions;

  constructor(options: ResumptionOptions) {
    this.#options = options;
  }

  /** Processes, groups, timers as they were. Nothing of this is an event. */
  coldplug(recovered: Recovered): void {
    const { native, engine, performer, tracker, known, executor } = this.#options;
    const { log } = engine;
    const state = engine.state();
    const now = readClock(native).monotonicUsec;
    log.write(recovered.death.signal === 0 ? 'notice' : 'crit', '', describeDeath(recovered, now));
    for (const loss of recovered.losses) log.write('crit', '', loss);
    for (const unit of recovered.changed) log.write('notice', unit, `${unit}: its files have changed, and were read again`);
    for (const unit of valuesOf(state.units)) this.#restoreUnit(unit);
    for (const unit of valuesOf(state.units)) {
      const pid = takenPidOf(unit);
      if (pid !== null) performer.perform({ kind: 'adopt-process', unit: unit.name, pid });
    }
    const children = readChildren();
    for (const [pid, unit] of entriesOf(state.pids)) {
      if (children.has(pid) || this.#isChild(pid)) known.expect(pid, unit);
      else if (readProcess(native, pid) !== null) performer.perform({ kind: 'adopt-process', unit, pid });
    }
    // Born, and their news on the way to the core: nobody else would know them until then.
    for (const event of recovered.queue) {
      if (event.event === 'exec-done' || event.event === 'exec-failed') executor.forget(event.pid);
      if (event.event !== 'spawned') continue;
      known.expect(event.pid, event.unit);
      tracker.addProcess(event.unit, event.pid, getEntry(state.units, event.unit)?.invocationId ?? '');
    }
    this.#closeWithoutOwner(recovered);
    engine.resume(recovered);
    this.#reportPoison(recovered.poison);
    if (recovered.losses.length > 0) this.#findWhatWasForgotten(recovered.lostSpawns);
  }

  /** Real life since the former engine's last look, as ordinary events. */
  catchUp(): void {
    const { native, engine, tracker, sockets, paths, automounts, mounts, swaps, finalKill, onExit, finish } = this.#options;
    const state = engine.state();
    const children = readChildren();
    for (const [pid, unit] of entriesOf(state.pids)) {
      if (children.has(pid) || readProcess(native, pid) !== null) continue;
      // Reaped, but the former engine died before it could write that down: how it ended is not known any more.
      engine.log.write('warning', unit, `${unit}: process ${String(pid)} is gone; how it ended was lost`);
      onExit({ pid, code: 'killed', status: 9, uid: 0, userUsec: 0, systemUsec: 0, maxRssBytes: 0 }, unit);
    }
    for (const unit of valuesOf(state.units)) {
      if (unit.runtime.kind === 'socket' && unit.definition.kind === 'socket' && unit.runtime.state === 'listening' && unit.runtime.deadlineUsec === null) {
        sockets.watch({ unit: unit.name, fds: unit.runtime.fds, accept: unit.definition.accept, flush: false });
      }
      if (waitsForEmptyGroup(unit)) tracker.watchEmpty(unit.name);
    }
    mounts?.refresh();
    swaps?.refresh();
    engine.armTimer(state.armedUsec);
    for (const { name, definition, runtime } of valuesOf(state.units)) {
      if (definition.kind === 'service' && runtime.kind === 'service' && runtime.renewal !== null && runtime.renewal.token > 0) paths.watch(name, runtime.renewal.token, renewalWatches(definition.renewal), null, true);
      if (definition.kind === 'path' && runtime.kind === 'path' && runtime.state === 'waiting') paths.watch(name, runtime.token, definition.watches, null, true);
      if (definition.kind === 'automount') automounts.watch(name);
      if (definition.kind === 'device' && runtime.kind === 'device' && runtime.token > 0) paths.watch(name, runtime.token, [{ kind: 'Device', path: definition.path }], null, true);
    }
    // A client that waits for the end of one comes back, and finds how it ended; what nobody waits for goes after a while.
    const transient = transientUnitsOf(engine);
    for (const { name, definition } of valuesOf(state.units)) {
      if (definition.transient !== true) continue;
      transient.holdBriefly(name);
      transient.collect(name);
    }
    // The wall clock may have been set while nobody looked.
    engine.submit({ event: 'clock-changed', seen: false });
    const { shutdown } = state;
    if (shutdown?.phase === 'final') finalKill.begin(shutdown.hurry);
    if (shutdown?.phase === 'over') finish({ kind: 'finish', goal: shutdown.goal, exitStatus: shutdown.exitStatus, rebootArgument: shutdown.rebootArgument });
  }

  /** A spawn of the batch in hand that the former engine did. Returns whether the program's start has been reported already. */
  takeOverBirth(effect: SpawnEffect, pid: Pid): boolean {
    const { known, tracker, executor } = this.#options;
    known.expect(pid, effect.unit);
    tracker.addProcess(effect.unit, pid, effect.invocationId);
    return !executor.isPending(pid);
  }

  /**
   * The state is older than what happened: a service may run that it says is down, under another main process, or born of a start that
   * nobody knows the end of. What is there counts.
   */
  #findWhatWasForgotten(lostSpawns: readonly SpawnEffect[]): void {
    const { engine, former, units } = this.#options;
    const loaded = engine.state().units;
    const forgotten = former.find().filter(({ unit, mainPid }) => {
      const runtime = getEntry(loaded, unit)?.runtime;
      if (runtime === undefined) return true;
      return runtime.kind === 'service' ? runtime.mainPid !== mainPid && runtime.beside?.pid !== mainPid && runtime.controlPid !== mainPid : !runsCommands(runtime) || runtime.controlPid === null;
    });
    const definitions = units.load(forgotten.map(({ unit }) => unit), () => undefined).definitions;
    const found = former.takeOver(forgotten, definitions);
    if (found.length > 0) engine.submit({ event: 'services-found', definitions, found });
    for (const effect of lostSpawns) {
      engine.submit({ event: 'spawn-failed', unit: effect.unit, token: effect.token, stage: 'manager', errno: 'EIO', subject: effect.command.path });
    }
  }

  #restoreUnit(unit: Unit): void {
    const { tracker } = this.#options;
    const { definition, runtime, name } = unit;
    if (runtime.kind === 'slice' && definition.kind === 'slice' && runtime.state === 'active') {
      tracker.restore(name, definition.cgroup, { pids: [], invocationId: '', mayBeKilled: false });
    } else if (definition.kind === 'scope') {
      const taken = takenPidOf(unit);
      if (waitsForEmptyGroup(unit)) tracker.restore(name, definition.cgroup, { pids: taken === null ? [] : [taken], invocationId: unit.invocationId ?? '', mayBeKilled: runtime.state === 'stop-sigkill' });
    } else if (runsCommands(runtime) && 'cgroup' in definition) {
      const pids = [mainPidOf(unit), besidePidOf(unit), controlPidOf(unit)].filter((pid) => pid !== null);
      const mayBeKilled = !UNKILLED_STATES.has(runtime.state);
      tracker.restore(name, definition.cgroup, { pids, invocationId: unit.invocationId ?? '', mayBeKilled });
    }
  }

  #closeWithoutOwner(recovered: Recovered): void {
    const { engine, fds } = this.#options;
    const names = fdsWithoutOwner(fds.names(), recovered);
    if (names.length === 0) return;
    engine.log.write('warning', '', `closed what no unit knows any more: ${names.join(', ')}`);
    fds.close(names);
  }

  #reportPoison(poison: Recovered['poison']): void {
    if (poison === null) return;
    const { log } = this.#options.engine;
    if ('effect' in poison) log.write('crit', 'unit' in poison.effect ? poison.effect.unit : '', `the manager died twice of the effect "${poison.effect.kind}"; it is left out`);
    else log.write('crit', 'unit' in poison.event ? poison.event.unit : '', `the manager died twice of the event "${poison.event.event}"; it is left out`);
  }

  #isChild(pid: Pid): boolean {
    return readProcess(this.#options.native, pid)?.parent === process.pid;
  }
}

/** The process whose end is the newest event that waits, if that is what it is. */
export function newestExit(queue: Recovered['queue']): Pid | null {
  const newest = queue.at(-1);
  return newest?.event === 'exited' ? newest.pid : null;
}

/** States in which nothing has sent SIGKILL to the whole control group. */
const UNKILLED_STATES: ReadonlySet<string> = new Set<ServiceState>(['start-pre', 'start', 'start-post', 'running', 'exited', 'reload', 'reload-signal', 'reload-notify', 'replace-start', 'replace-watch', 'replace-stop', 'replace-kill', 'stop']);

/** native/addon/checkpoint-layout.h */
const DEATH_BY_EXIT = -1001;
const DEATH_BY_HANG = -1002;

function describeDeath({ death, replayed, queue }: Recovered, nowUsec: number): string {
  const after = `back after ${String(Math.round((nowUsec - death.monotonicUsec) / 1000))} ms, ${String(replayed)} events replayed, ${String(queue.length)} waiting`;
  if (death.signal === 0) return `the manager executed itself anew: ${after}`;
  const why = death.code === DEATH_BY_EXIT ? 'called exit' : death.code === DEATH_BY_HANG ? 'hung' : `died of signal ${String(death.signal)}`;
  return `the manager ${why} and was executed again: ${after}`;
}
