/** Properties of swaps: systemd's interface `org.freedesktop.systemd1.Swap`. */
import { swapCommands } from '../machine/swap.ts';
import type { SwapRuntime } from '../manager/state.ts';
import type { SwapRole } from '../unit/exec-context.ts';
import type { SwapUnit } from '../unit/swap.ts';
import { commandRows } from './command-rows.ts';
import type { PropertyContext, PropertyRow } from './property-row.ts';
import { span } from './value-text.ts';

export interface SwapContext extends PropertyContext {
  readonly swap: SwapUnit;
  readonly runtime: SwapRuntime;
}

type Row = PropertyRow<SwapContext>;

/** Of a command that was never run systemd shows nothing. */
function commandsRun(role: SwapRole): readonly Row[] {
  return commandRows<SwapContext>(role, ({ swap, runtime }) => swapCommands(swap, runtime, role)).map(([name, text]): Row =>
    [name, (context) => (context.runtime.execs.some((exec) => exec.role === role) ? text(context) : null)]);
}

export const SWAP_ROWS: readonly Row[] = [
  ['What', ({ swap, runtime }) => runtime.found?.what ?? swap.what],
  ['Priority', ({ swap, runtime }) => String(runtime.found?.priority ?? swap.priority ?? -1)],
  ['Options', ({ swap }) => swap.options],
  ['TimeoutUSec', ({ swap }) => span(swap.timeoutUsec)],
  ['ControlPID', ({ runtime }) => String(runtime.controlPid ?? 0)],
  ['Result', ({ runtime }) => runtime.result],
  ...commandsRun('ExecActivate'),
  ...commandsRun('ExecDeactivate'),
];
