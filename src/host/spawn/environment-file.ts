/**
 * The format of EnvironmentFile=, as systemd.exec(5) describes it: a shell's assignments without the shell.
 *
 *     file     := (blank | comment | assignment)*
 *     comment  := ('#' | ';') … newline            a backslash at the end continues it
 *     assignment := key '=' piece* newline         key: letter or '_', then letters, digits, '_'
 *     piece    := plain | "'" … "'" | '"' … '"'    quoted pieces may span lines; blanks between pieces are dropped
 *
 * In plain text a backslash takes the next character literally, and a backslash before a newline joins the lines. In double
 * quotes it does so before `"`, `\`, `` ` ``, `$` and newline only; in single quotes nowhere. A line without `=` is ignored.
 */

type Mode = 'before-key' | 'key' | 'before-value' | 'plain' | 'single' | 'double' | 'comment';

const BLANK = ' \t\r';
const COMMENT = '#;';
const DOUBLE_ESCAPABLE = '"\\`$';
const KEY = /^[A-Za-z_][A-Za-z0-9_]*$/;

/** What a file says. `ignoredKeys` are names no program could read from its environment. */
export interface EnvironmentFileContent {
  /** `NAME=value` in the order of the file; a later one wins. */
  readonly assignments: readonly string[];
  readonly ignoredKeys: readonly string[];
}

/** Never fails: what is not an assignment is not there. */
export function parseEnvironmentFile(text: string): EnvironmentFileContent {
  const assignments: string[] = [];
  const ignoredKeys: string[] = [];
  let mode: Mode = 'before-key';
  let key = '';
  let value = '';
  /** Length of `value` without the blanks that would be trailing if the line ended here. */
  let kept = 0;

  const finish = (): void => {
    const name = key.trimEnd();
    if (KEY.test(name)) assignments.push(`${name}=${value.slice(0, kept)}`);
    else ignoredKeys.push(name);
    mode = 'before-key';
  };
  const keep = (text: string): void => {
    value += text;
    kept = value.length;
  };

  for (let i = 0; i < text.length; i++) {
    const char = text[i] as string;
    const next = text[i + 1] ?? '\n';
    switch (mode) {
      case 'before-key':
        if (COMMENT.includes(char)) mode = 'comment';
        else if (!BLANK.includes(char) && char !== '\n') {
          mode = 'key';
          key = char;
        }
        break;
      case 'key':
        if (char === '\n') mode = 'before-key';
        else if (char === '=') {
          mode = 'before-value';
          value = '';
          kept = 0;
        } else key += char;
        break;
      case 'before-value':
        if (char === '\n') finish();
        else if (char === "'") mode = 'single';
        else if (char === '"') mode = 'double';
        else if (char === '\\') {
          mode = 'plain';
          i += 1;
          if (next !== '\n') keep(next);
        } else if (!BLANK.includes(char)) {
          mode = 'plain';
          keep(char);
        }
        break;
      case 'plain':
        if (char === '\n') finish();
        else if (char === '\\') {
          i += 1;
          if (next !== '\n') keep(next);
        } else if (BLANK.includes(char)) value += char;
        else keep(char);
        break;
      case 'single':
        if (char === "'") mode = 'before-value';
        else keep(char);
        break;
      case 'double':
        if (char === '"') mode = 'before-value';
        else if (char === '\\') {
          i += 1;
          if (DOUBLE_ESCAPABLE.includes(next)) keep(next);
          else if (next !== '\n') keep(`\\${next}`);
        } else keep(char);
        break;
      case 'comment':
        if (char === '\\') i += 1;
        else if (char === '\n') mode = 'before-key';
        break;
    }
  }
  if (mode === 'before-value' || mode === 'plain' || mode === 'single' || mode === 'double') finish();
  return { assignments, ignoredKeys };
}
