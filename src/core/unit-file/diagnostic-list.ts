import type { Diagnostic, Severity } from '../unit/source.ts';

/**
 * How many diagnostics one file or unit may give rise to. A person reads the first few; binary garbage would make
 * millions, and they are kept for as long as the unit is loaded.
 */
export const DIAGNOSTICS_MAX = 100;

/** A place in a file; `line` and `column` count from 1, 0 = the whole file or line. */
export interface Place {
  readonly file: string;
  readonly line: number;
  readonly column?: number;
}

/** Collects diagnostics up to `DIAGNOSTICS_MAX`; of the rest it says only how many there were. */
export class DiagnosticList {
  readonly #list: Diagnostic[] = [];
  #dropped = 0;
  #lastDropped: Place = { file: '', line: 0 };

  add(severity: Severity, place: Place, message: string): void {
    if (this.#list.length < DIAGNOSTICS_MAX) {
      this.#list.push({ severity, file: place.file, line: place.line, column: place.column ?? 0, message });
      return;
    }
    this.#dropped += 1;
    this.#lastDropped = place;
  }

  /** Whether further ones are only counted: costly advice need not be worked out for them. */
  get isFull(): boolean {
    return this.#list.length >= DIAGNOSTICS_MAX;
  }

  addAll(diagnostics: readonly Diagnostic[]): void {
    for (const each of diagnostics) this.add(each.severity, each, each.message);
  }

  /**
   * What was collected, in the order of the text; a last note counts what did not fit.
   *
   * @param files in the order of effect; without them the diagnostics are of one file and in its order already
   */
  finish(files: readonly string[] = []): readonly Diagnostic[] {
    const order = (each: Diagnostic): number => files.indexOf(each.file);
    const list = files.length === 0 || this.#list.length < 2 ? this.#list
      : this.#list.toSorted((a, b) => order(a) - order(b) || a.line - b.line || a.column - b.column);
    if (this.#dropped === 0) return list;
    const { file, line } = this.#lastDropped;
    return [...list, { severity: 'note', file, line, column: 0, message: `${this.#dropped} more problems are not listed.` }];
  }
}
