/** Instants as text, the same in the manager's properties and in what verbs print. */

const DAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];

/** `Mon 2026-11-16 09:30:00 UTC` in the process's time zone; '' for 0 (never). Source: systemd.time(7). */
export function formatInstant(usec: number): string {
  if (usec <= 0) return '';
  const date = new Date(usec / 1000);
  const two = (value: number): string => String(value).padStart(2, '0');
  const offset = -date.getTimezoneOffset();
  const zone = offset === 0 ? 'UTC' : `${offset < 0 ? '-' : '+'}${two(Math.floor(Math.abs(offset) / 60))}${offset % 60 === 0 ? '' : two(Math.abs(offset) % 60)}`;
  return `${DAYS[date.getDay()] as string} ${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())} ${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())} ${zone}`;
}
