/** Booleans, numbers, sizes, percentages, modes, sets of CPUs. Source: systemd.syntax(7), systemd.exec(5), systemd.resource-control(5). */
import { ok, problem, type Result } from '../../../base/result.ts';
import type { LimitValue } from '../../unit/definition.ts';

const TRUE = new Set(['1', 'yes', 'y', 'true', 't', 'on']);
const FALSE = new Set(['0', 'no', 'n', 'false', 'f', 'off']);

/** `yes`, `no` and their synonyms, in any case. */
export function parseBoolean(text: string): Result<boolean> {
  const word = text.toLowerCase();
  if (TRUE.has(word)) return ok(true);
  if (FALSE.has(word)) return ok(false);
  return problem(`'${text}' is neither yes nor no`);
}

const NUMBER = /^[+]?(?:0[xX]([0-9a-fA-F]+)|0[bB]([01]+)|0[oO]?([0-7]+)|(\d+))$/;

/** A whole number from 0 to `max`; hexadecimal with 0x, octal with a leading 0. */
export function parseUnsigned(text: string, max = 0xffff_ffff): Result<number> {
  const match = NUMBER.exec(text);
  if (match === null) return problem(`'${text}' is not a whole number`);
  const [, hexadecimal, binary, octal, decimal] = match;
  const value = hexadecimal !== undefined ? Number.parseInt(hexadecimal, 16)
    : binary !== undefined ? Number.parseInt(binary, 2)
      : octal !== undefined ? Number.parseInt(octal, 8)
        : Number.parseInt(decimal as string, 10);
  return value <= max ? ok(value) : problem(`${text} is larger than ${max}`);
}

/** A whole number within `min` to `max`, with sign. */
export function parseInteger(text: string, min: number, max: number): Result<number> {
  const negative = text.startsWith('-');
  const size = parseUnsigned(negative ? text.slice(1) : text, Number.MAX_SAFE_INTEGER);
  if (!size.ok || (negative && text.startsWith('-+'))) return problem(`'${text}' is not a whole number`);
  const value = negative ? -size.value : size.value;
  return value >= min && value <= max ? ok(value === 0 ? 0 : value) : problem(`${text} is not within ${min} to ${max}`);
}

const SIZE_FACTORS: readonly (readonly [string, number])[] = [['E', 6], ['P', 5], ['T', 4], ['G', 3], ['M', 2], ['K', 1], ['B', 0], ['', 0]];
const SIZE_TERM = /[ \t]*(\d+)(\.\d+)?[ \t]*([EPTGMKB]?)/y;

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
    if (factor === 1 && fraction !== '') return problem(`'${text}' is not a whole number of bytes`);
    total += Number(whole) * factor + Math.floor(Number(`0${fraction}`) * factor);
    position = SIZE_TERM.lastIndex;
  }
  return total < 2 ** 64 ? ok(total) : problem(`${text} is too large`);
}

export interface Percent {
  readonly percent: number;
}

const PERCENT = /^(\d+(?:\.\d{1,2})?)%$/;

/** `20%` or `12.5%`; above 100 only with `unbounded`. Null when the text does not end in a per cent sign at all. */
export function parsePercent(text: string, unbounded = false): Result<Percent> | null {
  if (!text.endsWith('%')) return null;
  const match = PERCENT.exec(text);
  if (match === null) return problem(`'${text}' is not a percentage`);
  const percent = Number(match[1]);
  return percent <= 100 || unbounded ? ok({ percent }) : problem(`${text} is more than the whole`);
}

/** A memory limit: a size, a share of the machine's memory, or `infinity`. */
export function parseMemory(text: string): Result<LimitValue | Percent> {
  if (text === 'infinity') return ok('infinity');
  return parsePercent(text) ?? parseSize(text);
}

/** A number of processes: as `parseMemory`, without suffixes, at least 1. */
export function parseTasksMax(text: string): Result<LimitValue | Percent> {
  if (text === 'infinity') return ok('infinity');
  const percent = parsePercent(text);
  if (percent !== null) return percent;
  const count = parseUnsigned(text, Number.MAX_SAFE_INTEGER);
  return count.ok && count.value < 1 ? problem('at least one process is needed') : count;
}

/** A weight within 1 to 10000; `idle` of CPUWeight= is the kernel's smallest. Null = the kernel's default. */
export function parseWeight(text: string): Result<number | null> {
  if (text === 'idle') return ok(1);
  const weight = parseUnsigned(text);
  if (!weight.ok) return weight;
  return weight.value >= 1 && weight.value <= 10_000 ? weight : problem(`${text} is not within 1 to 10000`);
}

/** An octal file mode of up to four digits: `0755`. */
export function parseMode(text: string): Result<number> {
  if (!/^[0-7]{1,5}$/.test(text)) return problem(`'${text}' is not an octal mode`);
  const mode = Number.parseInt(text, 8);
  return mode <= 0o7777 ? ok(mode) : problem(`${text} is larger than 7777`);
}

/** CPUs beyond this number do not exist on any kernel (CONFIG_NR_CPUS ends at 8192). */
const CPU_MAX = 8191;

export interface CpuRange {
  readonly first: number;
  readonly last: number;
}

/** CPU numbers and ranges: `0 2-5,8`, in the order they are written. */
export function parseCpuRanges(words: readonly string[]): Result<readonly CpuRange[]> {
  const ranges: CpuRange[] = [];
  for (const list of words) {
    for (const word of list.split(',')) {
      if (word === '') continue;
      const match = /^(\d{1,6})(?:-(\d{1,6}))?$/.exec(word);
      if (match === null) return problem(`'${word.slice(0, 60)}' is neither a CPU number nor a range`);
      const first = Number(match[1]);
      const last = Number(match[2] ?? match[1]);
      if (first > CPU_MAX || last > CPU_MAX) return problem(`no kernel has a CPU ${Math.max(first, last)}`);
      if (last < first) return problem(`the range ${word} is empty`);
      ranges.push({ first, last });
    }
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
