/** One line of JSON for every change that was asked for, with who asked and what came of it. */
import { appendFileSync } from 'node:fs';

export interface AuditRecord {
  readonly caller: string;
  /** Address of the client. */
  readonly from: string;
  readonly method: string;
  readonly path: string;
  /** What the request said, as far as it is no secret. */
  readonly asked: unknown;
  readonly status: number;
  /** '' when it was done. */
  readonly problem: string;
}

export class AuditLog {
  readonly #file: string | null;

  /** @param file null = standard error alone, which is the log of the unit */
  constructor(file: string | null) {
    this.#file = file;
  }

  /** A change nobody can be asked about is not made. @throws Error when the file cannot be written */
  check(): void {
    if (this.#file !== null) appendFileSync(this.#file, '', { mode: 0o600 });
  }

  write(record: AuditRecord): void {
    const line = `${JSON.stringify({ time: new Date().toISOString(), ...record })}\n`;
    process.stderr.write(`audit: ${line}`);
    if (this.#file !== null) appendFileSync(this.#file, line, { mode: 0o600 });
  }
}
