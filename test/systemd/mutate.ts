/** Random changes of unit files, of the kinds that people, editors and disks make. The same seed makes the same change. */
import { POOL } from '../core/unit-file/value-answers.ts';

/** A number generator that two runs with one seed share; each answer is below what it is asked for. */
export function numbers(seed: string): (below: number) => number {
  let state = 2_166_136_261;
  for (const char of seed) state = Math.imul(state ^ (char.codePointAt(0) ?? 0), 16_777_619) >>> 0;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

type Change = readonly [what: string, change: (lines: string[], below: (max: number) => number) => void];

function assignmentAt(lines: readonly string[], below: (max: number) => number): number {
  const found = lines.flatMap((line, index) => (/^[A-Za-z]\w*\s*=/.test(line) ? [index] : []));
  return found.length === 0 ? 0 : found[below(found.length)] as number;
}

function edit(lines: string[], at: number, change: (line: string) => string): void {
  lines[at] = change(lines[at] ?? '');
}

const LONG = 1024 * 1024 + 1;

const CHANGES: readonly Change[] = [
  ['another value', (lines, below) => { edit(lines, assignmentAt(lines, below), (line) => line.replace(/=.*/s, `=${(POOL[below(POOL.length)] ?? '').replaceAll('$', '$$$$')}`)); }],
  ['another value', (lines, below) => { edit(lines, assignmentAt(lines, below), (line) => line.replace(/=.*/s, `=${(POOL[below(POOL.length)] ?? '').replaceAll('$', '$$$$')}`)); }],
  ['an empty value', (lines, below) => { edit(lines, assignmentAt(lines, below), (line) => line.replace(/=.*/s, '=')); }],
  ['a key misspelt', (lines, below) => { edit(lines, assignmentAt(lines, below), (line) => line.replace(/^./, '')); }],
  ['an assignment without its sign', (lines, below) => { edit(lines, assignmentAt(lines, below), (line) => line.replace('=', ' ')); }],
  ['an assignment twice', (lines, below) => { const at = assignmentAt(lines, below); lines.splice(at, 0, lines[at] ?? ''); }],
  ['a line gone', (lines, below) => { lines.splice(below(lines.length), 1); }],
  ['blanks around', (lines, below) => { edit(lines, assignmentAt(lines, below), (line) => `  \t${line.replace('=', ' \t= ')}  \t`); }],
  ['a quote opened', (lines, below) => { edit(lines, assignmentAt(lines, below), (line) => `${line} "`); }],
  ['a quote opened first', (lines, below) => { edit(lines, assignmentAt(lines, below), (line) => line.replace('=', "='")); }],
  ['a line continued', (lines, below) => { edit(lines, below(lines.length), (line) => `${line} \\`); }],
  ['a comment in a continued line', (lines, below) => { lines.splice(below(lines.length) + 1, 0, '# in between \\', '; and this'); edit(lines, below(lines.length), (line) => `${line}\\`); }],
  ['a section header broken', (lines, below) => { const at = lines.findIndex((line) => line.startsWith('[')); edit(lines, Math.max(0, at), (line) => line.slice(0, line.length - 1 - below(2))); }],
  ['another section', (lines, below) => { const at = lines.findLastIndex((line) => line.startsWith('[')); edit(lines, Math.max(0, at), () => ['[Servce]', '[X-Mine]', '[]', '[ Service ]', '[Service]]', '[Mount]', '[Se"rvice]'][below(7)] ?? ''); }],
  ['a mark of UTF-8', (lines) => { edit(lines, 0, (line) => `\uFEFF${line}`); }],
  ['a mark of UTF-8 later', (lines, below) => { edit(lines, below(lines.length), (line) => `\uFEFF${line}`); }],
  ['CRLF', (lines) => { lines.forEach((line, index) => { lines[index] = `${line}\r`; }); }],
  ['a NUL', (lines, below) => { edit(lines, below(lines.length), (line) => `${line.slice(0, line.length >> 1)}\0${line.slice(line.length >> 1)}`); }],
  ['invalid UTF-8', (lines, below) => { edit(lines, assignmentAt(lines, below), (line) => `${line}\uE0FF`); }],
  ['an over-long line', (lines, below) => { edit(lines, assignmentAt(lines, below), (line) => `${line}${'x'.repeat(LONG)}`); }],
  ['a control character', (lines, below) => { edit(lines, assignmentAt(lines, below), (line) => `${line}\u0007`); }],
  ['a specifier that is none', (lines, below) => { edit(lines, assignmentAt(lines, below), (line) => `${line}%z`); }],
  ['all but the start gone', (lines, below) => { lines.splice(below(lines.length)); }],
];

/** @param seed any text; which change is made, and where, follows from it */
export function mutate(file: Uint8Array, seed: string): { readonly text: Uint8Array; readonly what: string } {
  const below = numbers(seed);
  for (let i = 0; i < 8; i += 1) below(2);
  const lines = new TextDecoder().decode(file).split('\n');
  const [what, change] = CHANGES[below(CHANGES.length)] as Change;
  change(lines, below);
  const bytes = Buffer.from(lines.join('\n'));
  // U+E0FF stands for a byte that no UTF-8 has.
  const mark = Buffer.from('\uE0FF');
  const at = bytes.indexOf(mark);
  return { what, text: at < 0 ? bytes : Buffer.concat([bytes.subarray(0, at), Buffer.from([0xff]), bytes.subarray(at + mark.length)]) };
}
