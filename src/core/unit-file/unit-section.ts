/** The [Unit] section. Source: systemd.unit(5). */
import type { UnitName, Usec } from '../../base/brand.ts';
import { ok, problem, type Result } from '../../base/result.ts';
import type { DependencyKind } from '../unit/dependency.ts';
import type { EmergencyAction, JobMode, UnitCommon, UnitKind } from '../unit/unit-common.ts';
import { UNIT_KINDS, isUnitName, nameInstance, nameWithoutSuffix, unitKind, unitNameForm, withInstance } from '../unit/unit-name.ts';
import { readConditions } from './conditions.ts';
import type { DependencyList } from './dependency-list.ts';
import { meant } from './nearest-name.ts';
import {
  applyReaders, entriesFor, leaveOut, oneOf, originOf, parseAbsolutePath, readExpanded, readScalar, readWords, wordsOf,
  type FieldReader, type Mutable, type SettingReader,
} from './setting-reader.ts';
import { parseDelay, parseTimeout } from './time-setting.ts';
import type { UnitDefaults } from './unit-defaults.ts';
import { parseBoolean, parseUnsigned } from './value/number.ts';

/** Directives that are edges, by their current names. */
const DEPENDENCY_DIRECTIVES: ReadonlySet<string> = new Set<DependencyKind>([
  'Requires', 'Requisite', 'Wants', 'BindsTo', 'PartOf', 'Upholds', 'Conflicts', 'Before', 'After', 'OnFailure', 'OnSuccess',
  'PropagatesReloadTo', 'ReloadPropagatedFrom', 'PropagatesStopTo', 'StopPropagatedFrom', 'JoinsNamespaceOf',
]);

export const parseJobMode = oneOf<JobMode>(
  'fail', 'replace', 'replace-irreversibly', 'isolate', 'flush', 'ignore-dependencies', 'ignore-requirements', 'triggering', 'restart-dependencies',
);

export const parseEmergencyAction = oneOf<EmergencyAction>(
  'none', 'reboot', 'reboot-force', 'reboot-immediate', 'poweroff', 'poweroff-force', 'poweroff-immediate', 'exit', 'exit-force',
  'halt', 'halt-force', 'halt-immediate', 'kexec', 'kexec-force', 'soft-reboot', 'soft-reboot-force',
);

/** The other kinds stand for what is in the kernel, of which there are no instances. */
const HAS_TEMPLATES: ReadonlySet<UnitKind> = new Set<UnitKind>(['service', 'socket', 'target', 'timer', 'path']);

/**
 * The unit that a name written in `unit`'s file means: itself, or for a template the instance that `unit` has (its own
 * name without suffix when it has none). Null when it is no unit name.
 */
export function meantUnit(name: string, unit: UnitName): UnitName | null {
  if (!name.includes('@')) return isUnitName(name) ? name : null;
  const meant = isUnitName(name) ? name : unitNameForm(name) === 'template' ? withInstance(name, nameInstance(unit) ?? nameWithoutSuffix(unit)) : null;
  return meant !== null && HAS_TEMPLATES.has(unitKind(meant)) ? meant : null;
}

function notAUnit(word: string): string {
  const stem = word.slice(0, word.lastIndexOf('.') + 1);
  const kinds = UNIT_KINDS.filter((kind) => isUnitName(stem + kind));
  return `it is not the name of a unit${meant(word.slice(stem.length), kinds, (kind) => stem + kind)}`;
}

/** Adds the edges that the [Unit] section writes down. An empty assignment does not take any back, as in systemd. */
export function readDependencies(reader: SettingReader, list: DependencyList): void {
  for (const { directive, entry } of reader.settings) {
    const kind = directive.aliasOf ?? directive.name;
    if (directive.kind !== 'units' || !DEPENDENCY_DIRECTIVES.has(kind)) continue;
    const origin = originOf(entry);
    for (const word of wordsOf(reader, entry, 'raw', reader.expandName)) {
      const other = meantUnit(word, reader.unit);
      if (other === null) leaveOut(reader, entry, word, notAUnit(word));
      else list.add(kind as DependencyKind, other, origin);
    }
  }
}

/** Paths of RequiresMountsFor= or WantsMountsFor=. */
export function readMountPaths(reader: SettingReader, name: 'RequiresMountsFor' | 'WantsMountsFor'): readonly string[] {
  const paths: string[] = [];
  for (const { word, entry } of readWords(reader, name)) {
    const path = parseAbsolutePath(word);
    if (path.ok) paths.push(path.value);
    else leaveOut(reader, entry, word, path.problem);
  }
  return paths;
}

function readDocumentation(reader: SettingReader): readonly string[] {
  const urls: string[] = [];
  for (const { word, entry } of readWords(reader, 'Documentation', 'keep')) {
    if (/^(?:https?:\/\/|file:\/|info:|man:)./.test(word)) urls.push(word);
    else leaveOut(reader, entry, word, 'it is not a http:, https:, file:, info: or man: address');
  }
  return urls;
}

function parseStartLimitBurst(text: string): Result<number> {
  return parseUnsigned(text);
}

function parseDescription(text: string): Result<string> {
  return text.includes('\0') ? problem('it contains NUL') : ok(text);
}

export type UnitSection = Pick<UnitCommon,
  | 'description' | 'documentation' | 'conditions' | 'assertions' | 'defaultDependencies' | 'stopWhenUnneeded' | 'refuseManualStart'
  | 'refuseManualStop' | 'allowIsolate' | 'ignoreOnIsolate' | 'onFailureJobMode' | 'onSuccessJobMode' | 'jobTimeoutUsec'
  | 'jobRunningTimeoutUsec' | 'jobTimeoutAction' | 'failureAction' | 'successAction' | 'startLimitIntervalUsec' | 'startLimitBurst' | 'startLimitAction'>;

type SectionReader = FieldReader<UnitSection, UnitDefaults>;
type SectionKey<T> = { [K in keyof UnitSection]: UnitSection[K] extends T ? (T extends UnitSection[K] ? K : never) : never }[keyof UnitSection];

function flag(name: string, field: SectionKey<boolean>): readonly [string, SectionReader] {
  return [name, (section, reader) => { section[field] = readScalar(reader, name, parseBoolean, section[field]); }];
}

function action(name: string, field: SectionKey<EmergencyAction>): readonly [string, SectionReader] {
  return [name, (section, reader) => { section[field] = readScalar<EmergencyAction>(reader, name, parseEmergencyAction, 'none'); }];
}

const readOnFailureMode: SectionReader = (section, reader) => { section.onFailureJobMode = readOnFailureJobMode(reader); };

const readJobTimeouts: SectionReader = (section, reader) => {
  section.jobTimeoutUsec = readScalar<Usec | null>(reader, 'JobTimeoutSec', parseTimeout, null);
  // Before JobRunningTimeoutSec= existed, JobTimeoutSec= meant both; files from then still do.
  section.jobRunningTimeoutUsec = readScalar(reader, 'JobRunningTimeoutSec', parseTimeout, section.jobTimeoutUsec);
};

const READERS: ReadonlyMap<string, SectionReader> = new Map<string, SectionReader>([
  ['Description', (section, reader) => { section.description = readExpanded(reader, 'Description', parseDescription, section.description, 'resets'); }],
  ['Documentation', (section, reader) => { section.documentation = readDocumentation(reader); }],
  flag('DefaultDependencies', 'defaultDependencies'),
  flag('StopWhenUnneeded', 'stopWhenUnneeded'),
  flag('RefuseManualStart', 'refuseManualStart'),
  flag('RefuseManualStop', 'refuseManualStop'),
  flag('AllowIsolate', 'allowIsolate'),
  flag('IgnoreOnIsolate', 'ignoreOnIsolate'),
  ['OnFailureJobMode', readOnFailureMode],
  ['OnFailureIsolate', readOnFailureMode],
  ['OnSuccessJobMode', (section, reader) => { section.onSuccessJobMode = readScalar<JobMode>(reader, 'OnSuccessJobMode', parseJobMode, 'fail'); }],
  ['JobTimeoutSec', readJobTimeouts],
  ['JobRunningTimeoutSec', readJobTimeouts],
  action('JobTimeoutAction', 'jobTimeoutAction'),
  action('FailureAction', 'failureAction'),
  action('SuccessAction', 'successAction'),
  ['StartLimitIntervalSec', (section, reader, defaults) => { section.startLimitIntervalUsec = readScalar(reader, 'StartLimitIntervalSec', parseDelay, defaults.startLimitIntervalUsec); }],
  ['StartLimitBurst', (section, reader, defaults) => { section.startLimitBurst = readScalar(reader, 'StartLimitBurst', parseStartLimitBurst, defaults.startLimitBurst); }],
  action('StartLimitAction', 'startLimitAction'),
]);

/** Everything of the [Unit] section but its edges. `ignoreOnIsolate` is what the kind of unit starts from. */
export function readUnitSection(reader: SettingReader, defaults: UnitDefaults, kindDefaults: { readonly description: string; readonly ignoreOnIsolate: boolean }): UnitSection {
  const hasConditions = reader.hasConditions;
  const section: Mutable<UnitSection> = {
    description: kindDefaults.description,
    documentation: [],
    conditions: hasConditions ? readConditions(reader, 'Condition') : [],
    assertions: hasConditions ? readConditions(reader, 'Assert') : [],
    defaultDependencies: true,
    stopWhenUnneeded: false,
    refuseManualStart: false,
    refuseManualStop: false,
    allowIsolate: false,
    ignoreOnIsolate: kindDefaults.ignoreOnIsolate,
    onFailureJobMode: 'replace',
    onSuccessJobMode: 'fail',
    jobTimeoutUsec: null,
    jobRunningTimeoutUsec: null,
    jobTimeoutAction: 'none',
    failureAction: 'none',
    successAction: 'none',
    startLimitIntervalUsec: defaults.startLimitIntervalUsec,
    startLimitBurst: defaults.startLimitBurst,
    startLimitAction: 'none',
  };
  applyReaders(section, READERS, reader, defaults);
  return section;
}

/** OnFailureIsolate=yes is the old way to write OnFailureJobMode=isolate, which has the last word where both are set. */
function readOnFailureJobMode(reader: SettingReader): JobMode {
  const isolates = entriesFor(reader, 'OnFailureIsolate').length > 0 && readScalar(reader, 'OnFailureIsolate', parseBoolean, false);
  return readScalar<JobMode>(reader, 'OnFailureJobMode', parseJobMode, isolates ? 'isolate' : 'replace');
}
