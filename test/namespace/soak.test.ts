import assert from 'node:assert/strict';
import { test } from 'node:test';
import { whyNoNamespaces } from './rig.ts';
import { soak } from './soak/soak.ts';

const skip = whyNoNamespaces() ?? false;

/** `npm run soak` does the same for as long as one likes. */
const SECONDS = 45;

test('under crashes, reloads, floods of lines, nonsense of clients and deaths of the engine nothing piles up and nobody is disturbed', { skip }, async (t) => {
  const report = await soak({ seconds: SECONDS, seed: 1, deaths: true, tell: (text) => { t.diagnostic(text); } });
  assert.deepEqual(report.findings.filter(({ holds }) => !holds), []);
  assert.ok(report.deaths >= 5, `${String(report.deaths)} deaths`);
});
