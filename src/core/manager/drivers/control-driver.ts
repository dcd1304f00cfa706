/** Runs a transition of a unit without a main process (socket, mount, swap) and takes the result into the manager. */
import type { InvocationId } from '../../../base/brand.ts';
import type { ControlContext } from '../../machine/control/control-process.ts';
import type { UnitDefinition } from '../../unit/definition.ts';
import type { ExecUnit } from '../../unit/exec-context.ts';
import { setRuntime } from './set-runtime.ts';
import type { ActiveState, ControlRuntime, Unit, UnitRuntime } from '../state.ts';
import type { Turn } from '../turn.ts';

/** A unit both halves of which are of one kind that runs control processes only. */
export interface ControlRecord<Definition extends ExecUnit & UnitDefinition, Run extends ControlRuntime & UnitRuntime> extends Unit {
  readonly definition: Definition;
  readonly runtime: Run;
}

/** @param unit as it is in the turn now */
export function driveControl<Definition extends ExecUnit & UnitDefinition, Run extends ControlRuntime & UnitRuntime>(
  turn: Turn, unit: ControlRecord<Definition, Run>, activeStateOf: (state: Run['state']) => ActiveState,
  transition: (c: ControlContext<Definition>, run: Run) => Run,
): void {
  const before = unit.runtime;
  const after = transition(controlContext(turn, unit), before);
  if (after === before) return;
  if (after.controlPid !== null && after.controlPid !== before.controlPid) turn.setOwner(after.controlPid, unit.name);
  turn.wantTimer(after.deadlineUsec);
  setRuntime(turn, unit.name, after, activeStateOf(after.state));
}

export function controlContext<Definition extends ExecUnit & UnitDefinition>(
  turn: Turn, unit: Unit & { readonly definition: Definition },
): ControlContext<Definition> {
  return {
    definition: unit.definition,
    now: turn.now,
    invocationId: unit.invocationId ?? ('' as InvocationId),
    managerEnvironment: turn.environment,
    effects: turn.effects,
  };
}
