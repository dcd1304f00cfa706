/** Tables as systemctl prints them: columns by widest cell, one blank between, an underlined header, shortened to the terminal. */
import type { Terminal } from '../terminal.ts';
import { paint, type Tone } from './style.ts';
import { shorten, widthOf } from './width.ts';

export interface Cell {
  readonly text: string;
  readonly tone?: Tone;
}

export interface Table {
  /** null = no header. */
  readonly header: readonly string[] | null;
  readonly rows: readonly (readonly Cell[])[];
  /** Columns that are right-aligned. */
  readonly right?: readonly number[];
  /** Which columns may lose characters when the line is too long, the first one first. Default: all of them, the widest first. */
  readonly elastic?: readonly number[];
  /** Before each line; the header gets blanks of the same width. */
  readonly leads?: readonly Cell[];
  /** Rows with a rule below them: they are underlined where there are colours. */
  readonly ruled?: ReadonlySet<number>;
}

/** A cell that says `-` where there is nothing. */
export function dashed(text: string): Cell {
  return text === '' ? { text: '-', tone: 'dim' } : { text };
}

/** No column is shortened below this. */
const COLUMN_MIN = 8;

export function renderTable(table: Table, terminal: Terminal): string {
  const header = table.header?.map((text): Cell => ({ text })) ?? null;
  const all = header === null ? table.rows : [header, ...table.rows];
  const count = Math.max(0, ...all.map((row) => row.length));
  if (count === 0) return '';
  const widths = Array.from({ length: count }, (_, column) => Math.max(0, ...all.map((row) => widthOf(row[column]?.text ?? ''))));
  const leadWidth = table.leads === undefined ? 0 : Math.max(1, ...table.leads.map((lead) => widthOf(lead.text)));
  if (terminal.columns > 0) {
    const room = terminal.columns - leadWidth - (leadWidth > 0 ? 1 : 0) - (count - 1);
    if (table.elastic === undefined) shareRoom(widths, room);
    else shortenInTurn(widths, room, table.elastic);
  }

  const lines: string[] = [];
  const firstRow = header === null ? 0 : 1;
  all.forEach((row, index) => {
    const underlined = terminal.colour && terminal.underline && (index < firstRow || table.ruled?.has(index - firstRow) === true);
    const gap = paint(terminal, 'plain', ' ', underlined);
    const lead = table.leads?.[index - firstRow];
    let line = table.leads === undefined ? '' : `${pad(lead ?? { text: '' }, leadWidth, { right: false, underlined }, terminal)}${gap}`;
    for (let column = 0; column < count; column++) {
      const cell = row[column] ?? { text: '' };
      line += pad(cell, widths[column] as number, { right: table.right?.includes(column) === true, underlined }, terminal);
      if (column < count - 1) line += gap;
    }
    lines.push(line.trimEnd());
  });
  return lines.map((line) => `${line}\n`).join('');
}

function pad(cell: Cell, width: number, { right, underlined }: { readonly right: boolean; readonly underlined: boolean }, terminal: Terminal): string {
  const text = shorten(cell.text, width, terminal.unicode);
  const space = paint(terminal, 'plain', ' '.repeat(Math.max(0, width - widthOf(text))), underlined);
  const painted = paint(terminal, cell.tone ?? 'plain', text, underlined);
  return right ? space + painted : painted + space;
}

/** Columns that want no more than their share get what they want; the others get the rest in equal parts. Source: the tables of systemctl(1). */
function shareRoom(widths: number[], room: number): void {
  const open = new Set(widths.keys());
  let left = room;
  const give = (column: number, width: number): void => {
    widths[column] = width;
    left -= width;
    open.delete(column);
  };
  const share = (): number => Math.max(1, Math.floor(left / open.size));
  for (;;) {
    const modest = [...open].find((column) => (widths[column] as number) <= share());
    if (modest === undefined) break;
    give(modest, widths[modest] as number);
  }
  for (const column of [...open]) give(column, share());
}

function shortenInTurn(widths: number[], room: number, elastic: readonly number[]): void {
  let excess = widths.reduce((sum, width) => sum + width, 0) - room;
  for (const column of elastic) {
    if (excess <= 0) return;
    const width = widths[column] as number;
    const kept = Math.max(Math.min(width, COLUMN_MIN), width - excess);
    excess -= width - kept;
    widths[column] = kept;
  }
}
