/** Words of other worlds, written so that a unit file means exactly them. Source: systemd.unit(5), systemd.service(5), systemd.syntax(7). */

/** What a line of a unit file cannot hold as it is. */
const CONTROL = /[\x00-\x1f\x7f]/g;

/** A word of a command line: no quoting, specifier or variable in it is looked for. */
export function commandWord(word: string): string {
  const escaped = word.replace(/[\\"]/g, '\\$&').replaceAll('%', '%%').replaceAll('$', '$$$$').replace(CONTROL, (char) => `\\x${char.charCodeAt(0).toString(16).padStart(2, '0')}`);
  return `"${escaped}"`;
}

/**
 * The value of ExecStart= for a program.
 *
 * @param path absolute @param argv beginning with the name the program is to see
 */
export function commandLine(path: string, argv: readonly string[]): string {
  return `@${[path, ...argv].map(commandWord).join(' ')}`;
}

/** A value in which only percent signs mean something: a path, a description. Control characters have no place in one. */
export function plainValue(text: string): string {
  // A backslash at the end of a line would join it with the next; blanks there do not count.
  return text.replaceAll('%', '%%').replace(CONTROL, ' ').replace(/\\$/, '\\ ');
}

/** Whether a path can stand as a value; one with control characters can stand only as a word of a command. */
export function isPlainPath(path: string): boolean {
  return path.search(CONTROL) < 0;
}

/** A part of a unit name, as systemd-escape(1) makes it. */
export function unitNamePart(text: string): string {
  const bytes = [...Buffer.from(text)];
  return bytes.map((byte, i) => {
    const char = String.fromCharCode(byte);
    if (char === '/') return '-';
    return /[A-Za-z0-9:_.]/.test(char) && !(i === 0 && char === '.') ? char : `\\x${byte.toString(16).padStart(2, '0')}`;
  }).join('');
}

/** Takes away what a manager adds to the environment of a service: those of other managers' users know nothing of it. */
export const WITHOUT_ADDED_VARIABLES = 'UnsetEnvironment=INVOCATION_ID JOURNAL_STREAM SYSTEMD_EXEC_PID MANAGERPID NOTIFY_SOCKET WATCHDOG_PID WATCHDOG_USEC HEARTWOOD_SOCKET HEARTWOOD_NODE HEARTWOOD_PROGRAM';

/** Lines that give a service exactly these variables, and none of the manager's. */
export function environmentLines(environment: Readonly<Record<string, string>>): readonly string[] {
  return [WITHOUT_ADDED_VARIABLES, ...Object.entries(environment).map(([name, value]) => `Environment=${commandWord(`${name}=${value}`).replaceAll('$$', '$')}`)];
}

/** The variables of this process that a unit file can name. */
export function ownEnvironment(): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(process.env).filter((entry): entry is [string, string] => entry[1] !== undefined && /^[A-Za-z_][A-Za-z0-9_]*$/.test(entry[0])));
}
