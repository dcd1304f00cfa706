/**
 * `%` specifiers. Source: systemd.unit(5), "SPECIFIERS".
 *
 * Facts about the machine and the manager's user come from the host as plain data; a fact that is not known (a machine
 * without machine id) makes the assignment that asks for it fail, it never becomes an empty text in silence.
 */
import { ok, problem, type Result } from '../../base/result.ts';
import type { UnitName } from '../../base/brand.ts';
import {
  nameInstance, namePrefix, nameWithoutSuffix, unescapeUnitPath, unescapeUnitText,
} from '../unit/unit-name.ts';

/** What specifiers stand for, apart from the unit's own name. `null` = not known here. Paths are absolute, without trailing slash. */
export interface SpecifierContext {
  /** `%a`, as `x86-64`. */
  readonly architecture: string;
  /** `%m` and `%b`: 32 hexadecimal digits. */
  readonly machineId: string | null;
  readonly bootId: string | null;
  /** `%H`; `%l` is its part before the first dot. */
  readonly hostname: string;
  /** `%q`; null = the host name. */
  readonly prettyHostname: string | null;
  /** `%v`, as uname -r. */
  readonly kernelRelease: string;
  /** `%o %w %W %B %M %A`: fields of os-release(5), '' when the file does not have them. */
  readonly osId: string;
  readonly osVersionId: string;
  readonly osVariantId: string;
  readonly osBuildId: string;
  readonly osImageId: string;
  readonly osImageVersion: string;
  /** `%u %U %g %G %h %s`: the manager's own user, not User=. */
  readonly userName: string;
  readonly uid: number;
  readonly groupName: string;
  readonly gid: number;
  readonly home: string;
  readonly shell: string;
  /** `%t %S %C %L %E %D %T %V`: /run, /var/lib, /var/cache, /var/log, /etc, /usr/share, /tmp, /var/tmp or the user's own. */
  readonly runtimeRoot: string;
  readonly stateRoot: string;
  readonly cacheRoot: string;
  readonly logsRoot: string;
  readonly configurationRoot: string;
  readonly sharedDataRoot: string;
  readonly temporaryDirectory: string;
  readonly persistentTemporaryDirectory: string;
}

/** The unit whose file is read. */
export interface SpecifierUnit {
  readonly name: UnitName;
  /** `%y` and `%Y`; null when the unit has no file. */
  readonly fragmentPath: string | null;
}

type Expansion = (context: SpecifierContext, unit: SpecifierUnit) => Result<string>;

function fact(what: string, value: (context: SpecifierContext) => string | null): Expansion {
  return (context) => {
    const known = value(context);
    return known === null ? problem(`the ${what} is not known`) : ok(known);
  };
}

function lastComponent(prefix: string): string {
  return prefix.slice(prefix.lastIndexOf('-') + 1);
}

const EXPANSIONS: ReadonlyMap<string, Expansion> = new Map<string, Expansion>([
  ['%', () => ok('%')],
  ['a', fact('architecture', (context) => context.architecture)],
  ['A', fact('image version', (context) => context.osImageVersion)],
  ['b', fact('boot id', (context) => context.bootId)],
  ['B', fact('build id', (context) => context.osBuildId)],
  // Old ones of control groups, which systemd fills in while the unit is read and so knows no slice yet.
  ['c', (_context, unit) => ok(`/${unit.name}`)],
  ['C', fact('cache directory', (context) => context.cacheRoot)],
  ['d', (context, unit) => ok(`${context.runtimeRoot}/credentials/${unit.name}`)],
  ['D', fact('shared data directory', (context) => context.sharedDataRoot)],
  ['E', fact('configuration directory', (context) => context.configurationRoot)],
  ['f', (_context, unit) => {
    const instance = nameInstance(unit.name);
    const text = instance === null || instance === '' ? namePrefix(unit.name) : instance;
    const path = unescapeUnitPath(text);
    return path.ok ? path : problem(`'${text}' is not an escaped path`);
  }],
  ['g', fact('group', (context) => context.groupName)],
  ['G', fact('group id', (context) => String(context.gid))],
  ['h', fact('home directory', (context) => context.home)],
  ['H', fact('host name', (context) => context.hostname)],
  ['i', (_context, unit) => ok(nameInstance(unit.name) ?? '')],
  ['I', (_context, unit) => unescapeUnitText(nameInstance(unit.name) ?? '')],
  ['j', (_context, unit) => ok(lastComponent(namePrefix(unit.name)))],
  ['J', (_context, unit) => unescapeUnitText(lastComponent(namePrefix(unit.name)))],
  ['l', fact('host name', (context) => context.hostname.split('.', 1)[0] ?? '')],
  ['L', fact('log directory', (context) => context.logsRoot)],
  ['m', fact('machine id', (context) => context.machineId)],
  ['M', fact('image id', (context) => context.osImageId)],
  ['n', (_context, unit) => ok(unit.name)],
  ['N', (_context, unit) => ok(nameWithoutSuffix(unit.name))],
  ['o', fact('system id', (context) => context.osId)],
  ['p', (_context, unit) => ok(namePrefix(unit.name))],
  ['P', (_context, unit) => unescapeUnitText(namePrefix(unit.name))],
  ['q', fact('pretty host name', (context) => context.prettyHostname ?? context.hostname)],
  ['r', () => ok('')],
  ['R', () => ok('')],
  ['s', fact('shell', (context) => context.shell)],
  ['S', fact('state directory', (context) => context.stateRoot)],
  ['t', fact('runtime directory', (context) => context.runtimeRoot)],
  ['T', fact('temporary directory', (context) => context.temporaryDirectory)],
  ['u', fact('user', (context) => context.userName)],
  ['U', fact('user id', (context) => String(context.uid))],
  ['v', fact('kernel release', (context) => context.kernelRelease)],
  ['V', fact('persistent temporary directory', (context) => context.persistentTemporaryDirectory)],
  ['w', fact('version id', (context) => context.osVersionId)],
  ['W', fact('variant id', (context) => context.osVariantId)],
  ['y', (_context, unit) => ok(unit.fragmentPath ?? '')],
  ['Y', (_context, unit) => ok(unit.fragmentPath?.slice(0, Math.max(1, unit.fragmentPath.lastIndexOf('/'))) ?? '')],
]);

/** Those that stand for what may be in the name of a unit or of a file descriptor; systemd knows no others there. */
const NAME_LETTERS: ReadonlySet<string> = new Set('%aAbBgGHijlmMnNopquUvwW');

/** Characters of the longest expansion: a value of specifiers alone grows at most this far. As the longest line of a file. */
export const EXPANSION_LENGTH_MAX = 1024 * 1024;

/** Specifiers have no near names but the same letter in the other case. */
function sameLetter(letter: string): string {
  const other = [letter.toLowerCase(), letter.toUpperCase()].find((each) => EXPANSIONS.has(each));
  return other === undefined ? '' : `; did you mean %${other}?`;
}

/**
 * Replaces all specifiers. A `%` that starts none stays as it is, as in systemd.
 *
 * The problem names the specifier and what is not known.
 */
export function expandSpecifiers(text: string, context: SpecifierContext, unit: SpecifierUnit): Result<string> {
  return expandThose(text, context, unit, null);
}

export interface SpecifierExpander {
  /** Replaces the specifiers of a text. */
  readonly expand: (text: string) => Result<string>;
  /** The same in names of units and file descriptors, which know fewer of them. */
  readonly expandName: (text: string) => Result<string>;
}

/** Both for the file of one unit. */
export function specifierExpander(context: SpecifierContext, unit: SpecifierUnit): SpecifierExpander {
  return { expand: (text) => expandSpecifiers(text, context, unit), expandName: (text) => expandThose(text, context, unit, NAME_LETTERS) };
}

/** @param letters those that are known; null = all */
function expandThose(text: string, context: SpecifierContext, unit: SpecifierUnit, letters: ReadonlySet<string> | null): Result<string> {
  let percent = text.indexOf('%');
  if (percent < 0) return ok(text);
  const parts: string[] = [];
  let length = 0;
  let start = 0;
  while (percent >= 0 && percent + 1 < text.length) {
    const letter = text[percent + 1] as string;
    const expansion = EXPANSIONS.get(letter);
    if (expansion === undefined) {
      // All letters and digits are reserved: what they may mean one day must not be taken for text today.
      if (/[A-Za-z0-9]/.test(letter)) return problem(`%${letter} is not a specifier; a percent sign is written %%${sameLetter(letter)}`);
      percent = text.indexOf('%', percent + 1);
      continue;
    }
    if (letters?.has(letter) === false) return problem(`the specifier %${letter} is not known in names`);
    const value = expansion(context, unit);
    if (!value.ok) return problem(`the specifier %${letter} cannot be resolved: ${value.problem}`);
    parts.push(text.slice(start, percent), value.value);
    length += percent - start + value.value.length;
    if (length > EXPANSION_LENGTH_MAX) return problem(`its specifiers make it longer than ${EXPANSION_LENGTH_MAX} characters`);
    start = percent + 2;
    percent = text.indexOf('%', start);
  }
  parts.push(text.slice(start));
  return ok(parts.join(''));
}
