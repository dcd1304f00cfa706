/** Takes what mount units do, and what the kernel's table of mounts says, into the manager. */
import type { UnitName } from '../../../base/brand.ts';
import { isInactive } from '../../job/job-type.ts';
import { onCommandLost, onControlEvent, type LostCommand } from '../../machine/control/control-process.ts';
import { MOUNT_ACTIVE_STATE, MOUNT_MACHINE, onMountDue, onMountTableEntry, reloadMount, startMount, stopMount, type MountContext } from '../../machine/mount.ts';
import type { MountPoint, MountUnit } from '../../unit/mount.ts';
import { driveControl } from './control-driver.ts';
import type { ProcessEvent } from '../event.ts';
import { setRuntime } from './set-runtime.ts';
import type { MountRuntime, Unit } from '../state.ts';
import type { Turn } from '../turn.ts';

export interface MountRecord extends Unit {
  readonly definition: MountUnit;
  readonly runtime: MountRuntime;
}

export function isMount(unit: Unit | undefined): unit is MountRecord {
  return unit?.definition.kind === 'mount' && unit.runtime.kind === 'mount';
}

function drive(turn: Turn, name: UnitName, transition: (c: MountContext, run: MountRuntime) => MountRuntime): void {
  const unit = turn.unit(name);
  if (isMount(unit)) driveControl<MountUnit, MountRuntime>(turn, unit, (state) => MOUNT_ACTIVE_STATE[state], transition);
}

export function startMountUnit(turn: Turn, name: UnitName): void {
  drive(turn, name, startMount);
}

export function stopMountUnit(turn: Turn, name: UnitName): void {
  drive(turn, name, stopMount);
}

export function reloadMountUnit(turn: Turn, name: UnitName): void {
  drive(turn, name, reloadMount);
}

export function onMountUnitDue(turn: Turn, name: UnitName): void {
  drive(turn, name, onMountDue);
}

export function onMountProcess(turn: Turn, name: UnitName, event: ProcessEvent): void {
  drive(turn, name, (c, run) => onControlEvent(MOUNT_MACHINE, c, run, event));
}

/** Its command is lost, for the manager died of what it had to say. */
export function onMountCommandLost(turn: Turn, name: UnitName, lost: LostCommand): void {
  drive(turn, name, (c, run) => onCommandLost(MOUNT_MACHINE, c, run, lost));
}

/** A start was refused by the unit's own start limit. An earlier failure stays its result, as in systemd. */
export function failMount(turn: Turn, unit: MountRecord): void {
  setRuntime(turn, unit.name, { ...unit.runtime, state: 'failed', result: unit.runtime.result === 'success' ? 'start-limit-hit' : unit.runtime.result, endReason: { reason: 'start-limit' } }, 'failed');
}

/** reset-failed. */
export function calmMount(turn: Turn, unit: MountRecord): void {
  const { runtime } = unit;
  const calm: MountRuntime = { ...runtime, result: 'success', reloadResult: 'success', endReason: null, spawnFailure: null };
  if (runtime.state === 'failed') setRuntime(turn, unit.name, { ...calm, state: 'dead' }, 'inactive');
  else if (runtime.result !== 'success') setRuntime(turn, unit.name, calm, unit.activeState);
}

/** The whole table of mounts, the last line of a place counting. Definitions of what is new in it have come before. */
export function onMountTable(turn: Turn, mounts: readonly MountPoint[]): void {
  const byPlace = new Map(mounts.map((mount) => [mount.where, mount]));
  for (const unit of turn.units()) {
    if (!isMount(unit)) continue;
    const found = byPlace.get(unit.definition.where) ?? null;
    if (found !== null && isInactive(unit.activeState)) turn.setUnit({ ...unit, invocationId: turn.newInvocationId() });
    drive(turn, unit.name, (c, run) => onMountTableEntry(c, run, found));
    forgetIfGone(turn, unit.name, found);
  }
}

/** A unit that was only ever known from the table is no unit any more when it has left it. */
function forgetIfGone(turn: Turn, name: UnitName, found: MountPoint | null): void {
  const unit = turn.require(name);
  const { definition } = unit;
  if (found !== null || definition.fragmentPath !== null || definition.loadState !== 'loaded' || !isInactive(unit.activeState)) return;
  turn.setUnit({ ...unit, definition: { ...definition, loadState: 'not-found', loadError: `Nothing is mounted there any more, and there is no unit file ${name}.` } });
}
