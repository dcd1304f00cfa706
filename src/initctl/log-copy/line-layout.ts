/**
 * How a copied line looks: the letters of strftime(3) for its time, and names in braces for the rest.
 *
 *     %Y-%m-%d %H:%M:%S %{identifier}: %{message}
 *     @%{tai64n} %{message}
 *     go:2006/01/02 15:04:05.000
 *
 * A layout that begins with `go:` is one of Go's time package, with the message after it. The same letters name dated files.
 */
import type { CopiedLine } from './log-line.ts';

/** A layout that was understood. */
export type LineLayout = (line: CopiedLine, utc: boolean) => string;

const DAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'] as const;
const MONTHS = ['January', 'February', 'March', 'April', 'May', 'June', 'July', 'August', 'September', 'October', 'November', 'December'] as const;

/** Of the wall clock, in the zone that is wanted. */
interface Wall {
  readonly year: number;
  /** 1 to 12. */
  readonly month: number;
  readonly day: number;
  readonly hour: number;
  readonly minute: number;
  readonly second: number;
  /** 0 is Sunday. */
  readonly weekday: number;
  /** 1 to 366. */
  readonly yearDay: number;
  readonly usec: number;
  readonly epochSeconds: number;
  /** Minutes east of UTC. */
  readonly offsetMinutes: number;
  /** Abbreviation, as CET. */
  readonly zone: string;
}

const pad = (value: number, width = 2, fill = '0'): string => String(value).padStart(width, fill);

function wallOf(realtimeUsec: number, utc: boolean): Wall {
  const date = new Date(Math.floor(realtimeUsec / 1000));
  const offsetMinutes = utc ? 0 : -date.getTimezoneOffset();
  const shifted = new Date(date.getTime() + offsetMinutes * 60_000);
  const year = shifted.getUTCFullYear();
  const zone = utc ? 'UTC' : /\(?([A-Z]{2,5})\)?$/.exec(date.toLocaleTimeString('en-GB', { timeZoneName: 'short' }))?.[1] ?? offsetText(offsetMinutes, '');
  return {
    year, month: shifted.getUTCMonth() + 1, day: shifted.getUTCDate(), hour: shifted.getUTCHours(), minute: shifted.getUTCMinutes(), second: shifted.getUTCSeconds(),
    weekday: shifted.getUTCDay(), yearDay: Math.floor((Date.UTC(year, shifted.getUTCMonth(), shifted.getUTCDate()) - Date.UTC(year, 0, 1)) / 86_400_000) + 1,
    usec: realtimeUsec % 1_000_000, epochSeconds: Math.floor(realtimeUsec / 1_000_000), offsetMinutes, zone,
  };
}

function offsetText(minutes: number, colon: string): string {
  const size = Math.abs(minutes);
  return `${minutes < 0 ? '-' : '+'}${pad(Math.floor(size / 60))}${colon}${pad(size % 60)}`;
}

const twelve = (hour: number): number => (hour % 12 === 0 ? 12 : hour % 12);

/** strftime(3) in the C locale; `%f` is microseconds, as in Python, and `%N` nanoseconds, as with date(1). */
const LETTERS: Readonly<Record<string, (wall: Wall) => string>> = {
  Y: ({ year }) => String(year), C: ({ year }) => pad(Math.floor(year / 100)), y: ({ year }) => pad(year % 100),
  m: ({ month }) => pad(month), d: ({ day }) => pad(day), e: ({ day }) => pad(day, 2, ' '), j: ({ yearDay }) => pad(yearDay, 3),
  H: ({ hour }) => pad(hour), k: ({ hour }) => pad(hour, 2, ' '), I: ({ hour }) => pad(twelve(hour)), l: ({ hour }) => pad(twelve(hour), 2, ' '),
  M: ({ minute }) => pad(minute), S: ({ second }) => pad(second), p: ({ hour }) => (hour < 12 ? 'AM' : 'PM'), P: ({ hour }) => (hour < 12 ? 'am' : 'pm'),
  a: ({ weekday }) => DAYS[weekday]?.slice(0, 3) ?? '', A: ({ weekday }) => DAYS[weekday] ?? '', u: ({ weekday }) => String(weekday === 0 ? 7 : weekday), w: ({ weekday }) => String(weekday),
  b: ({ month }) => MONTHS[month - 1]?.slice(0, 3) ?? '', h: ({ month }) => MONTHS[month - 1]?.slice(0, 3) ?? '', B: ({ month }) => MONTHS[month - 1] ?? '',
  s: ({ epochSeconds }) => String(epochSeconds), f: ({ usec }) => pad(usec, 6), N: ({ usec }) => `${pad(usec, 6)}000`,
  z: ({ offsetMinutes }) => offsetText(offsetMinutes, ''), Z: ({ zone }) => zone, n: () => '\n', t: () => '\t', '%': () => '%',
  F: (wall) => strftime('%Y-%m-%d', wall), T: (wall) => strftime('%H:%M:%S', wall), R: (wall) => strftime('%H:%M', wall), D: (wall) => strftime('%m/%d/%y', wall),
  r: (wall) => strftime('%I:%M:%S %p', wall), c: (wall) => strftime('%a %b %e %H:%M:%S %Y', wall), x: (wall) => strftime('%m/%d/%y', wall), X: (wall) => strftime('%H:%M:%S', wall),
};

function strftime(layout: string, wall: Wall): string {
  return layout.replace(/%([A-Za-z%])/g, (_, letter: string) => LETTERS[letter]?.(wall) ?? '');
}

const NAMES: Readonly<Record<string, (line: CopiedLine) => string>> = {
  message: ({ message }) => message, unit: ({ unit }) => unit, identifier: ({ identifier }) => identifier, pid: ({ pid }) => (pid === null ? '-' : String(pid)),
  priority: ({ priority }) => String(priority), host: ({ host }) => host, tai64n: ({ realtimeUsec }) => tai64n(realtimeUsec),
};

/** TAI seconds began ten seconds before the epoch of Unix; 2^62 is the second that began 1970 TAI. Source: cr.yp.to/libtai/tai64.html. */
export function tai64n(realtimeUsec: number): string {
  const seconds = (1n << 62n) + 10n + BigInt(Math.floor(realtimeUsec / 1_000_000));
  return `${seconds.toString(16).padStart(16, '0')}${((realtimeUsec % 1_000_000) * 1000).toString(16).padStart(8, '0')}`;
}

/** What Go's reference time is written as. The longer spelling stands before its beginning. */
const GO_PARTS: readonly (readonly [text: string, value: (wall: Wall) => string])[] = [
  ['January', LETTERS['B'] ?? pad0], ['Jan', LETTERS['b'] ?? pad0], ['Monday', LETTERS['A'] ?? pad0], ['Mon', LETTERS['a'] ?? pad0], ['MST', ({ zone }) => zone],
  ['2006', ({ year }) => pad(year, 4)], ['002', ({ yearDay }) => pad(yearDay, 3)],
  ['-07:00', ({ offsetMinutes }) => offsetText(offsetMinutes, ':')], ['-0700', ({ offsetMinutes }) => offsetText(offsetMinutes, '')], ['-07', ({ offsetMinutes }) => offsetText(offsetMinutes, '').slice(0, 3)],
  ['Z07:00', ({ offsetMinutes }) => (offsetMinutes === 0 ? 'Z' : offsetText(offsetMinutes, ':'))], ['Z0700', ({ offsetMinutes }) => (offsetMinutes === 0 ? 'Z' : offsetText(offsetMinutes, ''))],
  ['01', ({ month }) => pad(month)], ['02', ({ day }) => pad(day)], ['03', ({ hour }) => pad(twelve(hour))], ['04', ({ minute }) => pad(minute)], ['05', ({ second }) => pad(second)], ['06', ({ year }) => pad(year % 100)],
  ['15', ({ hour }) => pad(hour)], ['_2', ({ day }) => pad(day, 2, ' ')], ['PM', ({ hour }) => (hour < 12 ? 'AM' : 'PM')], ['pm', ({ hour }) => (hour < 12 ? 'am' : 'pm')],
  ['1', ({ month }) => String(month)], ['2', ({ day }) => String(day)], ['3', ({ hour }) => String(twelve(hour))], ['4', ({ minute }) => String(minute)], ['5', ({ second }) => String(second)],
];

function pad0(): string {
  return '';
}

function goTime(layout: string, wall: Wall): string {
  let out = '';
  for (let at = 0; at < layout.length;) {
    const fraction = /^([.,])(0+|9+)(?!\d)/.exec(layout.slice(at));
    if (fraction !== null && /5$/.test(layout.slice(0, at))) {
      const digits = `${pad(wall.usec, 6)}000`.slice(0, fraction[2]?.length);
      // Nines drop the zeros at the end, and the point with them.
      const shown = fraction[2]?.startsWith('9') === true ? digits.replace(/0+$/, '') : digits;
      out += shown === '' ? '' : `${fraction[1] ?? ''}${shown}`;
      at += fraction[0].length;
      continue;
    }
    const part = GO_PARTS.find(([text]) => layout.startsWith(text, at));
    out += part === undefined ? layout.charAt(at) : part[1](wall);
    at += part === undefined ? 1 : part[0].length;
  }
  return out;
}

/** @returns a sentence about what is wrong with the layout */
export function parseLayout(text: string): LineLayout | string {
  if (text.startsWith('go:')) {
    const layout = text.slice(3);
    return (line, utc) => `${goTime(layout, wallOf(line.realtimeUsec, utc))} ${line.message}`;
  }
  for (const match of text.matchAll(/%(?:\{([^}]*)\}|(.)|$)/gsu)) {
    const [, name, letter] = match;
    if (name !== undefined && !(name in NAMES)) return `%{${name}} is none of ${Object.keys(NAMES).map((each) => `%{${each}}`).join(', ')}`;
    if (name === undefined && (letter === undefined || !(letter in LETTERS))) return `%${letter ?? ''} is no letter of a layout`;
  }
  return (line, utc) => {
    const wall = wallOf(line.realtimeUsec, utc);
    return text.replace(/%(?:\{([^}]*)\}|(.))/gsu, (_, name: string | undefined, letter: string | undefined) => (name === undefined ? LETTERS[letter ?? '']?.(wall) : NAMES[name]?.(line)) ?? '');
  };
}
