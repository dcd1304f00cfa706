/**
 * Units for the entries of /etc/fstab. Sources: systemd-fstab-generator(8), systemd.mount(5) "FSTAB", systemd.swap(5), and what
 * systemd 252's generator writes for the same entries.
 */
import { escapeUnitPath, mangleUnitName, simplifyPath, unitNameFromPath } from '../unit/unit-name.ts';
import { isNetworkMount } from '../unit-file/build-mount.ts';
import { lastOf, optionValue, optionValues, parseFstab, type FstabEntry } from './fstab-table.ts';
import type { Generated, GeneratedFile } from './generated-file.ts';

/** What the entries mean depends on. */
export interface FstabFacts {
  /** The file, for messages and SourcePath=. */
  readonly file: string;
  /** A container has the swap of its host, and often not its devices. */
  readonly isContainer: boolean;
  readonly hasDevices: boolean;
  /** udev makes the links in /dev/disk; without it mount(8) looks for UUIDs and labels by itself, and no unit waits for a link. */
  readonly hasUdev: boolean;
  /** Where a unit's file is, null = there is none. */
  readonly unitFile: (name: string) => string | null;
  /** Whether there is a program that checks file systems of this type. */
  readonly hasFsck: (type: string) => boolean;
  /** The path with all symbolic links followed, as far as it exists. */
  readonly resolveLinks: (path: string) => string;
}

const HEADER = '# Made by heartwood from fstab(5). Changes are lost at the next daemon-reload.\n';
const REMOUNT = 'systemd-remount-fs.service';
const FSCK_ROOT = 'systemd-fsck-root.service';

/** The links of udev by the tags that fstab(5) knows. */
const TAG_DIRECTORIES: Readonly<Record<string, string>> = { UUID: 'by-uuid', LABEL: 'by-label', PARTUUID: 'by-partuuid', PARTLABEL: 'by-partlabel' };

/** Options for this generator alone, which mount(8) need not see. */
const OWN_OPTIONS = /^x-systemd\.device-timeout=/;

export function generateFromFstab(text: string, facts: FstabFacts): Generated {
  const { entries, complaints } = parseFstab(text, facts.file);
  const draft: Draft = { facts, files: [], complaints: [...complaints], made: new Set() };
  for (const entry of entries) {
    if (entry.type === 'swap') addSwap(draft, entry);
    else addMount(draft, entry);
  }
  return { files: draft.files, complaints: draft.complaints };
}

interface Draft {
  readonly facts: FstabFacts;
  readonly files: GeneratedFile[];
  readonly complaints: string[];
  /** Units that have a file already. */
  readonly made: Set<string>;
}

function complain(draft: Draft, entry: FstabEntry, what: string): void {
  draft.complaints.push(`${draft.facts.file}:${String(entry.line)}: ${what}`);
}

function isDevice(what: string): boolean {
  return what.startsWith('/dev/');
}

/** UUID=… and its kin as the path of udev's link. */
function deviceOf(what: string, hasUdev: boolean): string {
  const [, tag = '', value = ''] = /^([A-Z]+)="?([^"]*)"?$/.exec(what) ?? [];
  const directory = TAG_DIRECTORIES[tag];
  if (directory === undefined || !hasUdev) return what;
  return `/dev/disk/${directory}/${encodeLinkName(tag.endsWith('UUID') ? value.toLowerCase() : value)}`;
}

/** As udev writes labels into file names. */
function encodeLinkName(text: string): string {
  let name = '';
  for (const character of text) {
    const isSafe = /^[A-Za-z0-9#+\-.:=@_]$/.test(character) || character.codePointAt(0) as number > 0x7f;
    name += isSafe ? character : `\\x${(character.codePointAt(0) as number).toString(16).padStart(2, '0')}`;
  }
  return name;
}

/** A value as it stands in a unit file, where `%` starts a specifier. */
function literally(text: string): string {
  return text.replaceAll('%', '%%');
}

function link(draft: Draft, target: string, kind: 'wants' | 'requires', unit: string): void {
  draft.files.push({ path: `${target}.${kind}/${unit}`, link: `../${unit}` });
}

/** A link to a unit that comes from elsewhere; none when there is no such unit. */
function linkShipped(draft: Draft, target: string, kind: 'wants' | 'requires', unit: string): void {
  const file = draft.facts.unitFile(unit);
  if (file !== null) draft.files.push({ path: `${target}.${kind}/${unit}`, link: file });
}

// --- mounts

function addMount(draft: Draft, entry: FstabEntry): void {
  const { facts } = draft;
  const what = deviceOf(entry.what, facts.hasUdev);
  const simple = simplifyPath(entry.where);
  if (simple === null || unitNameFromPath(simple, 'mount') === null) {
    complain(draft, entry, `${entry.where === '' ? 'nothing' : entry.where} is no place for a mount: an absolute path is needed; the entry is ignored`);
    return;
  }
  if (facts.isContainer && !facts.hasDevices && isDevice(what)) {
    complain(draft, entry, `a container has no devices: ${what} is not mounted`);
    return;
  }
  const where = facts.resolveLinks(simple);
  const unit = unitNameFromPath(where, 'mount') as string;
  // The kernel's own file systems are mounted before any unit, and remounted with the options of their entries.
  if (isApiPlace(where)) {
    linkShipped(draft, 'local-fs.target', 'wants', REMOUNT);
    return;
  }
  if (draft.made.has(unit)) {
    complain(draft, entry, `${where} has been mentioned before; the entry is ignored`);
    return;
  }
  draft.made.add(unit);
  const isBackground = entry.type.startsWith('nfs') && lastOf(entry.options, 'bg', 'fg') === 'bg';
  const options = isBackground ? ['x-systemd.mount-timeout=infinity', 'retry=10000', 'nofail', ...entry.options, 'fg'] : entry.options;
  const isRoot = where === '/';
  const isNetwork = isNetworkMount(entry.type, options.join(','));
  const target = isNetwork ? 'remote-fs.target' : 'local-fs.target';
  const mayFail = !isRoot && lastOf(options, 'nofail', 'fail') === 'nofail';
  const byItself = isRoot || lastOf(options, 'noauto', 'auto') !== 'noauto';
  const isAutomounted = !isRoot && (options.includes('x-systemd.automount') || options.includes('comment=systemd.automount'));
  const lines = [
    '[Unit]', 'Documentation=man:fstab(5)', `SourcePath=${literally(facts.file)}`,
    ...dependenciesOf(options),
    ...(isAutomounted || mayFail ? [] : [`Before=${target}`]),
    ...checkDependencies(draft, entry, { what, where, isNetwork }),
    ...(isAutomounted && !mayFail ? [`Before=${target}`] : []),
    '', '[Mount]', `What=${literally(what)}`, `Where=${literally(where)}`,
    ...(entry.type === '' || entry.type === 'auto' ? [] : [`Type=${literally(entry.type)}`]),
    ...timeoutOf(options),
    ...optionLine(options.filter((option) => !OWN_OPTIONS.test(option))),
    ...(options.includes('x-systemd.rw-only') ? ['ReadWriteOnly=yes'] : []),
  ];
  draft.files.push({ path: unit, text: `${HEADER}\n${lines.join('\n')}\n` });
  addDeviceSettings(draft, what, options, isNetwork);
  for (const option of ['x-systemd.makefs', 'x-systemd.growfs']) if (options.includes(option)) complain(draft, entry, `${option} has no effect: file systems are neither made nor grown`);
  if (isRoot) linkShipped(draft, 'local-fs.target', 'wants', REMOUNT);
  if (isAutomounted) {
    addAutomount(draft, where, options);
    link(draft, target, mayFail ? 'wants' : 'requires', unit.replace(/mount$/, 'automount'));
    return;
  }
  const wantedBy = optionValues(options, 'x-systemd.wanted-by');
  const requiredBy = optionValues(options, 'x-systemd.required-by');
  for (const each of wantedBy) addWish(draft, each, 'wants', unit);
  for (const each of requiredBy) addWish(draft, each, 'requires', unit);
  if (byItself && wantedBy.length + requiredBy.length === 0) link(draft, target, mayFail ? 'wants' : 'requires', unit);
}

function addWish(draft: Draft, by: string, kind: 'wants' | 'requires', unit: string): void {
  const name = mangleUnitName(by);
  if (name !== null) link(draft, name, kind, unit);
}

const API_PLACES = /^\/(?:proc|sys|dev|dev\/shm|dev\/pts|run|sys\/fs\/cgroup(?:\/.*)?)$/;

function isApiPlace(where: string): boolean {
  return API_PLACES.test(where);
}

/** x-systemd.requires= and its kin; a path means the unit of what is mounted there, or of the device. */
function dependenciesOf(options: readonly string[]): readonly string[] {
  const named = (option: string): readonly string[] => optionValues(options, option).flatMap((value) => mangleUnitName(value) ?? []);
  return [
    ...named('x-systemd.after').map((unit) => `After=${unit}`),
    ...named('x-systemd.requires').flatMap((unit) => [`After=${unit}`, `Requires=${unit}`]),
    ...named('x-systemd.before').map((unit) => `Before=${unit}`),
    ...optionValues(options, 'x-systemd.requires-mounts-for').map((path) => `RequiresMountsFor=${literally(path)}`),
  ];
}

/** The file system is checked before it is mounted, where there is a program for that. */
function checkDependencies(draft: Draft, entry: FstabEntry, { what, where, isNetwork }: { readonly what: string; readonly where: string; readonly isNetwork: boolean }): readonly string[] {
  const { facts } = draft;
  if (!entry.isChecked || isNetwork || !isDevice(what) || !facts.hasFsck(entry.type)) return [];
  if (where === '/') {
    linkShipped(draft, 'local-fs.target', 'wants', FSCK_ROOT);
    return [];
  }
  const escaped = escapeUnitPath(what);
  if (!escaped.ok || facts.unitFile('systemd-fsck@.service') === null) return [];
  const unit = `systemd-fsck@${escaped.value}.service`;
  // What is wrong with /usr is for whoever comes up to repair it.
  return [`${where === '/usr' ? 'Wants' : 'Requires'}=${unit}`, `After=${unit}`];
}

function timeoutOf(options: readonly string[]): readonly string[] {
  const value = optionValue(options, 'x-systemd.mount-timeout');
  return value === null ? [] : [`TimeoutSec=${value}`];
}

function optionLine(options: readonly string[]): readonly string[] {
  return options.length === 0 ? [] : [`Options=${literally(options.join(','))}`];
}

/** How long to wait for the device, and what to wait for before it. */
function addDeviceSettings(draft: Draft, what: string, options: readonly string[], isNetwork: boolean): void {
  const device = unitNameFromPath(what, 'device');
  if (device === null || !isDevice(what)) return;
  const timeout = optionValue(options, 'x-systemd.device-timeout');
  if (timeout !== null) draft.files.push({ path: `${device}.d/50-device-timeout.conf`, text: `${HEADER}\n[Unit]\nJobRunningTimeoutSec=${timeout}\n` });
  if (isNetwork) draft.files.push({ path: `${device}.d/50-netdev-dependencies.conf`, text: `${HEADER}\n[Unit]\nAfter=network-online.target network.target\nWants=network-online.target\n` });
}

function addAutomount(draft: Draft, where: string, options: readonly string[]): void {
  const idle = optionValue(options, 'x-systemd.idle-timeout');
  const lines = ['[Unit]', 'Documentation=man:fstab(5)', `SourcePath=${literally(draft.facts.file)}`, '', '[Automount]', `Where=${literally(where)}`, ...(idle === null ? [] : [`TimeoutIdleSec=${idle}`])];
  draft.files.push({ path: unitNameFromPath(where, 'automount') as string, text: `${HEADER}\n${lines.join('\n')}\n` });
}

// --- swap

function addSwap(draft: Draft, entry: FstabEntry): void {
  const { facts } = draft;
  if (facts.isContainer) {
    complain(draft, entry, `a container has the swap of its machine: ${entry.what} is not used`);
    return;
  }
  const what = deviceOf(entry.what, facts.hasUdev);
  const unit = unitNameFromPath(what, 'swap');
  if (unit === null) {
    complain(draft, entry, `${what} is no path of a swap device or file; the entry is ignored${/^[A-Z]+=/.test(what) ? ' (udev is needed to find it)' : ''}`);
    return;
  }
  if (draft.made.has(unit)) {
    complain(draft, entry, `${what} has been mentioned before; the entry is ignored`);
    return;
  }
  draft.made.add(unit);
  const { options } = entry;
  const lines = [
    '[Unit]', 'Documentation=man:fstab(5)', `SourcePath=${literally(facts.file)}`,
    '', '[Swap]', `What=${literally(what)}`,
    ...optionLine(options.filter((option) => !OWN_OPTIONS.test(option))),
  ];
  draft.files.push({ path: unit, text: `${HEADER}\n${lines.join('\n')}\n` });
  addDeviceSettings(draft, what, options, false);
  if (lastOf(options, 'noauto', 'auto') !== 'noauto') link(draft, 'swap.target', lastOf(options, 'nofail', 'fail') === 'nofail' ? 'wants' : 'requires', unit);
}
