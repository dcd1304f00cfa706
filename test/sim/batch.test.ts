import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runBatch } from '../../src/sim/batch.ts';
import { missingFrom } from '../../src/sim/branches.ts';

/** Every branch has been met by then many times over; a batch that needs more has lost its power. */
const EVENTS_MAX = 200_000;
/** The batch goes on for this long, though all branches were met before. */
const EVENTS_MIN = 30_000;

function* allSeeds(): Generator<number> {
  for (let seed = 1; ; seed++) yield seed;
}

test('random lives under faults break no law and come to every branch and every fault of the tables', () => {
  const tally = runBatch(allSeeds(), ({ steps, reached, faults }) => steps >= EVENTS_MAX || (steps >= EVENTS_MIN && missingFrom(reached, faults).length === 0));
  assert.deepEqual(missingFrom(tally.reached, tally.faults), []);
});
