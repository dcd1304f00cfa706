/** Path units. Source: systemd.path(5). */
import type { UnitName, Usec } from '../../base/brand.ts';
import { seconds } from '../../base/time.ts';
import type { PathUnit, PathWatch, PathWatchKind } from '../unit/path.ts';
import type { TriggerJob } from '../unit/trigger-job.ts';
import { addActivatorDefaults, addMounts } from './default-dependencies.ts';
import { ignore, originOf, parseAbsolutePath, readScalar, type SettingReader } from './setting-reader.ts';
import { parseDelay } from './time-setting.ts';
import { addTrigger, parseTriggerJob } from './triggered-unit.ts';
import { finishCommon, type UnitDraft } from './unit-draft.ts';
import { readUnitSection } from './unit-section.ts';
import { parseBoolean, parseMode, parseUnsigned } from './value/number.ts';

const DEFAULT_LIMIT_INTERVAL_USEC = seconds(2);
const DEFAULT_LIMIT_BURST = 200;

/** Lines of one path unit: each costs the kernel some inotify watches, of which a user has some ten thousand. */
const WATCHES_MAX = 256;

const KINDS: ReadonlySet<string> = new Set<PathWatchKind>(['PathExists', 'PathExistsGlob', 'PathChanged', 'PathModified', 'DirectoryNotEmpty']);

/** All watched paths in file order: an empty line of any kind takes back all before it. */
function readWatches(reader: SettingReader): readonly PathWatch[] {
  let watches: PathWatch[] = [];
  for (const { directive, entry } of reader.settings) {
    if (!KINDS.has(directive.name)) continue;
    if (entry.value === '') {
      watches = [];
      continue;
    }
    if (watches.length >= WATCHES_MAX) {
      ignore(reader, entry, `a path unit watches at most ${String(WATCHES_MAX)} paths`);
      continue;
    }
    const expanded = reader.expand(entry.value);
    const path = expanded.ok ? parseAbsolutePath(expanded.value) : expanded;
    if (path.ok) watches.push({ kind: directive.name as PathWatchKind, path: path.value, origin: originOf(entry) });
    else ignore(reader, entry, path.problem);
  }
  return watches;
}

export function buildPath(draft: UnitDraft): PathUnit {
  const { sources, context, reader, dependencies } = draft;
  const section = readUnitSection(reader, context.defaults, { description: sources.name, ignoreOnIsolate: false });
  const watches = readWatches(reader);
  const unit = addTrigger(draft, 'Unit');
  for (const watch of watches) addMounts(dependencies, watch.path, 'Requires', 'implicit', context.hasUnitFile);
  if (section.defaultDependencies) addActivatorDefaults(dependencies, context.mode, 'paths.target' as UnitName);
  const refusal = watches.length > 0 ? null
    : `${sources.fragment?.file ?? sources.name}: The path unit has no line that says what it watches (PathExists=, PathChanged= and the like).`;
  const directoryMode = readScalar(reader, 'DirectoryMode', parseMode, 0o755);
  return {
    kind: 'path',
    watches,
    unit,
    triggerJob: readScalar<TriggerJob>(reader, 'TriggerJob', parseTriggerJob, 'start'),
    directoryMode,
    makeDirectoryMode: readScalar(reader, 'MakeDirectory', parseBoolean, false) ? directoryMode : null,
    triggerLimitIntervalUsec: readScalar<Usec>(reader, 'TriggerLimitIntervalSec', parseDelay, DEFAULT_LIMIT_INTERVAL_USEC),
    triggerLimitBurst: readScalar(reader, 'TriggerLimitBurst', (text) => parseUnsigned(text), DEFAULT_LIMIT_BURST),
    ...finishCommon(draft, section, refusal),
  };
}
