/** Settings of systemd.exec(5) that are recorded. */
import { ok, problem } from '../../../base/result.ts';
import { isBase64 } from '../value/base64.ts';
import { cpusOf, parseCpuRanges, rangesText } from '../value/number.ts';
import { ignore, leaveOut, oneOf, parseAbsolutePath, plainWordsOf, type SettingReader } from '../setting-reader.ts';
import { isCredentialId } from '../value/credential.ts';
import { FLAG, NUMBER, PATH, PATH_OR_NONE, SPAN, TEXT } from './shown-values.ts';
import { colonIn, commasAsBlanks, splitColonWords, withoutBackslashes } from '../words.ts';
import { NOTHING, expanded, list, scalar, type Recorder, type RecorderRow, type ShownValue } from './recorder.ts';
import type { Entry } from '../../unit/source.ts';

/** Bytes of the shortest root hash that verity has. */
const ROOT_HASH_BYTES_MIN = 16;

/** Hexadecimal, or the path of a file that holds it. */
const rootHash: Recorder = (reader, entries) => either(reader, entries, 'RootHash', (text) => {
  if (!/^(?:[0-9a-f]{2})+$/i.test(text)) return problem(`'${text.slice(0, 60)}' is neither hexadecimal nor an absolute path`);
  return text.length >= 2 * ROOT_HASH_BYTES_MIN ? ok(text.toLowerCase()) : problem(`the hash has fewer than ${String(ROOT_HASH_BYTES_MIN)} bytes`);
});

const rootHashSignature: Recorder = (reader, entries) => either(reader, entries, 'RootHashSignature', (text) => {
  const data = text.startsWith('base64:') ? text.slice('base64:'.length) : null;
  return data !== null && isBase64(data) ? ok(data) : problem(`'${text.slice(0, 60)}' is neither base64: with base64 behind it nor an absolute path`);
});

/** A value that is either data or a path, each a property of its own. */
function either(reader: SettingReader, entries: readonly Entry[], property: string, data: (text: string) => ReturnType<typeof parseAbsolutePath>): Readonly<Record<string, string>> {
  let found: Readonly<Record<string, string>> = NOTHING;
  for (const entry of entries) {
    if (entry.value === '') found = NOTHING;
    else if (entry.value.startsWith('/')) {
      const path = PATH(entry.value, reader);
      if (path.ok) found = { [`${property}Path`]: path.value };
      else ignore(reader, entry, path.problem);
    } else {
      const value = data(entry.value);
      if (value.ok) found = { [property]: value.value };
      else ignore(reader, entry, value.problem);
    }
  }
  return found;
}

/**
 * Settings without which a command would run in another root or under another label: a wrong one makes the unit unusable.
 *
 * @param wish whether a dash before it makes it a wish
 */
function vital(directive: string, shown: ShownValue, wish: 'may-be-wish' | 'no-wish'): RecorderRow {
  return [directive, (reader, entries) => {
    let value = '';
    for (const entry of entries) {
      const isWish = wish === 'may-be-wish' && entry.value.startsWith('-');
      const parsed = shown(entry.value, reader);
      if (parsed.ok) value = parsed.value;
      else if (isWish) ignore(reader, entry, parsed.problem);
      else reader.fail(entry, `The unit cannot be used with this ${directive}=: ${parsed.problem}.`);
    }
    return value === '' ? NOTHING : { [directive]: value };
  }];
}

const PARTITIONS: ReadonlySet<string> = new Set(['root', 'usr', 'home', 'srv', 'esp', 'xbootldr', 'tmp', 'var']);

/** `partition:options`, pairs of them, or options alone for the root partition. Null = something is wrong and was said. */
function mountOptions(reader: SettingReader, entry: Entry, parts: readonly string[]): string | null {
  if (parts.length === 0) return '';
  const pairs: string[] = [];
  if (parts.length === 1) pairs.push(`root:${parts[0] ?? ''}`);
  else for (let i = 0; i < parts.length; i += 2) {
    const partition = parts[i] ?? '';
    if (!PARTITIONS.has(partition)) {
      ignore(reader, entry, `'${partition.slice(0, 60)}' is not a partition such as root or home`);
      return null;
    }
    pairs.push(`${partition}:${parts[i + 1] ?? ''}`);
  }
  return pairs.join(':');
}

const rootImageOptions: Recorder = (reader, entries) => {
  let shown: string[] = [];
  for (const entry of entries) {
    const words = splitColonWords(entry.value);
    if (!words.ok) {
      ignore(reader, entry, words.problem);
      continue;
    }
    const found: string[] = [];
    for (const parts of words.value) {
      if (parts.length > 2) ignore(reader, entry, `'${parts.join(':').slice(0, 60)}' is not a partition and its mount options`);
      const options = parts.length > 2 ? null : mountOptions(reader, entry, parts);
      if (options !== null) found.push(options);
    }
    if (entry.value === '') shown = [];
    else if (found.length > 0) shown = found;
  }
  return shown.length === 0 ? NOTHING : { RootImageOptions: shown.join('\n') };
};

/** `[-]source[:destination][:partition:options…]`. */
function images(directive: 'MountImages' | 'ExtensionImages'): RecorderRow {
  const hasDestination = directive === 'MountImages';
  const read = (reader: SettingReader, entry: Entry, parts: readonly string[]): string | null => {
    const [written = '', ...rest] = parts;
    const [, dash = '', place = ''] = /^(-?)(.*)$/s.exec(written) ?? [];
    const source = PATH(place, reader);
    if (!source.ok) {
      ignore(reader, entry, source.problem);
      return null;
    }
    const target = hasDestination ? PATH(rest.shift() ?? '', reader) : ok('');
    if (!target.ok) {
      ignore(reader, entry, parts.length < 2 ? `'${written.slice(0, 60)}' says not where to` : target.problem);
      return null;
    }
    const options = mountOptions(reader, entry, rest);
    return options === null ? null : [`${dash}${source.value}`, ...(hasDestination ? [target.value] : []), ...(options === '' ? [] : [options])].join(':');
  };
  return [directive, (reader, entries) => {
    let shown: string[] = [];
    for (const entry of entries) {
      if (entry.value === '') shown = [];
      const words = splitColonWords(entry.value);
      if (!words.ok) ignore(reader, entry, words.problem);
      else for (const parts of words.value) {
        const image = read(reader, entry, parts);
        if (image !== null) shown.push(image);
      }
    }
    return shown.length === 0 ? NOTHING : { [directive]: shown.join(' ') };
  }];
}

const OPTIONAL_PATH: ShownValue = (text, reader) => {
  const [, dash = '', plus = '', rest = ''] = /^(-?)(\+?)(.*)$/s.exec(text) ?? [];
  const path = PATH(rest, reader);
  return path.ok ? ok(`${dash}${plus}${path.value}`) : path;
};

/** Paths between colons, an empty one being as wrong as a relative one. */
const searchPath: Recorder = (reader, entries) => {
  let paths: string[] = [];
  for (const entry of entries) {
    if (entry.value === '') {
      paths = [];
      continue;
    }
    for (const part of entry.value.split(':')) {
      const path = PATH(part, reader);
      if (path.ok) paths.push(path.value);
      else ignore(reader, entry, path.problem);
    }
  }
  return paths.length === 0 ? NOTHING : { ExecSearchPath: [...new Set(paths)].join(' ') };
};

const numaMask: Recorder = (reader, entries) => {
  let shown = '';
  for (const entry of entries) {
    const words = plainWordsOf(reader, { ...entry, value: commasAsBlanks(entry.value) });
    const ranges = parseCpuRanges(words);
    if (entry.value === 'all') shown = '0-1023';
    else if (!ranges.ok) ignore(reader, entry, ranges.problem);
    else shown = rangesText(cpusOf(ranges.value));
  }
  return shown === '' ? NOTHING : { NUMAMask: shown };
};

/** What the kernel calls them; systemd shows the numbers' names. */
const numaPolicy = oneOf('default', 'preferred', 'bind', 'interleave', 'local');

const FILE_SYSTEM_GROUPS: ReadonlySet<string> = new Set([
  '@application', '@auxiliary-api', '@basic-api', '@common-block', '@historical-block', '@known', '@network', '@privileged-api', '@security', '@temporary',
]);

/** Without the kernel's help (BPF) systemd too keeps only whether the list allows or denies. */
const fileSystems: Recorder = (reader, entries) => {
  let isAllowList: boolean | null = null;
  for (const entry of entries) {
    if (entry.value === '') {
      isAllowList = null;
      continue;
    }
    const inverted = entry.value.startsWith('~');
    isAllowList ??= !inverted;
    for (const word of plainWordsOf(reader, inverted ? { ...entry, value: entry.value.slice(1) } : entry)) {
      if (word.startsWith('@') && !FILE_SYSTEM_GROUPS.has(word)) leaveOut(reader, entry, word, 'it is not a group of file systems', FILE_SYSTEM_GROUPS);
    }
  }
  return isAllowList === true ? { RestrictFileSystems: '' } : NOTHING;
};

/** `FIELD=value`; names as journald has them: capitals, digits and underscores, none first that is its own. */
const LOG_FIELD = /^[A-Z][A-Z0-9_]{0,63}=/;

const logField: ShownValue = (text, reader) => {
  const field = reader.expand(text);
  if (!field.ok) return field;
  return LOG_FIELD.test(field.value) ? field : problem(`'${field.value.slice(0, 60)}' is not a field such as UNIT_CLASS=backup`);
};

const logNamespace: ShownValue = expanded((text) => (/^(?!\.{1,2}$)[0-9A-Za-z:_.@-]{1,200}$/.test(text) ? ok(text) : problem(`'${text.slice(0, 60)}' cannot be the name of a log name space`)));

const FACILITIES: readonly string[] = [
  'kern', 'user', 'mail', 'daemon', 'auth', 'syslog', 'lpr', 'news', 'uucp', 'cron', 'authpriv', 'ftp', '', '', '', '',
  'local0', 'local1', 'local2', 'local3', 'local4', 'local5', 'local6', 'local7',
];
const FACILITY_MAX = 127;

/** By name or by number. */
const facility: ShownValue = (text, reader) => {
  const number = NUMBER(text, reader);
  if (number.ok) return Number(number.value) <= FACILITY_MAX ? number : problem(`there is no facility ${text}`);
  const named = text === '' ? -1 : FACILITIES.indexOf(text);
  return named >= 0 ? ok(String(named)) : problem(`'${text.slice(0, 60)}' is not a facility such as daemon or local0`);
};

/** Credentials are shown as what a terminal cannot print; they are only checked. */
const encryptedFile: Recorder = (reader, entries) => {
  for (const entry of entries) {
    if (entry.value === '') continue;
    const colon = colonIn(entry.value);
    const id = colon < 0 ? entry.value : entry.value.slice(0, colon);
    const place = colon < 0 ? '' : entry.value.slice(colon + 1);
    const name = reader.expand(withoutBackslashes(id));
    const path = reader.expand(place === '' ? id : place);
    if (!name.ok || !isCredentialId(name.value)) ignore(reader, entry, `'${id.slice(0, 60)}' is not the name of a credential`);
    else if (!path.ok || !(isNormalized(path.value) || isCredentialId(path.value))) ignore(reader, entry, `'${place.slice(0, 60)}' is neither an absolute path nor the name of a credential`);
  }
  return NOTHING;
};

function isNormalized(path: string): boolean {
  const simple = parseAbsolutePath(path);
  return simple.ok && (simple.value === path || `${simple.value}/` === path);
}

const encryptedData: Recorder = (reader, entries) => {
  for (const entry of entries) {
    if (entry.value === '') continue;
    const colon = colonIn(entry.value);
    const name = reader.expand(entry.value.slice(0, Math.max(0, colon)));
    const data = entry.value.slice(colon + 1).replace(/[ \t\n\r]+/g, '');
    if (colon < 0 || data === '') ignore(reader, entry, 'it must be a name, a colon and base64');
    else if (!name.ok || !isCredentialId(name.value)) ignore(reader, entry, `'${entry.value.slice(0, Math.min(60, colon))}' is not the name of a credential`);
    else if (!isBase64(data)) ignore(reader, entry, 'the content is not base64');
  }
  return NOTHING;
};

export const EXEC_RECORDERS: readonly RecorderRow[] = [
  ['ExecSearchPath', searchPath],
  vital('RootImage', PATH_OR_NONE, 'no-wish'),
  vital('RootVerity', PATH_OR_NONE, 'no-wish'),
  ['RootImageOptions', rootImageOptions],
  ['RootHash', rootHash],
  ['RootHashSignature', rootHashSignature],
  images('MountImages'),
  images('ExtensionImages'),
  list('ExtensionDirectories', 'ExtensionDirectories', OPTIONAL_PATH),
  scalar('PAMName', 'PAMName', TEXT),
  vital('SELinuxContext', TEXT, 'may-be-wish'),
  vital('AppArmorProfile', TEXT, 'may-be-wish'),
  vital('SmackProcessLabel', TEXT, 'may-be-wish'),
  scalar('NUMAPolicy', 'NUMAPolicy', numaPolicy),
  ['NUMAMask', numaMask],
  scalar('TimeoutCleanSec', 'TimeoutCleanUSec', SPAN, 'is-bad'),
  ['RestrictFileSystems', fileSystems],
  scalar('RemoveIPC', 'RemoveIPC', FLAG, 'is-bad'),
  list('LogExtraFields', 'LogExtraFields', logField, { escapes: 'undo' }),
  scalar('LogRateLimitIntervalSec', 'LogRateLimitIntervalUSec', SPAN, 'is-bad'),
  scalar('LogRateLimitBurst', 'LogRateLimitBurst', NUMBER, 'is-bad'),
  scalar('LogNamespace', 'LogNamespace', logNamespace),
  scalar('SyslogFacility', 'SyslogFacility', facility, 'is-bad'),
  scalar('TTYVTDisallocate', 'TTYVTDisallocate', FLAG, 'is-bad'),
  ['LoadCredentialEncrypted', encryptedFile],
  ['SetCredentialEncrypted', encryptedData],
  scalar('UtmpIdentifier', 'UtmpIdentifier', TEXT),
  scalar('UtmpMode', 'UtmpMode', oneOf('init', 'login', 'user'), 'is-bad'),
];

