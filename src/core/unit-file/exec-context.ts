/** The execution environment of a unit's commands. Source: systemd.exec(5). */
import { ok, problem, type Result } from '../../base/result.ts';
import type { DirectoryKind, ExecContext, LimitName, ResourceLimit, ServiceDirectory, StandardStream } from '../unit/exec-context.ts';
import type { Entry } from '../unit/source.ts';
import { UNCONFINED } from '../unit/confinement.ts';
import { namePrefix } from '../unit/unit-name.ts';
import type { UnitName } from '../../base/brand.ts';
import { forbiddenCapabilities, readConfinement } from './confinement-context.ts';
import {
  applyReaders, entriesFor, ignore, leaveOut, oneOf, parseAbsolutePath, plainWordsOf, readExpanded, readPath, readScalar, readVitalFlag, readVitalPath, wordsOf, type EmptyRule,
  type FieldReader, type Mutable, type SettingReader,
} from './setting-reader.ts';
import { hashSources } from './source-hash.ts';
import type { UnitDefaults } from './unit-defaults.ts';
import { cpusOf, parseBoolean, parseCpuRanges, parseInteger, parseMode, parseUnsigned, type CpuRange } from './value/number.ts';
import { ALL_CAPABILITIES, capabilityName, mergeCapabilities, parseCapabilities } from './value/capability.ts';
import { isBase64 } from './value/base64.ts';
import { isAssignment, isVariableName } from './value/environment.ts';
import { LIMIT_NAMES, parseResourceLimit } from './value/resource-limit.ts';
import { commasAsBlanks, undoEscapes } from './words.ts';

const DIRECTORY_DIRECTIVES: readonly (readonly [DirectoryKind, string])[] = [
  ['runtime', 'RuntimeDirectory'], ['state', 'StateDirectory'], ['cache', 'CacheDirectory'], ['logs', 'LogsDirectory'],
  ['configuration', 'ConfigurationDirectory'],
];

/** Numbers of sched(7) and ioprio_set(2). */
const CPU_POLICIES: ReadonlyMap<string, number> = new Map([['other', 0], ['fifo', 1], ['rr', 2], ['batch', 3], ['idle', 5]]);
const IO_CLASSES: ReadonlyMap<string, number> = new Map([['none', 0], ['realtime', 1], ['best-effort', 2], ['idle', 3]]);
const LOG_LEVELS = ['emerg', 'alert', 'crit', 'err', 'warning', 'notice', 'info', 'debug'];

/** Characters of StandardInputText= and StandardInputData= together; more belongs in a file. */
const INPUT_DATA_LENGTH_MAX = 1024 * 1024;

/** No number with a leading zero, which some would read as octal; nothing that could be taken for a number; no blank at the ends. */
const USER_PATTERN = /^(?:0|[1-9]\d{0,9}|(?!-?\d*$)(?![ \t])[^:/\u0000-\u001f\u007f]{1,256}(?<![ \t]))$/u;

/** A user or group: a number, or a name as lenient as the user data base is. */
export function parseUser(text: string): Result<string> {
  if (!USER_PATTERN.test(text) || text === '.' || text === '..') return problem(`'${text}' is not a user or group`);
  if (/^\d+$/.test(text) && (Number(text) >= 0xffff_ffff || Number(text) === 0xffff)) return problem(`${text} means no user or group`);
  return ok(text);
}

/** User= and Group=: a wrong one must not lead to running the command as somebody else, so the unit is refused. */
export function readUser(reader: SettingReader, name: string): string | null {
  let user: string | null = null;
  for (const entry of entriesFor(reader, name)) {
    if (entry.value === '') {
      user = null;
      continue;
    }
    const expanded = reader.expand(entry.value);
    const parsed = expanded.ok ? parseUser(expanded.value) : expanded;
    if (parsed.ok) user = parsed.value;
    else reader.fail(entry, `The unit cannot be used with this ${name}=: ${parsed.problem}.`);
  }
  return user;
}

function readSupplementaryGroups(reader: SettingReader): readonly string[] {
  let groups: string[] = [];
  for (const entry of entriesFor(reader, 'SupplementaryGroups')) {
    if (entry.value === '') groups = [];
    for (const word of plainWordsOf(reader, entry, 'bare')) {
      const expanded = reader.expand(word);
      const parsed = expanded.ok ? parseUser(expanded.value) : expanded;
      if (parsed.ok) groups.push(parsed.value);
      else reader.fail(entry, `The unit cannot be used with this SupplementaryGroups=: ${parsed.problem}.`);
    }
  }
  return groups;
}

function readWorkingDirectory(reader: SettingReader): ExecContext['workingDirectory'] {
  let directory: ExecContext['workingDirectory'] = null;
  for (const entry of entriesFor(reader, 'WorkingDirectory')) {
    const optional = entry.value.startsWith('-');
    const text = optional ? entry.value.slice(1) : entry.value;
    if (entry.value === '') directory = null;
    else if (text === '~') directory = { home: true, optional };
    else {
      const expanded = reader.expand(text);
      const path = expanded.ok ? parseAbsolutePath(expanded.value) : expanded;
      if (path.ok) directory = { path: path.value, optional };
      else if (optional) ignore(reader, entry, path.problem);
      else reader.fail(entry, `The unit cannot be used with this WorkingDirectory=: ${path.problem}.`);
    }
  }
  return directory;
}

function readEnvironment(reader: SettingReader): readonly string[] {
  const variables = new Map<string, string>();
  for (const entry of entriesFor(reader, 'Environment')) {
    if (entry.value === '') variables.clear();
    else for (const word of wordsOf(reader, entry, 'undo')) {
      if (!isAssignment(word)) {
        leaveOut(reader, entry, word, 'it is not an assignment such as NAME=value');
        continue;
      }
      const name = word.slice(0, word.indexOf('='));
      variables.delete(name);
      variables.set(name, word);
    }
  }
  return [...variables.values()];
}

function readEnvironmentFiles(reader: SettingReader): ExecContext['environmentFiles'] {
  let files: { readonly path: string; readonly optional: boolean }[] = [];
  for (const entry of entriesFor(reader, 'EnvironmentFile')) {
    if (entry.value === '') {
      files = [];
      continue;
    }
    const expanded = reader.expand(entry.value);
    const optional = expanded.ok && expanded.value.startsWith('-');
    const path = expanded.ok ? parseAbsolutePath(expanded.value.slice(optional ? 1 : 0)) : expanded;
    if (path.ok) files.push({ path: path.value, optional });
    else ignore(reader, entry, path.problem);
  }
  return files;
}

function readVariableNames(reader: SettingReader, name: string, escapes: 'drop' | 'undo', isValid: (word: string) => boolean): readonly string[] {
  const names = new Set<string>();
  for (const entry of entriesFor(reader, name)) {
    if (entry.value === '') names.clear();
    else for (const word of wordsOf(reader, entry, escapes)) {
      if (isValid(word)) names.add(word);
      else leaveOut(reader, entry, word, 'it is not the name of a variable');
    }
  }
  return [...names];
}

function readLimits(reader: SettingReader, defaults: UnitDefaults): ExecContext['limits'] {
  let limits: Partial<Record<LimitName, ResourceLimit>> | null = null;
  for (const name of LIMIT_NAMES) {
    if (!reader.byName.has(`Limit${name}`)) continue;
    const limit = readScalar<ResourceLimit | null>(reader, `Limit${name}`, (text) => parseResourceLimit(name, text), defaults.limits[name] ?? null);
    limits ??= { ...defaults.limits };
    if (limit !== null) limits[name] = limit;
  }
  return limits ?? defaults.limits;
}

function readCpuAffinity(reader: SettingReader): readonly number[] | null {
  let ranges: CpuRange[] = [];
  for (const entry of entriesFor(reader, 'CPUAffinity')) {
    if (entry.value === '' || entry.value === 'numa') {
      if (entry.value === 'numa') ignore(reader, entry, 'the CPUs of NUMA nodes are not looked up');
      ranges = [];
      continue;
    }
    const text = reader.expand(entry.value);
    const parsed = text.ok ? parseCpuRanges(plainWordsOf(reader, { ...entry, value: commasAsBlanks(text.value) })) : text;
    if (parsed.ok) for (const range of parsed.value) ranges.push(range);
    else ignore(reader, entry, parsed.problem);
  }
  return ranges.length === 0 ? null : cpusOf(ranges);
}

/** An empty assignment leaves no capability at all, and `null` means that nothing was assigned. */
function readCapabilities(reader: SettingReader, name: string): readonly number[] | null {
  let set: readonly number[] | null = null;
  for (const entry of entriesFor(reader, name)) {
    if (entry.value === '') {
      set = [];
      continue;
    }
    const words = parseCapabilities(plainWordsOf(reader, entry));
    for (const word of words.unknown) leaveOut(reader, entry, word, 'it is not a capability', ALL_CAPABILITIES.map((number) => capabilityName(number)?.toUpperCase() ?? ''));
    set = mergeCapabilities(set, words);
  }
  return set;
}

function readDirectories(reader: SettingReader): readonly ServiceDirectory[] {
  const directories: ServiceDirectory[] = [];
  for (const [kind, name] of DIRECTORY_DIRECTIVES) {
    const links = new Map<string, string[]>();
    for (const entry of entriesFor(reader, name)) {
      if (entry.value === '') links.clear();
      else for (const word of plainWordsOf(reader, entry, 'keep')) addDirectory(reader, entry, kind, word, links);
    }
    // Sorted, as in systemd: what is above another comes before it.
    for (const [path, ofPath] of [...links].sort(byPath)) directories.push({ kind, path, links: ofPath });
  }
  return directories;
}

function byPath([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number {
  const [left, right] = [a.split('/'), b.split('/')];
  const at = left.findIndex((part, index) => part !== right[index]);
  if (at < 0) return left.length - right.length;
  return (left[at] ?? '') < (right[at] ?? '') ? -1 : 1;
}

/** One word of RuntimeDirectory= and its kin: `path` or `path:link`. The same path again adds links. */
function addDirectory(reader: SettingReader, entry: Entry, kind: DirectoryKind, word: string, links: Map<string, string[]>): void {
  const parts = (word.match(/(?:\\.|[^:])+/gs) ?? []).slice(0, 2).map((part) => expandPart(reader, part));
  const [path = '', ...added] = parts;
  if (parts.length === 0 || !parts.every(isRelativePath)) leaveOut(reader, entry, word, "it must be a relative path without '..'");
  else if (path === 'private' || path.startsWith('private/')) leaveOut(reader, entry, word, "the name 'private' is reserved");
  else if (added.length > 0 && kind === 'configuration') leaveOut(reader, entry, word, 'links to a configuration directory are not possible');
  else {
    const known = links.get(path);
    if (known === undefined) links.set(path, added);
    else for (const link of added) known.push(link);
  }
}

/** One part of such a word, with backslashes and specifiers undone and simplified; '' when that is not possible. */
function expandPart(reader: SettingReader, part: string): string {
  const bare = part.includes('\\') ? undoEscapes(part.replaceAll('\\:', ':')) : null;
  if (bare?.ok === false) return '';
  const expanded = reader.expand(bare?.value ?? part);
  if (!expanded.ok || expanded.value.startsWith('/')) return '';
  return expanded.value.split('/').filter((each) => each !== '' && each !== '.').join('/');
}

function isRelativePath(path: string): boolean {
  if (path === '' || path.startsWith('/')) return false;
  return path.split('/').every((part) => part !== '' && part !== '.' && part !== '..');
}

const parseInputKind = oneOf<'null' | 'tty' | 'tty-force' | 'tty-fail' | 'socket' | 'data'>('null', 'tty', 'tty-force', 'tty-fail', 'socket', 'data');

function parseInput(text: string, reader: SettingReader): Result<StandardStream> {
  const special = parseStreamTarget(text, 'stdin', reader);
  if (special !== null) return special;
  const kind = parseInputKind(text);
  return kind.ok ? ok({ kind: kind.value }) : kind;
}

/** What the words of StandardOutput= lead to. syslog and the console variants go where everything goes: to the log. */
const OUTPUT_KINDS: ReadonlyMap<string, StandardStream> = new Map<string, StandardStream>([
  ['inherit', { kind: 'inherit' }], ['null', { kind: 'null' }], ['tty', { kind: 'tty' }], ['socket', { kind: 'socket' }],
  ['journal', { kind: 'journal' }], ['journal+console', { kind: 'journal' }],
  ['syslog', { kind: 'journal' }], ['syslog+console', { kind: 'journal' }],
  ['kmsg', { kind: 'kmsg' }], ['kmsg+console', { kind: 'kmsg' }],
]);
const parseOutputKind = oneOf(...OUTPUT_KINDS.keys());

function parseOutput(name: 'stdout' | 'stderr'): (text: string, reader: SettingReader) => Result<StandardStream> {
  return (text, reader) => {
    const special = parseStreamTarget(text, name, reader);
    if (special !== null) return special;
    const kind = parseOutputKind(text);
    return kind.ok ? ok(OUTPUT_KINDS.get(kind.value) as StandardStream) : kind;
  };
}

/** Names of file descriptors: ASCII, without colons. */
const FD_NAME = /^[ -9;-~]{1,255}$/;

/** `fd:NAME`, `file:PATH`, `append:PATH`, `truncate:PATH` with their specifiers; null when it is none of them. */
function parseStreamTarget(text: string, fdName: string, reader: SettingReader): Result<StandardStream> | null {
  if (text === 'fd') return ok({ kind: 'fd', name: fdName });
  const match = text.includes(':') ? /^(fd|file|append|truncate):(.*)$/.exec(text) : null;
  if (match === null) return null;
  const [, kind = '', target = ''] = match;
  if (kind === 'fd' && target === '') return ok({ kind: 'fd', name: fdName });
  if (kind === 'fd') {
    const name = reader.expand(target);
    if (!name.ok) return name;
    return FD_NAME.test(name.value) ? ok({ kind: 'fd', name: name.value }) : problem(`'${name.value.slice(0, 60)}' is not the name of a file descriptor`);
  }
  if (fdName === 'stdin' && kind !== 'file') return problem(`'${kind}:' is for output only`);
  const expanded = reader.expand(target);
  const path = expanded.ok ? parseAbsolutePath(expanded.value) : expanded;
  return path.ok ? ok({ kind: kind as 'file' | 'append' | 'truncate', path: path.value }) : path;
}

function readStream(reader: SettingReader, name: string, parse: (text: string, reader: SettingReader) => Result<StandardStream>, fallback: StandardStream): StandardStream {
  return readScalar(reader, name, (text) => parse(text, reader), fallback);
}

/** StandardInputText= (each line ends in a line feed) and StandardInputData= (base64), in order, as one base64 text. */
function readInputData(reader: SettingReader): string | null {
  let bytes = '';
  let isSet = false;
  for (const { directive, entry } of reader.settings) {
    if (directive.name !== 'StandardInputText' && directive.name !== 'StandardInputData') continue;
    isSet = entry.value !== '';
    if (entry.value === '') {
      bytes = '';
      continue;
    }
    const added = directive.name === 'StandardInputText' ? inputText(reader, entry.value) : inputData(entry.value);
    if (!added.ok) ignore(reader, entry, added.problem);
    else if (bytes.length + added.value.length > INPUT_DATA_LENGTH_MAX) ignore(reader, entry, `the data would be longer than ${INPUT_DATA_LENGTH_MAX} bytes`);
    else bytes += added.value;
  }
  return isSet ? btoa(bytes) : null;
}

const encoder = new TextEncoder();

/** Text as a string of bytes. Escapes are undone; white space and quotes are data. */
function inputText(reader: SettingReader, value: string): Result<string> {
  const text = undoEscapes(value);
  if (!text.ok) return text;
  const expanded = reader.expand(text.value);
  if (!expanded.ok) return expanded;
  let out = '';
  for (const byte of encoder.encode(`${expanded.value}\n`)) out += String.fromCharCode(byte);
  return ok(out);
}

function inputData(value: string): Result<string> {
  const text = value.replace(/[ \t\n\r]+/g, '');
  return isBase64(text) ? ok(atob(text)) : problem('it is not base64');
}

function parsePrivateTmp(text: string): Result<boolean> {
  return text === 'disconnected' ? ok(true) : parseBoolean(text);
}

function parsePreserve(text: string): Result<'no' | 'yes' | 'restart'> {
  if (text === 'restart') return ok('restart');
  const flag = parseBoolean(text);
  return flag.ok ? ok(flag.value ? 'yes' : 'no') : flag;
}

/** A word of the table, or the number it stands for: the kernel may know more of them than there are words. */
function parseFrom(table: ReadonlyMap<string, number>, max: number): (text: string) => Result<number> {
  const check = oneOf(...table.keys());
  return (text) => {
    const number = parseUnsigned(text, max);
    if (number.ok) return number;
    const word = check(text);
    return word.ok ? ok(table.get(word.value) as number) : word;
  };
}

const parseCpuPolicy = parseFrom(CPU_POLICIES, 0x7fff_ffff);
const parseIoClass = parseFrom(IO_CLASSES, 8);

function parseLogLevel(text: string): Result<number> {
  const level = LOG_LEVELS.indexOf(text);
  return level >= 0 ? ok(level) : parseInteger(text, 0, 7);
}

function within(min: number, max: number): (text: string) => Result<number> {
  return (text) => parseInteger(text, min, max);
}

type ExecReader = FieldReader<ExecContext, UnitDefaults>;

function flag(name: string, field: { [K in keyof ExecContext]-?: ExecContext[K] extends boolean ? K : never }[keyof ExecContext], fallback: boolean): readonly [string, ExecReader] {
  return [name, (exec, reader) => { exec[field] = readScalar(reader, name, parseBoolean, fallback); }];
}

function number(name: string, field: 'nice' | 'oomScoreAdjust' | 'ioSchedulingPriority' | 'cpuSchedulingPriority', min: number, max: number, empty: EmptyRule): readonly [string, ExecReader] {
  return [name, (exec, reader) => { exec[field] = readScalar<number | null>(reader, name, within(min, max), null, empty); }];
}

function directory(kind: DirectoryKind, name: string): readonly (readonly [string, ExecReader])[] {
  return [
    [name, readDirectoriesInto],
    [`${name}Mode`, (exec, reader) => { exec.directoryModes = { ...exec.directoryModes, [kind]: readScalar(reader, `${name}Mode`, parseMode, 0o755) }; }],
  ];
}

const readDirectoriesInto: ExecReader = (exec, reader) => { exec.directories = readDirectories(reader); };
const readLimitsInto: ExecReader = (exec, reader, defaults) => { exec.limits = readLimits(reader, defaults); };
const readInputDataInto: ExecReader = (exec, reader) => { exec.standardInputData = readInputData(reader); };

/** As in systemd any 32-bit number is taken; the kernel keeps the lower half of it. */
const parseTtySize = (text: string): Result<number> => parseUnsigned(text);

const READERS: ReadonlyMap<string, ExecReader> = new Map<string, ExecReader>([
  ['User', (exec, reader) => { exec.user = readUser(reader, 'User'); }],
  ['Group', (exec, reader) => { exec.group = readUser(reader, 'Group'); }],
  ['SupplementaryGroups', (exec, reader) => { exec.supplementaryGroups = readSupplementaryGroups(reader); }],
  ['DynamicUser', (exec, reader) => { exec.dynamicUser = readVitalFlag(reader, 'DynamicUser'); }],
  ['WorkingDirectory', (exec, reader) => { exec.workingDirectory = readWorkingDirectory(reader); }],
  ['RootDirectory', (exec, reader) => { exec.rootDirectory = readVitalPath(reader, 'RootDirectory'); }],
  ['Environment', (exec, reader) => { exec.environment = readEnvironment(reader); }],
  ['EnvironmentFile', (exec, reader) => { exec.environmentFiles = readEnvironmentFiles(reader); }],
  ['PassEnvironment', (exec, reader) => { exec.passEnvironment = readVariableNames(reader, 'PassEnvironment', 'drop', isVariableName); }],
  ['UnsetEnvironment', (exec, reader) => { exec.unsetEnvironment = readVariableNames(reader, 'UnsetEnvironment', 'undo', (word) => isVariableName(word) || isAssignment(word)); }],
  ['UMask', (exec, reader, defaults) => { exec.umask = readScalar(reader, 'UMask', parseMode, defaults.umask); }],
  ...LIMIT_NAMES.map((name): readonly [string, ExecReader] => [`Limit${name}`, readLimitsInto]),
  number('Nice', 'nice', -20, 19, 'resets'),
  number('OOMScoreAdjust', 'oomScoreAdjust', -1000, 1000, 'resets'),
  ['IOSchedulingClass', (exec, reader) => { exec.ioSchedulingClass = readScalar<number | null>(reader, 'IOSchedulingClass', parseIoClass, null, 'resets'); }],
  number('IOSchedulingPriority', 'ioSchedulingPriority', 0, 7, 'resets'),
  ['CPUSchedulingPolicy', (exec, reader) => { exec.cpuSchedulingPolicy = readScalar<number | null>(reader, 'CPUSchedulingPolicy', parseCpuPolicy, null, 'resets'); }],
  number('CPUSchedulingPriority', 'cpuSchedulingPriority', 0, 99, 'is-bad'),
  ['CPUAffinity', (exec, reader) => { exec.cpuAffinity = readCpuAffinity(reader); }],
  flag('NoNewPrivileges', 'noNewPrivileges', false),
  ['CapabilityBoundingSet', (exec, reader) => { exec.capabilityBoundingSet = readCapabilities(reader, 'CapabilityBoundingSet'); }],
  ['AmbientCapabilities', (exec, reader) => { exec.ambientCapabilities = readCapabilities(reader, 'AmbientCapabilities') ?? []; }],
  flag('IgnoreSIGPIPE', 'ignoreSigpipe', true),
  ...DIRECTORY_DIRECTIVES.flatMap(([kind, name]) => directory(kind, name)),
  ['RuntimeDirectoryPreserve', (exec, reader) => { exec.runtimeDirectoryPreserve = readScalar<'no' | 'yes' | 'restart'>(reader, 'RuntimeDirectoryPreserve', parsePreserve, 'no'); }],
  ['PrivateTmp', (exec, reader) => { exec.privateTmp = readScalar(reader, 'PrivateTmp', parsePrivateTmp, false); }],
  ['StandardInput', (exec, reader) => { exec.standardInput = readStream(reader, 'StandardInput', parseInput, { kind: 'null' }); }],
  ['StandardOutput', (exec, reader) => { exec.standardOutput = readStream(reader, 'StandardOutput', parseOutput('stdout'), INHERIT); }],
  ['StandardError', (exec, reader) => { exec.standardError = readStream(reader, 'StandardError', parseOutput('stderr'), INHERIT); }],
  ['StandardInputText', readInputDataInto],
  ['StandardInputData', readInputDataInto],
  ['TTYPath', (exec, reader) => { exec.ttyPath = readPath(reader, 'TTYPath') ?? '/dev/console'; }],
  flag('TTYReset', 'ttyReset', false),
  flag('TTYVHangup', 'ttyHangup', false),
  ['TTYRows', (exec, reader) => { exec.ttyRows = readScalar<number | null>(reader, 'TTYRows', parseTtySize, null, 'resets'); }],
  ['TTYColumns', (exec, reader) => { exec.ttyColumns = readScalar<number | null>(reader, 'TTYColumns', parseTtySize, null, 'resets'); }],
  ['SyslogIdentifier', (exec, reader) => { exec.syslogIdentifier = readExpanded<string | null>(reader, 'SyslogIdentifier', ok, null, 'resets'); }],
  ['SyslogLevel', (exec, reader) => { exec.syslogLevel = readScalar(reader, 'SyslogLevel', parseLogLevel, 6); }],
  flag('SyslogLevelPrefix', 'syslogLevelPrefix', true),
  ['LogLevelMax', (exec, reader) => { exec.logLevelMax = readScalar(reader, 'LogLevelMax', parseLogLevel, 7); }],
]);

const INHERIT: StandardStream = { kind: 'inherit' };

function defaultContext(defaults: UnitDefaults): ExecContext {
  return {
    user: null, group: null, supplementaryGroups: [], dynamicUser: false, workingDirectory: null, rootDirectory: null,
    environment: [], environmentFiles: [], passEnvironment: [], unsetEnvironment: [],
    umask: defaults.umask, limits: defaults.limits, nice: null, oomScoreAdjust: null,
    ioSchedulingClass: null, ioSchedulingPriority: null, cpuSchedulingPolicy: null, cpuSchedulingPriority: null, cpuAffinity: null,
    noNewPrivileges: false, capabilityBoundingSet: null, ambientCapabilities: [], ignoreSigpipe: true,
    directories: [], directoryModes: { runtime: 0o755, state: 0o755, cache: 0o755, logs: 0o755, configuration: 0o755 },
    runtimeDirectoryPreserve: 'no', privateTmp: false, confinement: null,
    standardInput: { kind: 'null' }, standardOutput: INHERIT, standardError: INHERIT, standardInputData: null,
    ttyPath: '/dev/console', ttyReset: false, ttyHangup: false,
    syslogIdentifier: null, syslogLevel: 6, syslogLevelPrefix: true, logLevelMax: 7,
  };
}

/** Default contexts by the defaults they were made from; there is one set of defaults for each load. */
const DEFAULT_CONTEXTS = new WeakMap<UnitDefaults, ExecContext>();

/** Reads the whole context. Settings that make the unit unusable are told to `reader.fail`. */
export function readExecContext(reader: SettingReader, defaults: UnitDefaults): ExecContext {
  let base = DEFAULT_CONTEXTS.get(defaults);
  if (base === undefined) DEFAULT_CONTEXTS.set(defaults, base = defaultContext(defaults));
  const exec: Mutable<ExecContext> = { ...base };
  if (reader.pages.has('systemd.exec(5)')) {
    applyReaders(exec, READERS, reader, defaults);
    exec.confinement = readConfinement(reader);
    if (exec.confinement !== null) takeAway(exec, forbiddenCapabilities(exec.confinement));
  }
  if (exec.dynamicUser) shutIn(exec, reader.unit);
  resolveStreams(exec, defaults);
  return exec;
}

/** A user that exists only while the service runs must leave nothing behind that belongs to it, nor get at what others left. */
function shutIn(exec: Mutable<ExecContext>, unit: UnitName): void {
  const asked = exec.confinement ?? UNCONFINED;
  exec.user ??= dynamicUserName(unit);
  exec.group ??= exec.user;
  exec.privateTmp = true;
  exec.noNewPrivileges = true;
  exec.confinement = { ...asked, protectSystem: 'strict', protectHome: asked.protectHome === 'no' ? 'read-only' : asked.protectHome, restrictSuidSgid: true };
}

/** The unit's name where a user can be called so, else one that is made from it. */
function dynamicUserName(unit: UnitName): string {
  const prefix = namePrefix(unit);
  return /^[a-zA-Z_][a-zA-Z0-9_-]{0,30}$/.test(prefix) ? prefix : `_du${hashSources([{ path: '', text: prefix }])}`;
}

function takeAway(exec: Mutable<ExecContext>, forbidden: readonly number[]): void {
  if (forbidden.length > 0) exec.capabilityBoundingSet = (exec.capabilityBoundingSet ?? ALL_CAPABILITIES).filter((capability) => !forbidden.includes(capability));
}

/**
 * Where output goes. With a terminal or socket as input, `inherit` means the same place; otherwise it means the manager's
 * default, whether it was written or not (systemd does not tell the two apart either).
 */
function resolveStreams(exec: Mutable<ExecContext>, defaults: UnitDefaults): void {
  if (exec.standardInput.kind === 'null' && exec.standardInputData !== null) exec.standardInput = { kind: 'data' };
  if (SHARED_WITH_OUTPUT.has(exec.standardInput.kind) || exec.standardOutput.kind !== 'inherit') return;
  exec.standardOutput = defaults.standardOutput;
  if (exec.standardError.kind === 'inherit') exec.standardError = defaults.standardError;
}

/** Inputs that are open for writing too. */
const SHARED_WITH_OUTPUT: ReadonlySet<StandardStream['kind']> = new Set<StandardStream['kind']>(['tty', 'tty-force', 'tty-fail', 'socket', 'fd']);
