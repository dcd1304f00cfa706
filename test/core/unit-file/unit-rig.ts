/** Building units from text, for the tests beside this file. */
import type { UnitName } from '../../../src/base/brand.ts';
import type { UnitDefinition } from '../../../src/core/unit/definition.ts';
import type { ServiceUnit } from '../../../src/core/unit/service.ts';
import { buildUnit } from '../../../src/core/unit-file/build-unit.ts';
import { lexUnitFile } from '../../../src/core/unit-file/lexer.ts';
import type { SpecifierContext } from '../../../src/core/unit-file/specifiers.ts';
import { BUILT_IN_DEFAULTS } from '../../../src/core/unit-file/unit-defaults.ts';
import { UTC_ZONE } from '../../../src/core/time/time-zone.ts';
import type { BuildContext } from '../../../src/core/unit-file/unit-draft.ts';

export const MACHINE: SpecifierContext = {
  architecture: 'x86-64', machineId: '0123456789abcdef0123456789abcdef', bootId: 'fedcba9876543210fedcba9876543210', hostname: 'box.example.org',
  prettyHostname: null, kernelRelease: '6.1.0', osId: 'debian', osVersionId: '12', osVariantId: '', osBuildId: '', osImageId: '', osImageVersion: '',
  userName: 'root', uid: 0, groupName: 'root', gid: 0, home: '/root', shell: '/bin/sh', runtimeRoot: '/run', stateRoot: '/var/lib',
  cacheRoot: '/var/cache', logsRoot: '/var/log', configurationRoot: '/etc', sharedDataRoot: '/usr/share', temporaryDirectory: '/tmp',
  persistentTemporaryDirectory: '/var/tmp',
};

export const CONTEXT: BuildContext = { mode: 'system', defaults: BUILT_IN_DEFAULTS, specifiers: MACHINE, hasUnitFile: () => false, hasDevices: true, timeZones: { local: UTC_ZONE, find: (name) => (name === 'UTC' ? UTC_ZONE : null) } };

/** A unit of one file, as it loads in a system manager unless `context` says otherwise. */
export function unitOf(name: string, text: string, context: Partial<BuildContext> = {}, dropIns: readonly string[] = []): UnitDefinition {
  return buildUnit({
    name: name as UnitName, names: [name as UnitName], fragment: lexUnitFile(text, `/u/${name}`),
    dropIns: dropIns.map((each, i) => lexUnitFile(each, `/u/${name}.d/${i}.conf`)), links: [], sourceHash: '',
  }, { ...CONTEXT, ...context });
}

/** The same for a service whose [Service] section is all that matters. */
export function serviceOf(lines: string, name = 'a.service'): ServiceUnit {
  const hasCommand = /^Exec(?:Start|Stop)=/m.test(lines);
  const unit = unitOf(name, `[Service]\n${hasCommand ? '' : 'ExecStart=/bin/true\n'}${lines}`);
  if (unit.kind !== 'service') throw new Error(`${name} is no service`);
  return unit;
}

/** Edges as `Kind other`, sorted. */
export function edgesOf(unit: UnitDefinition): readonly string[] {
  return unit.dependencies.map(({ kind, other }) => `${kind} ${other}`).sort();
}

/** Messages of a unit's diagnostics with their lines. */
export function saidOf(unit: UnitDefinition): readonly string[] {
  return unit.diagnostics.map(({ severity, line, message }) => `${severity} ${line}: ${message}`);
}
