/**
 * Time spans as people write them: `5min 20s`, `1.5h`, `90`, `infinity`. Source: systemd.time(7), "Parsing Time Spans".
 *
 *     span = "infinity" | 1*( [ "+" ] number [ "." digits ] [ unit ] )      white space is allowed between all parts
 *
 * Sums are made in 64 bits as the range check of the original demands, and end as a `number`: exact up to 285 years.
 */
import type { Usec } from '../../base/brand.ts';
import { ok, problem, type Result } from '../../base/result.ts';

export type TimeSpan = Usec | 'infinity';

/** `not-a-span`: the text has another form; `out-of-range`: negative, or not below 2^64 - 1 microseconds. */
export type TimeSpanProblem = 'not-a-span' | 'out-of-range';

const USEC = 1n;
const MSEC = 1_000n;
const SEC = 1_000_000n;
const MINUTE = 60n * SEC;
const HOUR = 60n * MINUTE;
const DAY = 24n * HOUR;
const WEEK = 7n * DAY;
/** 30.44 days. */
const MONTH = 2_629_800n * SEC;
/** 365.25 days. */
const YEAR = 31_557_600n * SEC;
const INFINITY = 2n ** 64n - 1n;
/** More digits than any number in range has, with room for leading zeros. */
const DIGITS_MAX = 100;
const SIGNED_MAX = 2n ** 63n - 1n;

const UNITS: ReadonlyMap<string, bigint> = new Map([
  ['us', USEC], ['usec', USEC], ['µs', USEC], ['μs', USEC],
  ['ms', MSEC], ['msec', MSEC],
  ['s', SEC], ['sec', SEC], ['second', SEC], ['seconds', SEC],
  ['m', MINUTE], ['min', MINUTE], ['minute', MINUTE], ['minutes', MINUTE],
  ['h', HOUR], ['hr', HOUR], ['hour', HOUR], ['hours', HOUR],
  ['d', DAY], ['day', DAY], ['days', DAY],
  ['w', WEEK], ['week', WEEK], ['weeks', WEEK],
  ['M', MONTH], ['month', MONTH], ['months', MONTH],
  ['y', YEAR], ['year', YEAR], ['years', YEAR],
]);

const SPACE = '[ \\t\\n\\r]*';
const INFINITY_PATTERN = new RegExp(`^${SPACE}infinity${SPACE}$`);
/** Groups: sign, whole number, fraction with its dot, white space, unit. */
const TERM = new RegExp(`${SPACE}(?:(\\+|-)?(\\d*)(\\.\\d*)?)(${SPACE})([A-Za-zµμ]*)`, 'y');

/**
 * Reads a time span.
 *
 * @param text            what was written
 * @param defaultUnitUsec what a number without unit counts, in microseconds; a second unless the directive says otherwise
 */
export function parseTimeSpan(text: string, defaultUnitUsec: Usec = 1_000_000 as Usec): Result<TimeSpan, TimeSpanProblem> {
  // The commonest span, as in RestartSec=0: too small for any of the bounds below, and exact.
  if (/^\d{1,6}$/.test(text)) return ok((Number(text) * defaultUnitUsec) as Usec);
  if (INFINITY_PATTERN.test(text)) return ok('infinity');
  const body = text.trimEnd();
  let total = 0n;
  let position = 0;
  let terms = 0;
  while (position < body.length) {
    TERM.lastIndex = position;
    const match = TERM.exec(body);
    if (match === null) return problem('not-a-span');
    const [, sign, whole = '', fraction, space = '', unitText = ''] = match;
    if (sign === '-') return problem('out-of-range');
    if (whole === '' && (fraction === undefined || sign !== undefined)) return problem('not-a-span');
    if (fraction === '.') return problem('not-a-span');
    const unit = unitText === '' ? BigInt(defaultUnitUsec) : UNITS.get(unitText);
    if (unit === undefined) return problem('not-a-span');
    position = TERM.lastIndex;
    // Numbers that touch each other, as in `1.2.3`, are a slip of the pen and not two numbers.
    if (unitText === '' && space === '' && position < body.length) return problem('not-a-span');
    // BigInt takes quadratic time for long texts, and no 64-bit number is as long as this.
    if (whole.length > DIGITS_MAX) return problem('out-of-range');
    const count = BigInt(whole === '' ? '0' : whole);
    if (count > SIGNED_MAX || count >= INFINITY / unit) return problem('out-of-range');
    total += count * unit;
    // Digit by digit with whole-number division, so that the rounding is that of the original.
    let place = unit / 10n;
    for (const digit of (fraction ?? '').slice(1)) {
      total += BigInt(digit) * place;
      place /= 10n;
    }
    if (total >= INFINITY) return problem('out-of-range');
    terms += 1;
  }
  return terms === 0 ? problem('not-a-span') : ok(Number(total) as Usec);
}

const FORMAT_UNITS: readonly (readonly [string, bigint])[] = [
  ['y', YEAR], ['month', MONTH], ['w', WEEK], ['d', DAY], ['h', HOUR], ['min', MINUTE], ['s', SEC], ['ms', MSEC], ['us', USEC],
];

/**
 * Writes a time span as systemd does: `1h 30min`, `1.999999s`, `infinity`.
 *
 * @param accuracyUsec leaves out what is smaller, once something larger was written; 1 writes everything
 */
export function formatTimeSpan(span: TimeSpan, accuracyUsec: Usec = 1 as Usec): string {
  if (span === 'infinity') return 'infinity';
  let rest = BigInt(Math.trunc(span));
  if (rest <= 0n) return '0';
  const accuracy = BigInt(accuracyUsec);
  const parts: string[] = [];
  for (const [suffix, unit] of FORMAT_UNITS) {
    if (rest <= 0n || (rest < accuracy && parts.length > 0)) break;
    if (rest < unit) continue;
    const count = rest / unit;
    let below = rest % unit;
    if (rest < MINUTE && below > 0n) {
      let digits = 0;
      for (let place = unit; place > 1n; place /= 10n) digits += 1;
      for (let place = accuracy; place > 1n; place /= 10n) {
        below /= 10n;
        digits -= 1;
      }
      if (digits > 0) {
        parts.push(`${count}.${below.toString().padStart(digits, '0')}${suffix}`);
        break;
      }
    }
    parts.push(`${count}${suffix}`);
    rest = below;
  }
  return parts.length === 0 ? '0' : parts.join(' ');
}
