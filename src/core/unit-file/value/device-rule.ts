/** Settings that say something of one device: `/dev/sda 500`. Source: systemd.resource-control(5). */
import { ok, problem, type Result } from '../../../base/result.ts';
import { parseAbsolutePath, type SettingReader } from '../setting-reader.ts';
import { nextWord } from '../words.ts';

/** Path and the rest of the line behind it; specifiers in the path are replaced. */
function splitDevice(text: string, reader: SettingReader): Result<{ readonly path: string; readonly rest: string }> {
  const word = nextWord(text, 0, 'drop');
  if (!word.ok) return word;
  const path = reader.expand(word.value?.text ?? '');
  if (!path.ok) return path;
  return ok({ path: path.value, rest: text.slice(word.value?.next ?? text.length) });
}

/** `PATH VALUE`, shown as path and the value that `parse` gives. */
export function deviceValue(parse: (text: string) => Result<string>): (text: string, reader: SettingReader) => Result<string> {
  return (text, reader) => {
    const split = splitDevice(text, reader);
    if (!split.ok) return split;
    if (split.value.rest === '') return problem(`'${text.slice(0, 60)}' is not a device and a value`);
    const parts = split.value.path.split('/').filter((part) => part !== '' && part !== '.');
    if (parts.length === 0 && !split.value.path.startsWith('/')) return problem(`'${split.value.path.slice(0, 60)}' names no device`);
    if (parts.includes('..')) return problem(`'${split.value.path.slice(0, 60)}' contains '..'`);
    const value = parse(split.value.rest);
    return value.ok ? ok(`${split.value.path.startsWith('/') ? '/' : ''}${parts.join('/')} ${value.value}`) : value;
  };
}

/** A device node or a group of devices, and what may be done with it: `/dev/null rw`, `char-tty`. Nothing = all. */
export function parseDeviceAllow(text: string, reader: SettingReader): Result<string> {
  const split = splitDevice(text, reader);
  if (!split.ok) return split;
  const { path, rest } = split.value;
  const rights = rest === '' ? 'rwm' : rest;
  if (!/^[rwm]+$/.test(rights)) return problem(`'${rest.slice(0, 60)}' is not made of r, w and m`);
  const shown = ['r', 'w', 'm'].filter((right) => rights.includes(right)).join('');
  if (/^(?:block|char)-/.test(path)) return ok(`${path} ${shown}`);
  const node = parseAbsolutePath(path);
  if (!node.ok || !/^\/(?:dev|run\/systemd\/inaccessible)(?:\/|$)/.test(node.value)) return problem(`'${path.slice(0, 60)}' is not a device such as /dev/null, char-tty or block-*`);
  return ok(`${node.value} ${shown}`);
}
