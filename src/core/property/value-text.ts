/** How systemd writes values of properties. Source: the output of systemctl(1), "show". */
import type { Usec } from '../../base/brand.ts';
import type { LoadState } from '../unit/unit-common.ts';
import { formatTimeSpan } from '../time/time-span.ts';

export const NOT_SET = '[not set]';

export function yesNo(value: boolean): string {
  return value ? 'yes' : 'no';
}

export function words(values: readonly (string | number)[]): string {
  return values.join(' ');
}

/** null = no limit. */
export function span(usec: Usec | null): string {
  return usec === null ? 'infinity' : formatTimeSpan(usec);
}

export function octal(mode: number): string {
  return mode.toString(8).padStart(4, '0');
}

export function numberOrNotSet(value: number | null): string {
  return value === null ? NOT_SET : String(value);
}

/** Words that a shell would not leave alone are quoted, so that the list can be read back. */
export function quotedWords(values: readonly string[]): string {
  return values.map((value) => (/[\s"'\\$`*?[()<>|&;!]/.test(value) ? `"${value.replace(/[\\"`$]/g, '\\$&')}"` : value)).join(' ');
}

/** Whether there is a file that says what the unit is. */
export function hasFile(loadState: LoadState): boolean {
  return loadState === 'loaded' || loadState === 'bad-setting';
}
