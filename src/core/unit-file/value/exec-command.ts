/**
 * Command lines of Exec…=. Source: systemd.service(5), "COMMAND LINES".
 *
 *     line    = command *( white space ";" white space command )
 *     command = *prefix program *argument            prefix: "@" "-" ":" "+" "!" "!!"
 *
 * `\;` as a word of its own is the argument `;`. Specifiers are expanded after splitting, word by word, so that an
 * expansion never makes two words of one.
 */
import { ok, type Result } from '../../../base/result.ts';
import type { ExecCommand } from '../../unit/exec-context.ts';
import type { Origin } from '../../unit/source.ts';
import { isWhitespace, nextWord, skipWhitespace } from '../words.ts';

/** Arguments of one command line; the kernel's own bound is on bytes, this one keeps a hostile file from a million objects. */
const ARGUMENTS_MAX = 65_536;

/** Commands of one line; each becomes a process, one after the other, and nobody reads more than a handful. */
const COMMANDS_MAX = 1024;

/** Remarks on one line that are kept. */
const REMARKS_MAX = 8;

export interface ParsedCommands {
  readonly commands: readonly ExecCommand[];
  readonly remarks: readonly string[];
  /** What is wrong with a command, or null. With `fatal` the unit cannot be used, else only this command is left out. */
  readonly failure: { readonly problem: string; readonly fatal: boolean } | null;
}

interface Prefixes {
  readonly length: number;
  readonly ignoreFailure: boolean;
  readonly noEnvironmentExpansion: boolean;
  readonly ownArgv0: boolean;
  readonly privilege: ExecCommand['privilege'];
}

function readPrefixes(word: string): Prefixes {
  let ignoreFailure = false;
  let noEnvironmentExpansion = false;
  let ownArgv0 = false;
  let privilege: ExecCommand['privilege'] = 'normal';
  let length = 0;
  for (; length < word.length; length += 1) {
    const char = word[length];
    if (char === '-' && !ignoreFailure) ignoreFailure = true;
    else if (char === '@' && !ownArgv0) ownArgv0 = true;
    else if (char === ':' && !noEnvironmentExpansion) noEnvironmentExpansion = true;
    else if (char === '+' && privilege === 'normal') privilege = 'full';
    else if (char === '!' && privilege === 'normal') privilege = 'no-setuid';
    else if (char === '!' && privilege === 'no-setuid') privilege = 'no-setuid-if-no-ambient';
    else break;
  }
  return { length, ignoreFailure, noEnvironmentExpansion, ownArgv0, privilege };
}

function programProblem(path: string, shown: string): string | null {
  if (path === '') return `the command line '${shown}' names no program`;
  if (/[\u0000-\u001f\u007f"'\\]/.test(path)) return `the name of the program in '${shown}' contains quotes, backslashes or control characters`;
  if (path.endsWith('/')) return `'${path}' is a directory and no program`;
  if (!path.startsWith('/') && (path.includes('/') || path === '.' || path === '..' || path.length > 255)) {
    return `'${path}' is neither an absolute path nor the name of a program`;
  }
  return null;
}

/** `/usr//bin/./x` as `/usr/bin/x`; a name without slash stays. */
function simplifyProgram(path: string): string {
  if (!path.startsWith('/') || !/\/(?:\.?\/|\.$)/.test(path)) return path;
  return `/${path.split('/').filter((part) => part !== '' && part !== '.').join('/')}`;
}

/**
 * Reads one non-empty assignment.
 *
 * @param expand replaces the specifiers of one word
 */
export function parseExecCommands(value: string, origin: Origin, expand: (word: string) => Result<string>): ParsedCommands {
  const commands: ExecCommand[] = [];
  const remarks: string[] = [];
  const shown = value.length > 80 ? `${value.slice(0, 80)}…` : value;
  let position = 0;
  for (let more = true; more;) {
    more = false;
    const fail = (problem: string, ignoreFailure: boolean): ParsedCommands => ({ commands, remarks, failure: { problem, fatal: !ignoreFailure } });
    const first = nextWord(value, position);
    // No command is read from it, so there is none that could be wrong: systemd passes over the line.
    if (!first.ok) return fail(first.problem, true);
    if (first.value === null) break;
    if (commands.length >= COMMANDS_MAX) return fail(`the line has more than ${COMMANDS_MAX} commands`, false);
    if (remarks.length < REMARKS_MAX) remarks.push(...first.value.remarks);
    const prefixes = readPrefixes(first.value.text);
    const path = expand(first.value.text.slice(prefixes.length));
    if (!path.ok) return fail(path.problem, prefixes.ignoreFailure);
    const wrong = programProblem(path.value, shown);
    if (wrong !== null) return fail(wrong, prefixes.ignoreFailure);
    const argv: string[] = prefixes.ownArgv0 ? [] : [path.value];
    position = first.value.next;
    while (position < value.length) {
      if (value[position] === ';' && (position + 1 >= value.length || isWhitespace(value[position + 1]))) {
        position = skipWhitespace(value, position + 1);
        more = true;
        break;
      }
      if (value.startsWith('\\;', position) && (position + 2 >= value.length || isWhitespace(value[position + 2]))) {
        argv.push(';');
        position = skipWhitespace(value, position + 2);
        continue;
      }
      const word = nextWord(value, position);
      if (!word.ok) return fail(word.problem, prefixes.ignoreFailure);
      if (word.value === null) break;
      const argument = expand(word.value.text);
      if (!argument.ok) return fail(argument.problem, prefixes.ignoreFailure);
      argv.push(argument.value);
      if (argv.length > ARGUMENTS_MAX) return fail(`the command line has more than ${ARGUMENTS_MAX} arguments`, false);
      if (remarks.length < REMARKS_MAX) remarks.push(...word.value.remarks);
      position = word.value.next;
    }
    if (argv.length === 0) return fail(`the command line '${shown}' has no name for the program (argument 0)`, prefixes.ignoreFailure);
    commands.push({
      path: simplifyProgram(path.value), argv, ignoreFailure: prefixes.ignoreFailure,
      noEnvironmentExpansion: prefixes.noEnvironmentExpansion, privilege: prefixes.privilege, origin,
    });
  }
  return { commands, remarks, failure: null };
}

/** `ok` with the word itself: for callers without specifiers. */
export function keepWord(word: string): Result<string> {
  return ok(word);
}
