/** What goes into a unit, and the part of a definition that all kinds share. */
import type { UnitName } from '../../base/brand.ts';
import type { Origin } from '../unit/source.ts';
import type { UnitCommon } from '../unit/unit-common.ts';
import { unitKind } from '../unit/unit-name.ts';
import type { DependencyList } from './dependency-list.ts';
import type { TimeZones } from '../time/time-zone.ts';
import { sectionsOf } from './directives.ts';
import { EMPTY_INSTALL, readInstallSection } from './install-section.ts';
import type { LexedFile } from './lexer.ts';
import { readRecorded } from './recorded/recorders.ts';
import { readNotEffective } from './not-effective.ts';
import type { SettingReader } from './setting-reader.ts';
import type { SpecifierContext } from './specifiers.ts';
import type { UnitDefaults } from './unit-defaults.ts';
import type { UnitSection } from './unit-section.ts';

/** An edge that a link in a `.wants/`, `.requires/` or `.upholds/` directory makes. `origin.line` is 0. */
export interface LinkedDependency {
  readonly kind: 'Wants' | 'Requires' | 'Upholds';
  readonly other: UnitName;
  readonly origin: Origin;
}

/** All that was found for one unit. */
export interface UnitSources {
  readonly name: UnitName;
  /** All names, `name` first. */
  readonly names: readonly UnitName[];
  /** null for a unit without file of its own, such as most slices. */
  readonly fragment: LexedFile | null;
  readonly dropIns: readonly LexedFile[];
  readonly links: readonly LinkedDependency[];
  readonly sourceHash: string;
}

/** What building a unit needs beside its files; the same for all units of one load. */
export interface BuildContext {
  readonly mode: 'system' | 'user';
  readonly defaults: UnitDefaults;
  readonly specifiers: SpecifierContext;
  /** Whether a unit file of this name is in the load path. */
  readonly hasUnitFile: (name: UnitName) => boolean;
  /** Devices can be known and waited for: not so in a container, whose devices are its host's. */
  readonly hasDevices: boolean;
  /** For calendar expressions. */
  readonly timeZones: TimeZones;
}

/** The parts of a definition that all kinds share, while it is being made. */
export interface UnitDraft {
  readonly sources: UnitSources;
  readonly context: BuildContext;
  readonly reader: SettingReader;
  readonly dependencies: DependencyList;
}

/**
 * The common part. To be called last: it collects the dependencies and diagnostics that came before.
 *
 * Written out field by field: with spreads V8 grows such large objects property by property, which made loading ten times
 * slower (measured with 1,000 services).
 */
export function finishCommon(draft: UnitDraft, section: UnitSection, refusal: string | null): UnitCommon {
  const { sources, reader } = draft;
  const kind = unitKind(sources.name);
  const recorded = readRecorded(reader);
  const notEffective = reader.hasParsedOnly ? readNotEffective(reader, sectionsOf(kind)) : [];
  const failure = reader.failure() ?? refusal;
  const files = sources.fragment === null ? sources.dropIns : [sources.fragment, ...sources.dropIns];
  return {
    name: sources.name,
    loadState: failure === null ? 'loaded' : 'bad-setting',
    loadError: failure,
    names: sources.names,
    fragmentPath: sources.fragment?.file ?? null,
    dropInPaths: sources.dropIns.map((file) => file.file),
    sourceHash: sources.sourceHash,
    description: section.description,
    documentation: section.documentation,
    dependencies: failure === null ? draft.dependencies.finish() : [],
    requiresMountsFor: draft.dependencies.mountPaths,
    conditions: section.conditions,
    assertions: section.assertions,
    defaultDependencies: section.defaultDependencies,
    stopWhenUnneeded: section.stopWhenUnneeded,
    refuseManualStart: section.refuseManualStart,
    refuseManualStop: section.refuseManualStop,
    allowIsolate: section.allowIsolate,
    ignoreOnIsolate: section.ignoreOnIsolate,
    onFailureJobMode: section.onFailureJobMode,
    onSuccessJobMode: section.onSuccessJobMode,
    jobTimeoutUsec: section.jobTimeoutUsec,
    jobRunningTimeoutUsec: section.jobRunningTimeoutUsec,
    jobTimeoutAction: section.jobTimeoutAction,
    failureAction: section.failureAction,
    successAction: section.successAction,
    startLimitIntervalUsec: section.startLimitIntervalUsec,
    startLimitBurst: section.startLimitBurst,
    startLimitAction: section.startLimitAction,
    install: sources.fragment === null ? EMPTY_INSTALL : readInstallSection(reader),
    entries: files.length === 1 ? (files[0] as LexedFile).entries : files.flatMap((file) => file.entries),
    diagnostics: reader.log.finish(files.map((file) => file.file)),
    notEffective,
    recorded,
  };
}
