import type { Condition } from '../unit/unit-common.ts';
import { ignore, originOf, parseAbsolutePath, type SettingReader } from './setting-reader.ts';
import { skipWhitespace } from './words.ts';

/** Conditions whose parameter is a path (or a pattern of paths) and must be absolute. */
const PATH_CONDITIONS: ReadonlySet<string> = new Set([
  'PathExists', 'PathExistsGlob', 'PathIsDirectory', 'PathIsSymbolicLink', 'PathIsMountPoint', 'PathIsReadWrite',
  'PathIsEncrypted', 'DirectoryNotEmpty', 'FileNotEmpty', 'FileIsExecutable', 'NeedsUpdate',
]);

/**
 * All `Condition…=` (or `Assert…=`) lines in order. An empty one of any kind takes back all before it, as in systemd.
 * Source: systemd.unit(5), "CONDITIONS AND ASSERTS".
 */
export function readConditions(reader: SettingReader, prefix: 'Condition' | 'Assert'): readonly Condition[] {
  let conditions: Condition[] = [];
  for (const { directive, entry } of reader.settings) {
    if (directive.kind !== 'condition' || !directive.name.startsWith(prefix)) continue;
    if (entry.value === '') {
      conditions = [];
      continue;
    }
    const kind = directive.name.slice(prefix.length);
    let text = entry.value;
    const trigger = text.startsWith('|');
    if (trigger) text = text.slice(skipWhitespace(text, 1));
    const negate = text.startsWith('!');
    if (negate) text = text.slice(skipWhitespace(text, 1));
    const expanded = reader.expand(text);
    if (!expanded.ok) {
      ignore(reader, entry, expanded.problem);
      continue;
    }
    let parameter = expanded.value;
    if (PATH_CONDITIONS.has(kind)) {
      const path = parseAbsolutePath(parameter);
      if (!path.ok) {
        ignore(reader, entry, path.problem);
        continue;
      }
      parameter = path.value;
    }
    conditions.push({ kind, trigger, negate, parameter, origin: originOf(entry) });
  }
  return conditions;
}
