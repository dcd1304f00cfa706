/**
 * Settings that are read and checked, and shown as systemd shows them, but not put into effect: what a table of them is made of.
 *
 * A recorder reads all assignments of one directive, says what is wrong with them, and gives the properties that `show` prints
 * in place of the defaults.
 */
import { ok, type Result } from '../../../base/result.ts';
import type { Entry } from '../../unit/source.ts';
import { ignore, plainWordsOf, type SettingReader } from '../setting-reader.ts';
import type { EscapeRule } from '../words.ts';

/** Name and value of properties, the value as `show` prints it; several lines are joined by line feeds. */
export type RecordedProperties = Readonly<Record<string, string>>;

export type Recorder = (reader: SettingReader, entries: readonly Entry[]) => RecordedProperties;

/** One row of a table: the directive and how it is recorded. */
export type RecorderRow = readonly [directive: string, recorder: Recorder];

/** A value to the text that `show` prints. */
export type ShownValue = (text: string, reader: SettingReader) => Result<string>;

/** Nothing that differs from the default. */
export const NOTHING: RecordedProperties = {};

/** The last valid value counts; an empty assignment goes back to the default, or is a bad value where `empty` says so. */
export function scalar(directive: string, property: string, shown: ShownValue, empty: 'resets' | 'is-bad' = 'resets'): RecorderRow {
  return [directive, (reader, entries) => {
    let value: string | null = null;
    for (const entry of entries) {
      if (entry.value === '' && empty === 'resets') value = null;
      else {
        const parsed = shown(entry.value, reader);
        if (parsed.ok) value = parsed.value;
        else ignore(reader, entry, parsed.problem);
      }
    }
    return value === null ? NOTHING : { [property]: value };
  }];
}

/** What is read from the words of an assignment: specifiers are the parser's affair. */
export interface ListOptions {
  readonly escapes?: EscapeRule;
  /** Between the items, as `show` prints them. */
  readonly separator?: string;
  readonly sorted?: boolean;
  readonly unique?: boolean;
  readonly newestFirst?: boolean;
}

/** Words that add up over the lines; an empty assignment starts anew. */
export function list(directive: string, property: string, item: ShownValue, options: ListOptions = {}): RecorderRow {
  return collected(directive, property, options, (reader, entry) => plainWordsOf(reader, entry, options.escapes ?? 'drop').flatMap((word) => kept(reader, entry, item(word, reader))));
}

/** Whole lines that add up. */
export function lines(directive: string, property: string, item: ShownValue, options: ListOptions = {}): RecorderRow {
  return collected(directive, property, options, (reader, entry) => kept(reader, entry, item(entry.value, reader)));
}

function kept(reader: SettingReader, entry: Entry, item: Result<string>): readonly string[] {
  if (item.ok) return [item.value];
  ignore(reader, entry, item.problem);
  return [];
}

/** Items in the order they were written, each of which may be several. */
export function collected(directive: string, property: string, options: ListOptions, itemsOf: (reader: SettingReader, entry: Entry) => readonly string[]): RecorderRow {
  return [directive, (reader, entries) => {
    let items: string[] = [];
    for (const entry of entries) {
      if (entry.value === '') items = [];
      else for (const each of itemsOf(reader, entry)) items.push(each);
    }
    if (options.unique === true) items = [...new Set(items)];
    if (options.sorted === true) items.sort();
    if (options.newestFirst === true) items.reverse();
    return items.length === 0 ? NOTHING : { [property]: items.join(options.separator ?? ' ') };
  }];
}

/** Checks with the parser of a typed value and shows what was written. */
export function asWritten(parse: (text: string) => Result<unknown>): ShownValue {
  return (text) => {
    const parsed = parse(text);
    return parsed.ok ? ok(text) : parsed;
  };
}

/** Checks with the parser of a typed value and shows it in systemd's form. */
export function shownAs<T>(parse: (text: string) => Result<T>, show: (value: T) => string): ShownValue {
  return (text) => {
    const parsed = parse(text);
    return parsed.ok ? ok(show(parsed.value)) : parsed;
  };
}

/** The same after specifiers are expanded. */
export function expanded(shown: ShownValue): ShownValue {
  return (text, reader) => {
    const whole = reader.expand(text);
    return whole.ok ? shown(whole.value, reader) : whole;
  };
}
