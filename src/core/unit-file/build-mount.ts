/** Mount units from their files, and from lines of the kernel's table of mounts. Source: systemd.mount(5). */
import type { UnitName, Usec } from '../../base/brand.ts';
import { ok } from '../../base/result.ts';
import { isBindMount, type MountPoint, type MountUnit } from '../unit/mount.ts';
import { ROOT_SLICE, nameWithoutSuffix, unescapeUnitPath, unitKind, unitNameFromPath } from '../unit/unit-name.ts';
import { readCgroupContext, readSlice } from './cgroup-context.ts';
import { withAccess } from './group-access.ts';
import { addDevice, addMounts, addSlice, addUmount } from './default-dependencies.ts';
import { readExecContext } from './exec-context.ts';
import { readKillContext } from './kill-context.ts';
import { lexUnitFile, literally, type LexedFile } from './lexer.ts';
import { parseAbsolutePath, readExpanded, readScalar, type SettingReader } from './setting-reader.ts';
import { parseTimeout } from './time-setting.ts';
import { finishCommon, type UnitDraft } from './unit-draft.ts';
import { readUnitSection } from './unit-section.ts';
import { parseBoolean, parseMode } from './value/number.ts';

/** Mounts that are there before the manager and stay until after it. */
const LASTING = /^(?:-|usr|etc|run-initramfs(?:-.*)?|(?:dev|proc|sys)(?:-.*)?)\.mount$/;

/**
 * Places the manager or the kernel looks after, of which there are no units. Source: file-hierarchy(7); the list of systemd 252 in its
 * answer to a unit file for one of them.
 */
const API_PLACES: ReadonlySet<string> = new Set([
  '/proc', '/sys', '/dev', '/dev/shm', '/dev/pts', '/run', '/sys/fs/cgroup', '/sys/fs/pstore', '/sys/fs/bpf', '/sys/fs/selinux',
  '/sys/kernel/security', '/sys/firmware/efi/efivars',
]);

/** Whether there is no unit for what is mounted at a place. */
export function isApiMount(where: string): boolean {
  return API_PLACES.has(where) || where.startsWith('/sys/fs/cgroup/');
}

const NETWORK_FILE_SYSTEMS = new Set(['afs', 'ceph', 'cifs', 'smb3', 'smbfs', 'sshfs', 'ncpfs', 'ncp', 'nfs', 'nfs4', 'gfs', 'gfs2', 'glusterfs', 'pvfs2', 'ocfs2', 'lustre', 'davfs']);

/** Whether the network is needed, by type and options. */
export function isNetworkMount(type: string | null, options: string): boolean {
  return NETWORK_FILE_SYSTEMS.has((type ?? '').replace(/^fuse\./, '')) || options.split(',').includes('_netdev');
}

/** The place of a mount or automount: what its name says, and Where= must agree with it. */
export function readWhere(draft: UnitDraft): string {
  const { reader, sources } = draft;
  const kind = unitKind(sources.name);
  const ofName = unescapeUnitPath(nameWithoutSuffix(sources.name));
  const named = ofName.ok ? ofName.value : '/';
  const where = readExpanded<string | null>(reader, 'Where', parseAbsolutePath, null);
  const entry = reader.byName.get('Where')?.at(-1);
  if (where === null || entry === undefined) return named;
  if (unitNameFromPath(where, kind) !== sources.name) {
    reader.fail(entry, `The unit cannot be used: Where=${where} does not agree with the name of the unit; it must be ${unitNameFromPath(where, kind) ?? 'another'}.`);
  }
  return where;
}

/** The mounts above a place. */
export function addMountsAbove(draft: UnitDraft, where: string): void {
  if (where === '/') return;
  addMounts(draft.dependencies, where.slice(0, Math.max(1, where.lastIndexOf('/'))), 'Requires', 'implicit', draft.context.hasUnitFile);
}

function readText(reader: SettingReader, name: string): string {
  return readExpanded(reader, name, ok, '');
}

export function buildMount(draft: UnitDraft): MountUnit {
  const { reader, sources, context, dependencies } = draft;
  const where = readWhere(draft);
  const flag = (name: string): boolean => readScalar(reader, name, parseBoolean, false);
  const what = readText(reader, 'What');
  const options = readText(reader, 'Options');
  const typeText = readText(reader, 'Type');
  const type = typeText === '' || typeText === 'auto' ? null : typeText;
  const isLasting = LASTING.test(sources.name) || context.mode === 'user';
  const section = readUnitSection(reader, context.defaults, { description: where === '/' ? 'Root Mount' : where, ignoreOnIsolate: true });
  const slice = LASTING.test(sources.name) ? ROOT_SLICE : readSlice(reader, context.mode);
  const exec = readExecContext(reader, context.defaults);
  addSlice(dependencies, slice);
  addMountsAbove(draft, where);
  if (what.startsWith('/') && !isNetworkMount(type, options)) addMounts(dependencies, what, 'Requires', 'implicit', context.hasUnitFile);
  if (isMountableDevice(what) && where !== '/' && !isBindMount({ options })) addBackingDevice(draft, what, options);
  if (section.defaultDependencies && !isLasting) addDefaults(draft, isNetworkMount(type, options), options.split(',').includes('nofail'));
  const place = sources.fragment?.file ?? sources.name;
  const refusal = sources.fragment === null ? null
    : isApiMount(where) ? `${place}: ${where} is a file system of the kernel's, for which there can be no mount unit.`
      : what === '' && where !== '/' ? `${place}: What= is missing: there is nothing to mount.` : null;
  const common = finishCommon(draft, section, refusal);
  return {
    kind: 'mount', where, what, type, options,
    sloppyOptions: flag('SloppyOptions'), lazyUnmount: flag('LazyUnmount'), readWriteOnly: flag('ReadWriteOnly'), forceUnmount: flag('ForceUnmount'),
    directoryMode: readScalar(reader, 'DirectoryMode', parseMode, 0o755),
    timeoutUsec: readScalar<Usec | null>(reader, 'TimeoutSec', parseTimeout, context.defaults.timeoutStartUsec),
    exec, kill: readKillContext(reader), cgroup: withAccess(readCgroupContext(reader, slice, context.defaults.tasksMax), common.recorded, exec.confinement),
    ...common,
    // The root can be told to stop as little as the manager itself.
    refuseManualStop: common.refuseManualStop || where === '/',
  };
}

/** Some kernels call the root's device one of these, and neither is one. */
const NO_DEVICES: ReadonlySet<string> = new Set(['/dev/root', '/dev/nfs']);

function isMountableDevice(what: string): boolean {
  return what.startsWith('/dev/') && !NO_DEVICES.has(what);
}

/** The device has to be there first. When it goes, so does a mount that a file speaks of; another is its maker's to take away. */
function addBackingDevice(draft: UnitDraft, what: string, options: string): void {
  const isBound = options.split(',').includes('x-systemd.device-bound');
  addDevice(draft, what, isBound ? 'BindsTo' : 'Requires');
  if (!isBound && draft.sources.fragment !== null) addDevice(draft, what, 'StopPropagatedFrom');
}

function addDefaults(draft: UnitDraft, isRemote: boolean, mayFail: boolean): void {
  const { dependencies } = draft;
  dependencies.add('After', (isRemote ? 'remote-fs-pre.target' : 'local-fs-pre.target') as UnitName, 'default');
  if (isRemote) {
    dependencies.add('After', 'network.target' as UnitName, 'default');
    dependencies.add('After', 'network-online.target' as UnitName, 'default');
    dependencies.add('Wants', 'network-online.target' as UnitName, 'default');
  }
  if (!mayFail) dependencies.add('Before', (isRemote ? 'remote-fs.target' : 'local-fs.target') as UnitName, 'default');
  addUmount(dependencies);
}

/**
 * A line of the table as the file it could have been made from. `hasDefaults`: the manager may unmount it at the end; not so in a
 * container, whose mounts belong to whoever made it.
 */
export function fileOfMountPoint({ where, what, type, options }: MountPoint, hasDefaults: boolean): LexedFile {
  return lexUnitFile(`${hasDefaults ? '' : '[Unit]\nDefaultDependencies=no\n'}[Mount]\nWhere=${literally(where)}\nWhat=${literally(what)}\nType=${literally(type)}\nOptions=${literally(options)}\n`, '/proc/self/mountinfo');
}
