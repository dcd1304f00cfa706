import { isUtf8 } from 'node:buffer';
import {
  closeSync, constants, fstatSync, openSync, readFileSync, readSync,
} from 'node:fs';
import { INVALID_UTF8 } from '../../core/unit-file/lexer.ts';
import { stampOfStat } from './file-stamp.ts';

/** Bytes of the largest file that is read: well above any real unit file, well below what would hurt the manager. */
export const UNIT_FILE_BYTES_MAX = 16 * 1024 * 1024;

/** `empty` is an empty file or the null device: both mask a unit. */
export type FileContents =
  /** `stamp`: what the file was when it was read, as `stampOfStat` tells it. */
  | { readonly state: 'text'; readonly text: string; readonly stamp: string | null }
  | { readonly state: 'empty' }
  | { readonly state: 'missing' }
  | { readonly state: 'unreadable'; readonly problem: string };

/**
 * Reads a whole file without ever waiting: what is no regular file (a FIFO, a device, a directory) is named and not read.
 *
 * Invalid UTF-8 becomes `INVALID_UTF8`. The problem is a sentence without its capital and full stop.
 */
export function readUnitFile(path: string): FileContents {
  const nowMsec = Date.now();
  let fd: number;
  try {
    // O_NONBLOCK: opening a FIFO without it waits for a writer.
    fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'unknown error';
    return code === 'ENOENT' ? { state: 'missing' } : { state: 'unreadable', problem: `${path} cannot be opened (${code})` };
  }
  try {
    const stat = fstatSync(fd);
    if (stat.isCharacterDevice() && stat.rdev === NULL_DEVICE) return { state: 'empty' };
    if (!stat.isFile()) return { state: 'unreadable', problem: `${path} is ${kindOf(stat)} and not a regular file` };
    if (stat.size === 0) return { state: 'empty' };
    if (stat.size > UNIT_FILE_BYTES_MAX) return { state: 'unreadable', problem: `${path} has ${stat.size} bytes; more than ${UNIT_FILE_BYTES_MAX} are not read` };
    // One call into Node, while read(2) and decoding would be two with much checking before each.
    const text = readFileSync(fd, AS_TEXT);
    return { state: 'text', text: text.includes(REPLACEMENT) ? decodeUnitFile(readBytes(fd, stat.size)) : text, stamp: stampOfStat(stat, nowMsec) };
  } catch (error) {
    return { state: 'unreadable', problem: `${path} cannot be read (${(error as NodeJS.ErrnoException).code ?? 'unknown error'})` };
  } finally {
    closeSync(fd);
  }
}

/** As an object, because Node makes one of anything else. */
const AS_TEXT = { encoding: 'utf8', flag: 'r' } as const;

/** What Node puts for bytes that are no UTF-8; a file may contain it as well. */
const REPLACEMENT = '\uFFFD';

/** The text of a unit file, with `INVALID_UTF8` for what is no UTF-8: unlike what Node puts there, a file cannot contain it. */
export function decodeUnitFile(bytes: Uint8Array): string {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8');
  return text.includes(REPLACEMENT) && !isUtf8(bytes) ? text.replaceAll(REPLACEMENT, INVALID_UTF8) : text;
}

/** makedev(1, 3), /dev/null. */
const NULL_DEVICE = (1 << 8) | 3;

function readBytes(fd: number, wanted: number): Buffer {
  const buffer = Buffer.allocUnsafeSlow(wanted);
  let length = 0;
  while (length < wanted) {
    const count = readSync(fd, buffer, length, wanted - length, length);
    if (count === 0) break;
    length += count;
  }
  return buffer.subarray(0, length);
}

function kindOf(stat: { isDirectory(): boolean; isFIFO(): boolean; isSocket(): boolean }): string {
  if (stat.isDirectory()) return 'a directory';
  if (stat.isFIFO()) return 'a FIFO';
  return stat.isSocket() ? 'a socket' : 'a device';
}
