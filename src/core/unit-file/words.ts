/**
 * Splitting a value into words, with quotes and C escapes undone. Source: systemd.syntax(7), "Quoting"; systemd.service(5),
 * "Command lines".
 *
 * Quotes may stand anywhere in a word: `a"b c"d` is the one word `ab cd`. An escape that does not exist is left as
 * written, with a remark, which is what systemd does after its first attempt fails.
 */
import { ok, problem, type Result } from '../../base/result.ts';

export interface Word {
  readonly text: string;
  /** Index after the word and the white space that follows it. */
  readonly next: number;
  /** Remarks on escapes that were left as written. */
  readonly remarks: readonly string[];
}

/** Remarks on one value that are kept: a line of a million wrong escapes has one mistake, not a million. */
const REMARKS_MAX = 8;

const WHITESPACE = ' \t\n\r';
const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8');

/**
 * - `drop`: quotes join, a backslash makes the next character data and vanishes: most settings
 * - `undo`: quotes join, C escapes are undone: commands and assignments
 * - `keep`: quotes join, backslashes are data: values of variables
 * - `bare`: quotes are data, a backslash makes the next character data and vanishes: words from a table, in which quotes are a mistake
 * - `raw`: quotes and backslashes are data: unit names
 */
export type EscapeRule = 'drop' | 'undo' | 'keep' | 'bare' | 'raw';

export function isWhitespace(char: string | undefined): boolean {
  return char !== undefined && char !== '' && WHITESPACE.includes(char);
}

/** Index of the first character at or after `start` that is no white space. */
export function skipWhitespace(text: string, start: number): number {
  let i = start;
  while (isWhitespace(text[i])) i += 1;
  return i;
}

/** Characters of a plain word: no quote, no backslash, no white space. */
const PLAIN_WORD = /[^\s"'\\]*/y;

/**
 * The next word at or after `start`, null when only white space is left. The problem is a quote that is never closed or a
 * backslash at the very end.
 */
export function nextWord(text: string, start: number, escapes: Exclude<EscapeRule, 'raw'> = 'undo'): Result<Word | null> {
  const first = skipWhitespace(text, start);
  if (first >= text.length) return ok(null);
  PLAIN_WORD.lastIndex = first;
  PLAIN_WORD.test(text);
  const plainEnd = PLAIN_WORD.lastIndex;
  if (plainEnd === text.length || (plainEnd > first && isWhitespace(text[plainEnd]))) {
    return ok({ text: text.slice(first, plainEnd), next: skipWhitespace(text, plainEnd), remarks: [] });
  }
  return quotedWord(text, first, escapes);
}

function quotedWord(text: string, first: number, escapes: Exclude<EscapeRule, 'raw'>): Result<Word | null> {
  const parts: string[] = [];
  const remarks: string[] = [];
  const remark = (text: string): void => {
    if (remarks.length < REMARKS_MAX) remarks.push(text);
  };
  /** Bytes of `\xNN` escapes that together may form one UTF-8 character. */
  let bytes: number[] = [];
  let quote = '';
  const flush = (): void => {
    if (bytes.length === 0) return;
    const decoded = decoder.decode(new Uint8Array(bytes));
    if (decoded.includes('\uFFFD')) remark('an escape makes bytes that are not UTF-8; they become U+FFFD');
    parts.push(decoded);
    bytes = [];
  };
  let i = first;
  for (; i < text.length; i += 1) {
    const char = text[i] as string;
    if (char === '\\' && escapes === 'undo') {
      if (i + 1 >= text.length) {
        if (quote !== '') break;
        remark('a backslash at the end of the line is kept');
        flush();
        parts.push('\\');
        continue;
      }
      const next = text[i + 1] as string;
      const escape = readEscape(text, i + 1);
      if (escape === null) {
        remark(`'\\${next}' is no escape sequence and is kept as it is`);
        flush();
        parts.push('\\', next);
        i += 1;
      } else {
        if (typeof escape.value === 'number') bytes.push(escape.value);
        else {
          flush();
          parts.push(escape.value);
        }
        i += escape.length;
      }
      continue;
    }
    flush();
    if (char === '\\' && (escapes === 'drop' || escapes === 'bare')) {
      if (i + 1 >= text.length) return problem('nothing follows the backslash at the end');
      parts.push(text[i + 1] as string);
      i += 1;
    } else if (quote !== '') {
      if (char === quote) quote = '';
      else parts.push(char);
    } else if ((char === '"' || char === "'") && escapes !== 'bare') quote = char;
    else if (isWhitespace(char)) break;
    else parts.push(char);
  }
  flush();
  if (quote !== '') return problem(`a quote (${quote}) is never closed`);
  return ok({ text: parts.join(''), next: skipWhitespace(text, i), remarks });
}

const SIMPLE_ESCAPES: ReadonlyMap<string, string> = new Map([
  ['a', '\x07'], ['b', '\b'], ['f', '\f'], ['n', '\n'], ['r', '\r'], ['t', '\t'], ['v', '\v'],
  ['\\', '\\'], ['"', '"'], ["'", "'"], ['s', ' '],
]);

/** A byte (number) for `\xNN` and octal from 0x80, text for the rest; null when there is no such escape. `length` counts what follows the backslash. */
function readEscape(text: string, at: number): { readonly value: string | number; readonly length: number } | null {
  const kind = text[at] as string;
  const simple = SIMPLE_ESCAPES.get(kind);
  if (simple !== undefined) return { value: simple, length: 1 };
  if (kind === 'x' || kind === 'u' || kind === 'U') {
    const digits = kind === 'x' ? 2 : kind === 'u' ? 4 : 8;
    const hex = text.slice(at + 1, at + 1 + digits);
    if (hex.length !== digits || !/^[0-9a-fA-F]+$/.test(hex)) return null;
    const code = Number.parseInt(hex, 16);
    if (code === 0) return null;
    if (kind === 'x') return { value: code, length: 3 };
    if (code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff)) return null;
    return { value: String.fromCodePoint(code), length: 1 + digits };
  }
  const octal = text.slice(at, at + 3);
  if (!/^[0-7]{3}$/.test(octal)) return null;
  const code = Number.parseInt(octal, 8);
  return code === 0 || code > 255 ? null : { value: code, length: 3 };
}

/** Index of the first colon that no backslash makes data; -1 = none. */
export function colonIn(text: string): number {
  const before = /^(?:\\.|[^:\\])*/s.exec(text)?.[0].length ?? 0;
  return text[before] === ':' ? before : -1;
}

/** A part of a value in which a backslash makes the next character data and vanishes. */
export function withoutBackslashes(text: string): string {
  return text.replace(/\\(.)/gs, '$1');
}

/** A whole value with C escapes undone, white space and quotes being data. The problem is an escape that does not exist. */
export function undoEscapes(text: string): Result<string> {
  if (!text.includes('\\')) return ok(text);
  const word = nextWord(`"${text.replaceAll('"', '\\x22')}"`, 0);
  const wrong = word.ok ? word.value?.remarks[0] : word.problem;
  return wrong === undefined && word.ok ? ok(word.value?.text ?? '') : problem(wrong ?? 'an escape is not complete');
}

/** Source, destination and options. */
const PARTS_MAX = 3;

/**
 * Words whose parts stand between colons, as `/source:/destination:options`. Quotes join, a backslash makes the next
 * character data. Parts may be empty, and between two blanks stands an empty word, unless the one before it had all its three parts.
 */
export function splitColonWords(text: string): Result<readonly (readonly string[])[]> {
  const words: string[][] = [];
  let parts: string[] | null = null;
  let part = '';
  let quote = '';
  for (let i = 0; i <= text.length; i += 1) {
    const char = text[i];
    if (char === undefined || (quote === '' && isWhitespace(char))) {
      if (char === undefined && quote !== '') return problem(`a quote (${quote}) is never closed`);
      if (parts !== null) words.push([...parts, part]);
      else if ((words.at(-1)?.length ?? PARTS_MAX) < PARTS_MAX && char !== undefined) words.push(['']);
      parts = null;
      part = '';
      continue;
    }
    parts ??= [];
    if (char === '\\') {
      if (i + 1 >= text.length) return problem('nothing follows the backslash at the end');
      i += 1;
      part += text[i] as string;
    } else if (quote !== '') {
      if (char === quote) quote = '';
      else part += char;
    } else if (char === '"' || char === "'") quote = char;
    else if (char === ':') {
      parts.push(part);
      part = '';
    } else part += char;
  }
  return ok(words);
}

/** A list in which commas part words as blanks do; those within quotes are data. */
export function commasAsBlanks(text: string): string {
  let quote = '';
  return text.replace(/\\.|["',]/gs, (found) => {
    if (found.startsWith('\\')) return found;
    if (found === ',') return quote === '' ? ' ' : ',';
    if (quote === '') quote = found;
    else if (quote === found) quote = '';
    return found;
  });
}

export interface Words {
  readonly words: readonly string[];
  readonly remarks: readonly string[];
}

/** All words of a value. */
export function splitWords(text: string, escapes: EscapeRule = 'undo'): Result<Words> {
  const isPlain = escapes === 'raw' || !/["'\\]/.test(text);
  if (isPlain) return ok({ words: text.split(/[ \t\n\r]+/).filter(Boolean), remarks: [] });
  const words: string[] = [];
  const remarks: string[] = [];
  for (let position = 0; ;) {
    const word = nextWord(text, position, escapes);
    if (!word.ok) return word;
    if (word.value === null) return ok({ words, remarks });
    words.push(word.value.text);
    if (remarks.length < REMARKS_MAX) remarks.push(...word.value.remarks);
    position = word.value.next;
  }
}

/**
 * A word as it must be written to be read back unchanged: as it is when plain, else in double quotes with C escapes.
 * Non-ASCII text stays readable.
 */
export function quoteWord(text: string): string {
  if (text !== '' && !/[\s"'\\\u0000-\u001f\u007f]/.test(text)) return text;
  let out = '"';
  for (const char of text) {
    const code = char.charCodeAt(0);
    if (char === '"' || char === '\\') out += `\\${char}`;
    else if (char === '\n') out += '\\n';
    else if (char === '\t') out += '\\t';
    else if (char === '\r') out += '\\r';
    else if (code < 0x20 || code === 0x7f || /[\u0080-\u009f\u2028\u2029]/.test(char)) out += [...encoder.encode(char)].map((byte) => `\\x${byte.toString(16).padStart(2, '0')}`).join('');
    else out += char;
  }
  return `${out}"`;
}
