import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { runBatch } from '../../src/sim/batch.ts';
import { missingFrom } from '../../src/sim/branches.ts';
import { parseReport } from '../../src/sim/lives-report.ts';

const PROGRAM = fileURLToPath(new URL('../../src/sim/main.ts', import.meta.url));

function simulate(...words: readonly string[]): { readonly status: number | null; readonly stdout: string; readonly stderr: string } {
  return spawnSync(process.execPath, ['--import', 'tsx', PROGRAM, ...words], { encoding: 'utf8' });
}

test('several processes live the very worlds that one would, and what they met is looked at together', () => {
  const SEEDS = [1, 2, 3, 4, 5, 6, 7];
  const alone = runBatch(SEEDS, () => false, { checks: 'light' });
  const { status, stdout, stderr } = simulate('--seeds', '1-7', '--jobs', '2', '--json', '--check-branches');
  const together = parseReport(stdout).tally;
  assert.deepEqual([together.lives, together.steps], [alone.lives, alone.steps]);
  assert.deepEqual(new Map([...together.faults].sort()), new Map([...alone.faults].sort()));
  assert.deepEqual(new Map([...together.reached].sort()), new Map([...alone.reached].sort()));
  assert.equal(stderr, `not reached: ${missingFrom(alone.reached, alone.faults).join(', ')}\n`);
  assert.equal(status, 1);
});

test('wrong usage ends with status 2, a word about what is wrong and the usage', () => {
  const { status, stderr } = simulate('--events', '0');
  assert.equal(status, 2);
  assert.match(stderr, /^simulate: --events takes a whole number from 1 on, not "0"\nusage: npm run simulate -- /);
});
