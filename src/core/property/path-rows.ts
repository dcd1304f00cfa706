/** Properties of path units: systemd's interface `org.freedesktop.systemd1.Path`, its own part first. */
import type { PathRuntime } from '../manager/state.ts';
import type { PathUnit } from '../unit/path.ts';
import type { PropertyContext, PropertyRow } from './property-row.ts';
import { octal, span, yesNo } from './value-text.ts';

export interface PathContext extends PropertyContext {
  readonly path: PathUnit;
  readonly runtime: PathRuntime;
}

export const PATH_ROWS: readonly PropertyRow<PathContext>[] = [
  ['Unit', ({ path }) => path.unit],
  // The newest line first, as systemd keeps them.
  ['Paths', ({ path }) => [...path.watches].reverse().map((watch) => `${watch.path} (${watch.kind})`).join('\n')],
  ['MakeDirectory', ({ path }) => yesNo(path.makeDirectoryMode !== null)],
  ['DirectoryMode', ({ path }) => octal(path.directoryMode)],
  ['TriggerJob', ({ path }) => path.triggerJob],
  ['Result', ({ runtime }) => runtime.result],
  ['TriggerLimitIntervalUSec', ({ path }) => span(path.triggerLimitIntervalUsec)],
  ['TriggerLimitBurst', ({ path }) => String(path.triggerLimitBurst)],
];
