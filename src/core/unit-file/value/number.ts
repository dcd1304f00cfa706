/** Booleans, numbers, sizes, percentages, modes, sets of CPUs. Source: systemd.syntax(7), systemd.exec(5), systemd.resource-control(5). */
import { ok, problem, type Result } from '../../../base/result.ts';
import type { LimitValue } from '../../unit/exec-context.ts';

const TRUE = new Set(['1', 'yes', 'y', 'true', 't', 'on']);
const FALSE = new Set(['0', 'no', 'n', 'false', 'f', 'off']);

/** `yes`, `no` and their synonyms, in any case. */
export function parseBoolean(text: string): Result<boolean> {
  const word = text.toLowerCase();
  if (TRUE.has(word)) return ok(true);
  if (FALSE.has(word)) return ok(false);
  return problem(`'${text}' is neither yes nor no`);
}

/**
 * As strtol(3) reads it, where `0b` and `0o` count only at the very start, before a sign. A leading zero makes an octal number, in
 * which there is no 8.
 */
const NUMBER = /^(?:0[bB][ \t\n\v\f\r]*(?<sign1>[+-]?)(?<binary>[01]+)|0[oO][ \t\n\v\f\r]*(?<sign2>[+-]?)(?<octal>[0-7]+)|[ \t\n\v\f\r]*(?<sign3>[+-]?)(?:0[xX](?<hexadecimal>[0-9a-fA-F]+)|(?<old>0[0-7]*)|(?<decimal>[1-9]\d*)))$/;

/** Any whole number; null when it is none. */
function wholeNumber(text: string): number | null {
  const groups = NUMBER.exec(text)?.groups;
  if (groups === undefined) return null;
  const { sign1, sign2, sign3, binary, octal, hexadecimal, old, decimal } = groups;
  const size = binary !== undefined ? Number.parseInt(binary, 2)
    : hexadecimal !== undefined ? Number.parseInt(hexadecimal, 16)
      : decimal !== undefined ? Number.parseInt(decimal, 10)
        : Number.parseInt(octal ?? old ?? '0', 8);
  return (sign1 ?? sign2 ?? sign3) === '-' && size !== 0 ? -size : size;
}

/** A whole number from 0 to `max`; hexadecimal with 0x, octal with a leading 0. */
export function parseUnsigned(text: string, max = 0xffff_ffff): Result<number> {
  const value = wholeNumber(text);
  if (value === null || value < 0) return problem(`'${text}' is not a whole number`);
  return value <= max ? ok(value) : problem(`${text} is larger than ${max}`);
}

/** A whole number within `min` to `max`, with sign. */
export function parseInteger(text: string, min: number, max: number): Result<number> {
  const value = wholeNumber(text);
  if (value === null) return problem(`'${text}' is not a whole number`);
  return value >= min && value <= max ? ok(value) : problem(`${text} is not within ${min} to ${max}`);
}

const SIZE_FACTORS: readonly (readonly [string, number])[] = [['E', 6], ['P', 5], ['T', 4], ['G', 3], ['M', 2], ['K', 1], ['B', 0], ['', 0]];
const SIZE_TERM = /[ \t]*\+?(\d+)(\.\d*)?[ \t]*([EPTGMKB]?)/y;

/** Bytes: `512`, `1.5M`, `1G 500M`. Suffixes count in 1024s, or in 1000s where `base` says so; larger ones come first. */
export function parseSize(text: string, base: 1024 | 1000 = 1024): Result<number> {
  let total = 0;
  let last = -1;
  let position = 0;
  if (text === '') return problem('a size is missing');
  while (position < text.length) {
    SIZE_TERM.lastIndex = position;
    const match = SIZE_TERM.exec(text);
    if (match === null) return problem(`'${text}' is not a size such as 512, 64K or 1.5G`);
    const [, whole = '', fraction = '', suffix = ''] = match;
    const rank = SIZE_FACTORS.findIndex(([name]) => name === suffix);
    if (rank <= last) return problem(`'${text}' is not a size: larger units come first`);
    last = rank;
    const factor = base ** (SIZE_FACTORS[rank] as readonly [string, number])[1];
    // As in systemd, which counts a started unit as a whole one before it multiplies.
    if (Number(whole) + (Number(`0${fraction}0`) > 0 ? 1 : 0) >= 2 ** 64 / factor) return problem(`${text} is too large`);
    total += Number(whole) * factor + Math.floor(Number(`0${fraction}0`) * factor);
    position = SIZE_TERM.lastIndex;
  }
  return total < 2 ** 64 ? ok(total) : problem(`${text} is too large`);
}

export interface Percent {
  readonly percent: number;
}

/** Per cent with up to two decimals, per mille with one, per ten thousand with none. */
// Escaped, because the bundle has to be ASCII and regular expressions are not escaped for it.
const PERCENT = /^([^%\u2030\u2031.]*)(?:\.(\d{1,2}(?=%)|\d(?=\u2030)))?([%\u2030\u2031])$/;
const PARTS_OF_PERCENT: Readonly<Record<string, number>> = { '%': 1, '‰': 10, '‱': 100 };

/** `20%`, `12.5%`, `125‰` or `1250‱`; above the whole only with `unbounded`. Null when the text does not end in such a sign at all. */
export function parsePercent(text: string, unbounded = false): Result<Percent> | null {
  if (!/[%\u2030\u2031]$/.test(text)) return null;
  const match = PERCENT.exec(text);
  const whole = parseUnsigned(match?.[1] ?? '', 0x7fff_ffff);
  if (match === null || !whole.ok) return problem(`'${text}' is not a percentage`);
  const percent = Number(`${whole.value}.${match[2] ?? '0'}`) / (PARTS_OF_PERCENT[match[3] ?? '%'] ?? 1);
  return percent <= 100 || unbounded ? ok({ percent: Math.round(percent * 100) / 100 }) : problem(`${text} is more than the whole`);
}

/** A memory limit: a size, a share of the machine's memory, or `infinity`. */
export function parseMemory(text: string): Result<LimitValue | Percent> {
  if (text === 'infinity') return ok('infinity');
  return parsePercent(text) ?? parseSize(text);
}

/** The same for limits with which nothing could run: there must be some memory. */
export function parseMemoryCeiling(text: string): Result<LimitValue | Percent> {
  const limit = parseMemory(text);
  if (!limit.ok || limit.value === 'infinity') return limit;
  const isNothing = typeof limit.value === 'number' ? limit.value === 0 : limit.value.percent === 0;
  return isNothing ? problem('a limit of nothing leaves no memory to run in') : limit;
}

/** A number of processes: as `parseMemory`, without suffixes, at least 1. */
export function parseTasksMax(text: string): Result<LimitValue | Percent> {
  if (text === 'infinity') return ok('infinity');
  const percent = parsePercent(text);
  if (percent !== null) return percent;
  const count = parseUnsigned(text, 2 ** 64 - 2048);
  return count.ok && count.value < 1 ? problem('at least one process is needed') : count;
}

/** A weight within 1 to 10000. */
export function parseWeight(text: string): Result<number> {
  const weight = parseUnsigned(text);
  if (!weight.ok) return weight;
  return weight.value >= 1 && weight.value <= 10_000 ? weight : problem(`${text} is not within 1 to 10000`);
}

/** The same for CPUs, of which `idle` takes what nobody else wants: the kernel has a switch for it, which shows as weight 0. */
export function parseCpuWeight(text: string): Result<number> {
  return text === 'idle' ? ok(0) : parseWeight(text);
}

/** An octal file mode: `0755`. */
export function parseMode(text: string): Result<number> {
  if (!/^[0-7]+$/.test(text)) return problem(`'${text}' is not an octal mode`);
  const mode = Number.parseInt(text, 8);
  return mode <= 0o7777 ? ok(mode) : problem(`${text} is larger than 7777`);
}

/** CPUs beyond this number do not exist on any kernel (CONFIG_NR_CPUS ends at 8192). */
const CPU_MAX = 8191;

export interface CpuRange {
  readonly first: number;
  readonly last: number;
}

/** CPU numbers and ranges: the words of `0 2-5,8`, in the order they are written. The largest number there is means none, as in systemd. */
export function parseCpuRanges(words: readonly string[]): Result<readonly CpuRange[]> {
  const ranges: CpuRange[] = [];
  for (const word of words) {
    const [from = '', to = from, ...more] = word.split('-');
    const [first, last] = [parseUnsigned(from), parseUnsigned(to)];
    if (!first.ok || !last.ok || more.length > 0) return problem(`'${word.slice(0, 60)}' is neither a CPU number nor a range`);
    if (last.value < first.value) return problem(`the range ${word} is empty`);
    if (first.value === 0xffff_ffff) continue;
    if (last.value > CPU_MAX) return problem(`no kernel has a CPU ${last.value}`);
    ranges.push({ first: first.value, last: last.value });
  }
  return ok(ranges);
}

/**
 * The CPUs of ranges, ascending, each once. Marked in an array of bytes: a hostile file repeats the full range a hundred
 * thousand times.
 */
export function cpusOf(ranges: readonly CpuRange[]): readonly number[] {
  const marks = new Uint8Array(CPU_MAX + 1);
  for (const { first, last } of ranges) marks.fill(1, first, last + 1);
  const cpus: number[] = [];
  marks.forEach((mark, cpu) => {
    if (mark === 1) cpus.push(cpu);
  });
  return cpus;
}

/** Ascending CPUs as systemd shows them: `0-3 5`. */
export function rangesText(cpus: readonly number[]): string {
  const parts: string[] = [];
  for (let i = 0; i < cpus.length;) {
    let end = i;
    while (cpus[end + 1] === (cpus[end] as number) + 1) end += 1;
    parts.push(end === i ? String(cpus[i]) : `${String(cpus[i])}-${String(cpus[end])}`);
    i = end + 1;
  }
  return parts.join(' ');
}
