/**
 * What `unit-executor` reports: records of four texts, each ended by a NUL (native/executor/report.h).
 *
 *     report = record*
 *     record = ("fail" | "note") NUL word NUL errno NUL subject NUL
 */
import { Buffer } from 'node:buffer';

/** A directive that was not put into effect; the process was started all the same. */
export interface ExecNote {
  /** Name of the directive, such as `OOMScoreAdjust`. */
  readonly directive: string;
  readonly errno: string;
  readonly subject: string;
}

/** Why the service's program could not be executed. The process has ended with the exit status of the stage: systemd.exec(5). */
export interface ExecFailure {
  /** A word such as `chdir`, `user`, `exec`, `state-directory`. */
  readonly stage: string;
  readonly errno: string;
  /** What it was about: a path, a user name. May be empty. */
  readonly subject: string;
}

export interface ExecReport {
  /** null after the end of file: the program is running. */
  readonly failure: ExecFailure | null;
  readonly notes: readonly ExecNote[];
}

/** Reads everything that came before the end of file. Pure. A record that was cut short is left out. */
export function parseExecReport(bytes: Uint8Array): ExecReport {
  const texts = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8').split('\0');
  let failure: ExecFailure | null = null;
  const notes: ExecNote[] = [];
  // Each text is ended by a NUL, so a whole record is followed by at least one more (maybe empty) piece.
  for (let at = 0; at + 4 < texts.length; at += 4) {
    const [kind, word, errno, subject] = texts.slice(at, at + 4) as [string, string, string, string];
    if (kind === 'fail') failure = { stage: word, errno, subject };
    else notes.push({ directive: word, errno, subject });
  }
  return { failure, notes };
}
