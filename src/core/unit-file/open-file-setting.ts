/**
 * OpenFile=, in file order.
 *
 *     value = path [ ":" [ name ] [ ":" option *( "," option ) ] ]      option: "read-only" | "append" | "truncate" | "graceful"
 */
import { ok, problem, type Result } from '../../base/result.ts';
import type { OpenFile } from '../unit/open-file.ts';
import { entriesFor, ignore, parseAbsolutePath, type SettingReader } from './setting-reader.ts';

/** Files of one service; each is an fd. */
const FILES_MAX = 256;
/** sd_listen_fds(3): a name has no colon, and no more characters than this. */
const NAME = /^[\x21-\x39\x3b-\x7e]{1,255}$/;
const ACCESSES = ['read-only', 'append', 'truncate'] as const;

const NONE: readonly OpenFile[] = [];

export function readOpenFiles(reader: SettingReader): readonly OpenFile[] {
  if (!reader.byName.has('OpenFile')) return NONE;
  let files: OpenFile[] = [];
  for (const entry of entriesFor(reader, 'OpenFile')) {
    if (entry.value === '') {
      files = [];
      continue;
    }
    const expanded = reader.expand(entry.value);
    const file = expanded.ok ? parseOpenFile(expanded.value) : expanded;
    if (!file.ok) ignore(reader, entry, file.problem);
    else if (files.length >= FILES_MAX) ignore(reader, entry, `only ${String(FILES_MAX)} files are opened`);
    else files.push(file.value);
  }
  return files;
}

function parseOpenFile(text: string): Result<OpenFile> {
  const [pathText = '', nameText = '', optionText = '', ...rest] = text.split(':');
  if (rest.length > 0) return problem(`'${text.slice(0, 60)}' has more than path, name and options`);
  const path = parseAbsolutePath(pathText);
  if (!path.ok) return path;
  const name = nameText === '' ? path.value.slice(path.value.lastIndexOf('/') + 1) : nameText;
  if (!NAME.test(name)) return problem(`'${name.slice(0, 60)}' cannot be the name of a file descriptor`);
  const options = optionText.split(',').filter((option) => option !== '');
  const accesses = ACCESSES.filter((access) => options.includes(access));
  const unknown = options.find((option) => option !== 'graceful' && !(ACCESSES as readonly string[]).includes(option));
  if (unknown !== undefined) return problem(`'${unknown.slice(0, 60)}' is none of read-only, append, truncate and graceful`);
  if (accesses.length > 1) return problem(`${accesses.join(' and ')} exclude each other`);
  return ok({ path: path.value, name, access: accesses[0] ?? 'read-write', isOptional: options.includes('graceful') });
}
