/** What `log` asks of the log: plain data, for the log's own process over its socket, or for its files. */
export interface LogRequest {
  /** Names or patterns; empty = all. */
  readonly units: readonly string[];
  /** null = all. */
  readonly lines: number | null;
  readonly follow: boolean;
  readonly reverse: boolean;
  readonly sinceUsec: number | null;
  readonly untilUsec: number | null;
  /** From emerg (0) to debug (7), both included. */
  readonly priorities: readonly [number, number];
  readonly invocationId: string | null;
  readonly thisBoot: boolean;
  /** A regular expression. */
  readonly grep: string | null;
  readonly output: string;
  readonly colour: boolean;
  readonly escape: boolean;
}
