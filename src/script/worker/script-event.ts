interface Handler {
  readonly fired: (...values: readonly unknown[]) => unknown;
  readonly failed: (error: unknown) => unknown;
}

/** An event as an object: what fires it can hand values over, or an error. Who waits is told once. */
export class ScriptEvent {
  #handlers: Handler[] = [];

  fire(...values: readonly unknown[]): void {
    for (const { fired } of this.#take()) fired(...values);
  }

  fail(error: unknown): void {
    for (const { failed } of this.#take()) failed(error);
  }

  /** Calls one of them at the next firing. */
  thenDo(fired: (...values: readonly unknown[]) => unknown, failed: (error: unknown) => unknown = () => undefined): void {
    this.#handlers.push({ fired, failed });
  }

  /** The values of the next firing; rejects with its error. */
  wait(): Promise<readonly unknown[]> {
    return new Promise((resolve, reject) => {
      this.thenDo((...values) => { resolve(values); }, (error) => { reject(error instanceof Error ? error : new Error(String(error))); });
    });
  }

  #take(): readonly Handler[] {
    const handlers = this.#handlers;
    this.#handlers = [];
    return handlers;
  }
}
