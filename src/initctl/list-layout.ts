/** What all lists have in common: whether they have a header and a footer, what may be shortened, and how the footer reads. */
import { parseBoolean } from '../core/unit-file/value/number.ts';
import { jsonFormat } from './json-table.ts';
import { hasOption, optionText } from './options.ts';
import { paint } from './text/style.ts';
import type { Invocation } from './verb.ts';

export function wantsLegend(call: Invocation): boolean {
  if (hasOption(call.options, 'no-legend')) return false;
  const asked = optionText(call.options, 'legend');
  const said = asked === null ? null : parseBoolean(asked);
  if (said !== null) return said.ok && said.value;
  return !hasOption(call.options, 'quiet') && jsonFormat(call) === null;
}

/** For a table: with `--full` nothing is shortened, else every column may be. */
export function elasticity(call: Invocation): { readonly elastic?: readonly number[] } {
  return hasOption(call.options, 'full') ? { elastic: [] } : {};
}

/** `3 sockets listed.`, and how to see more where there is more to see. */
export function countLine(call: Invocation, count: number, what: string): string {
  return paint(call.terminal, count > 0 ? 'strong' : 'bad', `${String(count)} ${what} listed.`);
}

/** The end of a list of units of one kind. */
export function kindFooter(call: Invocation, count: number, what: string): string {
  const more = hasOption(call.options, 'all') ? '' : `\nPass --all to see loaded but inactive ${what}, too.`;
  return `\n${countLine(call, count, what)}${more}`;
}

/** Units are sorted by type, and a rule parts one type from the next. */
export function lastOfTheirTypes(units: readonly string[]): ReadonlySet<number> {
  const typeOf = (unit: string | undefined): string => unit?.slice(unit.lastIndexOf('.') + 1) ?? '';
  return new Set(units.flatMap((unit, index) => (index + 1 < units.length && typeOf(units[index + 1]) !== typeOf(unit) ? [index] : [])));
}
