/** `>= 5.10`, `= jammy`, `< 2`: an operator and an operand, as several conditions take them. */

export type Operator = '<' | '<=' | '=' | '!=' | '>=' | '>';

/** Longest first, so that `<=` is not read as `<` and a stray `=`. `==` and `<>` are systemd's older spellings. */
const OPERATORS: readonly (readonly [string, Operator])[] = [
  ['<=', '<='], ['>=', '>='], ['!=', '!='], ['<>', '!='], ['==', '='], ['<', '<'], ['>', '>'], ['=', '='],
];

/** Splits the operator off; null when there is none. */
export function splitOperator(text: string): { readonly operator: Operator; readonly operand: string } | null {
  for (const [spelling, operator] of OPERATORS) if (text.startsWith(spelling)) return { operator, operand: text.slice(spelling.length).trim() };
  return null;
}

/** Whether `order` (negative, zero, positive) satisfies the operator. */
export function holdsFor(operator: Operator, order: number): boolean {
  switch (operator) {
    case '<': return order < 0;
    case '<=': return order <= 0;
    case '=': return order === 0;
    case '!=': return order !== 0;
    case '>=': return order >= 0;
    case '>': return order > 0;
  }
}

/**
 * The order of two version strings by the rules of the UAPI version format specification: runs of digits compare as numbers, runs of
 * letters as text, `~` before the end of the string, `-` and `.` as separators, `^` after them.
 */
export function compareVersions(left: string, right: string): number {
  let a = left;
  let b = right;
  for (;;) {
    a = a.replace(/^[^a-zA-Z0-9~\-^.]+/, '');
    b = b.replace(/^[^a-zA-Z0-9~\-^.]+/, '');
    for (const mark of ['~']) if (a.startsWith(mark) !== b.startsWith(mark)) return a.startsWith(mark) ? -1 : 1;
    if (a === '' || b === '') return a === b ? 0 : a === '' ? -1 : 1;
    let consumed = false;
    for (const mark of ['~', '-', '^', '.']) {
      if (a.startsWith(mark) !== b.startsWith(mark)) return a.startsWith(mark) ? -1 : 1;
      if (a.startsWith(mark)) {
        a = a.slice(1);
        b = b.slice(1);
        consumed = true;
        break;
      }
    }
    if (consumed) continue;
    const pattern = /^[0-9]/.test(a) || /^[0-9]/.test(b) ? /^[0-9]*/ : /^[a-zA-Z]*/;
    const first = pattern.exec(a)?.[0] ?? '';
    const second = pattern.exec(b)?.[0] ?? '';
    const order = /[0-9]/.test(first + second) ? compareDigits(first, second) : first < second ? -1 : first > second ? 1 : 0;
    if (order !== 0) return order;
    a = a.slice(first.length);
    b = b.slice(second.length);
  }
}

function compareDigits(left: string, right: string): number {
  const a = left.replace(/^0+/, '');
  const b = right.replace(/^0+/, '');
  if (a.length !== b.length) return a.length - b.length;
  return a < b ? -1 : a > b ? 1 : 0;
}
