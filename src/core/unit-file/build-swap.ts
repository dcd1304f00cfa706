/** Swap units from their files, and from lines of the kernel's table of swaps. Source: systemd.swap(5). */
import type { UnitName, Usec } from '../../base/brand.ts';
import { ok } from '../../base/result.ts';
import type { SwapPoint, SwapUnit } from '../unit/swap.ts';
import { nameWithoutSuffix, unescapeUnitPath, unitNameFromPath } from '../unit/unit-name.ts';
import { readCgroupContext, readSlice } from './cgroup-context.ts';
import { withAccess } from './group-access.ts';
import { addDevice, addMounts, addSlice, addUmount } from './default-dependencies.ts';
import { readExecContext } from './exec-context.ts';
import { readKillContext } from './kill-context.ts';
import { lexUnitFile, literally, type LexedFile } from './lexer.ts';
import { readExpanded, readPath, readScalar } from './setting-reader.ts';
import { parseTimeout } from './time-setting.ts';
import { finishCommon, type UnitDraft } from './unit-draft.ts';
import { readUnitSection } from './unit-section.ts';
import { parseInteger } from './value/number.ts';

/** -1 lets the kernel choose; more than this it does not take. Source: swapon(2). */
const PRIORITY_MIN = -1;
const PRIORITY_MAX = 32_767;

export function buildSwap(draft: UnitDraft): SwapUnit {
  const { reader, sources, context, dependencies } = draft;
  const named = unescapeUnitPath(nameWithoutSuffix(sources.name));
  const given = readPath(reader, 'What');
  const entry = reader.byName.get('What')?.at(-1);
  if (given !== null && entry !== undefined && unitNameFromPath(given, 'swap') !== sources.name) {
    reader.fail(entry, `What=${given} does not agree with the name of the unit; it must be ${unitNameFromPath(given, 'swap') ?? 'another'}.`);
  }
  const what = given ?? (named.ok ? named.value : '/');
  const section = readUnitSection(reader, context.defaults, { description: what, ignoreOnIsolate: true });
  const slice = readSlice(reader, context.mode);
  const exec = readExecContext(reader, context.defaults);
  addSlice(dependencies, slice);
  if (what.startsWith('/dev/')) addDevice(draft, what, 'BindsTo');
  addMounts(dependencies, what, 'Requires', 'implicit', context.hasUnitFile);
  if (section.defaultDependencies && context.mode === 'system') {
    dependencies.add('Before', 'swap.target' as UnitName, 'default');
    addUmount(dependencies);
  }
  const common = finishCommon(draft, section, null);
  return {
    kind: 'swap', what,
    // Empty takes back what was said before, unlike with other numbers.
    priority: readScalar<number | null>(reader, 'Priority', (text) => (text === '' ? ok(null) : parseInteger(text, PRIORITY_MIN, PRIORITY_MAX)), null),
    options: readExpanded(reader, 'Options', ok, ''),
    timeoutUsec: readScalar<Usec | null>(reader, 'TimeoutSec', parseTimeout, context.defaults.timeoutStartUsec),
    exec, kill: readKillContext(reader), cgroup: withAccess(readCgroupContext(reader, slice, context.defaults.tasksMax), common.recorded, exec.confinement),
    ...common,
  };
}

/** A line of the table as the file it could have been made from. */
export function fileOfSwapPoint({ what }: SwapPoint): LexedFile {
  return lexUnitFile(`[Swap]\nWhat=${literally(what)}\n`, '/proc/swaps');
}
