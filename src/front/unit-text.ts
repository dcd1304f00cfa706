/** Words of other worlds, written so that a unit file means exactly them. Source: systemd.unit(5), systemd.service(5), systemd.syntax(7). */

/** A word of a command line: no quoting, specifier or variable in it is looked for. */
export function commandWord(word: string): string {
  const escaped = word.replace(/[\\"]/g, '\\$&').replaceAll('%', '%%').replaceAll('$', '$$$$').replaceAll('\n', '\\n').replaceAll('\t', '\\t');
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

/** A value in which only percent signs mean something: a path, a description. */
export function plainValue(text: string): string {
  return text.replaceAll('%', '%%').replace(/[\n\r]/g, ' ');
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
