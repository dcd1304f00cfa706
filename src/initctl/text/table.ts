/** Tables as systemctl prints them: columns by widest cell, one blank between, the last column shortened to the terminal. */
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
  /** Which columns may lose characters when the line is too long, the first one first. Default: the last column. */
  readonly elastic?: readonly number[];
  /** Before each line; the header gets blanks of the same width. */
  readonly leads?: readonly Cell[];
}

/** No column is shortened below this. */
const COLUMN_MIN = 8;

export function renderTable(table: Table, terminal: Terminal): string {
  const header = table.header?.map((text): Cell => ({ text, tone: 'strong' })) ?? null;
  const all = header === null ? table.rows : [header, ...table.rows];
  const count = Math.max(0, ...all.map((row) => row.length));
  if (count === 0) return '';
  const widths = Array.from({ length: count }, (_, column) => Math.max(0, ...all.map((row) => widthOf(row[column]?.text ?? ''))));
  const leadWidth = table.leads === undefined ? 0 : Math.max(1, ...table.leads.map((lead) => widthOf(lead.text)));
  if (terminal.columns > 0) fit(widths, terminal.columns - leadWidth - (leadWidth > 0 ? 1 : 0), table.elastic ?? [count - 1]);

  const lines: string[] = [];
  const firstRow = header === null ? 0 : 1;
  all.forEach((row, index) => {
    const lead = table.leads?.[index - firstRow];
    let line = table.leads === undefined ? '' : `${pad(lead ?? { text: '' }, leadWidth, false, false, terminal)} `;
    for (let column = 0; column < count; column++) {
      const cell = row[column] ?? { text: '' };
      line += pad(cell, widths[column] as number, table.right?.includes(column) === true, column === count - 1, terminal);
      if (column < count - 1) line += ' ';
    }
    lines.push(line.trimEnd());
  });
  return lines.map((line) => `${line}\n`).join('');
}

function pad(cell: Cell, width: number, right: boolean, last: boolean, terminal: Terminal): string {
  const text = shorten(cell.text, width, terminal.unicode);
  const space = ' '.repeat(Math.max(0, width - widthOf(text)));
  const painted = paint(terminal, cell.tone ?? 'plain', text);
  if (right) return space + painted;
  return last ? painted : painted + space;
}

function fit(widths: number[], room: number, elastic: readonly number[]): void {
  let excess = widths.reduce((sum, width) => sum + width, 0) + widths.length - 1 - room;
  for (const column of elastic) {
    if (excess <= 0) return;
    const width = widths[column] as number;
    const kept = Math.max(Math.min(width, COLUMN_MIN), width - excess);
    excess -= width - kept;
    widths[column] = kept;
  }
}
