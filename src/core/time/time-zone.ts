/**
 * The rules of a time zone as plain data, read from a TZif file or a POSIX TZ text, and the offset they give for an instant.
 * Sources: RFC 8536 (TZif), POSIX "TZ". The host reads the bytes; a zone is a few hundred numbers, where the interpreter's own
 * tables of all zones would cost the manager megabytes.
 */
import { dateOfDay, daysFromEpoch, SECONDS_PER_DAY } from './day-count.ts';

/** What clocks show from one transition to the next. */
export interface LocalTimeType {
  /** Seconds east of UTC. */
  readonly offsetSeconds: number;
  readonly isDst: boolean;
  /** `CET`, `CEST`, `+0630`. */
  readonly abbreviation: string;
}

/** The day of a year on which a POSIX rule switches. */
type RuleDay =
  /** Day 1 to 365; 29 February is never counted. */
  | { readonly form: 'julian'; readonly day: number }
  /** Day 0 to 365, 29 February counted. */
  | { readonly form: 'of-year'; readonly day: number }
  /** `week` 5 is the last; `weekday` 0 is Sunday. */
  | { readonly form: 'weekday'; readonly month: number; readonly week: number; readonly weekday: number };

interface RuleDate {
  readonly day: RuleDay;
  /** Local time of the switch in seconds after midnight; may be negative, or above a day. */
  readonly secondOfDay: number;
}

/** The rule that holds for ever after the last transition of the table. */
export interface ZoneRule {
  readonly standard: LocalTimeType;
  readonly summer: { readonly type: LocalTimeType; readonly start: RuleDate; readonly end: RuleDate } | null;
}

export interface TimeZone {
  readonly name: string;
  /** Instants of the transitions in seconds since the epoch, ascending. */
  readonly transitions: readonly number[];
  /** The type that begins at the transition of the same index. */
  readonly afterTransition: readonly LocalTimeType[];
  /** Before the first transition. */
  readonly first: LocalTimeType;
  readonly rule: ZoneRule | null;
}

const UTC_TYPE: LocalTimeType = { offsetSeconds: 0, isDst: false, abbreviation: 'UTC' };

/** The time zones of a machine. */
export interface TimeZones {
  readonly local: TimeZone;
  /** null: there is no zone of this name. */
  readonly find: (name: string) => TimeZone | null;
}

export const UTC_ZONE: TimeZone = { name: 'UTC', transitions: [], afterTransition: [], first: UTC_TYPE, rule: null };

const HEADER_LENGTH = 44;
/** A real zone has below 300 transitions and 20 types; more is no zone but an attack on memory. */
const TRANSITIONS_MAX = 10_000;

/**
 * Reads a TZif file.
 *
 * @returns null when the bytes are not a whole TZif file
 */
export function zoneFromTzif(name: string, bytes: Uint8Array): TimeZone | null {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const old = readHeader(view, 0);
  if (old === null) return null;
  if (old.version === 0) return readBlock(name, view, { ...old, at: HEADER_LENGTH, timeSize: 4 });
  // Version 2 and up: the whole is said again with 64-bit times, followed by the rule for later times.
  const next = HEADER_LENGTH + blockLength(old, 4);
  const header = readHeader(view, next);
  return header === null ? null : readBlock(name, view, { ...header, at: next + HEADER_LENGTH, timeSize: 8 });
}

interface Header {
  readonly version: number;
  readonly universalCount: number;
  readonly standardCount: number;
  readonly leapCount: number;
  readonly timeCount: number;
  readonly typeCount: number;
  readonly charCount: number;
}

function readHeader(view: DataView, at: number): Header | null {
  if (view.byteLength < at + HEADER_LENGTH || view.getUint32(at) !== 0x545a6966) return null;
  const count = (index: number): number => view.getUint32(at + 20 + 4 * index);
  const version = view.getUint8(at + 4);
  return {
    version: version === 0 ? 0 : version - 0x30,
    universalCount: count(0), standardCount: count(1), leapCount: count(2), timeCount: count(3), typeCount: count(4), charCount: count(5),
  };
}

function blockLength(header: Header, timeSize: number): number {
  return header.timeCount * (timeSize + 1) + header.typeCount * 6 + header.charCount + header.leapCount * (timeSize + 4)
    + header.standardCount + header.universalCount;
}

function readBlock(name: string, view: DataView, header: Header & { readonly at: number; readonly timeSize: 4 | 8 }): TimeZone | null {
  const { at, timeSize, timeCount, typeCount, charCount } = header;
  const end = at + blockLength(header, timeSize);
  if (typeCount === 0 || timeCount > TRANSITIONS_MAX || end > view.byteLength) return null;
  const indexAt = at + timeCount * timeSize;
  const typesAt = indexAt + timeCount;
  const charsAt = typesAt + typeCount * 6;
  const textFrom = (from: number, to: number): string => {
    let text = '';
    for (let i = from; i < to && view.getUint8(i) !== 0; i++) text += String.fromCharCode(view.getUint8(i));
    return text;
  };
  const types: LocalTimeType[] = [];
  for (let i = 0; i < typeCount; i++) {
    types.push({
      offsetSeconds: view.getInt32(typesAt + 6 * i),
      isDst: view.getUint8(typesAt + 6 * i + 4) !== 0,
      abbreviation: textFrom(charsAt + view.getUint8(typesAt + 6 * i + 5), charsAt + charCount),
    });
  }
  const transitions: number[] = [];
  const afterTransition: LocalTimeType[] = [];
  for (let i = 0; i < timeCount; i++) {
    const type = types[view.getUint8(indexAt + i)];
    if (type === undefined) return null;
    transitions.push(timeSize === 4 ? view.getInt32(at + 4 * i) : Number(view.getBigInt64(at + 8 * i)));
    afterTransition.push(type);
  }
  let footer = '';
  for (let i = end + 1; timeSize === 8 && i < view.byteLength && view.getUint8(i) !== 0x0a; i++) footer += String.fromCharCode(view.getUint8(i));
  const first = types.find((type) => !type.isDst) ?? types[0];
  return first === undefined ? null : { name, transitions, afterTransition, first, rule: footer === '' ? null : parseZoneRule(footer) };
}

const RULE_NAME = '<[A-Za-z0-9+-]{3,}>|[A-Za-z]{3,}';
const RULE_TIME = '[+-]?\\d{1,3}(?::\\d{2}(?::\\d{2})?)?';
const RULE_PATTERN = new RegExp(`^(${RULE_NAME})(${RULE_TIME})(?:(${RULE_NAME})(${RULE_TIME})?(?:,([^,]+),([^,]+))?)?$`);
/** What POSIX leaves open and everybody takes: the rule of the United States. */
const DEFAULT_RULE_DATES = ['M3.2.0', 'M11.1.0'] as const;

/** Reads a POSIX TZ text such as `CET-1CEST,M3.5.0,M10.5.0/3`; null when it is none. */
export function parseZoneRule(text: string): ZoneRule | null {
  const match = RULE_PATTERN.exec(text);
  if (match === null) return null;
  const [, standardName = '', standardOffset = '', summerName, summerOffset, startText, endText] = match;
  const bare = (name: string): string => name.replace(/[<>]/g, '');
  // POSIX counts offsets to the west.
  const offsetSeconds = -secondsOf(standardOffset) || 0;
  const standard: LocalTimeType = { offsetSeconds, isDst: false, abbreviation: bare(standardName) };
  if (summerName === undefined) return { standard, summer: null };
  const start = parseRuleDate(startText ?? DEFAULT_RULE_DATES[0]);
  const end = parseRuleDate(endText ?? DEFAULT_RULE_DATES[1]);
  if (start === null || end === null) return null;
  const summerSeconds = summerOffset === undefined ? offsetSeconds + 3600 : -secondsOf(summerOffset) || 0;
  return { standard, summer: { type: { offsetSeconds: summerSeconds, isDst: true, abbreviation: bare(summerName) }, start, end } };
}

/** A zone of one rule alone, as `TZ=CET-1CEST` gives. */
export function zoneFromRule(name: string, rule: ZoneRule): TimeZone {
  return { name, transitions: [], afterTransition: [], first: rule.standard, rule };
}

function secondsOf(text: string): number {
  const [hours = '0', minutes = '0', seconds = '0'] = text.replace(/^[+-]/, '').split(':');
  const total = Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds);
  return text.startsWith('-') ? -total : total;
}

function parseRuleDate(text: string): RuleDate | null {
  const match = new RegExp(`^(?:M(\\d{1,2})\\.([1-5])\\.([0-6])|(J?)(\\d{1,3}))(?:/(${RULE_TIME}))?$`).exec(text);
  if (match === null) return null;
  const [, month, week, weekday, julian, day, time] = match;
  const secondOfDay = time === undefined ? 2 * 3600 : secondsOf(time);
  if (month !== undefined) return { day: { form: 'weekday', month: Number(month), week: Number(week), weekday: Number(weekday) }, secondOfDay };
  return { day: { form: julian === 'J' ? 'julian' : 'of-year', day: Number(day) }, secondOfDay };
}

/** Local second of the switch in `year`, counted as if local time were UTC. */
function ruleSecond({ day, secondOfDay }: RuleDate, year: number): number {
  return daysOfRule(day, year) * SECONDS_PER_DAY + secondOfDay;
}

function daysOfRule(day: RuleDay, year: number): number {
  const newYear = daysFromEpoch(year, 1, 1);
  switch (day.form) {
    case 'of-year': return newYear + day.day;
    case 'julian': {
      const isLeap = daysFromEpoch(year + 1, 1, 1) - newYear === 366;
      return newYear + day.day - 1 + (isLeap && day.day >= 60 ? 1 : 0);
    }
    case 'weekday': {
      const first = daysFromEpoch(year, day.month, 1);
      const next = day.month === 12 ? daysFromEpoch(year + 1, 1, 1) : daysFromEpoch(year, day.month + 1, 1);
      // Day 0 of the epoch was a Thursday.
      const sought = first + ((day.weekday - ((first + 4) % 7) + 14) % 7) + 7 * (day.week - 1);
      return sought >= next ? sought - 7 : sought;
    }
  }
}

/** What clocks of the zone show at an instant. */
export function localTimeType(zone: TimeZone, epochSeconds: number): LocalTimeType {
  const { transitions } = zone;
  const last = transitions.length - 1;
  if (zone.rule !== null && (last < 0 || epochSeconds >= (transitions[last] as number))) return ruleType(zone.rule, epochSeconds);
  let low = 0;
  let high = transitions.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((transitions[middle] as number) <= epochSeconds) low = middle + 1;
    else high = middle;
  }
  return low === 0 ? zone.first : (zone.afterTransition[low - 1] as LocalTimeType);
}

function ruleType({ standard, summer }: ZoneRule, epochSeconds: number): LocalTimeType {
  if (summer === null) return standard;
  const { year } = dateOfDay(Math.floor((epochSeconds + standard.offsetSeconds) / SECONDS_PER_DAY));
  const start = ruleSecond(summer.start, year) - standard.offsetSeconds;
  const end = ruleSecond(summer.end, year) - summer.type.offsetSeconds;
  // In the south summer lasts over new year.
  const isSummer = start < end ? epochSeconds >= start && epochSeconds < end : epochSeconds >= start || epochSeconds < end;
  return isSummer ? summer.type : standard;
}

/** The names that the zone's clocks have in winter and in summer time now and later, each null when there is none. */
export function zoneAbbreviations(zone: TimeZone): { readonly standard: string | null; readonly summer: string | null } {
  const latest = (isDst: boolean): string | null => zone.afterTransition.findLast((type) => type.isDst === isDst)?.abbreviation ?? null;
  const standard = zone.rule?.standard.abbreviation ?? latest(false) ?? (zone.first.isDst ? null : zone.first.abbreviation);
  return { standard, summer: zone.rule?.summer?.type.abbreviation ?? latest(true) };
}
