/** The sandboxing settings of a unit. Source: systemd.exec(5), "Sandboxing", "System Call Filtering", "Credentials". */
import { ok, problem, type Result } from '../../base/result.ts';
import { SYSTEM_CALL_GROUPS, expandSystemCalls } from '../system-call/groups.ts';
import { NAMESPACE_FLAGS } from '../system-call/confinement-filters.ts';
import { UNCONFINED, type BindMount, type ConfinedPath, type Confinement, type Credential, type NamespaceName, type SystemCallWord } from '../unit/confinement.ts';
import type { Entry } from '../unit/definition.ts';
import { nearestName } from './nearest-name.ts';
import {
  applyReaders, entriesFor, ignore, oneOf, parseAbsolutePath, readExpanded, readScalar, wordsOf, type FieldReader, type Mutable, type SettingReader,
} from './setting-reader.ts';
import { addressFamilyName, parseAddressFamily } from './value/address-family.ts';
import { parseErrno } from './value/errno.ts';
import { parseBoolean } from './value/number.ts';
import { nextWord } from './words.ts';

type Reader = FieldReader<Confinement, null>;
type Fields<T> = { [K in keyof Confinement]: Confinement[K] extends T ? (T extends Confinement[K] ? K : never) : never }[keyof Confinement];

/** Bytes of one SetCredential=; larger ones belong in files. systemd allows 1 MiB for all of a unit. */
const CREDENTIAL_BYTES_MAX = 1024 * 1024;

function flag(name: string, field: Fields<boolean>): readonly [string, Reader] {
  return [name, (target, reader) => { target[field] = readScalar(reader, name, parseBoolean, false, 'is-bad'); }];
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
    const path = parseAbsolutePath(rest);
    return path.ok ? ok({ path: path.value, optional: dash !== '', inRoot: plus !== '' }) : path;
  });
}

/** A list of words, each read by itself; an empty assignment starts anew. */
function readList<T>(reader: SettingReader, name: string, parse: (word: string) => Result<T>): T[] {
  let list: T[] = [];
  for (const entry of entriesFor(reader, name)) {
    if (entry.value === '') list = [];
    else for (const word of wordsOf(reader, entry)) {
      const parsed = parse(word);
      if (parsed.ok) list.push(parsed.value);
      else ignore(reader, entry, parsed.problem);
    }
  }
  return list;
}

function parseBind(readOnly: boolean): (word: string) => Result<BindMount> {
  return (word) => {
    const optional = word.startsWith('-');
    const [source = '', destination = source, options = 'rbind', ...more] = splitColons(optional ? word.slice(1) : word);
    const from = parseAbsolutePath(source);
    if (!from.ok) return from;
    const to = parseAbsolutePath(destination === '' ? source : destination);
    if (!to.ok) return to;
    if (more.length > 0 || !['rbind', 'norbind', ''].includes(options)) return problem(`the options of a bind mount are rbind or norbind, not '${options.slice(0, 60)}'`);
    return ok({ source: from.value, destination: to.value, optional, recursive: options !== 'norbind', readOnly });
  };
}

/** Parts between colons; `\:` is a colon. */
function splitColons(text: string): string[] {
  return text.split(/(?<!\\):/).map((part) => part.replaceAll('\\:', ':'));
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
    for (const word of wordsOf(reader, entry, 'keep')) {
      const parsed = parseBind(directive.name === 'BindReadOnlyPaths')(word);
      if (parsed.ok) mounts.push(parsed.value);
      else ignore(reader, entry, parsed.problem);
    }
  }
  target.bindMounts = mounts;
};

function parseTemporary(word: string): Result<Confinement['temporaryFileSystems'][number]> {
  const [text = '', ...options] = splitColons(word);
  const path = parseAbsolutePath(text);
  return path.ok ? ok({ path: path.value, options: options.join(':') }) : path;
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
      const named = wordsOf(reader, inverted ? { ...entry, value: entry.value.slice(1) } : entry);
      for (const word of named) if (!NAMESPACES.includes(word as NamespaceName)) ignore(reader, entry, `'${word.slice(0, 60)}' is not a kind of name space`);
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
    for (const word of wordsOf(reader, inverted ? { ...entry, value: entry.value.slice(1) } : entry)) {
      const family = parseAddressFamily(word);
      if (family === null) ignore(reader, entry, `'${word.slice(0, 60)}' is not an address family such as ${addressFamilyName(1)}`);
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
    for (const text of wordsOf(reader, inverted ? { ...entry, value: entry.value.slice(1) } : entry)) {
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
    ignore(reader, entry, `'${answer.slice(0, 60)}' is neither an error such as EPERM nor kill`);
    return null;
  }
  if (expandSystemCalls(word, () => NO_CALLS) === null) {
    const nearest = word.startsWith('@') ? nearestName(word, SYSTEM_CALL_GROUPS) : null;
    reader.log.add('warning', entry, `${entry.key}=: '${word.slice(0, 60)}' is not a known ${word.startsWith('@') ? 'group of system calls' : 'system call'} and is left out${nearest === null ? '' : `; did you mean ${nearest}?`}`.replace(/([^?])$/, '$1.'));
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
    if (name === 'CoredumpFilter' && /^(?:0x)?[0-9a-f]{1,8}$/i.test(word)) return ok(Number.parseInt(word, 16));
    const known = parse(word);
    return known.ok ? ok(bits.get(known.value) ?? 0) : known;
  }).reduce((all, bit) => (all | bit) >>> 0, 0);
}

/** PER_LINUX32 of personality(2): a kernel that says it is a 32-bit one. */
const PER_LINUX32 = 8;
const NARROW_PERSONALITIES: ReadonlySet<string> = new Set(['x86', 'arm', 'arm-be', 'ppc', 'ppc-le', 's390', 'mips', 'mips-le', 'riscv32']);

function parsePersonality(text: string): Result<number | null> {
  return /^[a-z][a-z0-9-]*$/.test(text) ? ok(NARROW_PERSONALITIES.has(text) ? PER_LINUX32 : 0) : problem(`'${text.slice(0, 60)}' is not an architecture`);
}

const NSEC: Readonly<Record<string, number>> = { '': 1, ns: 1, us: 1000, ms: 1_000_000, s: 1_000_000_000 };

/** A number counts nanoseconds here, as nowhere else. */
function parseNanoseconds(text: string): Result<number | null> {
  const match = /^(\d{1,15})\s*(ns|us|ms|s)?$/.exec(text);
  return match === null ? problem(`'${text.slice(0, 60)}' is not a time in nanoseconds`) : ok(Number(match[1]) * (NSEC[match[2] ?? ''] as number));
}

const CREDENTIAL_ID = /^[^/\u0000-\u001f\u007f]{1,255}$/u;

function isCredentialId(id: string): boolean {
  return CREDENTIAL_ID.test(id) && id !== '.' && id !== '..';
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

function readLoad(reader: SettingReader, entry: Entry, loaded: Map<string, Credential>): void {
  if (entry.value === '') {
    loaded.clear();
    return;
  }
  const expanded = reader.expand(entry.value);
  if (!expanded.ok) {
    ignore(reader, entry, expanded.problem);
    return;
  }
  const colon = expanded.value.indexOf(':');
  const id = colon < 0 ? expanded.value : expanded.value.slice(0, colon);
  const path = colon < 0 ? id : expanded.value.slice(colon + 1);
  if (!isCredentialId(id)) ignore(reader, entry, `'${id.slice(0, 60)}' is not the name of a credential`);
  else if (path.startsWith('/') || isCredentialId(path)) loaded.set(id, { id, kind: 'load', path });
  else ignore(reader, entry, `'${path.slice(0, 60)}' is neither an absolute path nor the name of a credential`);
}

const encoder = new TextEncoder();

function readSet(reader: SettingReader, entry: Entry, set: Map<string, Credential>): void {
  if (entry.value === '') {
    set.clear();
    return;
  }
  const colon = entry.value.indexOf(':');
  const id = colon < 0 ? entry.value : entry.value.slice(0, colon);
  const text = nextWord(`"${entry.value.slice(colon + 1).replaceAll('"', '\\"')}"`, 0);
  const expanded = text.ok ? reader.expand(text.value?.text ?? '') : text;
  if (colon < 0 || !isCredentialId(id)) ignore(reader, entry, 'it must be a name, a colon and the content');
  else if (!expanded.ok) ignore(reader, entry, expanded.problem);
  else {
    const bytes = encoder.encode(expanded.value);
    if (bytes.length > CREDENTIAL_BYTES_MAX) ignore(reader, entry, `the content is longer than ${CREDENTIAL_BYTES_MAX} bytes`);
    else set.set(id, { id, kind: 'set', data: btoa(String.fromCharCode(...bytes)) });
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
  ['PrivateUsers', (target, reader) => { target.privateUsers = readScalar(reader, 'PrivateUsers', booleanOr('self', 'identity'), false, 'is-bad'); }],
  flag('PrivateMounts', 'privateMounts'),
  ['MountFlags', (target, reader) => { target.mountFlags = readScalar<Confinement['mountFlags']>(reader, 'MountFlags', parsePropagation, null); }],
  flag('MountAPIVFS', 'mountApiVfs'),
  ['NetworkNamespacePath', (target, reader) => { target.networkNamespacePath = readExpanded<string | null>(reader, 'NetworkNamespacePath', parseAbsolutePath, null); }],
  ['IPCNamespacePath', (target, reader) => { target.ipcNamespacePath = readExpanded<string | null>(reader, 'IPCNamespacePath', parseAbsolutePath, null); }],
  flag('ProtectHostname', 'protectHostname'),
  flag('ProtectClock', 'protectClock'),
  flag('ProtectKernelTunables', 'protectKernelTunables'),
  flag('ProtectKernelModules', 'protectKernelModules'),
  flag('ProtectKernelLogs', 'protectKernelLogs'),
  ['ProtectControlGroups', (target, reader) => { target.protectControlGroups = readScalar(reader, 'ProtectControlGroups', booleanOr('private', 'strict'), false, 'is-bad'); }],
  ['ProtectProc', (target, reader) => { target.protectProc = readScalar<Confinement['protectProc']>(reader, 'ProtectProc', parseProc, 'default'); }],
  ['ProcSubset', (target, reader) => { target.procSubset = readScalar<Confinement['procSubset']>(reader, 'ProcSubset', parseSubset, 'all'); }],
  ['RestrictNamespaces', readNamespaces],
  flag('RestrictRealtime', 'restrictRealtime'),
  flag('RestrictSUIDSGID', 'restrictSuidSgid'),
  flag('LockPersonality', 'lockPersonality'),
  flag('MemoryDenyWriteExecute', 'memoryDenyWriteExecute'),
  ['RestrictAddressFamilies', readFamilies],
  ['SystemCallFilter', (target, reader) => { target.systemCallFilter = readSystemCalls(reader, 'SystemCallFilter', true); }],
  ['SystemCallErrorNumber', (target, reader) => { target.systemCallErrorNumber = readScalar<number | null>(reader, 'SystemCallErrorNumber', parseErrorNumber, null); }],
  ['SystemCallArchitectures', (target, reader) => { target.systemCallArchitectures = readList(reader, 'SystemCallArchitectures', parseArchitecture); }],
  ['SystemCallLog', (target, reader) => { target.systemCallLog = readSystemCalls(reader, 'SystemCallLog', false); }],
  ['KeyringMode', (target, reader) => { target.keyringMode = readScalar<Confinement['keyringMode']>(reader, 'KeyringMode', parseKeyring, null); }],
  ['SecureBits', (target, reader) => { target.secureBits = readBits(reader, 'SecureBits', SECURE_BITS); }],
  ['CoredumpFilter', (target, reader) => { target.coredumpFilter = readBits(reader, 'CoredumpFilter', DUMP_BITS); }],
  ['Personality', (target, reader) => { target.personality = readScalar<number | null>(reader, 'Personality', parsePersonality, null); }],
  ['TimerSlackNSec', (target, reader) => { target.timerSlackNsec = readScalar<number | null>(reader, 'TimerSlackNSec', parseNanoseconds, null); }],
  flag('CPUSchedulingResetOnFork', 'schedulingResetOnFork'),
  ['LoadCredential', readCredentials],
  ['SetCredential', readCredentials],
]);

/** What the unit asks for; null when nothing but what holds anyway. */
export function readConfinement(reader: SettingReader): Confinement | null {
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
