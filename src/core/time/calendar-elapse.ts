/**
 * When a calendar expression elapses next. The search goes field by field from the year down: a field that has no fitting value left
 * sends it up again, with the next larger field one further. Times that a zone skips are passed over, times it has twice come once.
 */
import type { RealtimeUsec } from '../../base/brand.ts';
import { CALENDAR_YEAR_MAX, CALENDAR_YEAR_MIN, USEC_PER_SECOND, type CalendarChain, type CalendarField, type CalendarSpec } from './calendar.ts';
import { civilAt, localSeconds, resolveCivil, weekdayOf, type CivilInstant } from './civil-time.ts';
import { UTC_ZONE, type TimeZone } from './time-zone.ts';

/** No expression needs more; it ends the search for one that a zone's rules make impossible. */
const ROUNDS_MAX = 1000;
/** The end of 9999, after which no instant can be written. */
const INSTANT_MAX = 253_402_214_400_000_000;

/** From the largest; the index is the rank. */
const RANKS = ['year', 'month', 'day', 'hour', 'minute', 'second'] as const satisfies readonly CalendarField[];
const FIRST_VALUES: Readonly<Record<CalendarField, number>> = { year: CALENDAR_YEAR_MIN, month: 1, day: 1, hour: 0, minute: 0, second: 0 };

/** Where the search stands. Fields may be out of range, until the next round puts them right. */
type Position = Record<CalendarField, number> & { usec: number };

/** Knows the zone and how its last time was read, which decides for times that come twice. */
class Clock {
  readonly zone: TimeZone;
  offsetSeconds: number;

  constructor(zone: TimeZone, start: CivilInstant) {
    this.zone = zone;
    this.offsetSeconds = start.offsetSeconds;
  }

  resolve(position: Position, isDst: boolean | null): CivilInstant {
    const found = resolveCivil(this.zone, position, { isDst, offsetSeconds: this.offsetSeconds });
    this.offsetSeconds = found.offsetSeconds;
    return found;
  }

  /** Never goes back, as a zone whose winter time counts as its summer time (Ireland's) would. */
  resolveForward(position: Position, isDst: boolean | null): CivilInstant {
    const found = this.resolve(position, isDst);
    return localSeconds(found) < localSeconds(position) ? this.resolve(position, found.isDst) : found;
  }
}

/**
 * The first instant after `afterUsec` that fits.
 *
 * @param zone rules of the zone that the expression names, or of the local zone when it names none; unused for UTC
 * @returns null when it never elapses again
 */
export function nextElapse(spec: CalendarSpec, afterUsec: RealtimeUsec, zone: TimeZone): RealtimeUsec | null {
  if (afterUsec > INSTANT_MAX) return null;
  const used = spec.zone.kind === 'utc' ? UTC_ZONE : zone;
  const found = search(spec, afterUsec, { zone: used, keepsSeason: true });
  // Where summer time begins at midnight, a day's first instant can send the search back and forth for ever; systemd 252 gives up.
  const answer = found === 'stuck' ? search(spec, afterUsec, { zone: used, keepsSeason: false }) : found;
  return answer === 'stuck' ? null : answer;
}

/** @param keepsSeason reads a time that was moved out of a gap in the season it was moved to */
function search(spec: CalendarSpec, afterUsec: RealtimeUsec, { zone, keepsSeason }: {
  readonly zone: TimeZone;
  readonly keepsSeason: boolean;
}): RealtimeUsec | null | 'stuck' {
  const fromUsec = afterUsec + 1;
  const start = civilAt(zone, Math.floor(fromUsec / USEC_PER_SECOND));
  const clock = new Clock(zone, start);
  const season = spec.zone.kind === 'local-season' ? spec.zone.isDst : null;
  const { year, month, day, hour, minute, second } = start;
  const position: Position = { year, month, day, hour, minute, second, usec: fromUsec % USEC_PER_SECOND };
  let isDst: boolean | null = start.isDst;
  for (let round = 0; round < ROUNDS_MAX; round++) {
    moveTo(position, clock.resolveForward(position, isDst));
    isDst = season;
    const outcome = searchRound(spec, position, clock, season);
    switch (outcome.kind) {
      case 'found': return (clock.resolve(position, season).epochSeconds * USEC_PER_SECOND + position.usec) as RealtimeUsec;
      case 'never': return null;
      case 'carry':
        advance(position, outcome.rank);
        break;
      case 'shifted':
        isDst = keepsSeason ? outcome.isDst : season;
    }
  }
  return 'stuck';
}

type Outcome =
  | { readonly kind: 'found' }
  | { readonly kind: 'never' }
  /** Nothing fits any more in the field of this rank's unit: that field must go one further. */
  | { readonly kind: 'carry'; readonly rank: number }
  /** The calendar or the zone has no such time; the position is the time that stands for it. */
  | { readonly kind: 'shifted'; readonly isDst: boolean };

function searchRound(spec: CalendarSpec, position: Position, clock: Clock, season: boolean | null): Outcome {
  for (const [rank, field] of RANKS.entries()) {
    const isFound = moveField(spec, position, { rank, clock, season });
    const check = isFound ? settle(position, clock, season) : null;
    if (rank === 0) {
      if (check?.kind !== 'exact') return { kind: 'never' };
      continue;
    }
    if (check === null || check.kind === 'backwards') return { kind: 'carry', rank: rank - 1 };
    if (check.kind === 'shifted') return check;
    if (field === 'day' && spec.weekdays !== null) {
      // A weekday that does not fit moves the day itself.
      const { year, month, day } = clock.resolve(position, season);
      if ((spec.weekdays & (1 << weekdayOf({ ...position, year, month, day }))) === 0) return { kind: 'carry', rank };
    }
  }
  return { kind: 'found' };
}

/** Takes the field of `rank` to its earliest fitting value from where it stands; what is smaller starts anew when it moves. */
function moveField(spec: CalendarSpec, position: Position, { rank, clock, season }: { readonly rank: number; readonly clock: Clock; readonly season: boolean | null }): boolean {
  const field = RANKS[rank] as CalendarField;
  const chain = spec[field];
  if (chain.length === 0) return true;
  if (field === 'second') {
    const value = earliest(chain, position.second * USEC_PER_SECOND + position.usec);
    if (value === null) return false;
    position.second = Math.trunc(value / USEC_PER_SECOND);
    position.usec = value % USEC_PER_SECOND;
    return true;
  }
  const counted = field === 'day' && spec.fromMonthEnd ? countedFromStart(chain, position, clock, season) : chain;
  const value = earliest(counted, position[field]);
  if (value === null) return false;
  if (value !== position[field]) {
    position[field] = value;
    restartBelow(position, rank);
  }
  return true;
}

function earliest(chain: CalendarChain, from: number): number | null {
  let best: number | null = null;
  for (const { start, stop, repeat } of chain) {
    let value: number;
    if (start >= from) value = start;
    else if (repeat > 0) value = start + Math.ceil((from - start) / repeat) * repeat;
    else continue;
    if (start < from && stop >= 0 && value > stop) continue;
    if (best === null || value < best) best = value;
  }
  return best;
}

/** The days of `chain`, counted from the end of the position's month, as days of the month. */
function countedFromStart(chain: CalendarChain, position: Position, clock: Clock, season: boolean | null): CalendarChain {
  const dayOf = (fromEnd: number): number => {
    const found = clock.resolve({ ...position, month: position.month + 1, day: 1 - fromEnd }, season);
    return found.month === position.month ? found.day : -1;
  };
  return chain.map(({ start, stop, repeat }) => {
    const [first, last] = [dayOf(start), dayOf(stop)];
    return last > 0 ? { start: last, stop: first, repeat } : { start: first, stop: last, repeat };
  });
}

type Settled = { readonly kind: 'exact' } | { readonly kind: 'backwards' } | { readonly kind: 'shifted'; readonly isDst: boolean };

/**
 * Holds the position against the calendar and the zone. A time that is none is replaced by the one that stands for it, from the start
 * of the first unit that differs, so that nothing in between is left out.
 */
function settle(position: Position, clock: Clock, season: boolean | null): Settled {
  if (position.year > CALENDAR_YEAR_MAX) return { kind: 'backwards' };
  const real = clock.resolve(position, season);
  const rank = RANKS.findIndex((field) => real[field] !== position[field]);
  if (rank < 0) return { kind: 'exact' };
  const field = RANKS[rank] as CalendarField;
  if (real[field] < position[field]) return { kind: 'backwards' };
  moveTo(position, real);
  const below = RANKS[rank + 1];
  if (below !== undefined) position[below] = FIRST_VALUES[below];
  return { kind: 'shifted', isDst: real.isDst };
}

/** One further in the field of `rank`, everything smaller at its start. */
function advance(position: Position, rank: number): void {
  position[RANKS[rank] as CalendarField] += 1;
  restartBelow(position, rank);
}

function restartBelow(position: Position, rank: number): void {
  for (const field of RANKS.slice(rank + 1)) position[field] = FIRST_VALUES[field];
  position.usec = 0;
}

function moveTo(position: Position, civil: CivilInstant): void {
  for (const field of RANKS) position[field] = civil[field];
}
