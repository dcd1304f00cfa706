/** Properties of sandboxing that `show` prints in another form than the files have: systemd.exec(5). The others are shown as written. */
import { resolveFilter } from '../system-call/filter-words.ts';
import type { BindMount, ConfinedPath, SystemCallWord } from '../unit/confinement.ts';
import { addressFamilyName } from '../unit-file/value/address-family.ts';
import type { ExecPropertyContext } from './exec-rows.ts';
import type { PropertyRow } from './property-row.ts';
import { quotedWords, words } from './value-text.ts';

type Row = PropertyRow<ExecPropertyContext>;

/** What systemd prints for "the process is killed". */
const KILL_NUMBER = 2_147_483_646;

function calls(filter: readonly SystemCallWord[] | undefined, implied: 'default-group' | 'nothing'): string | null {
  const resolved = resolveFilter(filter ?? [], implied);
  if (resolved === null) return null;
  const listed = [...resolved.calls].map(([call, errno]) => (errno === null ? call : `${call}:${String(errno)}`));
  return `${resolved.isAllowList ? '' : '~'}${words(listed.sort())}`;
}

const PATH_LISTS = [
  ['ReadWritePaths', 'readWritePaths'], ['ReadOnlyPaths', 'readOnlyPaths'], ['InaccessiblePaths', 'inaccessiblePaths'],
  ['ExecPaths', 'execPaths'], ['NoExecPaths', 'noExecPaths'],
] as const;

function pathText({ path, optional, inRoot }: ConfinedPath): string {
  return `${optional ? '-' : ''}${inRoot ? '+' : ''}${path}`;
}

function binds(mounts: readonly BindMount[] | undefined, readOnly: boolean): string | null {
  if (mounts === undefined) return null;
  return words(mounts.filter((mount) => mount.readOnly === readOnly).map((mount) => `${mount.optional ? '-' : ''}${mount.source}:${mount.destination}${mount.recursive ? ':rbind' : ''}`));
}

export const CONFINEMENT_ROWS: readonly Row[] = [
  // DynamicUser= implies more than is written.
  ['ProtectSystem', ({ exec }) => (exec.dynamicUser ? exec.confinement?.protectSystem ?? null : null)],
  ['ProtectHome', ({ exec }) => (exec.dynamicUser ? exec.confinement?.protectHome ?? null : null)],
  ['RestrictSUIDSGID', ({ exec }) => (exec.dynamicUser ? 'yes' : null)],
  ['SystemCallFilter', ({ exec }) => calls(exec.confinement?.systemCallFilter, 'default-group')],
  ['SystemCallLog', ({ exec }) => calls(exec.confinement?.systemCallLog, 'nothing')],
  ['SystemCallErrorNumber', ({ exec }) => (exec.confinement === null ? null : String(exec.confinement.systemCallErrorNumber ?? KILL_NUMBER))],
  ['RestrictAddressFamilies', ({ exec }) => {
    const families = exec.confinement?.addressFamilies ?? null;
    return families === null ? null : `${families.isAllowList ? '' : '~'}${words(families.families.map(addressFamilyName).sort())}`;
  }],
  ['RestrictNamespaces', ({ exec }) => {
    const allowed = exec.confinement?.allowedNamespaces ?? null;
    if (allowed === null) return null;
    // Time name spaces came to systemd later.
    return allowed.length === 0 ? 'yes' : words(allowed.filter((name) => name !== 'time').sort());
  }],
  ...PATH_LISTS.map(([property, field]): Row => [property, ({ exec }) => (exec.confinement === null ? null : quotedWords(exec.confinement[field].map(pathText)))]),
  ['TemporaryFileSystem', ({ exec }) => (exec.confinement === null ? null : words(exec.confinement.temporaryFileSystems.map(({ path, options }) => (options === '' ? path : `${path}:${options}`))))],
  ['BindPaths', ({ exec }) => binds(exec.confinement?.bindMounts, false)],
  ['BindReadOnlyPaths', ({ exec }) => binds(exec.confinement?.bindMounts, true)],
  ['SecureBits', ({ exec }) => (exec.confinement === null ? null : String(exec.confinement.secureBits))],
  ['CoredumpFilter', ({ exec }) => (exec.confinement === null || exec.confinement.coredumpFilter === null ? null : `0x${exec.confinement.coredumpFilter.toString(16)}`)],
  ['TimerSlackNSec', ({ exec }) => (exec.confinement === null || exec.confinement.timerSlackNsec === null ? null : String(exec.confinement.timerSlackNsec))],
];
