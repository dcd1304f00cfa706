/**
 * Calendar expressions: `Mon..Fri *-*-* 09..17:00/30`, `monthly`, `*-02~01 Europe/Berlin`. Source: systemd.time(7), "Calendar
 * Events"; exact forms as in systemd 252.
 *
 *     expression = ( shorthand | [ weekdays ] [ date ] [ time ] ) [ " UTC" | " " zone ]
 *     weekdays   = day [ ( ".." | "-" ) day ] *( "," … ) [ "," ]
 *     date       = "@" seconds | [ chain "-" ] chain ( "-" | "~" ) chain
 *     time       = chain ":" chain [ ":" chain ]
 *     chain      = "*" | part *( "," part )
 *     part       = number [ ".." number ] [ "/" number ]          seconds may have a fraction
 */
import { ok, problem, type Result } from '../../base/result.ts';
import { civilAt } from './civil-time.ts';
import { UTC_ZONE } from './time-zone.ts';

/** `start`, `start + repeat`, … up to `stop`; of seconds, in microseconds. */
export interface CalendarPart {
  readonly start: number;
  /** -1: none. */
  readonly stop: number;
  /** 0: `start` alone. */
  readonly repeat: number;
}

/** Sorted, without doubles; empty for `*`. */
export type CalendarChain = readonly CalendarPart[];

export type CalendarField = 'year' | 'month' | 'day' | 'hour' | 'minute' | 'second';

export interface CalendarSpec extends Readonly<Record<CalendarField, CalendarChain>> {
  /** Days of the week, bit 0 is Monday; null is every day. */
  readonly weekdays: number | null;
  /** Days are counted back from the end of the month: 1 is the last. */
  readonly fromMonthEnd: boolean;
  /** `utc`: UTC; `local`: the zone of the machine, whatever it is then; `named`: a zone of the time zone database. */
  readonly zone:
    | { readonly kind: 'utc' }
    | { readonly kind: 'local' }
    /** The local zone's own name for its winter or summer time: the expression holds in that season alone. */
    | { readonly kind: 'local-season'; readonly isDst: boolean; readonly abbreviation: string }
    | { readonly kind: 'named'; readonly name: string };
}

/** `out-of-range`: a number too large, or a repetition of nothing; `too-long`: more than 240 parts in one chain. */
export type CalendarProblem = 'not-calendar' | 'out-of-range' | 'too-long';

/** What a parser must know of the machine. */
export interface CalendarSurroundings {
  /** Whether the time zone database has a zone of this name. */
  readonly hasZone: (name: string) => boolean;
  /** The local zone's names for winter and summer time; null is none. */
  readonly localAbbreviations: { readonly standard: string | null; readonly summer: string | null };
}

export const USEC_PER_SECOND = 1_000_000;
/** The range in which anything elapses. */
export const CALENDAR_YEAR_MIN = 1970;
export const CALENDAR_YEAR_MAX = 2199;
/** Far behind the last year in range. */
const EPOCH_SECONDS_MAX = 1e11;
/** Later than this a year does not fit into gmtime(3)'s 32 bits. */
const CIVIL_SECONDS_MAX = 67_768_036_191_676_799;
const INT_MAX = 2_147_483_647;
/** The first part of a chain is not counted. */
const MORE_PARTS_MAX = 240;
const ALL_WEEKDAYS = 127;
const RANGES: Readonly<Record<CalendarField, readonly [number, number]>> = {
  year: [CALENDAR_YEAR_MIN, CALENDAR_YEAR_MAX], month: [1, 12], day: [1, 31], hour: [0, 23], minute: [0, 59], second: [0, 60 * USEC_PER_SECOND - 1],
};
const FIELDS = Object.keys(RANGES) as readonly CalendarField[];

const WEEKDAYS = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'] as const;
const WEEKDAY_PATTERN = /(?:Mon(?:day)?|Tue(?:sday)?|Wed(?:nesday)?|Thu(?:rsday)?|Fri(?:day)?|Sat(?:urday)?|Sun(?:day)?)/iy;

type Fields = Partial<Record<CalendarField, CalendarChain>>;

const at = (value: number): CalendarChain => [{ start: value, stop: -1, repeat: 0 }];
const each = (...values: number[]): CalendarChain => values.map((start) => ({ start, stop: -1, repeat: 0 }));
const MIDNIGHT: Fields = { hour: at(0), minute: at(0), second: at(0) };
const YEARLY: Fields = { ...MIDNIGHT, month: at(1), day: at(1) };
const HALF_YEARLY: Fields = { ...YEARLY, month: each(1, 7) };
const SHORTHANDS: ReadonlyMap<string, Fields & { readonly weekdays?: number }> = new Map<string, Fields & { readonly weekdays?: number }>([
  ['minutely', { second: at(0) }], ['hourly', { minute: at(0), second: at(0) }], ['daily', MIDNIGHT],
  ['weekly', { ...MIDNIGHT, weekdays: 1 }], ['monthly', { ...MIDNIGHT, day: at(1) }],
  ['quarterly', { ...YEARLY, month: each(1, 4, 7, 10) }],
  ['yearly', YEARLY], ['annually', YEARLY], ['anually', YEARLY],
  ['biannually', HALF_YEARLY], ['bi-annually', HALF_YEARLY], ['semiannually', HALF_YEARLY], ['semi-annually', HALF_YEARLY],
]);

class CalendarError extends Error {
  readonly kind: CalendarProblem;

  constructor(kind: CalendarProblem) {
    super(kind);
    this.kind = kind;
  }
}

/** Reads a calendar expression. */
export function parseCalendar(text: string, surroundings: CalendarSurroundings): Result<CalendarSpec, CalendarProblem> {
  try {
    const { zone, body } = splitZone(text, surroundings);
    if (body === '') return problem('not-calendar');
    const spec = parseBody(body);
    // Seconds since the epoch mean UTC, whatever is written behind them.
    return checked(normalise({ ...spec, zone: body.includes('@') ? { kind: 'utc' } : zone }));
  } catch (error) {
    if (error instanceof CalendarError) return problem(error.kind);
    throw error;
  }
}

function splitZone(text: string, { hasZone, localAbbreviations }: CalendarSurroundings): { readonly zone: CalendarSpec['zone']; readonly body: string } {
  const endsWith = (suffix: string): boolean => text.length > suffix.length && text.slice(-suffix.length).toLowerCase() === suffix.toLowerCase();
  if (/ UTC$/i.test(text)) return { zone: { kind: 'utc' }, body: text.slice(0, -4) };
  for (const [abbreviation, isDst] of [[localAbbreviations.standard, false], [localAbbreviations.summer, true]] as const) {
    if (abbreviation === null || abbreviation === '' || !endsWith(` ${abbreviation}`)) continue;
    return { zone: { kind: 'local-season', isDst, abbreviation }, body: text.slice(0, -abbreviation.length - 1) };
  }
  const space = text.lastIndexOf(' ');
  const name = space < 0 ? '' : text.slice(space + 1);
  return isZoneName(name) && hasZone(name) ? { zone: { kind: 'named', name }, body: text.slice(0, space) } : { zone: { kind: 'local' }, body: text };
}

/** Whether `name` can be that of a zone: a relative path of a few letters, so that it leads nowhere else. */
export function isZoneName(name: string): boolean {
  return /^[A-Za-z0-9_+-]+(?:\/[A-Za-z0-9_+-]+)*$/.test(name);
}

type Draft = Omit<CalendarSpec, 'zone'>;

function parseBody(body: string): Draft {
  const empty = { year: [], month: [], day: [], hour: [], minute: [], second: [], weekdays: null, fromMonthEnd: false };
  const shorthand = SHORTHANDS.get(body.toLowerCase());
  if (shorthand !== undefined) return { ...empty, ...shorthand };
  const reader = new Reader(body);
  const weekdays = readWeekdays(reader);
  const date = readDate(reader);
  const time = date?.isWhole === true ? {} : readTime(reader);
  if (!reader.atEnd()) throw new CalendarError('not-calendar');
  return { ...empty, ...date?.fields, ...time, weekdays, fromMonthEnd: date?.fromMonthEnd ?? false };
}

class Reader {
  readonly text: string;
  position = 0;

  constructor(text: string) {
    this.text = text;
  }

  peek(ahead = 0): string {
    return this.text[this.position + ahead] ?? '';
  }

  atEnd(): boolean {
    return this.position >= this.text.length;
  }

  skipSpaces(): void {
    while (this.peek() === ' ') this.position += 1;
  }

  take(pattern: RegExp): string | null {
    pattern.lastIndex = this.position;
    const match = pattern.exec(this.text);
    if (match === null) return null;
    this.position = pattern.lastIndex;
    return match[0];
  }
}

function readWeekdays(reader: Reader): number | null {
  let bits = 0;
  let rangeStart = -1;
  for (let first = true; ; first = false) {
    const word = reader.take(WEEKDAY_PATTERN);
    if (word === null) {
      if (first) return null;
      throw new CalendarError('not-calendar');
    }
    if (!['', '-', '.', ',', ' '].includes(reader.peek())) throw new CalendarError('not-calendar');
    const day = WEEKDAYS.findIndex((name) => word.toLowerCase().startsWith(name.toLowerCase()));
    if (rangeStart > day) throw new CalendarError('not-calendar');
    for (let i = rangeStart < 0 ? day : rangeStart; i <= day; i++) bits |= 1 << i;
    if (reader.atEnd()) return bits;
    if (reader.peek() === ' ') {
      reader.skipSpaces();
      return bits;
    }
    if (reader.peek() === ',') {
      reader.position += 1;
      rangeStart = -1;
    } else {
      // `Mon-Fri` is how old versions wrote ranges.
      if (rangeStart >= 0 || (reader.peek() === '.' && reader.peek(1) !== '.')) throw new CalendarError('not-calendar');
      reader.position += reader.peek() === '.' ? 2 : 1;
      rangeStart = day;
    }
    // A comma may end the list, a range may not stay open.
    if (reader.atEnd() || reader.peek() === ' ') {
      if (rangeStart >= 0) throw new CalendarError('not-calendar');
      reader.skipSpaces();
      return bits;
    }
  }
}

interface DateRead {
  readonly fields: Fields;
  readonly fromMonthEnd: boolean;
  /** An instant, after which no time of day can come. */
  readonly isWhole: boolean;
}

/** @returns null when there is no date: the text is at its end, or what comes is a time of day */
function readDate(reader: Reader): DateRead | null {
  if (reader.atEnd()) return null;
  if (reader.peek() === '@') return readInstant(reader);
  const start = reader.position;
  const first = readChain(reader, false);
  if (reader.atEnd() || reader.peek() === ':') {
    reader.position = start;
    return null;
  }
  const monthEndHere = (): boolean => {
    const mark = reader.peek();
    if (mark !== '-' && mark !== '~') throw new CalendarError('not-calendar');
    reader.position += 1;
    return mark === '~';
  };
  let fromMonthEnd = monthEndHere();
  const second = readChain(reader, false);
  let fields: Fields = { month: first, day: second };
  if (!reader.atEnd() && reader.peek() !== ' ') {
    // With three chains the `~` stands before the third, the day.
    if (fromMonthEnd) throw new CalendarError('not-calendar');
    fromMonthEnd = monthEndHere();
    fields = { year: first, month: second, day: readChain(reader, false) };
    if (!reader.atEnd() && reader.peek() !== ' ') throw new CalendarError('not-calendar');
  }
  reader.skipSpaces();
  return { fields, fromMonthEnd, isWhole: false };
}

function readInstant(reader: Reader): DateRead {
  reader.position += 1;
  const digits = reader.take(/[ \t\n\v\f\r]*[+-]?\d+/y)?.trim();
  if (digits === undefined || digits.startsWith('-')) throw new CalendarError('not-calendar');
  if (Number(digits) > CIVIL_SECONDS_MAX) throw new CalendarError('out-of-range');
  if (Number(digits) > EPOCH_SECONDS_MAX) throw new CalendarError('not-calendar');
  const civil = civilAt(UTC_ZONE, Number(digits));
  return {
    fields: {
      year: at(civil.year), month: at(civil.month), day: at(civil.day),
      hour: at(civil.hour), minute: at(civil.minute), second: at(civil.second * USEC_PER_SECOND),
    },
    fromMonthEnd: false,
    isWhole: true,
  };
}

function readTime(reader: Reader): Fields {
  if (reader.atEnd()) return MIDNIGHT;
  const hour = readChain(reader, false);
  if (reader.peek() !== ':') throw new CalendarError('not-calendar');
  reader.position += 1;
  const minute = readChain(reader, false);
  if (reader.atEnd()) return { hour, minute, second: at(0) };
  if (reader.peek() !== ':') throw new CalendarError('not-calendar');
  reader.position += 1;
  return { hour, minute, second: readChain(reader, true) };
}

/** @param seconds numbers are seconds that may have a fraction, kept as microseconds */
function readChain(reader: Reader, seconds: boolean): CalendarChain {
  if (reader.peek() === '*') {
    reader.position += 1;
    return seconds ? [{ start: 0, stop: -1, repeat: USEC_PER_SECOND }] : [];
  }
  const parts: CalendarPart[] = [];
  for (;;) {
    if (parts.length > MORE_PARTS_MAX) throw new CalendarError('too-long');
    parts.push(readPart(reader, seconds));
    if (reader.peek() !== ',') return parts;
    reader.position += 1;
  }
}

function readPart(reader: Reader, seconds: boolean): CalendarPart {
  const start = readNumber(reader, seconds);
  let stop = -1;
  let repeat = 0;
  if (reader.peek() === '.' && reader.peek(1) === '.') {
    reader.position += 2;
    stop = readNumber(reader, seconds);
    repeat = seconds ? USEC_PER_SECOND : 1;
  }
  if (reader.peek() === '/') {
    reader.position += 1;
    repeat = readNumber(reader, seconds);
    if (repeat === 0) throw new CalendarError('out-of-range');
  } else if (seconds && stop >= 0 && start + repeat > stop) {
    // A range shorter than the step it has when none is written.
    throw new CalendarError('not-calendar');
  }
  if (!['', ' ', ',', '-', '~', ':'].includes(reader.peek())) throw new CalendarError('not-calendar');
  return { start, stop, repeat };
}

function readNumber(reader: Reader, seconds: boolean): number {
  const digits = reader.take(/\d+/y);
  if (digits === null) throw new CalendarError('not-calendar');
  let value = Number(digits);
  if (seconds) {
    value *= USEC_PER_SECOND;
    if (reader.peek() === '.' && reader.peek(1) !== '.') {
      reader.position += 1;
      const fraction = reader.take(/\d+/y);
      if (fraction === null) throw new CalendarError('not-calendar');
      value += Number(fraction.slice(0, 6).padEnd(6, '0')) + (Number(fraction[6] ?? '0') >= 5 ? 1 : 0);
    }
  }
  if (value > INT_MAX) throw new CalendarError('out-of-range');
  return value;
}

function normalise(spec: CalendarSpec): CalendarSpec {
  return {
    zone: spec.zone.kind === 'named' && spec.zone.name === 'UTC' ? { kind: 'utc' } : spec.zone,
    weekdays: spec.weekdays === null || spec.weekdays === 0 || spec.weekdays >= ALL_WEEKDAYS ? null : spec.weekdays,
    fromMonthEnd: spec.fromMonthEnd && spec.day.length > 0,
    year: normaliseChain(spec.year.map((part) => ({ ...part, start: fullYear(part.start), stop: fullYear(part.stop) }))),
    month: normaliseChain(spec.month), day: normaliseChain(spec.day),
    hour: normaliseChain(spec.hour), minute: normaliseChain(spec.minute), second: normaliseChain(spec.second),
  };
}

/** 12 is 2012, 89 is 1989. */
function fullYear(year: number): number {
  if (year < 0 || year >= 100) return year;
  return year < 70 ? 2000 + year : 1900 + year;
}

function normaliseChain(chain: CalendarChain): CalendarChain {
  const parts = chain.map((part): CalendarPart => {
    let { stop, repeat } = part;
    const { start } = part;
    // The stop becomes the last value that is really met.
    if (stop > start && repeat > 0) stop -= (stop - start) % repeat;
    const isOne = start === stop || (stop > start && repeat > 0 && start + repeat > stop);
    if (isOne) {
      stop = -1;
      repeat = 0;
    }
    return { start, stop, repeat };
  });
  parts.sort(compareParts);
  return parts.filter((part, index) => index === 0 || compareParts(part, parts[index - 1] as CalendarPart) !== 0);
}

function compareParts(a: CalendarPart, b: CalendarPart): number {
  return a.start - b.start || a.stop - b.stop || a.repeat - b.repeat;
}

function checked(spec: CalendarSpec): Result<CalendarSpec, CalendarProblem> {
  const isValid = FIELDS.every((field) => spec[field].every((part, index) => isPartValid(part, RANGES[field], field === 'day' && spec.fromMonthEnd ? index + 1 : 0)));
  return isValid ? ok(spec) : problem('not-calendar');
}

/**
 * @param fromMonthEnd the how manieth part of days counted from the end of the month, 0 when counted from its start. Every month has
 *                     28 days; systemd 252 takes three away again for each further part, and refuses what this refuses
 */
function isPartValid({ start, stop, repeat }: CalendarPart, [from, last]: readonly [number, number], fromMonthEnd: number): boolean {
  const to = last - 3 * fromMonthEnd;
  if (start < from || start > to || repeat > to - from) return false;
  if (stop >= 0) return stop >= from && stop <= to && start + repeat <= stop;
  return fromMonthEnd > 0 ? start - repeat >= from : start + repeat <= to;
}

/** The normal form, which reads back as the same expression. */
export function formatCalendar(spec: CalendarSpec): string {
  const days = spec.weekdays === null ? '' : `${formatWeekdays(spec.weekdays)} `;
  const date = `${formatChain(spec.year, 4)}-${formatChain(spec.month, 2)}${spec.fromMonthEnd ? '~' : '-'}${formatChain(spec.day, 2)}`;
  const time = `${formatChain(spec.hour, 2)}:${formatChain(spec.minute, 2)}:${formatSeconds(spec.second)}`;
  return `${days}${date} ${time}${formatZone(spec.zone)}`;
}

function formatZone(zone: CalendarSpec['zone']): string {
  switch (zone.kind) {
    case 'utc': return ' UTC';
    case 'local': return '';
    case 'local-season': return ` ${zone.abbreviation}`;
    case 'named': return ` ${zone.name}`;
  }
}

function formatWeekdays(bits: number): string {
  const groups: string[] = [];
  for (let day = 0; day < 7; day++) {
    if ((bits & (1 << day)) === 0) continue;
    const first = day;
    while ((bits & (1 << (day + 1))) !== 0) day += 1;
    const [from, to] = [WEEKDAYS[first] as string, WEEKDAYS[day] as string];
    groups.push(day === first ? from : day === first + 1 ? `${from},${to}` : `${from}..${to}`);
  }
  return groups.join(',');
}

function formatChain(chain: CalendarChain, width: number): string {
  if (chain.length === 0) return '*';
  const number = (value: number): string => String(value).padStart(width, '0');
  return chain.map(({ start, stop, repeat }) =>
    `${number(start)}${stop > 0 ? `..${number(stop)}` : ''}${repeat > 0 && !(stop > 0 && repeat === 1) ? `/${repeat}` : ''}`).join(',');
}

function formatSeconds(chain: CalendarChain): string {
  if (chain.length === 0 || chain.some(({ start, stop, repeat }) => start === 0 && stop < 0 && repeat === USEC_PER_SECOND)) return '*';
  const fraction = (usec: number): string => (usec % USEC_PER_SECOND > 0 ? `.${String(usec % USEC_PER_SECOND).padStart(6, '0')}` : '');
  const number = (usec: number): string => `${String(Math.trunc(usec / USEC_PER_SECOND)).padStart(2, '0')}${fraction(usec)}`;
  return chain.map(({ start, stop, repeat }) => {
    const step = repeat > 0 && !(stop > 0 && repeat === USEC_PER_SECOND) ? `/${Math.trunc(repeat / USEC_PER_SECOND)}` : '';
    return `${number(start)}${stop > 0 ? `..${number(stop)}` : ''}${step}${fraction(repeat)}`;
  }).join(',');
}
