/** A request that is answered with an error status. */
export class HttpProblem extends Error {
  readonly status: number;
  /** A word for programs. */
  readonly code: string;
  readonly headers: Readonly<Record<string, string>>;
  /** The unit it is about. */
  readonly unit: string | null;

  constructor(status: number, code: string, message: string, more: { readonly headers?: Readonly<Record<string, string>>; readonly unit?: string | undefined } = {}) {
    super(message);
    this.status = status;
    this.code = code;
    this.headers = more.headers ?? {};
    this.unit = more.unit ?? null;
  }
}
