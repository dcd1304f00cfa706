/** Runs test files by node:test, through tsx, and counts. */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { checkoutRoot } from '../set-up/checkout.mjs';
import { readJson } from '../set-up/fingerprint.mjs';

/** Failed without a test of its own. */
const RUNNER = { file: '', name: 'the test runner' };

/**
 * `failures` names each failed test with its file; an empty file name is the runner itself, which died or knows of something left behind.
 * @typedef {{ passed: number, failed: number, skipped: number, failures: { file: string, name: string }[] }} Counts
 */

/**
 * @param {{ name: string, files: readonly string[], concurrency: number, timeoutMs: number }} group
 * @returns {Promise<Counts>} a runner that died counts as one failure
 */
export async function runTests({ files, concurrency, timeoutMs }) {
  if (files.length === 0) return { passed: 0, failed: 0, skipped: 0, failures: [] };
  const directory = mkdtempSync(join(tmpdir(), 'heartwood-count-'));
  try {
    const counts = join(directory, 'counts.json');
    const args = [
      '--import', 'tsx', '--test', `--test-concurrency=${concurrency}`, `--test-timeout=${timeoutMs}`,
      '--test-reporter=spec', '--test-reporter-destination=stdout',
      `--test-reporter=${join(checkoutRoot, 'tools/check/count-reporter.mjs')}`, `--test-reporter-destination=${counts}`,
      ...files,
    ];
    const status = await new Promise((resolve, reject) => {
      const child = spawn(process.execPath, args, { cwd: checkoutRoot, stdio: ['ignore', 'inherit', 'inherit'] });
      child.on('error', reject);
      child.on('close', (code) => resolve(code));
    });
    const result = readJson(counts);
    if (result === null) return { passed: 0, failed: 1, skipped: 0, failures: [RUNNER] };
    // The runner knows of failures that are no test's: a file that left a process behind, for one.
    return status !== 0 && result.failed === 0 ? { ...result, failed: 1, failures: [RUNNER] } : result;
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}
