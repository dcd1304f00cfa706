/** Settings that are known and checked but not put into effect: what was requested, and that it is not implemented. */
import type { Entry, NotEffective } from '../unit/source.ts';
import { parseTimeSpan } from '../time/time-span.ts';
import type { Directive, ValueKind } from './directives.ts';
import { ignore, originOf, type SettingReader } from './setting-reader.ts';
import { parseBoolean, parseInteger, parseMemory, parseMode, parsePercent, parseSize, parseUnsigned, parseWeight } from './value/number.ts';
import { parseSignal } from './value/signal.ts';
import { isRecorded } from './recorded/recorders.ts';
import { splitWords } from './words.ts';

/** Characters of a value that `status` and `show` repeat. */
const REQUESTED_LENGTH_MAX = 200;

/** What is wrong with a value of this kind, or null. Only kinds whose grammar is the same for all directives are looked at. */
function valueProblem(kind: ValueKind, value: string): string | null {
  if (typeof kind !== 'string') return kind.includes(value) ? null : `'${value.slice(0, 60)}' is not one of ${kind.filter((each) => each !== '').join(', ')}`;
  switch (kind) {
    case 'boolean': return problemOf(parseBoolean(value));
    case 'time-span': case 'time-spans': return parseTimeSpan(value).ok ? null : `'${value.slice(0, 60)}' is not a time span such as 5min 20s`;
    case 'number': return problemOf(parseUnsigned(value, Number.MAX_SAFE_INTEGER));
    case 'integer': return problemOf(parseInteger(value, Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER));
    case 'size': return problemOf(parseSize(value));
    case 'memory': return problemOf(parseMemory(value));
    case 'percentage': return problemOf(parsePercent(value, true) ?? { ok: false, problem: `'${value.slice(0, 60)}' is not a percentage` });
    case 'weight': return problemOf(parseWeight(value));
    case 'mode': return problemOf(parseMode(value));
    case 'signal': return problemOf(parseSignal(value));
    case 'words': case 'paths': case 'environment': return problemOf(splitWords(value));
    default: return null;
  }
}

function problemOf(result: { readonly ok: true } | { readonly ok: false; readonly problem: string }): string | null {
  return result.ok ? null : result.problem;
}

/** Kinds that collect values; an empty assignment starts them anew. */
const LIST_KINDS: ReadonlySet<ValueKind> = new Set<ValueKind>([
  'texts', 'paths', 'units', 'commands', 'environment', 'words', 'users', 'condition', 'signals-and-statuses', 'cpu-set',
  'capabilities', 'addresses', 'rules', 'calendar', 'time-spans',
]);

/** Whether a directive collects values instead of keeping the last. */
export function isListKind(kind: ValueKind): boolean {
  return LIST_KINDS.has(kind);
}

/** Whether a value asks for nothing: it is what holds without it. */
function isDefault(directive: Directive, value: string): boolean {
  if (value === '' || value === directive.fallback) return true;
  const wanted = parseBoolean(value);
  const fallback = parseBoolean(directive.fallback);
  if (wanted.ok && fallback.ok) return wanted.value === fallback.value;
  if (directive.kind !== 'time-span') return false;
  const span = parseTimeSpan(value);
  const known = parseTimeSpan(directive.fallback);
  return span.ok && known.ok && span.value === known.value;
}

/**
 * Checks all settings that nobody else reads, and lists those that ask for something.
 *
 * @param sections which sections count: for kinds of units that cannot be started yet, their own section as a whole is
 *                 without effect and is not listed line by line
 */
export function readNotEffective(reader: SettingReader, sections: readonly string[]): readonly NotEffective[] {
  const requested = new Map<string, { readonly directive: Directive; entries: Entry[] }>();
  for (const { directive, entry } of reader.settings) {
    if (directive.status.state !== 'parsed') continue;
    const isChecked = isRecorded(directive.aliasOf ?? directive.name);
    if (isChecked && !isListKind(directive.kind) && reader.ignored.has(entry)) continue;
    const wrong = entry.value === '' || isChecked ? null : valueProblem(directive.kind, entry.value);
    if (wrong !== null) {
      ignore(reader, entry, wrong);
      continue;
    }
    if (!sections.includes(entry.section)) continue;
    const name = directive.aliasOf ?? directive.name;
    const known = requested.get(name);
    if (known === undefined) requested.set(name, { directive, entries: entry.value === '' ? [] : [entry] });
    else if (entry.value === '') known.entries = [];
    else if (isListKind(directive.kind)) known.entries.push(entry);
    else known.entries = [entry];
  }
  const list: NotEffective[] = [];
  for (const [name, { directive, entries }] of requested) {
    const last = entries.at(-1);
    if (last === undefined) continue;
    const value = entries.map((entry) => entry.value).join(' ');
    if (isDefault(directive, value)) continue;
    list.push({
      directive: name, why: 'not-implemented', origin: originOf(last),
      requested: value.length > REQUESTED_LENGTH_MAX ? `${value.slice(0, REQUESTED_LENGTH_MAX)}…` : value,
    });
  }
  return list;
}
