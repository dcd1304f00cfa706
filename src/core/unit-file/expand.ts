/**
 * Variables in command lines, expanded at the moment of execution. Source: systemd.service(5), "COMMAND LINES".
 *
 * - `${FOO}` anywhere in a word becomes the value, and stays part of that one word
 * - `$FOO` as a word of its own becomes as many words as the value has, none when it is empty; quotes in it count
 * - `$$` is a dollar sign
 * - a word that starts with `$` is a variable to its end, also where no variable can have that name (`$FOO-x`): as in systemd it vanishes
 * - `$FOO` within a word, and `${…}` of anything but a name, stay as written
 *
 * No `${FOO:-default}`: systemd reads those words only in other files, and shells are at hand for everything else.
 */
import { splitWords } from './words.ts';

export interface ExpandedArguments {
  readonly argv: readonly string[];
  /** Variables that were asked for and are not set; they count as empty. Each once. */
  readonly missing: readonly string[];
}

/**
 * Words of one command line after expansion. The caller says so in the log when something was missing.
 *
 * @param argv        the command line; the program itself (`ExecCommand.path`) is not among what is expanded
 * @param environment the command's full environment
 */
export function expandArguments(argv: readonly string[], environment: ReadonlyMap<string, string>): ExpandedArguments {
  const out: string[] = [];
  const missing = new Set<string>();
  const look = (name: string): string => {
    const value = environment.get(name);
    if (value === undefined) missing.add(name);
    return value ?? '';
  };
  for (const word of argv) {
    const name = word.slice(1);
    if (/^\$(?![${])/.test(word)) out.push(...wordsOfValue(look(name)));
    else out.push(word.includes('$') ? expandWithin(word, look) : word);
  }
  return { argv: out, missing: [...missing] };
}

/** A value splits at white space; quotes hold words together, and backslashes are data. An unclosed quote leaves the value whole. */
function wordsOfValue(value: string): readonly string[] {
  const split = splitWords(value, 'keep');
  return split.ok ? split.value.words : [value];
}

const REFERENCE = /\$(?:\$|\{([A-Za-z_][A-Za-z0-9_]*)\})/g;

function expandWithin(word: string, look: (name: string) => string): string {
  return word.replace(REFERENCE, (_, name: string | undefined) => (name === undefined ? '$' : look(name)));
}
