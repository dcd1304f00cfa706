/** Where facts were written, and what there was to say about how. */

/** Where a fact was written. `line` counts from 1; 0 means the file or link as a whole (a `.wants/` link). */
export interface Origin {
  readonly file: string;
  readonly line: number;
}

export type Severity = 'error' | 'warning' | 'note';

export interface Diagnostic {
  readonly severity: Severity;
  readonly file: string;
  /** From 1; 0 = the whole file. */
  readonly line: number;
  /** From 1; 0 = the whole line. */
  readonly column: number;
  /** A sentence: what is wrong, what was done with the line, and the nearest known name where one helps. */
  readonly message: string;
}

/** One assignment as written, after drop-ins were merged, in the order of effect. */
export interface Entry {
  readonly section: string;
  readonly key: string;
  /** Raw: continuation lines joined, specifiers not expanded, quotes kept. */
  readonly value: string;
  readonly file: string;
  readonly line: number;
  /** Of the key's first character, from 1; 0 = it is not in `line`, or there is no text. */
  readonly column: number;
  /** Of the value's first character, from 1; 0 = the value is not whole in `line`, as with continuation lines. */
  readonly valueColumn: number;
}

/** A directive the unit asks for that this manager does not put into effect here, and why. */
export interface NotEffective {
  readonly directive: string;
  readonly requested: string;
  /** `not-implemented` is known when loading; the others are found out when the unit starts. */
  readonly why: 'not-implemented' | 'no-capability' | 'no-cgroup' | 'no-kernel-support' | 'not-privileged' | 'no-bus';
  readonly origin: Origin;
}
