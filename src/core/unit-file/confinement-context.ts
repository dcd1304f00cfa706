/** The sandboxing settings of a unit. Source: systemd.exec(5), "Sandboxing", "System Call Filtering", "Credentials". */
import { ok, problem, type Result } from '../../base/result.ts';
import type { Usec } from '../../base/brand.ts';
import { parseTimeSpan } from '../time/time-span.ts';
import { SYSTEM_CALL_GROUPS, expandSystemCalls } from '../system-call/groups.ts';
import { systemCallNames } from '../system-call/numbers.ts';
import { NAMESPACE_FLAGS } from '../system-call/confinement-filters.ts';
import { UNCONFINED, type BindMount, type ConfinedPath, type Confinement, type Credential, type NamespaceName, type SystemCallWord } from '../unit/confinement.ts';
import type { Entry } from '../unit/source.ts';
import {
  applyReaders, entriesFor, ignore, leaveOut, oneOf, parseAbsolutePath, plainWordsOf, readPath, readScalar, setsAnyOf, wordsOf, type FieldReader, type Mutable, type SettingReader,
} from './setting-reader.ts';
import { addressFamilyName, addressFamilyNames, parseAddressFamily } from './value/address-family.ts';
import { isCredentialId } from './value/credential.ts';
import { parseErrno } from './value/errno.ts';
import { parseBoolean } from './value/number.ts';
import { colonIn, splitColonWords, undoEscapes, withoutBackslashes } from './words.ts';

type Reader = FieldReader<Confinement, null>;
type Fields<T> = { [K in keyof Confinement]: Confinement[K] extends T ? (T extends Confinement[K] ? K : never) : never }[keyof Confinement];

/** Bytes of one SetCredential=; larger ones belong in files. systemd allows 1 MiB for all of a unit. */
const CREDENTIAL_BYTES_MAX = 1024 * 1024;

function flag(name: string, field: Fields<boolean>): readonly [string, Reader] {
  return [name, (target, reader) => { target[field] = readScalar(reader, name, parseBoolean, false); }];
}

/** A boolean or one of some words, of which `no` is what holds by default. */
function wordOrBoolean<T extends string>(...others: readonly T[]): (text: string) => Result<T | 'yes' | 'no'> {
  const parse = oneOf<T | 'yes' | 'no'>(...others, 'yes', 'no');
  return (text) => {
    const truth = parseBoolean(text);
    return truth.ok ? ok(truth.value ? 'yes' : 'no') : parse(text);
  };
}

/** A boolean that later versions of systemd gave more words, all of them stricter than `yes`. */
function booleanOr(...stricter: readonly string[]): (text: string) => Result<boolean> {
  return (text) => (stricter.includes(text) ? ok(true) : parseBoolean(text));
}

const PATH_LISTS: readonly (readonly [string, Fields<readonly ConfinedPath[]>])[] = [
  ['ReadWritePaths', 'readWritePaths'], ['ReadOnlyPaths', 'readOnlyPaths'], ['InaccessiblePaths', 'inaccessiblePaths'],
  ['ExecPaths', 'execPaths'], ['NoExecPaths', 'noExecPaths'],
];

function readPaths(reader: SettingReader, name: string): readonly ConfinedPath[] {
  return readList(reader, name, (word) => {
    const [, dash = '', plus = '', rest = ''] = /^(-?)(\+?)(.*)$/s.exec(word) ?? [];
    const expanded = reader.expand(rest);
    const path = expanded.ok ? parseAbsolutePath(expanded.value) : expanded;
    return path.ok ? ok({ path: path.value, optional: dash !== '', inRoot: plus !== '' }) : path;
  }, plainWordsOf);
}

/** A list of words, each read by itself; an empty assignment starts anew. */
function readList<T>(reader: SettingReader, name: string, parse: (word: string) => Result<T>, words = wordsOf): T[] {
  let list: T[] = [];
  for (const entry of entriesFor(reader, name)) {
    if (entry.value === '') list = [];
    else for (const word of words(reader, entry)) {
      const parsed = parse(word);
      if (parsed.ok) list.push(parsed.value);
      else ignore(reader, entry, parsed.problem);
    }
  }
  return list;
}

function parseBind(parts: readonly string[], readOnly: boolean): Result<BindMount> {
  const [written = '', destination, options = 'rbind', ...more] = parts;
  const optional = written.startsWith('-');
  const source = optional ? written.slice(1) : written;
  const from = parseAbsolutePath(source);
  if (!from.ok) return from;
  const to = parseAbsolutePath(destination ?? source);
  if (!to.ok) return to;
  if (more.length > 0 || !['rbind', 'norbind', ''].includes(options)) return problem(`the options of a bind mount are rbind or norbind, not '${options.slice(0, 60)}'`);
  return ok({ source: from.value, destination: to.value, optional, recursive: options !== 'norbind', readOnly });
}

/** Words of parts between colons, specifiers expanded part by part. */
function colonWordsOf(reader: SettingReader, entry: Entry): readonly (readonly string[])[] {
  const split = splitColonWords(entry.value);
  if (!split.ok) {
    ignore(reader, entry, split.problem);
    return [];
  }
  return split.value.flatMap((parts) => {
    const expanded = parts.map((part) => reader.expand(part));
    const wrong = expanded.flatMap((part) => (part.ok ? [] : [part.problem]));
    for (const each of wrong) ignore(reader, entry, each);
    return wrong.length === 0 ? [expanded.map((part) => (part.ok ? part.value : ''))] : [];
  });
}

/** Both directives fill one list, in the order of the files: what comes later may cover what came before. */
const readBinds: Reader = (target, reader) => {
  let mounts: BindMount[] = [];
  for (const { directive, entry } of reader.settings) {
    if (directive.name !== 'BindPaths' && directive.name !== 'BindReadOnlyPaths') continue;
    if (entry.value === '') {
      mounts = [];
      continue;
    }
    for (const parts of colonWordsOf(reader, entry)) {
      const parsed = parseBind(parts, directive.name === 'BindReadOnlyPaths');
      if (parsed.ok) mounts.push(parsed.value);
      else ignore(reader, entry, parsed.problem);
    }
  }
  target.bindMounts = mounts;
};

function parseTemporary(word: string): Result<Confinement['temporaryFileSystems'][number]> {
  const [text = '', ...options] = word.split(':');
  const path = parseAbsolutePath(text);
  return path.ok ? ok({ path: path.value, options: options.join(':') }) : path;
}

/** `~` before a list inverts it. */
function withoutTilde(entry: Entry): Entry {
  return entry.value.startsWith('~') ? { ...entry, value: entry.value.slice(1) } : entry;
}

const NAMESPACES = Object.keys(NAMESPACE_FLAGS) as NamespaceName[];

function changeAllowed(before: readonly NamespaceName[] | null, named: readonly string[], inverted: boolean): readonly NamespaceName[] {
  if (inverted) return (before ?? NAMESPACES).filter((name) => !named.includes(name));
  return NAMESPACES.filter((name) => named.includes(name) || before?.includes(name) === true);
}

/** A boolean or a list: with `~` the kinds named are taken away from those allowed, without it they are added. */
const readNamespaces: Reader = (target, reader) => {
  let allowed: readonly NamespaceName[] | null = null;
  for (const entry of entriesFor(reader, 'RestrictNamespaces')) {
    const truth = parseBoolean(entry.value);
    if (entry.value === '') allowed = null;
    else if (truth.ok) allowed = truth.value ? [] : null;
    else {
      const inverted = entry.value.startsWith('~');
      const named = plainWordsOf(reader, withoutTilde(entry), 'bare');
      for (const word of named) if (!NAMESPACES.includes(word as NamespaceName)) leaveOut(reader, entry, word, 'it is not a kind of name space', NAMESPACES);
      allowed = changeAllowed(allowed, named, inverted);
    }
  }
  target.allowedNamespaces = allowed;
};

const readFamilies: Reader = (target, reader) => {
  let isAllowList = true;
  let families: Set<number> | null = null;
  for (const entry of entriesFor(reader, 'RestrictAddressFamilies')) {
    if (entry.value === '') {
      families = null;
      continue;
    }
    if (entry.value === 'none') {
      [families, isAllowList] = [new Set(), true];
      continue;
    }
    const inverted = entry.value.startsWith('~');
    if (families === null) [families, isAllowList] = [new Set<number>(), !inverted];
    for (const word of plainWordsOf(reader, withoutTilde(entry))) {
      const family = parseAddressFamily(word);
      if (family === null) leaveOut(reader, entry, word, `it is not an address family such as ${addressFamilyName(1)}`, addressFamilyNames());
      else if (inverted === isAllowList) families.delete(family);
      else families.add(family);
    }
  }
  target.addressFamilies = families === null ? null : { isAllowList, families: [...families].sort((a, b) => a - b) };
};

/** `call`, `@group`, each with `:ERRNO`; `~` before a line inverts it. */
function readSystemCalls(reader: SettingReader, name: string, mayAnswer: boolean): readonly SystemCallWord[] {
  let words: SystemCallWord[] = [];
  for (const entry of entriesFor(reader, name)) {
    if (entry.value === '') {
      words = [];
      continue;
    }
    const inverted = entry.value.startsWith('~');
    for (const text of plainWordsOf(reader, withoutTilde(entry), 'bare')) {
      const word = parseSystemCall(reader, entry, text, inverted, mayAnswer);
      if (word !== null) words.push(word);
    }
  }
  return words;
}

const NO_CALLS: readonly string[] = [];

function parseSystemCall(reader: SettingReader, entry: Entry, text: string, inverted: boolean, mayAnswer: boolean): SystemCallWord | null {
  const colon = mayAnswer ? text.indexOf(':') : -1;
  const word = colon < 0 ? text : text.slice(0, colon);
  const answer = colon < 0 ? null : text.slice(colon + 1);
  const errno = answer === null ? null : answer === 'kill' ? 'kill' : parseErrno(answer);
  if (answer !== null && errno === null) {
    leaveOut(reader, entry, text, `'${answer.slice(0, 60)}' is neither an error such as EPERM nor kill`);
    return null;
  }
  if (expandSystemCalls(word, () => NO_CALLS) === null) {
    const isGroup = word.startsWith('@');
    leaveOut(reader, entry, word, `it is not a known ${isGroup ? 'group of system calls' : 'system call'}`, isGroup ? SYSTEM_CALL_GROUPS : systemCallNames());
    return null;
  }
  if (errno !== null && !inverted) {
    leaveOut(reader, entry, text, `a system call that is allowed gets no answer such as ${answer ?? ''}`);
    return null;
  }
  return { word, inverted, errno };
}

function parseErrorNumber(text: string): Result<number | null> {
  if (text === 'kill') return ok(null);
  const errno = parseErrno(text);
  return errno === null || errno === 0 ? problem(`'${text.slice(0, 60)}' is neither an error such as EPERM nor kill`) : ok(errno);
}

const ARCHITECTURES = [
  'native', 'x86', 'x86-64', 'x32', 'arm', 'arm64', 'loongarch64', 'mips', 'mips-le', 'mips64', 'mips64-le', 'mips64-n32', 'mips64-le-n32',
  'parisc', 'parisc64', 'ppc', 'ppc64', 'ppc64-le', 'riscv32', 'riscv64', 's390', 's390x',
];
const parseArchitecture = oneOf(...ARCHITECTURES);

/** Bits of prctl(2), PR_SET_SECUREBITS. */
const SECURE_BITS: ReadonlyMap<string, number> = new Map([
  ['noroot', 1], ['noroot-locked', 2], ['no-setuid-fixup', 4], ['no-setuid-fixup-locked', 8], ['keep-caps', 16], ['keep-caps-locked', 32],
]);

/** Bits of core(5), "Controlling which mappings are written to the core dump". */
const DUMP_BITS: ReadonlyMap<string, number> = new Map([
  ['private-anonymous', 1], ['shared-anonymous', 2], ['private-file-backed', 4], ['shared-file-backed', 8], ['elf-headers', 16],
  ['private-huge', 32], ['shared-huge', 64], ['private-dax', 128], ['shared-dax', 256], ['default', 0x33], ['all', 0x1ff],
]);

function readBits(reader: SettingReader, name: string, bits: ReadonlyMap<string, number>): number {
  const parse = oneOf(...bits.keys());
  return readList(reader, name, (word): Result<number> => {
    // Bits beyond those the kernel has today fall away.
    if (name === 'CoredumpFilter' && /^\+?(?:0x)?[0-9a-f]{1,16}$/i.test(word)) return ok(Number(BigInt(`0x${word.replace(/^\+?(?:0x)?/i, '')}`) & 0xffff_ffffn));
    const known = parse(word);
    return known.ok ? ok(bits.get(known.value) ?? 0) : known;
  }, plainWordsOf).reduce((all, bit) => (all | bit) >>> 0, 0);
}

/** PER_LINUX32 of personality(2): a kernel that says it is a 32-bit one. */
const PER_LINUX32 = 8;
/** What each machine can pretend to be: itself, and its narrow sister. */
const NARROW_PERSONALITY: Readonly<Record<string, string>> = {
  'x86-64': 'x86', arm64: 'arm', 'arm64-be': 'arm-be', ppc64: 'ppc', 'ppc64-le': 'ppc-le', s390x: 's390', mips64: 'mips', 'mips64-le': 'mips-le', riscv64: 'riscv32',
};

function readPersonality(reader: SettingReader): number | null {
  const own = reader.expand('%a');
  const machine = own.ok ? own.value : '';
  const narrow = NARROW_PERSONALITY[machine] ?? '';
  return readScalar<number | null>(reader, 'Personality', (text) => {
    if (text === machine) return ok(0);
    return text === narrow && narrow !== '' ? ok(PER_LINUX32) : problem(`'${text.slice(0, 60)}' is nothing this machine can be; it can be ${machine}${narrow === '' ? '' : ` or ${narrow}`}`);
  }, null, 'resets');
}

/** A number counts nanoseconds here, as nowhere else: read as microseconds a thousand times as long, in which a time span has no fractions to lose. */
function parseNanoseconds(text: string): Result<number | null> {
  if (text === 'infinity') return ok(Number.MAX_SAFE_INTEGER);
  if (text === '') return problem('a time is missing');
  let total = 0;
  for (const [term, number = '', unit = ''] of text.matchAll(/[ \t]*([^A-Za-z\u00b5\u03bc \t]+)[ \t]*([A-Za-z\u00b5\u03bc]*)|[^ \t]+/g)) {
    const isNsec = /^(?:ns(?:ec)?)?$/.test(unit);
    const span = parseTimeSpan(isNsec && number !== '' ? number : term, 1 as Usec);
    if (!span.ok || span.value === 'infinity') return problem(`'${text.slice(0, 60)}' is not a time in nanoseconds`);
    total += isNsec ? span.value : span.value * 1000;
  }
  return ok(total);
}

/** What is loaded goes before what is set, which is the fallback for it; of two with one name the last counts. */
const readCredentials: Reader = (target, reader) => {
  const loaded = new Map<string, Credential>();
  const set = new Map<string, Credential>();
  for (const { directive, entry } of reader.settings) {
    if (directive.name === 'LoadCredential') readLoad(reader, entry, loaded);
    else if (directive.name === 'SetCredential') readSet(reader, entry, set);
  }
  target.credentials = [...set.values(), ...loaded.values()];
};

/** Absolute, and without `//`, `.` and `..` in it. */
function isNormalizedPath(path: string): boolean {
  const simple = parseAbsolutePath(path);
  return simple.ok && (simple.value === path || `${simple.value}/` === path);
}

function readLoad(reader: SettingReader, entry: Entry, loaded: Map<string, Credential>): void {
  if (entry.value === '') {
    loaded.clear();
    return;
  }
  const colon = colonIn(entry.value);
  const name = reader.expand(withoutBackslashes(colon < 0 ? entry.value : entry.value.slice(0, colon)));
  const place = reader.expand(colon < 0 ? '' : entry.value.slice(colon + 1));
  if (!name.ok || !place.ok) {
    ignore(reader, entry, name.ok ? (place as { problem: string }).problem : name.problem);
    return;
  }
  const id = name.value;
  const path = colon < 0 || colon + 1 === entry.value.length ? id : place.value;
  if (!isCredentialId(id)) ignore(reader, entry, `'${id.slice(0, 60)}' is not the name of a credential`);
  else if (isNormalizedPath(path) || isCredentialId(path)) loaded.set(id, { id, kind: 'load', path });
  else ignore(reader, entry, `'${path.slice(0, 60)}' is neither an absolute path nor the name of a credential`);
}

const encoder = new TextEncoder();

function base64Of(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) text += String.fromCharCode(byte);
  return btoa(text);
}

function readSet(reader: SettingReader, entry: Entry, set: Map<string, Credential>): void {
  if (entry.value === '') {
    set.clear();
    return;
  }
  const colon = colonIn(entry.value);
  const id = reader.expand(colon < 0 ? entry.value : entry.value.slice(0, colon));
  const text = undoEscapes(entry.value.slice(colon + 1));
  if (!id.ok) ignore(reader, entry, id.problem);
  else if (colon < 0 || colon + 1 === entry.value.length || !isCredentialId(id.value)) ignore(reader, entry, 'it must be a name, a colon and the content');
  else if (!text.ok) ignore(reader, entry, text.problem);
  else {
    const bytes = encoder.encode(text.value);
    if (bytes.length > CREDENTIAL_BYTES_MAX) ignore(reader, entry, `the content is longer than ${CREDENTIAL_BYTES_MAX} bytes`);
    else set.set(id.value, { id: id.value, kind: 'set', data: base64Of(bytes) });
  }
}

const parseSystem = wordOrBoolean('full', 'strict');
const parseHome = wordOrBoolean('read-only', 'tmpfs');
const parsePropagation = oneOf<'shared' | 'slave' | 'private'>('shared', 'slave', 'private');
const parseProc = oneOf<Confinement['protectProc']>('default', 'noaccess', 'invisible', 'ptraceable');
const parseSubset = oneOf<Confinement['procSubset']>('all', 'pid');
const parseKeyring = oneOf<'inherit' | 'private' | 'shared'>('inherit', 'private', 'shared');

const READERS: ReadonlyMap<string, Reader> = new Map<string, Reader>([
  ['ProtectSystem', (target, reader) => { target.protectSystem = readScalar<Confinement['protectSystem']>(reader, 'ProtectSystem', parseSystem, 'no'); }],
  ['ProtectHome', (target, reader) => { target.protectHome = readScalar<Confinement['protectHome']>(reader, 'ProtectHome', parseHome, 'no'); }],
  ...PATH_LISTS.map(([name, field]): readonly [string, Reader] => [name, (target, reader) => { target[field] = readPaths(reader, name); }]),
  ['TemporaryFileSystem', (target, reader) => { target.temporaryFileSystems = readList(reader, 'TemporaryFileSystem', parseTemporary); }],
  ['BindPaths', readBinds],
  ['BindReadOnlyPaths', readBinds],
  flag('PrivateDevices', 'privateDevices'),
  flag('PrivateNetwork', 'privateNetwork'),
  flag('PrivateIPC', 'privateIpc'),
  ['PrivateUsers', (target, reader) => { target.privateUsers = readScalar(reader, 'PrivateUsers', booleanOr('self', 'identity'), false); }],
  flag('PrivateMounts', 'privateMounts'),
  ['MountFlags', (target, reader) => { target.mountFlags = readScalar<Confinement['mountFlags']>(reader, 'MountFlags', parsePropagation, null, 'resets'); }],
  ['MountAPIVFS', (target, reader) => { target.mountApiVfs = readScalar(reader, 'MountAPIVFS', parseBoolean, false, 'resets'); }],
  ['NetworkNamespacePath', (target, reader) => { target.networkNamespacePath = readPath(reader, 'NetworkNamespacePath'); }],
  ['IPCNamespacePath', (target, reader) => { target.ipcNamespacePath = readPath(reader, 'IPCNamespacePath'); }],
  flag('ProtectHostname', 'protectHostname'),
  flag('ProtectClock', 'protectClock'),
  flag('ProtectKernelTunables', 'protectKernelTunables'),
  flag('ProtectKernelModules', 'protectKernelModules'),
  flag('ProtectKernelLogs', 'protectKernelLogs'),
  ['ProtectControlGroups', (target, reader) => { target.protectControlGroups = readScalar(reader, 'ProtectControlGroups', booleanOr('private', 'strict'), false); }],
  ['ProtectProc', (target, reader) => { target.protectProc = readScalar<Confinement['protectProc']>(reader, 'ProtectProc', parseProc, 'default'); }],
  ['ProcSubset', (target, reader) => { target.procSubset = readScalar<Confinement['procSubset']>(reader, 'ProcSubset', parseSubset, 'all'); }],
  ['RestrictNamespaces', readNamespaces],
  flag('RestrictRealtime', 'restrictRealtime'),
  flag('RestrictSUIDSGID', 'restrictSuidSgid'),
  flag('LockPersonality', 'lockPersonality'),
  flag('MemoryDenyWriteExecute', 'memoryDenyWriteExecute'),
  ['RestrictAddressFamilies', readFamilies],
  ['SystemCallFilter', (target, reader) => { target.systemCallFilter = readSystemCalls(reader, 'SystemCallFilter', true); }],
  ['SystemCallErrorNumber', (target, reader) => { target.systemCallErrorNumber = readScalar<number | null>(reader, 'SystemCallErrorNumber', parseErrorNumber, null, 'resets'); }],
  ['SystemCallArchitectures', (target, reader) => { target.systemCallArchitectures = readList(reader, 'SystemCallArchitectures', parseArchitecture, plainWordsOf); }],
  ['SystemCallLog', (target, reader) => { target.systemCallLog = readSystemCalls(reader, 'SystemCallLog', false); }],
  ['KeyringMode', (target, reader) => { target.keyringMode = readScalar<Confinement['keyringMode']>(reader, 'KeyringMode', parseKeyring, null); }],
  ['SecureBits', (target, reader) => { target.secureBits = readBits(reader, 'SecureBits', SECURE_BITS); }],
  ['CoredumpFilter', (target, reader) => { target.coredumpFilter = readBits(reader, 'CoredumpFilter', DUMP_BITS); }],
  ['Personality', (target, reader) => { target.personality = readPersonality(reader); }],
  ['TimerSlackNSec', (target, reader) => { target.timerSlackNsec = readScalar<number | null>(reader, 'TimerSlackNSec', parseNanoseconds, null); }],
  flag('CPUSchedulingResetOnFork', 'schedulingResetOnFork'),
  ['LoadCredential', readCredentials],
  ['SetCredential', readCredentials],
]);

/** What the unit asks for; null when nothing but what holds anyway. */
export function readConfinement(reader: SettingReader): Confinement | null {
  if (!setsAnyOf(reader, READERS)) return null;
  const confinement: Mutable<Confinement> = { ...UNCONFINED };
  applyReaders(confinement, READERS, reader, null);
  const fields = Object.keys(UNCONFINED) as (keyof Confinement)[];
  const differs = fields.some((field) => confinement[field] !== UNCONFINED[field] && JSON.stringify(confinement[field]) !== JSON.stringify(UNCONFINED[field]));
  return differs ? confinement : null;
}

const CAP_SYS_MODULE = 16;
const CAP_SYS_RAWIO = 17;
const CAP_SYS_TIME = 25;
const CAP_MKNOD = 27;
const CAP_SYSLOG = 34;
const CAP_WAKE_ALARM = 35;

/** Capabilities that the confinement takes away together with what they are for. */
export function forbiddenCapabilities(confinement: Confinement): readonly number[] {
  return [
    ...(confinement.privateDevices ? [CAP_MKNOD, CAP_SYS_RAWIO] : []),
    ...(confinement.protectKernelModules ? [CAP_SYS_MODULE] : []),
    ...(confinement.protectKernelLogs ? [CAP_SYSLOG] : []),
    ...(confinement.protectClock ? [CAP_SYS_TIME, CAP_WAKE_ALARM] : []),
  ];
}
