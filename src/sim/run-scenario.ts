/**
 * Lives a scenario through, with every law watched, and then lets all go well: whatever was begun has to come to its end.
 */
import { assert } from '../base/assert.ts';
import type { Signal, UnitName } from '../base/brand.ts';
import { entriesOf, getEntry, valuesOf } from '../base/persistent-map.ts';
import { isInactive } from '../core/job/job-type.ts';
import { isStoredFd } from '../core/machine/service/fd-store.ts';
import { fdsWithoutOwner } from '../core/manager/upkeep/fd-owners.ts';
import type { Step } from '../core/manager/survival/replay.ts';
import { restartsDirectly } from '../core/manager/drivers/service-driver.ts';
import { BrokenLaw } from './broken-law.ts';
import { Faults, type FaultKind } from './faults.ts';
import { SimulatedKernel } from './kernel.ts';
import { LastEvents } from './last-events.ts';
import { watchLaws, type CheckLevel } from './laws.ts';
import { countReached } from './reached.ts';
import { pathOfUnit } from './random-mounts.ts';
import { mayLeaveProcesses, type Action, type Scenario } from './scenario.ts';
import { UnitFolder, unitNamesIn } from './unit-folder.ts';

const SECOND = 1_000_000;
/** Longer than all time-outs of a scenario after one another. */
const QUIET_USEC = 600 * SECOND;
/** All time-outs that one job of a scenario can run into, and then some. */
const JOB_USEC_MAX = 120 * SECOND;
/** Below the level `full`, one recovery in so many reads snapshot and journal from text; every other goes on with the very data. */
const THROUGH_TEXT_EVERY = 16;

export interface Life {
  readonly steps: number;
  readonly faults: ReadonlyMap<FaultKind, number>;
  /** How often what happened: sub-states entered, results of jobs, refusals, recoveries. */
  readonly reached: ReadonlyMap<string, number>;
}

/** A law was broken; the message says which, and the last events. */
export class SimulationFailure extends Error {
  readonly law: string;
  readonly scenario: Scenario;
  readonly steps: number;

  constructor(scenario: Scenario, law: string, what: string, at: { readonly steps: number; readonly lastEvents: readonly string[] }, cause: unknown) {
    super(`seed ${String(scenario.seed)}: ${what}\n  ${at.lastEvents.join('\n  ')}`, { cause });
    this.scenario = scenario;
    this.law = law;
    this.steps = at.steps;
  }
}

export interface LifeOptions {
  /** In place of the manager's own step. */
  readonly step?: Step;
  readonly restoreEvery?: number;
  /** Absent = full. */
  readonly checks?: CheckLevel;
}

/** @throws SimulationFailure */
export function runScenario(scenario: Scenario, options: LifeOptions = {}): Life {
  const events = new LastEvents();
  const reached = new Map<string, number>();
  const reach = (what: string): void => { reached.set(what, (reached.get(what) ?? 0) + 1); };
  const folder = new UnitFolder(scenario.files);
  const faults = new Faults(scenario.seed, scenario.faults);
  const mayLeave = (unit: string): boolean => mayLeaveProcesses(scenario, unit);
  const isFull = (options.checks ?? 'full') === 'full';
  const laws = watchLaws(mayLeave, options.checks);
  const kernel = new SimulatedKernel({
    faults, load: (names) => folder.load(names), ...options, remembers: false,
    isThroughText: (recovery) => isFull || (scenario.seed + recovery) % THROUGH_TEXT_EVERY === 0,
    scriptOf: ({ command, unit }, run) => {
      const scripts = scenario.programs[`${command.path} ${unit}`] ?? scenario.programs[command.path] ?? [];
      return scripts[(run - 1) % scripts.length] ?? {};
    },
    observe: (look) => {
      events.add(look.kernel.nowUsec, look.event);
      countReached(look, reach);
      laws(look);
    },
  });
  try {
    kernel.boot(folder.load(['default.target' as UnitName]), scenario.seed);
    for (const action of scenario.actions) {
      kernel.run(action.afterUsec);
      act(kernel, folder, action);
      if (faults.strikes('reload-in-transaction')) act(kernel, folder, { act: 'daemon-reload', afterUsec: 0 });
      if (faults.strikes('wall-clock-stepped')) kernel.stepClock((faults.below('wall-clock-stepped', 7200) - 3600) * SECOND);
    }
    comeToRest(kernel, unitNamesIn(scenario.files), mayLeave);
  } catch (error) {
    const law = error instanceof BrokenLaw ? error.law : error instanceof Error ? error.message.replace(/[a-z]*[0-9]+(\.[a-z]+)?/g, '…') : 'unknown';
    throw new SimulationFailure(scenario, law, error instanceof Error ? error.message : String(error), { steps: kernel.steps, lastEvents: events.lines() }, error);
  }
  for (const unit of valuesOf(kernel.state.units)) if (unit.endReason !== null) reach(`ended: ${unit.endReason.reason}`);
  for (const [what, count] of kernel.recoveries) reached.set(what, count);
  return { steps: kernel.steps, faults: faults.struck, reached };
}

function act(kernel: SimulatedKernel, folder: UnitFolder, action: Action): void {
  switch (action.act) {
    case 'reset-failed': kernel.request({ method: 'reset-failed', units: [] }); return;
    case 'cancel': kernel.request({ method: 'cancel', jobs: [] }); return;
    case 'daemon-reload': kernel.reload(folder.load(valuesOf(kernel.state.units).map((unit) => unit.name))); return;
    case 'signal-unit': kernel.request({ method: 'kill', units: [action.unit as UnitName], whom: action.whom, signal: action.signal as Signal, value: null }); return;
    case 'kill': {
      const pids = [...kernel.processes.keys()];
      const pid = pids[action.nth % pids.length];
      if (pid !== undefined) kernel.kill(pid, action.signal);
      return;
    }
    case 'step-wall-clock': kernel.stepClock(action.byUsec); return;
    case 'connect': kernel.arrive(action.unit, action.source); return;
    case 'touch': kernel.writeFile(action.path); return;
    case 'remove': kernel.removeFile(action.path); return;
    case 'take-into-use': kernel.takeIntoUse(action.unit, pathOfUnit(action.unit)); return;
    case 'take-out-of-use': kernel.takeOutOfUse(action.unit, pathOfUnit(action.unit)); return;
    case 'visit': kernel.visit(action.unit, pathOfUnit(action.unit)); return;
    case 'take-autofs': kernel.takeAutofs(action.unit); return;
    case 'freeze': case 'thaw': kernel.request({ method: 'freeze', units: [action.unit as UnitName], freeze: action.act === 'freeze' }); return;
    case 'write': folder.write(action.file, action.text); return;
    case 'shutdown': kernel.signal('SIGTERM'); return;
    default:
      kernel.request({ method: 'enqueue', type: action.act, units: [action.unit as UnitName], mode: action.mode, wait: true, verb: action.act });
  }
}

/** Mounts and swaps are what the kernel says. */
function checkTables(kernel: SimulatedKernel): void {
  for (const { name, definition, activeState } of valuesOf(kernel.state.units)) {
    const isInUse = definition.kind === 'mount' ? kernel.tables.mounts.some(({ where }) => where === definition.where)
      : definition.kind === 'swap' ? kernel.tables.swaps.some(({ what }) => what === definition.what) : null;
    if (isInUse !== null && (activeState === 'active' || isInactive(activeState))) assert(isInUse === (activeState === 'active'), `${name} is ${activeState}, and the kernel says otherwise`);
  }
}

/** An automount stands where its unit says, and nobody waits there for nothing; devices are there when their units say so. */
function checkPlaces(kernel: SimulatedKernel): void {
  for (const { name, runtime, definition } of valuesOf(kernel.state.units)) {
    if (runtime.kind === 'automount') assert(runtime.hasTrap === kernel.autofs.trapped.has(name), `${name} is ${runtime.state}, and the kernel says otherwise`);
    if (runtime.kind === 'device' && definition.kind === 'device' && runtime.token > 0) assert((runtime.state === 'plugged') === kernel.files.has(definition.path), `${name} is ${runtime.state}, and the kernel says otherwise`);
  }
  for (const unit of kernel.autofs.waiting.values()) {
    const { runtime } = kernel.unit(unit);
    assert(runtime.kind === 'automount' && runtime.waiting.length > 0, `somebody waits at ${unit} for ever`);
  }
}

/** Every stored fd belongs to a service that knows it, and is open; connections are known as well. */
function checkStores(kernel: SimulatedKernel): void {
  const stored = new Set(valuesOf(kernel.state.units).flatMap(({ runtime }) => (runtime.kind === 'service' ? runtime.fdStore : [])));
  for (const key of stored) assert(kernel.sockets.open.has(key), `${key} is in a store, and closed`);
  for (const key of kernel.sockets.open) assert(!isStoredFd(key) || stored.has(key), `${key} is open, and in no store`);
  const lost = fdsWithoutOwner(kernel.sockets.open, { state: kernel.state, queue: [], open: null });
  assert(lost.length === 0, `every connection belongs to a service or socket that knows it: ${lost.join(', ')}`);
}

/** Faults and actions are over: everything has to come to rest, and then to an end. */
function comeToRest(kernel: SimulatedKernel, names: readonly UnitName[], mayLeave: (unit: string) => boolean): void {
  kernel.faults.end();
  // What starts services goes first, so that these stay down.
  for (const name of names) if (/\.(?:socket|timer|path|automount)$/.test(name)) kernel.enqueue('stop', name);
  for (const name of names) if (name.endsWith('.service')) kernel.enqueue('stop', name);
  for (const name of names) if (/\.(?:mount|swap)$/.test(name)) kernel.enqueue('stop', name);
  kernel.run(QUIET_USEC);
  // A unit's ExitOn= was quicker.
  if (kernel.finished === null) {
    checkRest(kernel, mayLeave);
    kernel.signal('SIGTERM');
    kernel.run(QUIET_USEC);
  }
  assert(kernel.finished !== null, 'a shutdown comes to its end');
  assert(kernel.processes.size === 0, 'a shutdown leaves no process');
}

/** What has to be so when all has gone well for a while. */
function checkRest(kernel: SimulatedKernel, mayLeave: (unit: string) => boolean): void {
  const { state } = kernel;
  checkTables(kernel);
  checkPlaces(kernel);
  checkStores(kernel);
  for (const job of valuesOf(state.jobs)) {
    // A unit that is upheld and dies again and again has a new job every few seconds, or its old one runs anew, and others may wait as long.
    // With RestartMode=direct its start goes on through all restarts.
    const unit = getEntry(state.units, job.unit);
    if (unit?.definition.kind === 'service' && unit.runtime.kind === 'service' && unit.runtime.restarts > 0 && restartsDirectly(unit.definition)) continue;
    assert(job.blockedBy !== null || (job.startedUsec ?? job.createdUsec) > kernel.nowUsec - JOB_USEC_MAX, `every job ends: ${job.unit}/${job.type} is ${job.state}`);
  }
  if (state.jobs.size === 0) assert(state.requests.size === 0, 'every request is answered');
  for (const unit of valuesOf(state.units)) {
    const isSteady = unit.job !== null || unit.times.stateChange.monotonicUsec > kernel.nowUsec - JOB_USEC_MAX
      || ['active', 'inactive', 'failed'].includes(unit.activeState) || unit.runtime.state === 'auto-restart';
    assert(isSteady, `${unit.name} comes to rest, but is ${unit.activeState} (${unit.runtime.state})`);
  }
  for (const process of kernel.processes.values()) {
    const unit = kernel.unit(process.unit);
    assert(!isInactive(unit.activeState) || mayLeave(unit.name), `no process of ${unit.name} outlives its stop`);
  }
  for (const [pid, unit] of entriesOf(state.pids)) assert(kernel.processes.has(pid), `process ${String(pid)} of ${unit} is gone, and the manager was not told`);
}
