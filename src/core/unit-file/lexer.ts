/**
 * From the text of a unit file to assignments with their places. Source: systemd.syntax(7).
 *
 *     file       = *( line end )                        end: LF, CR, both in either order, with or without a NUL, or a NUL
 *     line       = empty | comment | header | assignment
 *     comment    = first character after white space is "#" or ";"
 *     header     = "[" name "]"
 *     assignment = key "=" value                         white space around all three is dropped
 *
 * A line that ends in an unescaped backslash goes on in the next one; the backslash becomes a space. Comment lines between
 * the two are left out, an empty line ends it. Values stay raw: quotes and specifiers belong to the directive.
 *
 * What makes systemd refuse a whole file (a broken section header, an over-long line, invalid UTF-8) makes `failure` here.
 */
import type { Diagnostic, Entry } from '../unit/source.ts';
import { DiagnosticList } from './diagnostic-list.ts';

/** Characters of the longest logical line. The bound is systemd's; without one a file is one value of any size. */
export const LINE_LENGTH_MAX = 1024 * 1024;

/**
 * Assignments of the largest file. Real files have dozens; each assignment costs about a hundred bytes for as long as the
 * unit is loaded, so this bounds a hostile file to a few megabytes.
 */
export const ENTRIES_MAX = 65_536;

/** A section header and where it stands; repeated headers are repeated here. */
export interface SectionHeader {
  readonly name: string;
  readonly line: number;
  /** Of the name, from 1; 0 = it is not in `line`. */
  readonly column: number;
}

export interface LexedFile {
  readonly file: string;
  /** In file order. A `section` of '' does not occur: assignments outside of a section are diagnosed and left out. */
  readonly entries: readonly Entry[];
  readonly sections: readonly SectionHeader[];
  readonly diagnostics: readonly Diagnostic[];
  /** Why the file as a whole cannot be used, as a sentence with its place; null when it can. */
  readonly failure: string | null;
}

const LINE_ENDS = /(?:\r\n?|\n\r?)\0?|\0/g;
const BYTE_ORDER_MARK = '\uFEFF';

/** Stands for bytes that are no UTF-8 in a text that was decoded: half a surrogate pair, which no decoded text has. */
export const INVALID_UTF8 = '\uDFFF';

/** Looks at halves of pairs, so it also finds whole pairs, which are characters. */
const MAYBE_NO_CHARACTER = /[\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]/;

/**
 * Where the first code point stands of which Unicode says that it is no character, for systemd takes none of them; -1 = nowhere. To make
 * this class costs V8 half a millisecond, so it is made only for a text that may need it.
 */
function findNoCharacter(text: string): number {
  return MAYBE_NO_CHARACTER.test(text) ? text.search(/[\p{Surrogate}\p{Noncharacter_Code_Point}]/u) : -1;
}

/** Control characters have no business in a section's name. */
const UNSAFE_SECTION = /[\u0000-\u001f\u007f"'\\]/;

/**
 * Splits a file into assignments. Linear in the length of the text, never throws.
 *
 * @param text decoded from UTF-8 with `INVALID_UTF8` for what is none; a line that contains it makes the file unusable, as in systemd
 * @param file the path that diagnostics and origins name
 */
export function lexUnitFile(text: string, file: string): LexedFile {
  const log = new DiagnosticList();
  const entries: Entry[] = [];
  const sections: SectionHeader[] = [];
  const nextLine = lineReader(text);
  const hasNoCharacters = findNoCharacter(text) >= 0;
  let section = '';
  /** Set from within `take`, which flow analysis does not see through: hence an object. */
  const outcome: { failure: string | null } = { failure: null };
  let lineNumber = 0;
  let hadMark = false;
  /** The pieces of a continued line and where the first one stands. */
  let pieces: string[] = [];
  let piecesLength = 0;
  let startLine = 0;

  const fail = (line: number, message: string, column = 0): void => {
    outcome.failure = `${file}:${line}: ${message}`;
    log.add('error', { file, line, column }, message);
  };

  /** @param firstLength characters of `raw` that stand in `line`; the others stand in the lines after it */
  const take = (raw: string, line: number, firstLength: number): void => {
    const logical = trimBlanks(raw);
    if (logical === '') return;
    const start = raw.indexOf(logical);
    const column = columnAt(start, firstLength);
    if (hasNoCharacters && findNoCharacter(logical) >= 0) {
      fail(line, 'The line is not valid UTF-8; the file is not used.', columnAt(findNoCharacter(raw), firstLength));
      return;
    }
    if (logical.charCodeAt(0) === 0x5b /* [ */) {
      const name = logical.slice(1, -1);
      if (!logical.endsWith(']') || logical.length < 2) fail(line, `The section header '${excerpt(logical)}' has no closing bracket; the file is not used.`, column);
      else if (UNSAFE_SECTION.test(name)) fail(line, `The section header '${excerpt(logical)}' contains characters that no section has; the file is not used.`, column);
      else {
        section = name;
        if (sections.length < ENTRIES_MAX) sections.push({ name, line, column: columnAt(start + 1, firstLength) });
      }
      return;
    }
    const equals = logical.indexOf('=');
    if (equals < 0) {
      log.add('warning', { file, line, column }, `'${excerpt(logical)}' has no '=' and is ignored.`);
    } else if (equals === 0) {
      log.add('warning', { file, line, column }, "Nothing stands before the '='; the line is ignored.");
    } else if (section === '') {
      log.add('warning', { file, line, column }, `'${excerpt(logical)}' stands outside of any section and is ignored.`);
    } else if (entries.length >= ENTRIES_MAX) {
      fail(line, `The file has more than ${ENTRIES_MAX} assignments; it is not used.`, column);
    } else {
      const value = trimBlanks(logical.slice(equals + 1));
      // What a message says about a value's middle needs a value that stands in one line.
      const isWhole = raw.length === firstLength;
      const valueColumn = isWhole ? start + (value === '' ? equals + 2 : logical.length - value.length + 1) : 0;
      entries.push({ section, key: trimBlanks(logical.slice(0, equals)), value, file, line, column, valueColumn });
    }
  };

  const nul = text.indexOf('\0');
  if (nul >= 0) log.add('warning', { file, line: [...text.slice(0, nul).matchAll(LINE_ENDS)].length + 1 }, 'The file contains NUL bytes; each is taken for the end of a line.');
  for (let raw = nextLine(); raw !== null && outcome.failure === null; raw = nextLine()) {
    lineNumber += 1;
    let line = raw;
    if (isComment(line)) continue;
    // Files are put together from pieces, each with its mark; systemd passes over one, wherever a line begins with it.
    if (!hadMark && line.startsWith(BYTE_ORDER_MARK)) {
      hadMark = true;
      line = line.slice(1);
      if (isComment(line)) continue;
    }
    if (piecesLength + line.length > LINE_LENGTH_MAX) {
      fail(pieces.length > 0 ? startLine : lineNumber, `The line is longer than ${LINE_LENGTH_MAX} characters; the file is not used.`);
      break;
    }
    if (isContinued(line)) {
      if (pieces.length === 0) startLine = lineNumber;
      pieces.push(`${line.slice(0, -1)} `);
      piecesLength += line.length;
    } else if (pieces.length > 0) {
      pieces.push(line);
      take(pieces.join(''), startLine, (pieces[0] as string).length);
      pieces = [];
      piecesLength = 0;
    } else {
      take(line, lineNumber, line.length);
    }
  }
  if (outcome.failure === null && pieces.length > 0) take(pieces.join(''), startLine, (pieces[0] as string).length);
  return { file, entries: outcome.failure === null ? entries : [], sections, diagnostics: log.finish(), failure: outcome.failure };
}

/** Of a character of a logical line, from 1; 0 = it stands in one of the lines after the first. */
function columnAt(position: number, firstLength: number): number {
  return position < firstLength ? position + 1 : 0;
}

/** Gives the physical lines one after the other, then null. */
function lineReader(text: string): () => string | null {
  let position = 0;
  if (!text.includes('\r') && !text.includes('\0')) {
    return () => {
      if (position >= text.length) return null;
      const end = text.indexOf('\n', position);
      const line = end < 0 ? text.slice(position) : text.slice(position, end);
      position = end < 0 ? text.length : end + 1;
      return line;
    };
  }
  const ends = new RegExp(LINE_ENDS);
  return () => {
    if (position >= text.length) return null;
    ends.lastIndex = position;
    const end = ends.exec(text);
    const line = end === null ? text.slice(position) : text.slice(position, end.index);
    position = end === null ? text.length : ends.lastIndex;
    return line;
  };
}

function isBlank(code: number): boolean {
  return code === 0x20 || code === 0x09 || code === 0x0a || code === 0x0d;
}

/** The white space of systemd is narrower than that of `String.trim`: no-break spaces and form feeds are data. */
function trimBlanks(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && isBlank(text.charCodeAt(start))) start += 1;
  while (end > start && isBlank(text.charCodeAt(end - 1))) end -= 1;
  return start === 0 && end === text.length ? text : text.slice(start, end);
}

function isComment(line: string): boolean {
  let i = 0;
  while (i < line.length && isBlank(line.charCodeAt(i))) i += 1;
  const code = line.charCodeAt(i);
  return code === 0x23 || code === 0x3b;
}

/** Whether the last backslash is not itself escaped. Counted from the end: linear even for a line of backslashes. */
function isContinued(line: string): boolean {
  let start = line.length;
  while (start > 0 && line.charCodeAt(start - 1) === 0x5c) start -= 1;
  return ((line.length - start) & 1) === 1;
}

/** A line as it is quoted in a message: short, and without what would disturb a terminal. */
function excerpt(text: string): string {
  const short = text.length > 60 ? `${text.slice(0, 60)}…` : text;
  return short.replace(/[\u0000-\u001f\u007f-\u009f]/g, '?');
}

/** A text as it stands in the value of a setting, whose specifiers and line ends it must not have. */
export function literally(text: string): string {
  return text.replaceAll('%', '%%').replace(/[\n\r]/g, ' ');
}
