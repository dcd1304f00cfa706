import { parseTimeSpan } from '../core/time/time-span.ts';

/**
 * An instant as `--since` and `--until` take it: `2026-01-31 18:00:00`, `18:00`, `-1h 30min`, `5min ago`, `today`, `yesterday`,
 * `tomorrow`, `now`, `@1700000000`. Source: systemd.time(7), "Parsing Timestamps".
 *
 * @param nowUsec wall clock, microseconds
 * @returns microseconds since the epoch; null when the text is no instant
 */
export function parseInstant(text: string, nowUsec: number): number | null {
  const word = text.trim();
  const now = new Date(nowUsec / 1000);
  const midnight = new Date(now.getFullYear(), now.getMonth(), now.getDate()).getTime();
  switch (word) {
    case 'now': return nowUsec;
    case 'today': return midnight * 1000;
    case 'yesterday': return new Date(now.getFullYear(), now.getMonth(), now.getDate() - 1).getTime() * 1000;
    case 'tomorrow': return new Date(now.getFullYear(), now.getMonth(), now.getDate() + 1).getTime() * 1000;
  }
  const epoch = /^@(\d{1,12})(?:\.(\d{1,6}))?$/.exec(word);
  if (epoch !== null) return Number(epoch[1]) * 1_000_000 + Number((epoch[2] ?? '').padEnd(6, '0'));
  const relative = /^([+-])(.+)$/.exec(word) ?? reversed(/^(.+?)\s+(ago|left)$/.exec(word));
  if (relative !== null) {
    const span = parseTimeSpan(relative[2] as string);
    if (!span.ok || span.value === 'infinity') return null;
    return nowUsec + (relative[1] === '-' ? -span.value : span.value);
  }
  return civil(word, midnight);
}

/** `5min ago` in the form of `-5min`. */
function reversed(match: RegExpExecArray | null): readonly string[] | null {
  return match === null ? null : ['', match[2] === 'ago' ? '-' : '+', match[1] as string];
}

const CIVIL = /^(?:(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)\w*,?\s+)?(?:(\d{2,4})-(\d{1,2})-(\d{1,2}))?(?:[T ]?\s*(\d{1,2}):(\d{2})(?::(\d{2})(?:\.(\d{1,6}))?)?)?\s*(UTC|Z)?$/i;

function civil(word: string, midnightMsec: number): number | null {
  const match = CIVIL.exec(word);
  if (match === null || word === '' || (match[1] === undefined && match[4] === undefined)) return null;
  const [, yearText, month, day, hour = '0', minute = '0', second = '0', fraction = '', zone] = match;
  if (Number(hour) > 24 || Number(minute) > 59 || Number(second) > 59) return null;
  const fractionUsec = Number(fraction.padEnd(6, '0'));
  const ofDay: [number, number, number] = [Number(hour), Number(minute), Number(second)];
  if (yearText === undefined || month === undefined || day === undefined) {
    const base = new Date(midnightMsec);
    return new Date(base.getFullYear(), base.getMonth(), base.getDate(), ...ofDay).getTime() * 1000 + fractionUsec;
  }
  const year = yearText.length === 2 ? 2000 + Number(yearText) : Number(yearText);
  const parts: [number, number, number] = [year, Number(month) - 1, Number(day)];
  const msec = zone === undefined ? new Date(...parts, ...ofDay).getTime() : Date.UTC(...parts, ...ofDay);
  // A day the month does not have rolls over into the next: that is a slip of the pen.
  const back = new Date(Date.UTC(...parts));
  if (back.getUTCMonth() !== parts[1] || back.getUTCDate() !== parts[2] || Number.isNaN(msec)) return null;
  return msec * 1000 + fractionUsec;
}
