/** Which lines of the log a verb wants shown below its own text. */
export interface LogTail {
  readonly unit: string;
  /** Only lines of this activation; null = all. */
  readonly invocationId: string | null;
  readonly lines: number;
  /** systemctl's `-o`: short, cat, json, …. */
  readonly output: string;
}
