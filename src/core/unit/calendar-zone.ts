/** Calendar expressions that name no time zone follow the machine's. */
import type { TimeZone } from '../time/time-zone.ts';
import type { TimerTrigger } from './timer.ts';

/** The line, read in the machine's new zone where it names none. */
export function inZone<T extends TimerTrigger>(trigger: T, zone: TimeZone): T {
  if (trigger.base !== 'OnCalendar') return trigger;
  const { kind } = trigger.calendar.zone;
  return kind === 'local' || kind === 'local-season' ? { ...trigger, zone } : trigger;
}
