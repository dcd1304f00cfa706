/** Properties all units have: systemd's interface `org.freedesktop.systemd1.Unit`, in its order. */
import { getEntry } from '../../base/persistent-map.ts';
import type { EdgeKind } from '../graph/atoms.ts';
import { neighbours } from '../graph/graph.ts';
import type { Instant, UnitTimes } from '../manager/state.ts';
import type { UnitDefinition } from '../unit/definition.ts';
import type { PropertyContext, PropertyRow } from './property-row.ts';
import { NOT_SET, quotedWords, span, words, yesNo } from './value-text.ts';
import { isReloadable } from '../graph/reloadable.ts';

type Row = PropertyRow<PropertyContext>;

const DEPENDENCIES: readonly (readonly [string, EdgeKind])[] = [
  ['Requires', 'Requires'], ['Requisite', 'Requisite'], ['Wants', 'Wants'], ['BindsTo', 'BindsTo'], ['PartOf', 'PartOf'], ['Upholds', 'Upholds'],
  ['RequiredBy', 'RequiredBy'], ['RequisiteOf', 'RequisiteOf'], ['WantedBy', 'WantedBy'], ['BoundBy', 'BoundBy'], ['UpheldBy', 'UpheldBy'],
  ['ConsistsOf', 'ConsistsOf'], ['Conflicts', 'Conflicts'], ['ConflictedBy', 'ConflictedBy'], ['Before', 'Before'], ['After', 'After'],
  ['OnSuccess', 'OnSuccess'], ['OnSuccessOf', 'OnSuccessOf'], ['OnFailure', 'OnFailure'], ['OnFailureOf', 'OnFailureOf'],
  ['Triggers', 'Triggers'], ['TriggeredBy', 'TriggeredBy'], ['PropagatesReloadTo', 'PropagatesReloadTo'],
  ['ReloadPropagatedFrom', 'ReloadPropagatedFrom'], ['PropagatesStopTo', 'PropagatesStopTo'], ['StopPropagatedFrom', 'StopPropagatedFrom'],
  ['JoinsNamespaceOf', 'JoinsNamespaceOf'], ['SliceOf', 'SliceOf'],
];

function dependencyRow([property, kind]: readonly [string, EdgeKind]): Row {
  return [property, ({ state, unit }) => quotedWords(neighbours(state.graph, unit.name, kind))];
}

function timeRows(property: string, time: keyof UnitTimes): readonly Row[] {
  const at = (context: PropertyContext): Instant => context.unit.times[time];
  return [
    [property, (context) => context.formatInstant(at(context).realtimeUsec)],
    [`${property}Monotonic`, (context) => String(at(context).monotonicUsec)],
  ];
}

/** Whether a person may ask for the operation, and the kind of unit has it. */
function canStart({ unit }: PropertyContext): boolean {
  const { definition } = unit;
  return definition.loadState === 'loaded' && !definition.refuseManualStart && ['service', 'target', 'slice', 'timer', 'path', 'socket', 'mount', 'swap', 'automount'].includes(definition.kind);
}

function canReload({ state, unit }: PropertyContext): boolean {
  return isReloadable(state.graph, unit.definition);
}

/** What there is to clean: the directories that a service has of its own, and the stamp of a timer. In systemd's order. */
function canClean({ unit }: PropertyContext): string {
  const { definition } = unit;
  if (definition.kind === 'timer') return definition.persistent ? 'state' : '';
  if (!('exec' in definition)) return '';
  const kinds = ['runtime', 'state', 'cache', 'logs', 'configuration'] as const;
  return words(kinds.filter((kind) => definition.exec.directories.some((directory) => directory.kind === kind)));
}

function jobId({ state, unit }: PropertyContext): string {
  return unit.job === null || getEntry(state.jobs, unit.job) === undefined ? '' : String(unit.job);
}

/** The name of an error on systemd's bus, and a sentence: scripts look at the first. */
function loadError({ name, loadState, loadError: why }: UnitDefinition): string {
  switch (loadState) {
    case 'loaded': return '';
    case 'not-found': return `org.freedesktop.systemd1.NoSuchUnit "Unit ${name} not found."`;
    case 'masked': return `org.freedesktop.systemd1.UnitMasked "Unit ${name} is masked."`;
    case 'bad-setting': return `org.freedesktop.systemd1.BadUnitSetting ${quotedWord(why ?? '')}`;
    case 'error': return `org.freedesktop.systemd1.LoadFailed ${quotedWord(why ?? '')}`;
  }
}

/** In quotes whatever is in it. */
function quotedWord(text: string): string {
  return `"${text.replace(/["\\]/g, '\\$&')}"`;
}

export const UNIT_ROWS: readonly Row[] = [
  ['Id', ({ unit }) => unit.name],
  ['Names', ({ unit }) => quotedWords(unit.definition.names)],
  ...DEPENDENCIES.map(dependencyRow),
  ['RequiresMountsFor', ({ unit }) => quotedWords(unit.definition.requiresMountsFor)],
  ['Documentation', ({ unit }) => quotedWords(unit.definition.documentation)],
  ['Description', ({ unit }) => unit.definition.description],
  ['LoadState', ({ unit }) => unit.definition.loadState],
  ['ActiveState', ({ unit }) => unit.activeState],
  ['FreezerState', ({ unit }) => (unit.isFrozen && unit.activeState === 'active' ? 'frozen' : 'running')],
  ['SubState', ({ unit }) => unit.runtime.state],
  ['FragmentPath', ({ unit }) => unit.definition.fragmentPath ?? ''],
  ['SourcePath', ({ unit }) => unit.definition.recorded['SourcePath'] ?? ''],
  ['DropInPaths', ({ unit }) => quotedWords(unit.definition.dropInPaths)],
  ['UnitFileState', ({ facts }) => facts.fileState],
  ['UnitFilePreset', ({ facts }) => facts.preset],
  ...timeRows('StateChangeTimestamp', 'stateChange'),
  ...timeRows('InactiveExitTimestamp', 'inactiveExit'),
  ...timeRows('ActiveEnterTimestamp', 'activeEnter'),
  ...timeRows('ActiveExitTimestamp', 'activeExit'),
  ...timeRows('InactiveEnterTimestamp', 'inactiveEnter'),
  ['CanStart', (context) => yesNo(canStart(context))],
  ['CanStop', ({ unit }) => yesNo(!unit.definition.refuseManualStop && unit.runtime.kind !== 'device')],
  ['CanReload', (context) => yesNo(canReload(context))],
  ['CanIsolate', ({ unit }) => yesNo(unit.definition.allowIsolate)],
  ['CanFreeze', ({ unit, facts }) => yesNo(facts.hasControlGroups && ['service', 'scope', 'slice'].includes(unit.definition.kind))],
  ['CanClean', canClean],
  ['Following', () => ''],
  ['JobTimeoutRebootArgument', ({ unit }) => unit.definition.recorded['JobTimeoutRebootArgument'] ?? ''],
  ['Job', jobId],
  ['StopWhenUnneeded', ({ unit }) => yesNo(unit.definition.stopWhenUnneeded)],
  ['RefuseManualStart', ({ unit }) => yesNo(unit.definition.refuseManualStart)],
  ['RefuseManualStop', ({ unit }) => yesNo(unit.definition.refuseManualStop)],
  ['AllowIsolate', ({ unit }) => yesNo(unit.definition.allowIsolate)],
  ['DefaultDependencies', ({ unit }) => yesNo(unit.definition.defaultDependencies)],
  ['OnSuccessJobMode', ({ unit }) => unit.definition.onSuccessJobMode],
  ['OnFailureJobMode', ({ unit }) => unit.definition.onFailureJobMode],
  ['IgnoreOnIsolate', ({ unit }) => yesNo(unit.definition.ignoreOnIsolate)],
  ['NeedDaemonReload', ({ facts }) => yesNo(facts.needsReload)],
  ['JobTimeoutUSec', ({ unit }) => span(unit.definition.jobTimeoutUsec)],
  ['JobRunningTimeoutUSec', ({ unit }) => span(unit.definition.jobRunningTimeoutUsec)],
  ['JobTimeoutAction', ({ unit }) => unit.definition.jobTimeoutAction],
  ['ConditionResult', ({ unit }) => yesNo(unit.times.condition.monotonicUsec > 0 && unit.conditionResult)],
  ['AssertResult', ({ unit }) => yesNo(unit.times.condition.monotonicUsec > 0 && unit.assertResult)],
  ...timeRows('ConditionTimestamp', 'condition'),
  ...timeRows('AssertTimestamp', 'condition'),
  ['LoadError', ({ unit }) => loadError(unit.definition)],
  ['Transient', ({ unit }) => yesNo(unit.definition.kind === 'scope' || unit.definition.transient === true)],
  ['Perpetual', ({ unit }) => yesNo(unit.name === '-.slice' || unit.name === '-.mount' || unit.name === 'init.scope')],
  ['StartLimitIntervalUSec', ({ unit }) => span(unit.definition.startLimitIntervalUsec)],
  ['StartLimitBurst', ({ unit }) => String(unit.definition.startLimitBurst)],
  ['StartLimitAction', ({ unit }) => unit.definition.startLimitAction],
  ['FailureAction', ({ unit }) => unit.definition.failureAction],
  ['SuccessAction', ({ unit }) => unit.definition.successAction],
  ['SuccessActionExitStatus', ({ unit }) => unit.definition.recorded['SuccessActionExitStatus'] ?? NOT_SET],
  ['FailureActionExitStatus', ({ unit }) => unit.definition.recorded['FailureActionExitStatus'] ?? NOT_SET],
  ['InvocationID', ({ unit }) => unit.invocationId ?? ''],
  ['CollectMode', ({ unit }) => unit.definition.recorded['CollectMode'] ?? 'inactive'],
];

