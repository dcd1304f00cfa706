/** What the keeper says about its work, in the files of <eventlog>. Source of the format: Python's logging, which configurations are written for. */
import { appendFileSync } from 'node:fs';
import type { LogTarget } from './configuration.ts';

const LEVELS = { debug: 10, info: 20, warning: 30, error: 40, critical: 50 } as const;
export type LogLevel = keyof typeof LEVELS;

const DAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** The letters of strftime(3) that are used for dates in logs. */
export function formatDate(layout: string, date: Date): string {
  const pad = (value: number, width = 2): string => String(value).padStart(width, '0');
  const letters: Readonly<Record<string, string>> = {
    Y: String(date.getFullYear()), y: pad(date.getFullYear() % 100), m: pad(date.getMonth() + 1), d: pad(date.getDate()), H: pad(date.getHours()), M: pad(date.getMinutes()), S: pad(date.getSeconds()),
    b: MONTHS[date.getMonth()] ?? '', a: DAYS[date.getDay()] ?? '', f: pad(date.getMilliseconds() * 1000, 6), '%': '%',
  };
  return layout.replace(/%([A-Za-z%])/g, (whole, letter: string) => letters[letter] ?? whole);
}

export class EventLog {
  readonly #targets: readonly LogTarget[];

  constructor(targets: readonly LogTarget[]) {
    this.#targets = targets;
  }

  /** A file is opened for each line, so that one that was renamed is left alone from the next line on. */
  write(level: LogLevel, message: string): void {
    for (const { path, level: least, format, dateFormat } of this.#targets) {
      if (LEVELS[level] < least) continue;
      const fields: Readonly<Record<string, string>> = {
        asctime: formatDate(dateFormat, new Date()), levelname: level.toUpperCase(), name: 'zdaemon', message, process: String(process.pid), levelno: String(LEVELS[level]),
      };
      const line = `${format.replace(/%\((\w+)\)[-\d]*[sd]/g, (whole, name: string) => fields[name] ?? whole)}\n`;
      try {
        if (path === 'STDOUT') process.stdout.write(line);
        else if (path === 'STDERR') process.stderr.write(line);
        else appendFileSync(path, line);
      } catch {
        // A full disk is no reason to let the program alone.
      }
    }
  }
}
