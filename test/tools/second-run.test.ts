import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';

/** The tools are plain JavaScript: their shapes as these tests use them. */
interface Failure { readonly file: string; readonly name: string }
interface Counts { readonly passed: number; readonly failed: number; readonly skipped: number; readonly failures: readonly Failure[] }
interface Tools {
  readonly filesToRunAgain: (failures: readonly Failure[]) => string[];
  readonly Summary: new () => { addTestsRunTwice: (first: Counts, second: Counts) => void; close: () => number };
  readonly checkoutRoot: string;
}
const load = async (path: string): Promise<Partial<Tools>> => await import(new URL(path, import.meta.url).href) as Partial<Tools>;
const { filesToRunAgain, Summary, checkoutRoot } = {
  ...await load('../../tools/check/second-run.mjs'), ...await load('../../tools/check/summary.mjs'), ...await load('../../tools/set-up/checkout.mjs'),
} as Tools;

const failure = (file: string, name: string): Failure => ({ file: file === '' ? '' : join(checkoutRoot, file), name });
const counts = (passed: number, ...failures: Failure[]): Counts => ({ passed, failed: failures.length, skipped: 0, failures });

/** The lines printed by `print`, and what it returned. */
function printed(print: () => number): { lines: string[]; status: number } {
  const lines: string[] = [];
  const { log } = console;
  console.log = (line: string) => { lines.push(line); };
  try {
    return { status: print(), lines };
  } finally {
    console.log = log;
  }
}

test('a few failed files run once more, each once; many, or a runner that failed itself, do not', () => {
  const [a, b] = [failure('test/a.test.ts', 'one'), failure('test/b.test.ts', 'two')];
  assert.deepEqual(filesToRunAgain([a, { ...a, name: 'other' }, b]), [a.file, b.file]);
  assert.deepEqual(filesToRunAgain([]), []);
  assert.deepEqual(filesToRunAgain([a, failure('', 'the test runner')]), []);
  assert.deepEqual(filesToRunAgain([1, 2, 3, 4, 5].map((n) => failure(`test/${n}.test.ts`, 'x'))), []);
});

test('a test that passed the second time is told as unsteady; one that failed twice fails the run', () => {
  const first = counts(10, failure('test/a.test.ts', 'now and then'), failure('test/b.test.ts', 'always'));
  const unsteadyOnly = new Summary();
  unsteadyOnly.addTestsRunTwice(counts(10, failure('test/a.test.ts', 'now and then')), counts(3));
  assert.deepEqual(printed(() => unsteadyOnly.close()), {
    status: 0,
    lines: ['', 'unsteady: test/a.test.ts: now and then (failed at first, passed when it ran alone)', '11 passed, 1 of them unsteady, 0 failed'],
  });

  const both = new Summary();
  both.addTestsRunTwice(first, counts(4, failure('test/b.test.ts', 'always')));
  assert.deepEqual(printed(() => both.close()), {
    status: 1,
    lines: [
      '', 'unsteady: test/a.test.ts: now and then (failed at first, passed when it ran alone)', 'failed: test/b.test.ts: always',
      '11 passed, 1 of them unsteady, 1 failed',
    ],
  });
});
