/** What one comparison does: unit files, and steps that both managers are taken through. */
export interface Scenario {
  /** Also the stem of its units: `~` in units, files and steps stands for it. */
  readonly name: string;
  /** Unit files by name, `a.service.d/x.conf` included; a value is the text. */
  readonly units: Readonly<Record<string, string>>;
  /** More files, by absolute path. */
  readonly files?: Readonly<Record<string, string>>;
  /**
   * - `show UNIT`: what is recorded of a unit, {@link PROPERTIES}; `show UNIT A,B`: those properties;
   * - `until UNIT WORD`: waits until the active state, the sub-state or `Property=value` is that, and records if it never was;
   * - `sleep MS`: lets time pass;
   * - `signal UNIT SIGNAL`: to the main process, past the manager;
   * - `living`: the names of the processes of `/c/hold` that are left;
   * - `trace`: what `/c/say` and redirections wrote to `/t/~` so far (recorded at the end in any case);
   * - `exists PATH`, `sh SCRIPT`: what a shell prints;
   * - all else is a command line of systemctl(1), of which exit status and first line of complaint are recorded.
   */
  readonly steps: readonly string[];
  /** Recorded lines that may differ, and why that is right. */
  readonly differs?: readonly { readonly line: RegExp; readonly why: string }[];
}

/** Recorded by `show`. */
export const PROPERTIES = ['LoadState', 'ActiveState', 'SubState', 'Result', 'NRestarts', 'ExecMainCode', 'ExecMainStatus', 'ConditionResult', 'AssertResult'];
