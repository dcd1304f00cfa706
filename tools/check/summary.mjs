import { relative } from 'node:path';
import { checkoutRoot } from '../set-up/checkout.mjs';

/** Adds up what checks and tests found, tells it in the closing lines, and decides the exit status. */
export class Summary {
  #passed = 0;
  #failed = 0;
  #skipped = 0;
  /** @type {string[]} what failed, to be said again where it is seen: at the end */
  #failedNames = [];
  /** @type {string[]} */
  #unsteadyNames = [];

  /** @param {{ name: string, ok: boolean, output: string, seconds: number }} check */
  addCheck({ name, ok, output, seconds }) {
    console.log(`${ok ? 'ok' : 'FAILED'}: ${name} (${seconds.toFixed(1)} s)`);
    if (!ok) console.log(output.trimEnd());
    if (ok) this.#passed += 1;
    else this.#fail(name);
  }

  /** @param {import('./run-tests.mjs').Counts} counts */
  addTests({ passed, failures, skipped }) {
    this.#passed += passed;
    for (const { file, name } of failures) this.#fail(nameOf(file, name));
    this.#skipped += skipped;
  }

  /**
   * A group whose failed files have run once more, alone: what failed only the first time is counted as passed and told as unsteady.
   * @param {import('./run-tests.mjs').Counts} first
   * @param {import('./run-tests.mjs').Counts} second of the files that failed in the first run
   */
  addTestsRunTwice(first, second) {
    const again = new Set(second.failures.map(({ file, name }) => nameOf(file, name)));
    const unsteady = first.failures.map(({ file, name }) => nameOf(file, name)).filter((name) => !again.has(name));
    this.#unsteadyNames.push(...unsteady);
    this.addTests({ ...first, passed: first.passed + unsteady.length, failures: second.failures });
  }

  /** Prints the closing lines; returns the exit status. No test at all is a failure too. */
  close() {
    if (this.#passed === 0) this.#failed += 1;
    console.log('');
    for (const name of this.#unsteadyNames) console.log(`unsteady: ${name} (failed at first, passed when it ran alone)`);
    for (const name of this.#failedNames) console.log(`failed: ${name}`);
    const unsteady = this.#unsteadyNames.length === 0 ? '' : `, ${this.#unsteadyNames.length} of them unsteady`;
    const skipped = this.#skipped === 0 ? '' : `, ${this.#skipped} skipped`;
    console.log(`${this.#passed} passed${unsteady}, ${this.#failed} failed${skipped}`);
    return this.#failed === 0 ? 0 : 1;
  }

  /** @param {string} name */
  #fail(name) {
    this.#failed += 1;
    this.#failedNames.push(name);
  }
}

/** @param {string} file @param {string} name */
function nameOf(file, name) {
  return file === '' ? name : `${relative(checkoutRoot, file)}: ${name}`;
}
