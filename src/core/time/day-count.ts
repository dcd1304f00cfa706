/** Days of the proleptic Gregorian calendar as numbers, without a clock's help. */

export const SECONDS_PER_DAY = 86_400;
const EPOCH_YEAR = 1970;
const DAYS_PER_YEAR_MEAN = 365.2425;
/** Days of a common year before each month. */
const DAYS_BEFORE_MONTH = [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334] as const;

export interface CalendarDate {
  readonly year: number;
  /** 1 to 12. */
  readonly month: number;
  readonly day: number;
}

function isLeapYear(year: number): boolean {
  return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
}

/** Leap years before `year`, counted from year 1. */
function leapYearsBefore(year: number): number {
  const last = year - 1;
  return Math.floor(last / 4) - Math.floor(last / 100) + Math.floor(last / 400);
}

function daysBeforeYear(year: number): number {
  return 365 * (year - EPOCH_YEAR) + leapYearsBefore(year) - leapYearsBefore(EPOCH_YEAR);
}

function daysBeforeMonth(year: number, month: number): number {
  return (DAYS_BEFORE_MONTH[month - 1] as number) + (month > 2 && isLeapYear(year) ? 1 : 0);
}

/** Days since 1970-01-01; month and day may lie outside their ranges, and count on into the next. */
export function daysFromEpoch(year: number, month: number, day: number): number {
  const months = year * 12 + month - 1;
  const realYear = Math.floor(months / 12);
  return daysBeforeYear(realYear) + daysBeforeMonth(realYear, months - realYear * 12 + 1) + day - 1;
}

/** The date of a day counted from 1970-01-01. */
export function dateOfDay(days: number): CalendarDate {
  // The mean can be wrong by one year on either side of new year.
  let year = EPOCH_YEAR + Math.floor(days / DAYS_PER_YEAR_MEAN);
  while (daysBeforeYear(year) > days) year -= 1;
  while (daysBeforeYear(year + 1) <= days) year += 1;
  const ofYear = days - daysBeforeYear(year);
  let month = 12;
  while (daysBeforeMonth(year, month) > ofYear) month -= 1;
  return { year, month, day: ofYear - daysBeforeMonth(year, month) + 1 };
}
