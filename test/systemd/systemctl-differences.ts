/** Where the two systemctls answer differently on purpose; docs/differences.md has the same for people. */

interface Chosen {
  /** Of the command line. */
  readonly line: RegExp;
  /** Of each line that differs, `-` theirs and `+` ours, without the parts' names. */
  readonly found: RegExp;
  readonly why: string;
}

const CHOSEN: readonly Chosen[] = [];

/** Why all that differs in what a command line printed is as it should be; null when it is not. */
export function reasonFor(line: string, found: readonly string[]): string | null {
  const told = found.filter((each) => /^ {4}/.test(each)).map((each) => each.trim());
  return CHOSEN.find((each) => each.line.test(line) && told.every((one) => each.found.test(one)))?.why ?? null;
}
