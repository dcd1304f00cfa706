/** What verbs know of where their text goes. */
export interface Terminal {
  /** Width for tables; 0 = no limit (a file or pipe). */
  readonly columns: number;
  /** Height of the terminal; 0 = not known. */
  readonly rows: number;
  readonly stdoutTty: boolean;
  readonly stderrTty: boolean;
  readonly colour: boolean;
  /** Whether underlining looks like that; of no meaning without colours. */
  readonly underline: boolean;
  /** May use `●` and tree lines. */
  readonly unicode: boolean;
}

export const PLAIN_TERMINAL: Terminal = { columns: 0, rows: 0, stdoutTty: false, stderrTty: false, colour: false, underline: false, unicode: true };
