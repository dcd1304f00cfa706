/**
 * Civil times (what a clock and a calendar on the wall show) and the instants they stand for. The rules for times that a zone has
 * twice or not at all are those of mktime(3) in the GNU C library, so that timers elapse when systemd's do.
 */
import { dateOfDay, daysFromEpoch, SECONDS_PER_DAY } from './day-count.ts';
import { localTimeType, type TimeZone } from './time-zone.ts';

/** Fields may lie outside their ranges, the 32nd of a month for example, until `resolveCivil` has put them right. */
export interface CivilTime {
  readonly year: number;
  /** 1 to 12. */
  readonly month: number;
  readonly day: number;
  readonly hour: number;
  readonly minute: number;
  readonly second: number;
}

/** A civil time with the instant it stands for. */
export interface CivilInstant extends CivilTime {
  readonly epochSeconds: number;
  readonly isDst: boolean;
  readonly offsetSeconds: number;
}

/** Enough for every zone there is: the second look at the latest is right, or swings between the two sides of a gap. */
const PROBES_MAX = 6;
/** No summer or winter time was ever shorter than this, and none longer than half the reach. */
const SEASON_STEP_SECONDS = 601_200;
const SEASON_REACH_SECONDS = 268_227_000 + SEASON_STEP_SECONDS;

/** What the zone's clocks show at an instant. */
export function civilAt(zone: TimeZone, epochSeconds: number): CivilInstant {
  const { offsetSeconds, isDst } = localTimeType(zone, epochSeconds);
  const days = Math.floor((epochSeconds + offsetSeconds) / SECONDS_PER_DAY);
  const ofDay = epochSeconds + offsetSeconds - days * SECONDS_PER_DAY;
  const { year, month, day } = dateOfDay(days);
  return {
    year, month, day, hour: Math.floor(ofDay / 3600), minute: Math.floor(ofDay / 60) % 60, second: ofDay % 60,
    epochSeconds, isDst, offsetSeconds,
  };
}

/** Seconds since the epoch as if the clock on the wall showed UTC; fields out of range count on into the next. */
export function localSeconds(civil: CivilTime): number {
  return daysFromEpoch(civil.year, civil.month, civil.day) * SECONDS_PER_DAY + civil.hour * 3600 + civil.minute * 60 + civil.second;
}

/** 0 is Monday. */
export function weekdayOf(civil: CivilTime): number {
  return (((daysFromEpoch(civil.year, civil.month, civil.day) + 3) % 7) + 7) % 7;
}

/**
 * Finds the instant of a civil time; fields out of range count on into the next.
 *
 * @param isDst         whether summer time is meant, null when the zone decides
 * @param offsetSeconds the offset tried first: it decides for a time that the zone has twice. A time in a gap becomes one as much
 *                      later as the gap is wide, so that summer time counts
 */
export function resolveCivil(zone: TimeZone, civil: CivilTime, { isDst, offsetSeconds }: {
  readonly isDst: boolean | null;
  readonly offsetSeconds: number;
}): CivilInstant {
  const local = localSeconds(civil);
  let probe = local - offsetSeconds;
  let last: number | null = null;
  let beforeLast: number | null = null;
  let lastDst = false;
  for (let count = 0; count < PROBES_MAX; count++) {
    const type = localTimeType(zone, probe);
    const error = local - (probe + type.offsetSeconds);
    if (error === 0) return inSeason(zone, { local, probe, isDst });
    const swings = probe === beforeLast && probe !== last;
    if (swings && (isDst === null ? Number(lastDst) <= Number(type.isDst) : isDst !== type.isDst)) return civilAt(zone, probe);
    lastDst = type.isDst;
    beforeLast = last;
    last = probe;
    probe += error;
  }
  return civilAt(zone, probe);
}

/** Holds a time to the season it was given in: 10:00 winter time in July is shown by summer's clocks as 11:00. */
function inSeason(zone: TimeZone, { local, probe, isDst }: { readonly local: number; readonly probe: number; readonly isDst: boolean | null }): CivilInstant {
  if (isDst === null || localTimeType(zone, probe).isDst === isDst) return civilAt(zone, probe);
  for (let distance = SEASON_STEP_SECONDS; distance < SEASON_REACH_SECONDS; distance += SEASON_STEP_SECONDS) {
    for (const other of [probe - distance, probe + distance]) {
      const type = localTimeType(zone, other);
      if (type.isDst === isDst) return civilAt(zone, local - type.offsetSeconds);
    }
  }
  return civilAt(zone, probe);
}
