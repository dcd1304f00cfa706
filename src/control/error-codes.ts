/**
 * All errors of the control protocol. A number is given once and never to another error, even when the first is gone.
 *
 * -32768 to -32000 are JSON-RPC 2.0's own; 1 to 19 are about the connection and the bounds, 20 to 59 about
 * what was asked.
 */
export const ERROR_CODES = {
  'parse-error': -32700,
  'invalid-request': -32600,
  'method-not-found': -32601,
  'invalid-params': -32602,
  'internal-error': -32603,

  /** A line longer than the bound. */
  'line-too-long': 1,
  /** The first message must be `hello`. */
  'hello-expected': 2,
  /** The client speaks only protocol versions this manager does not. */
  'protocol-unsupported': 3,
  'too-many-clients': 4,
  'too-many-requests': 5,
  /** The client did not read its answers. */
  'too-slow': 6,
  /** The client said nothing, or half a line, for too long. */
  'timed-out': 7,
  /** An answer larger than a client may have waiting. */
  'answer-too-large': 8,

  'access-denied': 20,
  /** The jobs contradict each other or what is running; the message says which. */
  'transaction-refused': 21,
  'no-such-unit': 22,
  'unit-masked': 23,
  'load-failed': 24,
  /** RefuseManualStart=, RefuseManualStop=, AllowIsolate=no. */
  'refused-manually': 25,
  /** The unit's kind has no such operation (reload of a target). */
  'not-applicable': 26,
  'shutting-down': 27,
  'no-such-job': 28,
  /** kill: the unit has no such process. */
  'no-process': 29,
  'invalid-unit-name': 30,
  /** Reading or writing unit files, or mounting, failed; the message carries path and errno. */
  'file-error': 31,
  /** enable and its kin: refused for the reason in the message (masked, generated, no such file). */
  'unit-file-refused': 32,
  /** A unit to be made has the name of one that is there. */
  'unit-exists': 33,
  /** The rescue program answers in the manager's place, and can do only what has to do with power. */
  'in-rescue': 34,
  /** A job is in the way that must not be replaced: irreversible, or --job-mode=fail. */
  'transaction-destructive': 35,
} as const;

export type ErrorName = keyof typeof ERROR_CODES;

/** An error answer before it becomes a message. */
export interface Failure {
  readonly name: ErrorName;
  /** One sentence for a person. */
  readonly message: string;
  /** The unit it is about. */
  readonly unit?: string;
}

const NAMES: ReadonlyMap<number, ErrorName> = new Map(
  Object.entries(ERROR_CODES).map(([name, code]) => [code, name as ErrorName]),
);

/** The name of a code, or undefined for one this version does not know. */
export function errorName(code: number): ErrorName | undefined {
  return NAMES.get(code);
}
