import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import test from 'node:test';
import { immortalMachine } from './immortal/trial.ts';

const skip = spawnSync('qemu-system-x86_64', ['--version']).status === 0 ? false : 'no qemu-system-x86_64: sudo apt-get install --no-install-recommends qemu-system-x86';
/** `npm run demo:immortal -- --vm` takes as many as one likes. These are five ways of sixteen: two of native code, an endless loop, a signal, a re-exec. */
const DEATHS = 5;
const SEED = 16;
/** Half a minute on an idle machine. */
const LIMIT_MS = 10 * 60_000;

test('process 1 of a virtual machine dies in several ways, and neither services nor their clients notice', { skip, timeout: LIMIT_MS }, async (t) => {
  const { ways, findings } = await immortalMachine({ deaths: DEATHS, seed: SEED, tell: (line) => { t.diagnostic(line); } });
  assert.deepEqual(findings.filter(({ holds }) => !holds), []);
  assert.equal(Object.values(ways).reduce((sum, count) => sum + count, 0), DEATHS);
});
