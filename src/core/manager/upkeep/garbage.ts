/**
 * Units that were loaded because somebody asked about them, or started them once, are forgotten when nothing speaks of them any more: else
 * ten thousand questions would be ten thousand units. Source of the rules: systemd.unit(5), CollectMode=, and systemctl(1), which tells
 * that units without a reference, a job or a process are unloaded.
 *
 * A unit stays for as long as
 * - it came with the boot or a daemon-reload, or is one of those a shutdown or an emergency needs;
 * - it is up, failed (unless CollectMode= says otherwise), has a job or a process, or counts towards a limit of starts;
 * - it ended not long ago: `status` and `why` tell about the newest ENDED_KEPT_MAX. systemd forgets these too;
 * - or a unit that stays names it in its own dependencies.
 *
 * The rest goes all at once, some seconds after the first of it was noticed: units that only name each other go together, and who asked
 * about one has long been answered.
 */
import type { MonotonicUsec, UnitName } from '../../../base/brand.ts';
import { removeFromGraph } from '../../graph/graph.ts';
import { isInactive } from '../../job/job-type.ts';
import type { UnitDefinition } from '../../unit/definition.ts';
import type { Unit } from '../state.ts';
import type { Turn } from '../turn.ts';

/** From the first unit that may go to the sweep. A unit that was read more recently is somebody's question still. */
const SWEEP_DELAY_USEC = 5_000_000;
/** Units that are down for good but are kept to be asked about; the oldest go. Each is some kilobytes. */
const ENDED_KEPT_MAX = 256;

/** Loaded after the boot, so that a shutdown or an emergency needs no disk. */
export const STANDING_UNITS = [
  'shutdown.target', 'exit.target', 'poweroff.target', 'reboot.target', 'halt.target', 'kexec.target', 'rescue.target', 'emergency.target',
  'default.target', 'ctrl-alt-del.target',
] as readonly string[] as readonly UnitName[];

/** There is always one of each: systemd.special(7). */
const PERPETUAL_UNITS = ['-.slice', '-.mount', 'init.scope'] as readonly string[] as readonly UnitName[];

/** CollectMode= */
export function isCollectedFailed(definition: UnitDefinition): boolean {
  return definition.entries.findLast((entry) => entry.section === 'Unit' && entry.key === 'CollectMode')?.value === 'inactive-or-failed';
}

/** The unit changed or a job of it ended: perhaps nobody needs it any more. */
export function considerSweeping(turn: Turn, name: UnitName): void {
  const unit = turn.unit(name);
  if (unit !== undefined && unit.loadedUsec !== null && unit.job === null && isInactive(unit.activeState)) turn.mayHaveGarbage = true;
}

/** Something was loaded, or has ended: plans the sweep when there is something for it. */
export function planSweep(turn: Turn): void {
  if (turn.sweepDueUsec !== null || turn.shutdown !== null || garbageOf(turn).length === 0) return;
  turn.sweepDueUsec = (turn.now.monotonicUsec + SWEEP_DELAY_USEC) as MonotonicUsec;
  turn.wantTimer(turn.sweepDueUsec);
}

/** The time has come. */
export function sweepIfDue(turn: Turn): void {
  if (turn.sweepDueUsec === null || turn.sweepDueUsec > turn.now.monotonicUsec) return;
  turn.sweepDueUsec = null;
  if (turn.shutdown !== null) return;
  const garbage = garbageOf(turn);
  const fresh = (turn.now.monotonicUsec - SWEEP_DELAY_USEC) as MonotonicUsec;
  // What a fresh one names stays with it.
  const gone = withoutNamed(turn, garbage, (unit) => unit.loadedUsec !== null && unit.loadedUsec > fresh);
  for (const unit of gone) {
    for (const alias of unit.definition.names) if (alias !== unit.name) turn.removeAlias(alias);
    if (unit.runtime.kind === 'device' && unit.runtime.token > 0) turn.emit({ kind: 'unwatch-paths', unit: unit.name });
    turn.removeUnit(unit.name);
    turn.graph = removeFromGraph(turn.graph, unit.name);
  }
  planSweep(turn);
}

/**
 * Whether systemd would have forgotten the unit by now, and with it how often it was started: nothing that stays names it. Heartwood keeps
 * such a unit to tell of its last run; it must not be refused a start for that.
 */
export function isForgottenBySystemd(turn: Turn, unit: Unit): boolean {
  const standing = standingUnits(turn);
  const mayGo = [...turn.units()].filter((each) => !standing.has(each.name) && isDown(each));
  return withoutNamed(turn, mayGo, () => false).some(({ name }) => name === unit.name);
}

function standingUnits(turn: Turn): ReadonlySet<UnitName> {
  const { bootUnit, exitWith } = turn.config;
  return new Set([...STANDING_UNITS, ...PERPETUAL_UNITS, bootUnit, ...(exitWith === null ? [] : [exitWith])].map((name) => turn.resolve(name)));
}

/** Units that may go, in the order in which they were loaded. */
function garbageOf(turn: Turn): readonly Unit[] {
  const standing = standingUnits(turn);
  const mayGo: Unit[] = [];
  for (const unit of turn.units()) if (unit.loadedUsec !== null && !standing.has(unit.name) && isOver(turn, unit)) mayGo.push(unit);
  if (mayGo.length === 0) return mayGo;
  const ended = mayGo.filter((unit) => endedUsec(unit) > 0).sort((a, b) => endedUsec(b) - endedUsec(a));
  const kept = new Set(ended.slice(0, ENDED_KEPT_MAX).map((unit) => unit.name));
  return withoutNamed(turn, mayGo, (unit) => kept.has(unit.name));
}

/** Those of the units that are neither kept nor named, directly or over others, by one that is. */
function withoutNamed(turn: Turn, units: readonly Unit[], isKept: (unit: Unit) => boolean): readonly Unit[] {
  const left = new Map(units.filter((unit) => !isKept(unit)).map((unit) => [unit.name, unit]));
  const staying: Unit[] = [];
  for (const unit of turn.units()) if (!left.has(unit.name)) staying.push(unit);
  for (let unit = staying.pop(); unit !== undefined; unit = staying.pop()) {
    for (const { other } of unit.definition.dependencies) {
      const name = turn.resolve(other);
      const named = left.get(name);
      if (named === undefined) continue;
      left.delete(name);
      staying.push(named);
    }
  }
  return [...left.values()];
}

/** Nothing about the unit itself keeps it. */
function isOver(turn: Turn, unit: Unit): boolean {
  const lastStart = unit.startTimes.at(-1);
  return isDown(unit) && (lastStart === undefined || lastStart + unit.definition.startLimitIntervalUsec <= turn.now.monotonicUsec);
}

function isDown(unit: Unit): boolean {
  const { definition, runtime } = unit;
  // These go by a way of their own, with their files: collect.ts.
  if (definition.transient === true) return false;
  if (unit.job !== null || unit.conditionToken !== null) return false;
  if (unit.activeState === 'failed' ? !isCollectedFailed(definition) : !isInactive(unit.activeState)) return false;
  if ('groupEmpty' in runtime && !runtime.groupEmpty) return false;
  return runtime.kind !== 'service' || (runtime.fdStore.length === 0 && runtime.mainPid === null && runtime.beside === null && runtime.controlPid === null);
}

/** When the unit last ended or had its conditions tested; 0 = it never did anything. */
function endedUsec({ times }: Unit): number {
  return Math.max(times.stateChange.monotonicUsec, times.condition.monotonicUsec);
}
