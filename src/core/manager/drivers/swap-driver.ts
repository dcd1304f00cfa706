/** Takes what swap units do, and what the kernel's table of swaps says, into the manager. */
import type { UnitName } from '../../../base/brand.ts';
import { isInactive } from '../../job/job-type.ts';
import { onCommandLost, onControlEvent, type LostCommand } from '../../machine/control/control-process.ts';
import { SWAP_ACTIVE_STATE, SWAP_MACHINE, onSwapDue, onSwapTableEntry, startSwap, stopSwap, type SwapContext } from '../../machine/swap.ts';
import type { SwapPoint, SwapUnit } from '../../unit/swap.ts';
import { driveControl } from './control-driver.ts';
import type { ProcessEvent } from '../event.ts';
import { setRuntime } from './set-runtime.ts';
import type { SwapRuntime, Unit } from '../state.ts';
import type { Turn } from '../turn.ts';

export interface SwapRecord extends Unit {
  readonly definition: SwapUnit;
  readonly runtime: SwapRuntime;
}

export function isSwap(unit: Unit | undefined): unit is SwapRecord {
  return unit?.definition.kind === 'swap' && unit.runtime.kind === 'swap';
}

function drive(turn: Turn, name: UnitName, transition: (c: SwapContext, run: SwapRuntime) => SwapRuntime): void {
  const unit = turn.unit(name);
  if (isSwap(unit)) driveControl<SwapUnit, SwapRuntime>(turn, unit, (state) => SWAP_ACTIVE_STATE[state], transition);
}

export function startSwapUnit(turn: Turn, name: UnitName): void {
  drive(turn, name, startSwap);
}

export function stopSwapUnit(turn: Turn, name: UnitName): void {
  drive(turn, name, stopSwap);
}

export function onSwapUnitDue(turn: Turn, name: UnitName): void {
  drive(turn, name, onSwapDue);
}

export function onSwapProcess(turn: Turn, name: UnitName, event: ProcessEvent): void {
  drive(turn, name, (c, run) => onControlEvent(SWAP_MACHINE, c, run, event));
}

/** Its command is lost, for the manager died of what it had to say. */
export function onSwapCommandLost(turn: Turn, name: UnitName, lost: LostCommand): void {
  drive(turn, name, (c, run) => onCommandLost(SWAP_MACHINE, c, run, lost));
}

/** A start was refused by the unit's own start limit. An earlier failure stays its result, as in systemd. */
export function failSwap(turn: Turn, unit: SwapRecord): void {
  setRuntime(turn, unit.name, { ...unit.runtime, state: 'failed', result: unit.runtime.result === 'success' ? 'start-limit-hit' : unit.runtime.result, endReason: { reason: 'start-limit' } }, 'failed');
}

/** reset-failed. */
export function calmSwap(turn: Turn, unit: SwapRecord): void {
  const { runtime } = unit;
  const calm: SwapRuntime = { ...runtime, result: 'success', endReason: null, spawnFailure: null };
  if (runtime.state === 'failed') setRuntime(turn, unit.name, { ...calm, state: 'dead' }, 'inactive');
  else if (runtime.result !== 'success') setRuntime(turn, unit.name, calm, unit.activeState);
}

/** The whole table of swaps. Definitions of what is new in it have come before. */
export function onSwapTable(turn: Turn, swaps: readonly SwapPoint[]): void {
  const byPath = new Map(swaps.flatMap((swap) => [...swap.links, swap.what].map((path) => [path, swap] as const)));
  for (const unit of [...turn.units()]) {
    if (!isSwap(unit)) continue;
    const found = byPath.get(unit.definition.what) ?? null;
    if (found !== null && isInactive(unit.activeState)) turn.setUnit({ ...unit, invocationId: turn.newInvocationId() });
    drive(turn, unit.name, (c, run) => onSwapTableEntry(c, run, found));
    forgetIfGone(turn, unit.name, found);
  }
}

/** A unit that was only ever known from the table is no unit any more when it has left it. */
function forgetIfGone(turn: Turn, name: UnitName, found: SwapPoint | null): void {
  const unit = turn.require(name);
  const { definition } = unit;
  if (found !== null || definition.fragmentPath !== null || definition.loadState !== 'loaded' || !isInactive(unit.activeState)) return;
  turn.setUnit({ ...unit, definition: { ...definition, loadState: 'not-found', loadError: `The kernel does not page there any more, and there is no unit file ${name}.` } });
}
