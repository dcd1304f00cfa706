/** Properties of mounts: systemd's interface `org.freedesktop.systemd1.Mount`. */
import { mountCommands } from '../machine/mount.ts';
import type { MountRuntime } from '../manager/state.ts';
import type { MountRole } from '../unit/exec-context.ts';
import type { MountUnit } from '../unit/mount.ts';
import { commandRows } from './command-rows.ts';
import type { PropertyContext, PropertyRow } from './property-row.ts';
import { octal, span, yesNo } from './value-text.ts';

export interface MountContext extends PropertyContext {
  readonly mount: MountUnit;
  readonly runtime: MountRuntime;
}

type Row = PropertyRow<MountContext>;

/** Of a command that was never run systemd shows nothing. */
function commandsRun(role: MountRole): readonly Row[] {
  return commandRows<MountContext>(role, ({ mount, runtime }) => mountCommands(mount, runtime, role)).map(([name, text]): Row =>
    [name, (context) => (context.runtime.execs.some((exec) => exec.role === role) ? text(context) : null)]);
}

export const MOUNT_ROWS: readonly Row[] = [
  ['Where', ({ mount }) => mount.where],
  ['What', ({ mount, runtime }) => runtime.found?.what ?? mount.what],
  ['Options', ({ mount, runtime }) => runtime.found?.options ?? mount.options],
  ['Type', ({ mount, runtime }) => runtime.found?.type ?? mount.type ?? ''],
  ['TimeoutUSec', ({ mount }) => span(mount.timeoutUsec)],
  ['ControlPID', ({ runtime }) => String(runtime.controlPid ?? 0)],
  ['DirectoryMode', ({ mount }) => octal(mount.directoryMode)],
  ['SloppyOptions', ({ mount }) => yesNo(mount.sloppyOptions)],
  ['LazyUnmount', ({ mount }) => yesNo(mount.lazyUnmount)],
  ['ForceUnmount', ({ mount }) => yesNo(mount.forceUnmount)],
  ['ReadWriteOnly', ({ mount }) => yesNo(mount.readWriteOnly)],
  ['Result', ({ runtime }) => runtime.result],
  ...commandsRun('ExecMount'),
  ...commandsRun('ExecUnmount'),
  ...commandsRun('ExecRemount'),
];
