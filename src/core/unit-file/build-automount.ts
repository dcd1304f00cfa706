/** Automount units from their files. Source: systemd.automount(5). */
import type { UnitName, Usec } from '../../base/brand.ts';
import { ok } from '../../base/result.ts';
import type { AutomountUnit } from '../unit/automount.ts';
import { withKind } from '../unit/unit-name.ts';
import { addMountsAbove, isApiMount, readWhere } from './build-mount.ts';
import { addUmount } from './default-dependencies.ts';
import { readExpanded, readScalar } from './setting-reader.ts';
import { parseSpan } from './time-setting.ts';
import { finishCommon, type UnitDraft } from './unit-draft.ts';
import { readUnitSection } from './unit-section.ts';
import { parseMode } from './value/number.ts';

const DIRECTORY_MODE = 0o755;

export function buildAutomount(draft: UnitDraft): AutomountUnit {
  const { reader, sources, context, dependencies } = draft;
  const where = readWhere(draft);
  const mount = withKind(sources.name, 'mount');
  const section = readUnitSection(reader, context.defaults, { description: sources.name, ignoreOnIsolate: true });
  addMountsAbove(draft, where);
  dependencies.add('Triggers', mount, 'implicit');
  dependencies.add('Before', mount, 'implicit');
  if (section.defaultDependencies && context.mode === 'system') {
    dependencies.add('After', 'local-fs-pre.target' as UnitName, 'default');
    dependencies.add('Before', 'local-fs.target' as UnitName, 'default');
    addUmount(dependencies);
  }
  const place = sources.fragment?.file ?? sources.name;
  const refusal = where === '/' ? `${place}: nothing can be mounted over the root when somebody goes there.`
    : isApiMount(where) ? `${place}: ${where} is a file system of the kernel's, for which there can be no automount unit.` : null;
  return {
    kind: 'automount', where, mount,
    extraOptions: readExpanded(reader, 'ExtraOptions', ok, ''),
    directoryMode: readScalar(reader, 'DirectoryMode', parseMode, DIRECTORY_MODE),
    idleTimeoutUsec: readScalar<Usec | null>(reader, 'TimeoutIdleSec', parseSpan, null),
    ...finishCommon(draft, section, refusal),
  };
}
