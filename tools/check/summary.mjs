/** Adds up what checks and tests found, tells it in one closing line, and decides the exit status. */
export class Summary {
  #passed = 0;
  #failed = 0;
  #skipped = 0;

  /** @param {{ name: string, ok: boolean, output: string, seconds: number }} check */
  addCheck({ name, ok, output, seconds }) {
    console.log(`${ok ? 'ok' : 'FAILED'}: ${name} (${seconds.toFixed(1)} s)`);
    if (!ok) console.log(output.trimEnd());
    if (ok) this.#passed += 1;
    else this.#failed += 1;
  }

  /** @param {{ passed: number, failed: number, skipped: number }} counts */
  addTests({ passed, failed, skipped }) {
    this.#passed += passed;
    this.#failed += failed;
    this.#skipped += skipped;
  }

  /** Prints the closing line; returns the exit status. No test at all is a failure too. */
  close() {
    if (this.#passed === 0) this.#failed += 1;
    const skipped = this.#skipped === 0 ? '' : `, ${this.#skipped} skipped`;
    console.log(`\n${this.#passed} passed, ${this.#failed} failed${skipped}`);
    return this.#failed === 0 ? 0 : 1;
  }
}
