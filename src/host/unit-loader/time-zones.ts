/** Reads the rules of time zones from the time zone database. Source: tzset(3), systemd.time(7). */
import { readFileSync } from 'node:fs';
import { isZoneName, type CalendarSurroundings } from '../../core/time/calendar.ts';
import { parseZoneRule, UTC_ZONE, zoneAbbreviations, zoneFromRule, zoneFromTzif, type TimeZone, type TimeZones } from '../../core/time/time-zone.ts';

const ZONE_DIRECTORY = '/usr/share/zoneinfo';
const LOCAL_ZONE_FILE = '/etc/localtime';

/** A zone of the database by its name; null when there is none. UTC is always there. */
export function readZone(name: string): TimeZone | null {
  const zone = isZoneName(name) ? readZoneFile(name, `${ZONE_DIRECTORY}/${name}`) : null;
  return zone ?? (name === 'UTC' ? UTC_ZONE : null);
}

/**
 * The local zone: that of `TZ` (a name, a path or a POSIX rule, perhaps after a colon), else that of the machine; UTC when neither
 * can be read.
 */
export function readLocalZone(environment: Readonly<Record<string, string | undefined>>): TimeZone {
  const named = environment['TZ'];
  if (named === undefined) return readZoneFile('localtime', LOCAL_ZONE_FILE) ?? UTC_ZONE;
  const text = named.replace(/^:/, '');
  if (text.startsWith('/')) return readZoneFile(text, text) ?? UTC_ZONE;
  const zone = readZone(text);
  if (zone !== null) return zone;
  const rule = named.startsWith(':') ? null : parseZoneRule(text);
  return rule === null ? UTC_ZONE : zoneFromRule(text, rule);
}

/** The zones as this process sees them. Each is read when it is first asked for, and then kept by the returned value. */
export function machineTimeZones(): TimeZones {
  const found = new Map<string, TimeZone | null>();
  let local: TimeZone | null = null;
  return {
    get local() { return local ??= readLocalZone(process.env); },
    find: (name) => {
      const known = found.get(name);
      if (known !== undefined) return known;
      const zone = readZone(name);
      found.set(name, zone);
      return zone;
    },
  };
}

/** What calendar expressions refer to on this machine. */
export function calendarSurroundings(localZone: TimeZone): CalendarSurroundings {
  return { hasZone: (name) => readZone(name) !== null, localAbbreviations: zoneAbbreviations(localZone) };
}

function readZoneFile(name: string, path: string): TimeZone | null {
  try {
    return zoneFromTzif(name, readFileSync(path));
  } catch {
    return null;
  }
}
