/**
 * What writing the journal and the snapshots takes: a boot of N services, and then N deaths and restarts one after the other, through
 * the manager's own engine, journal and memory. Only processes are made up, so that nothing else is waited for.
 *
 *   node V8-FLAG... --import tsx bench/checkpoint-cost.ts UNIT-DIRECTORY SERVICES
 *
 * Prints two lines "EVENTS NANOSECONDS", of the boot and of the restarts. To be run with the flags of the manager's launcher, which
 * decide how fast its code is. Reading the clock before and after each call is counted in.
 */
import type { Errno, Pid, UnitName } from '../src/base/brand.ts';
import type { Effect } from '../src/core/manager/effect.ts';
import { initialState, openTurn } from '../src/core/manager/step.ts';
import { mainPidOf } from '../src/core/manager/unit-processes.ts';
import { valuesOf } from '../src/base/persistent-map.ts';
import { BUILT_IN_DEFAULTS } from '../src/core/unit-file/unit-defaults.ts';
import { CheckpointMemory } from '../src/host/checkpoint/checkpoint-memory.ts';
import { CheckpointJournal, type Journal } from '../src/host/checkpoint/journal.ts';
import { readClock } from '../src/host/clock.ts';
import { Drills } from '../src/host/faults/drills.ts';
import type { EngineFacts } from '../src/host/engine.ts';
import { loadNative } from '../src/host/load-native.ts';
import { ManagerEngine } from '../src/host/manager-engine.ts';
import { PollSet } from '../src/host/poll-set.ts';
import { readSpecifierFacts } from '../src/host/unit-loader/specifier-facts.ts';
import { createUnitLoader } from '../src/host/unit-loader/unit-loader.ts';

const FIRST_PID = 1000;
const BOOT_UNIT = 'default.target' as UnitName;

/** A journal, and how much was written in how much time. */
class TimedJournal implements Journal {
  readonly #journal: Journal;
  nsec = 0n;
  events = 0;

  constructor(journal: Journal) {
    this.#journal = journal;
  }

  queued(...parameters: Parameters<Journal['queued']>): void {
    this.events += 1;
    this.#time(() => { this.#journal.queued(...parameters); });
  }

  batch(...parameters: Parameters<Journal['batch']>): void {
    this.#time(() => { this.#journal.batch(...parameters); });
  }

  stepping(index: number): void {
    this.#time(() => { this.#journal.stepping(index); });
  }

  performing(index: number): void {
    this.#time(() => { this.#journal.performing(index); });
  }

  done(...parameters: Parameters<Journal['done']>): void {
    this.#time(() => { this.#journal.done(...parameters); });
  }

  /** What was counted since the last call. */
  take(): string {
    const line = `${String(this.events)} ${String(this.nsec)}`;
    this.events = 0;
    this.nsec = 0n;
    return line;
  }

  #time(call: () => void): void {
    const before = process.hrtime.bigint();
    call();
    this.nsec += process.hrtime.bigint() - before;
  }
}

function main(directory: string, services: number): void {
  const native = loadNative();
  const memory = CheckpointMemory.open(native, null);
  if (typeof memory === 'string') throw new Error(`there is no memory for a checkpoint: ${memory}`);
  const log = { write: () => undefined };
  const facts: EngineFacts = { mode: 'container', version: '', runtimeDirectory: '', logDirectory: '', logLevel: 'info', logTarget: 'auto', unitPath: [directory], cgroupRoot: null };
  const loader = createUnitLoader({
    mode: 'system', directories: [directory], root: '', defaults: BUILT_IN_DEFAULTS, hasDevices: false,
    specifiers: readSpecifierFacts({ mode: 'system', root: '', uid: 0, gid: 0, environment: {}, runtimeRoot: '/run' }),
  });
  const state = initialState({
    mode: 'container', bootUnit: BOOT_UNIT, exitWith: null, defaultTimeoutStartUsec: BUILT_IN_DEFAULTS.timeoutStartUsec ?? 0,
    defaultTimeoutStopUsec: BUILT_IN_DEFAULTS.timeoutStopUsec ?? 0, defaultRestartUsec: BUILT_IN_DEFAULTS.restartUsec,
  } as Parameters<typeof initialState>[0], readClock(native));
  const own = new CheckpointJournal({ memory, log, facts: { bootId: '', cgroupRoot: null }, at: { queued: 0, stepped: 0 } });
  const journal = new TimedJournal(own);
  const engine = new ManagerEngine({ native, poll: new PollSet(native), log, facts, openTurn, state, journal });
  let pid = FIRST_PID;
  const perform = (effect: Effect): void => {
    if (effect.kind === 'spawn') engine.submit({ event: 'spawned', unit: effect.unit, token: effect.token, pid: pid++ as Pid, execDone: true });
    else if (effect.kind === 'test-conditions') engine.submit({ event: 'conditions-tested', unit: effect.unit, token: effect.token, conditions: [], assertions: [] });
    else if (effect.kind === 'watch-control-group') engine.submit({ event: 'cgroup-empty', unit: effect.unit });
    else if (effect.kind === 'arm-timer') engine.armTimer(effect.dueUsec);
  };
  engine.attach({
    performer: { perform, beginBatch: () => undefined, endBatch: () => undefined }, fds: { add: () => undefined, close: () => undefined },
    loadUnits: () => ({ names: [], isNew: false }), reloadDefinitions: () => undefined, changedOnDisk: () => false, processesOf: () => [], environmentOf: () => null, userOf: () => ({ uid: null, gid: null }), controlGroupOf: () => null,
    takeOverBirth: () => true, serviceMounts: { isApart: () => false, bind: () => undefined }, noteAskedDeath: () => undefined, armFault: () => false,
    drills: new Drills({ signal: () => 0, mainPidOf: () => null, processesOf: () => [], logdPid: () => null, limitMemory: () => '' }), verifyNextBuild: (done) => { done(null); }, reexec: () => 'EPERM' as Errno,
  });
  own.snapshot(engine.state(), []);
  memory.setAlive(readClock(native).monotonicUsec);
  engine.submit({ event: 'boot', definitions: loader.loadClosure([BOOT_UNIT], () => undefined), found: [], randomSeed: 1 });
  engine.start();
  const running = [...valuesOf(engine.state().units)].flatMap((unit) => mainPidOf(unit) ?? []);
  if (running.length !== services) throw new Error(`${String(running.length)} of ${String(services)} services were started`);
  const lines = [journal.take()];
  // Each in a turn of its own, as when services die now and then.
  const kill = (index: number): void => {
    const victim = running[index];
    if (victim === undefined) {
      const restarted = [...valuesOf(engine.state().units)].filter((unit) => (mainPidOf(unit) ?? 0) >= FIRST_PID + services).length;
      if (restarted !== services) throw new Error(`${String(restarted)} of ${String(services)} services were restarted`);
      console.log([...lines, journal.take()].join('\n'));
      process.exit(0);
    }
    engine.submit({ event: 'exited', pid: victim, code: 'killed', status: 9, unitHint: null });
    setTimeout(() => { kill(index + 1); }, 1);
  };
  kill(0);
}

main(process.argv[2] ?? '', Number(process.argv[3]));
