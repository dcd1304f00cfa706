/** Settings of our own by which a service that runs is made to begin anew. */
import type { Usec } from '../../base/brand.ts';
import { seconds } from '../../base/time.ts';
import type { TimeZones } from '../time/time-zone.ts';
import { NO_RENEWAL, type Renewal, type RenewalWatch } from '../unit/renewal.ts';
import type { ServiceType } from '../unit/service.ts';
import type { CalendarTrigger } from '../unit/timer.ts';
import { readCalendar } from './calendar-setting.ts';
import { entriesFor, ignore, leaveOut, originOf, parseAbsolutePath, readScalar, wordsOf, type SettingReader } from './setting-reader.ts';
import { parseDelay, parseTimeout } from './time-setting.ts';
import { parseBoolean } from './value/number.ts';

/** Types whose main process the manager starts itself, and knows when it is ready. */
const OVERLAPPING_TYPES: ReadonlySet<ServiceType> = new Set<ServiceType>(['simple', 'exec', 'notify', 'notify-reload']);

/** Paths of one service: each costs the kernel some inotify watches, of which a user has some ten thousand. */
const WATCHES_MAX = 256;
/** Expressions of one service; with more than this it was made by a mistake. */
const CALENDARS_MAX = 64;
/** A service that is restarted more often than this by the clock does nothing else. */
const SHORTEST_PERIOD_USEC = seconds(1);

const WATCH_SETTINGS: ReadonlySet<string> = new Set<RenewalWatch['setting']>(['RestartOnChange', 'ReloadOnChange']);

export function readRenewal(reader: SettingReader, type: ServiceType, zones: TimeZones): Renewal {
  return { overlapUsec: readOverlap(reader, type), everyUsec: readPeriod(reader), calendars: readCalendars(reader, zones), watches: readWatches(reader) };
}

function readOverlap(reader: SettingReader, type: ServiceType): Usec | null {
  const overlaps = readScalar(reader, 'RestartOverlap', parseBoolean, false);
  const surviveUsec = readScalar(reader, 'RestartOverlapSec', parseDelay, 0 as Usec);
  const last = entriesFor(reader, 'RestartOverlap').at(-1);
  if (!overlaps || last === undefined) return NO_RENEWAL.overlapUsec;
  if (OVERLAPPING_TYPES.has(type)) return surviveUsec;
  reader.log.add('warning', last, `RestartOverlap= has no effect on a service of Type=${type}; it needs one of ${[...OVERLAPPING_TYPES].join(', ')}.`);
  return NO_RENEWAL.overlapUsec;
}

function readPeriod(reader: SettingReader): Usec | null {
  const everyUsec = readScalar<Usec | null>(reader, 'RestartEverySec', parseTimeout, NO_RENEWAL.everyUsec);
  const last = entriesFor(reader, 'RestartEverySec').at(-1);
  if (everyUsec === null || last === undefined || everyUsec >= SHORTEST_PERIOD_USEC) return everyUsec;
  reader.log.add('warning', last, 'RestartEverySec= is at least 1s.');
  return SHORTEST_PERIOD_USEC;
}

function readCalendars(reader: SettingReader, zones: TimeZones): readonly CalendarTrigger[] {
  let calendars: CalendarTrigger[] = [];
  for (const entry of entriesFor(reader, 'RestartOnCalendar')) {
    if (entry.value === '') {
      calendars = [];
      continue;
    }
    const expanded = reader.expand(entry.value);
    const calendar = expanded.ok ? readCalendar(expanded.value, zones, originOf(entry)) : expanded;
    if (!calendar.ok) ignore(reader, entry, calendar.problem);
    else if (calendars.length >= CALENDARS_MAX) ignore(reader, entry, `a service has at most ${String(CALENDARS_MAX)} such lines`);
    else calendars.push(calendar.value);
  }
  return calendars;
}

/** An empty line takes back the paths of its own setting. */
function readWatches(reader: SettingReader): readonly RenewalWatch[] {
  let watches: RenewalWatch[] = [];
  for (const { directive, entry } of reader.settings) {
    if (!WATCH_SETTINGS.has(directive.name)) continue;
    const setting = directive.name as RenewalWatch['setting'];
    if (entry.value === '') watches = watches.filter((each) => each.setting !== setting);
    for (const word of wordsOf(reader, entry)) {
      const path = parseAbsolutePath(word);
      if (!path.ok) leaveOut(reader, entry, word, path.problem);
      else if (watches.length >= WATCHES_MAX) leaveOut(reader, entry, word, `a service watches at most ${String(WATCHES_MAX)} paths`);
      else watches.push({ path: path.value, setting, origin: originOf(entry) });
    }
  }
  return watches;
}
