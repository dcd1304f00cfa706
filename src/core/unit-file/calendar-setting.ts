/** Settings that are a calendar expression. Source: systemd.time(7). */
import { ok, problem, type Result } from '../../base/result.ts';
import { formatCalendar, parseCalendar, type CalendarProblem } from '../time/calendar.ts';
import { UTC_ZONE, zoneAbbreviations, type TimeZones } from '../time/time-zone.ts';
import type { Origin } from '../unit/source.ts';
import type { CalendarTrigger } from '../unit/timer.ts';

const CALENDAR_PROBLEMS: Readonly<Record<CalendarProblem, string>> = {
  'not-calendar': 'is not a calendar expression such as Mon..Fri *-*-* 08:30', 'out-of-range': 'has a number that is out of range', 'too-long': 'has too many parts',
};

export function readCalendar(text: string, zones: TimeZones, origin: Origin): Result<CalendarTrigger> {
  const spec = parseCalendar(text, { hasZone: (name) => zones.find(name) !== null, localAbbreviations: zoneAbbreviations(zones.local) });
  if (!spec.ok) return problem(`'${text.slice(0, 80)}' ${CALENDAR_PROBLEMS[spec.problem]}`);
  const { zone } = spec.value;
  const used = zone.kind === 'utc' ? UTC_ZONE : zone.kind === 'named' ? zones.find(zone.name) ?? UTC_ZONE : zones.local;
  return ok({ base: 'OnCalendar', calendar: spec.value, text: formatCalendar(spec.value), zone: used, origin });
}
