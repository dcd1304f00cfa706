import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runBatch } from '../../src/sim/batch.ts';
import { missingFrom } from '../../src/sim/branches.ts';

/** Half a minute on a slow machine, and enough for every branch of the table many times. */
const EVENTS = 200_000;

function* allSeeds(): Generator<number> {
  for (let seed = 1; ; seed++) yield seed;
}

test('random lives under faults break no law and come to every branch and every fault of the tables', () => {
  const tally = runBatch(allSeeds(), ({ steps }) => steps >= EVENTS);
  assert.deepEqual(missingFrom(tally.reached, tally.faults), []);
});
