/**
 * fstab(5) as text: lines of fields, and options. Pure.
 *
 *     WHAT WHERE TYPE [OPTIONS [FREQUENCY [PASS]]]      # a comment is a line of its own
 *
 * Fields are separated by blanks; blanks, tabs, newlines and backslashes within one are written as octal numbers.
 */

export interface FstabEntry {
  readonly line: number;
  readonly what: string;
  readonly where: string;
  readonly type: string;
  readonly options: readonly string[];
  /** The sixth field: checked before it is mounted. */
  readonly isChecked: boolean;
}

function unescape(field: string): string {
  return field.replace(/\\([0-7]{3})/g, (_, digits: string) => String.fromCharCode(parseInt(digits, 8)));
}

/** The entries in order, and the lines that are none. */
export function parseFstab(text: string, file: string): { readonly entries: readonly FstabEntry[]; readonly complaints: readonly string[] } {
  const entries: FstabEntry[] = [];
  const complaints: string[] = [];
  text.split('\n').forEach((content, index) => {
    const fields = content.split(/[ \t\r]+/).filter((field) => field !== '').map(unescape);
    const [what = '', where, type, options = 'defaults', , pass = '0'] = fields;
    if (what === '' || what.startsWith('#')) return;
    const line = index + 1;
    if (where === undefined || type === undefined) complaints.push(`${file}:${String(line)}: a line has at least three fields: what, where and type; it is ignored`);
    else entries.push({ line, what, where, type, options: splitOptions(options), isChecked: Number(pass) > 0 });
  });
  return { entries, complaints };
}

/** Options are separated by commas; a backslash or double quotes keep one from being split. */
function splitOptions(text: string): readonly string[] {
  return (text.match(/(?:\\.|"[^"]*"|[^,])+/g) ?? []).filter((option) => option !== 'defaults');
}

/** The value of the last option `NAME=…`, null = there is none. */
export function optionValue(options: readonly string[], name: string): string | null {
  return options.filter((option) => option.startsWith(`${name}=`)).at(-1)?.slice(name.length + 1) ?? null;
}

/** All values of options `NAME=…`. */
export function optionValues(options: readonly string[], name: string): readonly string[] {
  return options.filter((option) => option.startsWith(`${name}=`)).map((option) => option.slice(name.length + 1));
}

/** Which of some names was given last, null = none. */
export function lastOf(options: readonly string[], ...names: readonly string[]): string | null {
  return options.filter((option) => names.includes(option)).at(-1) ?? null;
}
