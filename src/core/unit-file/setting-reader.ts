/**
 * Reading the settings of one unit: which directive an assignment means, what it is worth, and what to say when it is wrong.
 *
 * The rules all settings share: the last valid assignment of a scalar wins; a bad value is diagnosed and ignored, so the
 * one before it stays; an empty assignment empties a list.
 */
import type { UnitName } from '../../base/brand.ts';
import { ok, problem, type Result } from '../../base/result.ts';
import type { Entry, Origin } from '../unit/source.ts';
import type { UnitKind } from '../unit/unit-common.ts';
import { unitKind } from '../unit/unit-name.ts';
import { DiagnosticList, type Place } from './diagnostic-list.ts';
import { SECTIONS, directivesOf, findDirective, sectionsOf, type Directive, type SectionDirectives } from './directives.ts';
import { HONOURED } from './directives/row.ts';
import type { LexedFile } from './lexer.ts';
import { meant } from './nearest-name.ts';
import type { SpecifierExpander } from './specifiers.ts';
import { parseBoolean } from './value/number.ts';
import { nextWord, type EscapeRule } from './words.ts';

/** An assignment whose directive is known. */
export interface Setting {
  readonly directive: Directive;
  readonly entry: Entry;
}

export interface SettingReader extends SpecifierExpander {
  readonly unit: UnitName;
  readonly kind: UnitKind;
  /** All assignments that mean something, in the order of effect. */
  readonly settings: readonly Setting[];
  /** The same by the directive's current name. */
  readonly byName: ReadonlyMap<string, readonly Entry[]>;
  /** Manual pages of the directives that are set: whole groups can be passed over. */
  readonly pages: ReadonlySet<string>;
  /** Whether there is any Condition…= or Assert…=. */
  readonly hasConditions: boolean;
  /** Whether something is set that is not put into effect. */
  readonly hasParsedOnly: boolean;
  readonly log: DiagnosticList;
  /** Assignments of which at least a part was ignored. */
  readonly ignored: Set<Entry>;
  /** Notes that the unit cannot be used at all; the first reason is kept. */
  readonly fail: (entry: Entry, reason: string) => void;
  /** The first reason with its place, null when there is none. */
  readonly failure: () => string | null;
}

/** Finds the directive of every assignment; unknown sections and names are diagnosed. */
export function readSettings(unit: UnitName, files: readonly LexedFile[], specifiers: SpecifierExpander): SettingReader {
  const kind = unitKind(unit);
  const log = new DiagnosticList();
  const settings: Setting[] = [];
  const byName = new Map<string, Entry[]>();
  const pages = new Set<string>();
  const sections = sectionsOf(kind);
  let failure: string | null = null;
  let hasConditions = false;
  let hasParsedOnly = false;
  for (const file of files) {
    log.addAll(file.diagnostics);
    for (const header of file.sections) {
      if (!sections.includes(header.name) && !header.name.startsWith('X-')) log.add('warning', { file: file.file, line: header.line, column: header.column }, sectionAdvice(header.name, kind));
    }
    let section: string | null = null;
    let directives: SectionDirectives | undefined;
    for (const entry of file.entries) {
      if (entry.section !== section) {
        section = entry.section;
        directives = sections.includes(section) ? directivesOf(section) : undefined;
      }
      if (directives === undefined) continue;
      const directive = directives.get(entry.key);
      if (directive === undefined) {
        if (!entry.key.startsWith('X-')) log.add('warning', entry, log.isFull ? '' : directiveAdvice(entry, kind));
        continue;
      }
      if (directive.status !== HONOURED) {
        if (directive.status.state === 'obsolete') log.add('note', entry, `${entry.key}= has no effect any more: ${directive.status.note}.`);
        else hasParsedOnly ||= directive.status.state === 'parsed';
      }
      if (directive.kind === 'condition') hasConditions = true;
      settings.push({ directive, entry });
      pages.add(directive.manual);
      const name = directive.aliasOf ?? directive.name;
      const list = byName.get(name);
      if (list === undefined) byName.set(name, [entry]);
      else list.push(entry);
    }
  }
  return {
    unit, kind, settings, byName, pages, hasConditions, hasParsedOnly, log, ignored: new Set(), ...specifiers,
    fail: (entry, reason) => {
      failure ??= `${entry.file}:${entry.line}: ${reason}`;
      log.add('error', valuePlace(entry), reason);
    },
    failure: () => failure,
  };
}

function sectionAdvice(name: string, kind: UnitKind): string {
  if (SECTIONS.includes(name)) return `A ${kind} unit has no section [${name}]; it is ignored.`;
  return sentence(`The section [${shorten(name)}] is unknown and ignored${meant(name, sectionsOf(kind), (nearest) => `[${nearest}]`)}`);
}

function directiveAdvice(entry: Entry, kind: UnitKind): string {
  const said = `${shorten(entry.key)}= is unknown in section [${entry.section}] and ignored`;
  for (const section of sectionsOf(kind)) {
    if (findDirective(section, entry.key) !== undefined) return `${said}; it belongs in [${section}].`;
  }
  return sentence(said + meant(entry.key, directivesOf(entry.section)?.names() ?? [], (nearest) => `${nearest}=`));
}

function shorten(text: string): string {
  return text.length > 60 ? `${text.slice(0, 60)}…` : text;
}

/** The place of an assignment, without its value. */
export function originOf(entry: Entry): Origin {
  return { file: entry.file, line: entry.line };
}

/** Says that an assignment is ignored, and why. */
export function ignore(reader: SettingReader, entry: Entry, reason: string): void {
  reader.ignored.add(entry);
  reader.log.add('warning', valuePlace(entry), sentence(`${entry.key}= is ignored: ${reason}`));
}

/**
 * Says that one word of a list is left out and why; the other words hold.
 *
 * @param word as it was read; its column is found when it stands so in the file
 * @param reason what it is not, as `it is not a capability`
 * @param known names that may have been meant
 */
export function leaveOut(reader: SettingReader, entry: Entry, word: string, reason: string, known: Iterable<string> = []): void {
  reader.ignored.add(entry);
  reader.log.add('warning', wordPlace(entry, word), sentence(`${entry.key}=: '${shorten(word)}' is left out: ${reason}${reader.log.isFull ? '' : meant(word, known)}`));
}

/** Where the value of an assignment stands; of a continued one, where the assignment begins. */
function valuePlace(entry: Entry): Place {
  return { file: entry.file, line: entry.line, column: entry.valueColumn === 0 ? entry.column : entry.valueColumn };
}

/** Where a word of a value stands. Quotes and specifiers may hide it; then it is the value as a whole. */
export function wordPlace(entry: Entry, word: string): Place {
  const offset = entry.value.indexOf(word);
  return entry.valueColumn === 0 || offset < 0 ? valuePlace(entry) : { file: entry.file, line: entry.line, column: entry.valueColumn + offset };
}

/** With its full stop, where no question mark ends it. */
function sentence(text: string): string {
  return /[.?]$/.test(text) ? text : `${text}.`;
}

/** All assignments of a directive, none as an empty list. */
export function entriesFor(reader: SettingReader, name: string): readonly Entry[] {
  return reader.byName.get(name) ?? [];
}

/** An object while it is being made. */
export type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/** Reads one directive into the object it belongs to. */
export type FieldReader<T, C> = (target: Mutable<T>, reader: SettingReader, context: C) => void;

/**
 * Fills in what the files say. Most units set a handful of the hundred directives there are; running a reader only for those
 * that are set makes the time to load a unit a matter of its file's length (measured: half the time for a typical service).
 */
export function applyReaders<T, C>(target: Mutable<T>, readers: ReadonlyMap<string, FieldReader<T, C>>, reader: SettingReader, context: C): void {
  const done: FieldReader<T, C>[] = [];
  for (const name of reader.byName.keys()) {
    const read = readers.get(name);
    // Directives that are read together share a reader, which must not diagnose their lines twice.
    if (read === undefined || done.includes(read)) continue;
    done.push(read);
    read(target, reader, context);
  }
}

/** Whether anything is set that these readers read. */
export function setsAnyOf(reader: SettingReader, readers: ReadonlyMap<string, unknown>): boolean {
  for (const name of reader.byName.keys()) if (readers.has(name)) return true;
  return false;
}

/** What an empty assignment means to a scalar: back to the default, or a bad value as any other, which leaves what was set before. systemd has both. */
export type EmptyRule = 'resets' | 'is-bad';

/** The last valid value of a scalar whose value has no specifiers. */
export function readScalar<T>(reader: SettingReader, name: string, parse: (text: string) => Result<T>, fallback: T, empty: EmptyRule = 'is-bad'): T {
  const entries = reader.byName.get(name);
  if (entries === undefined) return fallback;
  let value = fallback;
  for (const entry of entries) {
    if (entry.value === '' && empty === 'resets') {
      value = fallback;
      continue;
    }
    const parsed = parse(entry.value);
    if (parsed.ok) value = parsed.value;
    else ignore(reader, entry, parsed.problem);
  }
  return value;
}

/** The same with specifiers expanded first. */
export function readExpanded<T>(reader: SettingReader, name: string, parse: (text: string) => Result<T>, fallback: T, empty: EmptyRule = 'is-bad'): T {
  return readScalar(reader, name, (text) => {
    const expanded = reader.expand(text);
    return expanded.ok ? parse(expanded.value) : expanded;
  }, fallback, empty);
}

/** An absolute path, null for none: specifiers that leave nothing take back what was set before. */
export function readPath(reader: SettingReader, name: string): string | null {
  return readExpanded<string | null>(reader, name, (text) => (text === '' ? ok(null) : parseAbsolutePath(text)), null, 'resets');
}

/** The same where a wrong path must not lead to running a command somewhere else: the unit is refused. */
export function readVitalPath(reader: SettingReader, name: string): string | null {
  let path: string | null = null;
  for (const entry of entriesFor(reader, name)) {
    const expanded = reader.expand(entry.value);
    const parsed = expanded.ok && expanded.value !== '' ? parseAbsolutePath(expanded.value) : expanded;
    if (!parsed.ok) reader.fail(entry, `The unit cannot be used with this ${name}=: ${parsed.problem}.`);
    else path = parsed.value === '' ? null : parsed.value;
  }
  return path;
}

/** Words of a list directive with specifiers expanded, each with its entry; an empty assignment empties the list. */
export function readWords(reader: SettingReader, name: string, escapes: EscapeRule = 'drop', expand = reader.expand): readonly { readonly word: string; readonly entry: Entry }[] {
  let words: { readonly word: string; readonly entry: Entry }[] = [];
  for (const entry of entriesFor(reader, name)) {
    if (entry.value === '') words = [];
    else for (const word of wordsOf(reader, entry, escapes, expand)) words.push({ word, entry });
  }
  return words;
}

/**
 * Words of one assignment with specifiers expanded. A word that cannot be expanded is left out and diagnosed; from a quote
 * that is never closed or an escape that does not exist on, the rest of the line is.
 */
export function wordsOf(reader: SettingReader, entry: Entry, escapes: EscapeRule = 'drop', expand = reader.expand): readonly string[] {
  const words: string[] = [];
  for (const word of plainWordsOf(reader, entry, escapes)) {
    const expanded = expand(word);
    if (expanded.ok) words.push(expanded.value);
    else leaveOut(reader, entry, word, expanded.problem);
  }
  return words;
}

/** The same for settings in whose words a per cent sign is data. */
export function plainWordsOf(reader: SettingReader, entry: Entry, escapes: EscapeRule = 'drop'): readonly string[] {
  if (escapes === 'raw') return entry.value.split(/[ \t\n\r]+/).filter(Boolean);
  const words: string[] = [];
  for (let position = 0; ;) {
    const word = nextWord(entry.value, position, escapes);
    const wrong = word.ok ? word.value?.remarks[0] : word.problem;
    if (wrong !== undefined) {
      if (words.length === 0) ignore(reader, entry, wrong);
      else leaveOut(reader, entry, entry.value.slice(position).trim(), wrong);
      return words;
    }
    if (!word.ok || word.value === null) return words;
    words.push(word.value.text);
    position = word.value.next;
  }
}

/** A boolean whose wrong value must not lead to running a command as somebody else: the unit is refused. */
export function readVitalFlag(reader: SettingReader, name: string): boolean {
  let value = false;
  for (const entry of entriesFor(reader, name)) {
    const parsed = parseBoolean(entry.value);
    if (parsed.ok) value = parsed.value;
    else reader.fail(entry, `The unit cannot be used with this ${name}=: ${parsed.problem}.`);
  }
  return value;
}

/** A parser for one of fixed words. */
export function oneOf<T extends string>(...words: readonly T[]): (text: string) => Result<T> {
  return (text) => {
    const found = words.find((word) => word === text);
    if (found !== undefined) return ok(found);
    return problem(`'${shorten(text)}' is not one of ${words.join(', ')}${meant(text, words)}`);
  };
}

/** `/var/run` has been a link to `/run` for long; files that still say so mean `/run`. */
export function withoutVarRun(path: string): string {
  return path.replace(/^\/var\/run\//, '/run/');
}

/** Bytes of the longest path (PATH_MAX without its NUL) and of the longest name in one (NAME_MAX), both of linux/limits.h. */
const PATH_BYTES_MAX = 4095;
const PART_BYTES_MAX = 255;

function isShortEnough(path: string, parts: readonly string[]): boolean {
  return utf8Length(path) <= PATH_BYTES_MAX && parts.every((part) => utf8Length(part) <= PART_BYTES_MAX);
}

const encoder = new TextEncoder();

function utf8Length(text: string): number {
  return encoder.encode(text).length;
}

/** An absolute path without `..`, simplified. */
export function parseAbsolutePath(text: string): Result<string> {
  if (!text.startsWith('/')) return problem(`'${shorten(text)}' is not an absolute path`);
  const parts = text.split('/').filter((part) => part !== '' && part !== '.');
  if (parts.includes('..')) return problem(`'${shorten(text)}' contains '..'`);
  const path = `/${parts.join('/')}`;
  return path.length <= PART_BYTES_MAX || isShortEnough(path, parts) ? ok(path) : problem(`'${shorten(text)}' is longer than a path can be`);
}
