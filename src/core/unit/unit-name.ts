/**
 * Unit names: their grammar, their parts and the two escapings. Source: systemd.unit(5), systemd-escape(1).
 *
 *     name     = prefix [ "@" [ instance ] ] "." suffix
 *     prefix   = 1*( letter | digit | ":" | "-" | "_" | "." | "\" )
 *     instance = 1*( the same | "@" )
 *     suffix   = one of UNIT_KINDS
 *
 * With `@` and no instance the name is that of a template, which can be enabled but never loaded or started.
 */
import type { UnitName } from '../../base/brand.ts';
import { ok, problem, type Result } from '../../base/result.ts';
import type { UnitKind } from './unit-common.ts';

/** Every kind of unit; the name's suffix is the kind. */
export const UNIT_KINDS: readonly UnitKind[] = [
  'service', 'target', 'slice', 'scope', 'socket', 'timer', 'path', 'mount', 'automount', 'swap', 'device',
];

/** Length of the longest name in bytes, suffix included: names become file names, and this is NAME_MAX. */
export const UNIT_NAME_LENGTH_MAX = 255;

export const ROOT_SLICE = '-.slice' as UnitName;
export const SYSTEM_SLICE = 'system.slice' as UnitName;
/** Where services of a user's manager live when their file names no slice. */
export const APP_SLICE = 'app.slice' as UnitName;

const KINDS: ReadonlySet<string> = new Set(UNIT_KINDS);
const NAME_PATTERN = /^[A-Za-z0-9:_.\\-][A-Za-z0-9:_.\\@-]*$/;
const INSTANCE_PATTERN = /^[A-Za-z0-9:_.\\@-]+$/;
const PREFIX_PATTERN = /^[A-Za-z0-9:_.\\-]+$/;

export type UnitNameForm = 'plain' | 'template' | 'instance';

/** The form of a valid name, null when `text` is no unit name. */
export function unitNameForm(text: string): UnitNameForm | null {
  if (text.length > UNIT_NAME_LENGTH_MAX || !NAME_PATTERN.test(text)) return null;
  const dot = text.lastIndexOf('.');
  if (dot <= 0 || !KINDS.has(text.slice(dot + 1))) return null;
  const at = text.indexOf('@');
  if (at < 0) return 'plain';
  if (at > dot) return null;
  return at === dot - 1 ? 'template' : 'instance';
}

/** Whether `text` names a unit that can be loaded: valid, and no template. */
export function isUnitName(text: string): text is UnitName {
  const form = unitNameForm(text);
  return form === 'plain' || form === 'instance';
}

/** Whether `text` names a template, such as `getty@.service`. */
export function isTemplateName(text: string): boolean {
  return unitNameForm(text) === 'template';
}

/** The kind of a valid unit or template name. */
export function unitKind(name: string): UnitKind {
  return name.slice(name.lastIndexOf('.') + 1) as UnitKind;
}

/** The name without its suffix: `getty@tty1` of `getty@tty1.service`. */
export function nameWithoutSuffix(name: string): string {
  return name.slice(0, name.lastIndexOf('.'));
}

/** What stands before `@`, or before the suffix when there is no `@`. */
export function namePrefix(name: string): string {
  const at = name.indexOf('@');
  return at < 0 ? nameWithoutSuffix(name) : name.slice(0, at);
}

/** The instance, '' for a template, null for a plain name. */
export function nameInstance(name: string): string | null {
  const at = name.indexOf('@');
  return at < 0 ? null : name.slice(at + 1, name.lastIndexOf('.'));
}

/** `getty@.service` for `getty@tty1.service`; null for a plain name. */
export function templateOf(name: string): string | null {
  const at = name.indexOf('@');
  return at < 0 ? null : `${name.slice(0, at)}@${name.slice(name.lastIndexOf('.'))}`;
}

/** `getty@tty1.service` for the template (or another instance) and `tty1`; null when the outcome is no valid name. */
export function withInstance(template: string, instance: string): UnitName | null {
  const at = template.indexOf('@');
  if (at < 0 || !INSTANCE_PATTERN.test(instance)) return null;
  const name = `${template.slice(0, at)}@${instance}${template.slice(template.lastIndexOf('.'))}`;
  return isUnitName(name) ? name : null;
}

const ANY_INSTANCE = 'any-instance-of-this-template';

/** An instance that nobody has files for and nobody starts: it is asked about when a template is meant. */
export function standInFor(template: string): UnitName | null {
  return withInstance(template, ANY_INSTANCE);
}

export function isStandIn(name: string): boolean {
  return nameInstance(name) === ANY_INSTANCE;
}

/** The name with another suffix: `foo.timer` becomes `foo.service`. */
export function withKind(name: string, kind: UnitKind): UnitName {
  return `${nameWithoutSuffix(name)}.${kind}` as UnitName;
}

/** Whether `text` may stand before `@` or the suffix. */
export function isNamePrefix(text: string): boolean {
  return PREFIX_PATTERN.test(text);
}

/** Whether `text` may be an instance. */
export function isInstance(text: string): boolean {
  return INSTANCE_PATTERN.test(text);
}

/**
 * The slice that contains `slice`: `a-b.slice` for `a-b-c.slice`, the root slice for `a.slice`, null for the root slice.
 * Source: systemd.slice(5).
 */
export function parentSlice(slice: UnitName): UnitName | null {
  if (slice === ROOT_SLICE) return null;
  const dash = slice.lastIndexOf('-');
  return dash < 0 ? ROOT_SLICE : (`${slice.slice(0, dash)}.slice` as UnitName);
}

/** Whether `text` names a slice: a plain name without leading, trailing or doubled dashes, or the root slice. */
export function isSliceName(text: string): text is UnitName {
  if (unitNameForm(text) !== 'plain' || !text.endsWith('.slice')) return false;
  if (text === ROOT_SLICE) return true;
  return !text.startsWith('-') && !text.endsWith('-.slice') && !text.includes('--');
}

/** Slices as a path: `/system/getty` for `system-getty.slice`, used where people read it. */
export function slicePath(slice: UnitName): string {
  return slice === ROOT_SLICE ? '/' : `/${nameWithoutSuffix(slice).replaceAll('-', '/')}`;
}

const encoder = new TextEncoder();

function escapeByte(byte: number): string {
  return `\\x${byte.toString(16).padStart(2, '0')}`;
}

function escapeBytes(text: string, keep: RegExp, escapeLeadingDot: boolean): string {
  let out = '';
  let first = true;
  for (const char of text) {
    if (char === '/') out += '-';
    else if (keep.test(char) && !(first && escapeLeadingDot && char === '.')) out += char;
    else for (const byte of encoder.encode(char)) out += escapeByte(byte);
    first = false;
  }
  return out;
}

/** Any text as the prefix or instance of a unit name: `/` becomes `-`, what is not allowed becomes `\xNN` per UTF-8 byte. */
export function escapeUnitText(text: string): string {
  return escapeBytes(text, /[A-Za-z0-9:_.]/, true);
}

/**
 * Undoes `escapeUnitText`. The problems are a backslash that starts no `\xNN`, and bytes that are not UTF-8, which a
 * unit's settings cannot carry.
 */
export function unescapeUnitText(text: string): Result<string> {
  if (!text.includes('\\')) return ok(text.replaceAll('-', '/'));
  const bytes: number[] = [];
  for (let i = 0; i < text.length;) {
    const char = text[i] as string;
    if (char !== '\\') {
      if (char === '-') bytes.push(0x2f);
      else bytes.push(...encoder.encode(char));
      i += 1;
      continue;
    }
    const digits = /^\\x([0-9a-fA-F]{2})/.exec(text.slice(i, i + 4));
    if (digits === null) return problem('a backslash must start an escape of the form \\xNN');
    bytes.push(Number.parseInt(digits[1] as string, 16));
    i += 4;
  }
  try {
    // Made here: to make one costs more than all else this module does at start.
    return ok(new TextDecoder('utf-8', { fatal: true }).decode(new Uint8Array(bytes)));
  } catch {
    return problem('the escaped bytes are not UTF-8');
  }
}

/** An absolute path without doubled and trailing slashes and without `.` components; null when it is relative. */
export function simplifyPath(path: string): string | null {
  if (!path.startsWith('/')) return null;
  const parts = path.split('/').filter((part) => part !== '' && part !== '.');
  return `/${parts.join('/')}`;
}

function simplifyAnyPath(path: string): string {
  return path.split('/').filter((part) => part !== '' && part !== '.').join('/');
}

/** A file system path as the prefix of a unit name: `/dev/sda1` is `dev-sda1`, `/` is `-`. Paths with `..` have no escape. */
export function escapeUnitPath(path: string): Result<string> {
  const parts = path.split('/').filter((part) => part !== '' && part !== '.');
  if (parts.length === 0) return path === '' || path.startsWith('/') ? ok('-') : problem(`'${path}' is not an absolute file system path`);
  if (parts.includes('..')) return problem(`'${path}' is not a normalized file system path`);
  return ok(escapeUnitText(parts.join('/')));
}

/** Undoes `escapeUnitPath`; the outcome is absolute. */
export function unescapeUnitPath(text: string): Result<string> {
  if (text === '') return problem('an empty text is no escaped path');
  if (text === '-') return ok('/');
  const plain = unescapeUnitText(text);
  if (!plain.ok) return plain;
  const path = plain.value;
  const isNormal = !path.startsWith('/') && !path.endsWith('/') && !path.includes('//')
    && simplifyAnyPath(path) === path && !path.split('/').includes('..');
  return isNormal ? ok(`/${path}`) : problem(`'${text}' is not an escaped path`);
}

/** The unit that stands for a path: `/home` is `home.mount`. Null for relative paths and those with `..`. */
export function unitNameFromPath(path: string, kind: UnitKind): UnitName | null {
  if (!path.startsWith('/')) return null;
  const escaped = escapeUnitPath(path);
  if (!escaped.ok) return null;
  const name = `${escaped.value}.${kind}`;
  return isUnitName(name) ? name : null;
}

/**
 * What a person typed as a unit's name: a path becomes its device or mount unit, a name without suffix gets `kind`, and
 * characters that no name can have are escaped. Never fails for texts below the length limit; null for an empty or over-long one.
 */
export function mangleUnitName(text: string, kind: UnitKind = 'service'): string | null {
  if (text === '') return null;
  if (unitNameForm(text) !== null) return text;
  const path = simplifyPath(text);
  if (path !== null) {
    const name = unitNameFromPath(path, path.startsWith('/dev/') ? 'device' : 'mount');
    if (name !== null) return name;
  }
  const escaped = escapeBytes(text, /[A-Za-z0-9:_.\\@-]/, false);
  const name = KINDS.has(escaped.slice(escaped.lastIndexOf('.') + 1)) && escaped.lastIndexOf('.') > 0 ? escaped : `${escaped}.${kind}`;
  return unitNameForm(name) === null ? null : name;
}
