/** Properties of automounts: systemd's interface `org.freedesktop.systemd1.Automount`. */
import type { AutomountRuntime } from '../manager/state.ts';
import type { AutomountUnit } from '../unit/automount.ts';
import type { PropertyContext, PropertyRow } from './property-row.ts';
import { octal, span } from './value-text.ts';

export interface AutomountContext extends PropertyContext {
  readonly automount: AutomountUnit;
  readonly runtime: AutomountRuntime;
}

export const AUTOMOUNT_ROWS: readonly PropertyRow<AutomountContext>[] = [
  ['Where', ({ automount }) => automount.where],
  ['ExtraOptions', ({ automount }) => automount.extraOptions],
  ['DirectoryMode', ({ automount }) => octal(automount.directoryMode)],
  ['Result', ({ runtime }) => runtime.result],
  ['TimeoutIdleUSec', ({ automount }) => (automount.idleTimeoutUsec === null ? '0' : span(automount.idleTimeoutUsec))],
];
