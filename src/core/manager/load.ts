/** Definitions come into the manager, and leave it on a daemon-reload. */
import type { MonotonicUsec, UnitName } from '../../base/brand.ts';
import { addToGraph, buildGraph } from '../graph/graph.ts';
import { CYCLES_SHOWN_MAX, findOrderCycles } from '../graph/cycles.ts';
import { isInactive } from '../job/job-type.ts';
import { NEVER_STARTED } from '../machine/service/context.ts';
import { MOUNT_NEVER_STARTED } from '../machine/mount.ts';
import { PATH_NEVER_STARTED } from '../machine/path.ts';
import { TIMER_NEVER_STARTED } from '../machine/timer.ts';
import { SOCKET_NEVER_STARTED } from '../machine/socket/socket.ts';
import { SWAP_NEVER_STARTED } from '../machine/swap.ts';
import type { UnitDefinition } from '../unit/definition.ts';
import type { Dependency } from '../unit/dependency.ts';
import type { Instant, Unit, UnitRuntime, UnitTimes } from './state.ts';
import { describeCycle } from '../job/transaction/order-edge.ts';
import { AUTOMOUNT_NEVER_STARTED } from './drivers/automount-driver.ts';
import { DEVICE_NOT_WATCHED, watchDevices } from './drivers/device-driver.ts';
import { reconsiderRenewals } from './drivers/renewal-driver.ts';
import { reconsiderHeld } from './restarts/restart-hold.ts';
import type { Turn } from './turn.ts';

export const NEVER: Instant = { realtimeUsec: 0 as Instant['realtimeUsec'], monotonicUsec: 0 as Instant['monotonicUsec'] };
/** Of a unit that has done nothing yet. */
export const NO_TIMES: UnitTimes = {
  stateChange: NEVER, inactiveExit: NEVER, activeEnter: NEVER, activeExit: NEVER, inactiveEnter: NEVER, condition: NEVER,
};

/** @param loadedUsec as in `Unit` */
export function newUnit(definition: UnitDefinition, loadedUsec: MonotonicUsec | null = null): Unit {
  return {
    name: definition.name,
    definition,
    runtime: newRuntime(definition),
    activeState: 'inactive',
    job: null,
    invocationId: null,
    conditionToken: null,
    times: NO_TIMES,
    conditions: [],
    assertions: [],
    conditionResult: false,
    assertResult: false,
    startTimes: [],
    automaticJobTimes: [],
    isFrozen: false,
    startReason: null,
    endReason: null,
    notEffectiveAtRuntime: [],
    loadedUsec,
  };
}

function newRuntime(definition: UnitDefinition): UnitRuntime {
  switch (definition.kind) {
    case 'service': return NEVER_STARTED;
    case 'socket': return SOCKET_NEVER_STARTED;
    case 'target': return { kind: 'target', state: 'dead' };
    case 'slice': return { kind: 'slice', state: 'dead' };
    case 'scope': return { kind: 'scope', state: 'dead', result: 'success', deadlineUsec: null, takenPid: null };
    case 'timer': return TIMER_NEVER_STARTED;
    case 'path': return PATH_NEVER_STARTED;
    case 'mount': return MOUNT_NEVER_STARTED;
    case 'swap': return SWAP_NEVER_STARTED;
    case 'device': return DEVICE_NOT_WATCHED;
    case 'automount': return AUTOMOUNT_NEVER_STARTED;
  }
}

/**
 * Default dependencies are ours, not the author's: on a load path without sysinit.target (a container with one directory of units) a
 * service does not fail for want of it.
 */
function withoutVainDefaults(definition: UnitDefinition, isMissing: (name: UnitName) => boolean): UnitDefinition {
  const isVain = (each: Dependency): boolean => each.origin === 'default' && each.kind === 'Requires' && isMissing(each.other);
  return definition.dependencies.some(isVain)
    ? { ...definition, dependencies: definition.dependencies.filter((each) => !isVain(each)) } : definition;
}

/**
 * Definitions that were read for the first time. One that is loaded already stays as it is until a daemon-reload.
 *
 * @param onDemand they were read because somebody asked for a unit, and may be forgotten
 */
export function addDefinitions(turn: Turn, definitions: readonly UnitDefinition[], onDemand: boolean): void {
  const added: UnitDefinition[] = [];
  let hasOldEdges = false;
  const missing = new Set(definitions.filter((each) => each.loadState === 'not-found').map((each) => each.name));
  const isMissing = (name: UnitName): boolean => missing.has(name) || turn.unit(name)?.definition.loadState === 'not-found';
  for (const read of definitions) {
    const definition = withoutVainDefaults(read, isMissing);
    const known = turn.unit(definition.name);
    if (known !== undefined && (known.definition.loadState !== 'not-found' || read.loadState === 'not-found')) continue;
    if (known === undefined || known.definition.kind !== definition.kind) turn.setUnit(newUnit(definition, onDemand ? turn.now.monotonicUsec : null));
    else turn.setUnit({ ...known, definition });
    // Its file was gone while it ran; now there is one again, which may say other things.
    hasOldEdges ||= known !== undefined && known.definition.dependencies.length > 0;
    setAliases(turn, definition);
    added.push(definition);
  }
  if (added.length === 0) return;
  watchDevices(turn, added);
  if (onDemand) turn.mayHaveGarbage = true;
  const resolve = (name: UnitName): UnitName => turn.resolve(name);
  turn.graph = hasOldEdges ? buildGraph(turn.units().map((unit) => unit.definition), resolve) : addToGraph(turn.graph, added, resolve);
  if (reportCycles(turn, added.map((definition) => definition.name))) turn.orderIsAcyclic = false;
}

/** Says every ordering cycle the given units are part of, edge by edge with its place; nothing is dropped for it. True = there is one. */
function reportCycles(turn: Turn, names: readonly UnitName[]): boolean {
  const cycles = findOrderCycles(turn.graph, names);
  for (const cycle of cycles.slice(0, CYCLES_SHOWN_MAX)) {
    turn.log('warning', cycle[0] as UnitName, `Ordering cycle: ${describeCycle(turn, cycle)}. A job that needs all of these units is refused; one that is merely wanted is left out.`);
  }
  if (cycles.length > CYCLES_SHOWN_MAX) turn.log('warning', '', `${String(cycles.length - CYCLES_SHOWN_MAX)} more ordering cycles`);
  return cycles.length > 0;
}

/**
 * daemon-reload: the files are the truth again; what runs stays as it is and takes its new definition at the next start. A unit whose files
 * cannot be used stays as it was loaded. Where no unit has other edges than before, the graph is the one there is.
 */
export function replaceDefinitions(turn: Turn, definitions: readonly UnitDefinition[]): void {
  const missing = new Set(definitions.filter((each) => each.loadState === 'not-found').map((each) => each.name));
  const fresh = new Map(definitions.map((read) => [read.name, withoutVainDefaults(read, (name) => missing.has(name))]));
  let hasSameEdges = true;
  for (const unit of turn.units()) {
    const read = fresh.get(unit.name);
    if (read === undefined && !isBusy(unit)) {
      for (const alias of unit.definition.names) if (alias !== unit.name) turn.removeAlias(alias);
      turn.removeUnit(unit.name);
      hasSameEdges = false;
      continue;
    }
    fresh.delete(unit.name);
    const next = read === undefined ? gone(unit.definition) : mustStay(unit, read) ? keepDefinition(unit.definition, read) : read;
    if (!isSameInGraph(unit.definition, next)) {
      for (const alias of unit.definition.names) if (alias !== unit.name) turn.removeAlias(alias);
      hasSameEdges = false;
    }
    if (next !== unit.definition) turn.setUnit({ ...unit, definition: next });
  }
  for (const definition of fresh.values()) turn.setUnit(newUnit(definition));
  watchDevices(turn, definitions);
  if (!hasSameEdges || fresh.size > 0 || !turn.orderIsAcyclic) rebuildGraph(turn);
  // An edge a job waits for may be gone, and then nobody would wake it: each looks anew at what it has to wait for.
  for (const job of turn.jobs()) {
    if (job.state !== 'waiting') continue;
    turn.setJob({ ...job, blockedBy: null });
    turn.runQueue.add(job.id);
  }
  reconsiderHeld(turn);
  reconsiderRenewals(turn);
}

function rebuildGraph(turn: Turn): void {
  const all = turn.units().map((unit) => unit.definition);
  for (const definition of all) setAliases(turn, definition);
  turn.graph = buildGraph(all, (name) => turn.resolve(name));
  turn.orderIsAcyclic = !reportCycles(turn, all.map((definition) => definition.name));
}

/** Whether the two have the same names, and the same edges in the same order. */
function isSameInGraph(a: UnitDefinition, b: UnitDefinition): boolean {
  if (a === b || (a.names === b.names && a.dependencies === b.dependencies)) return true;
  return a.names.length === b.names.length && a.names.every((name, index) => name === b.names[index])
    && a.dependencies.length === b.dependencies.length
    && a.dependencies.every(({ kind, other }, index) => kind === b.dependencies[index]?.kind && other === b.dependencies[index].other);
}

/** Files that broke leave the loaded unit as it is; files that are gone or masked, only while it has something to do. */
function mustStay(unit: Unit, read: UnitDefinition): boolean {
  return isUsable(unit.definition) && read.loadState !== 'loaded' && (read.loadState === 'bad-setting' || read.loadState === 'error' || isBusy(unit));
}

/** It was read well, now or before its files broke. */
function isUsable({ loadState, outdated }: UnitDefinition): boolean {
  return loadState === 'loaded' || outdated === true;
}

function keepDefinition(old: UnitDefinition, broken: UnitDefinition): UnitDefinition {
  return { ...old, outdated: true, loadState: broken.loadState, loadError: broken.loadError, diagnostics: broken.diagnostics, sourceHash: broken.sourceHash };
}

function gone(old: UnitDefinition): UnitDefinition {
  return { ...old, ...(isUsable(old) ? { outdated: true } : {}), loadState: 'not-found', loadError: 'The unit file is gone.' };
}

function isBusy(unit: Unit): boolean {
  return unit.job !== null || !isInactive(unit.activeState) || unit.activeState === 'failed';
}

function setAliases(turn: Turn, definition: UnitDefinition): void {
  for (const alias of definition.names) if (alias !== definition.name) turn.setAlias(alias, definition.name);
}
