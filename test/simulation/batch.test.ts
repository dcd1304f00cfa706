/** The longer batch of random worlds: other ones each day, so that every run of the whole test suite sees some that no run has seen. */
import { test } from 'node:test';
import { runBatch } from '../../src/sim/batch.ts';

const SECONDS = 45;
const DAY_MSEC = 86_400_000;
const SEEDS_PER_DAY = 100_000;

test('random worlds of today break no law', (context) => {
  const first = Math.floor(Date.now() / DAY_MSEC) * SEEDS_PER_DAY % 1_000_000_000;
  const until = performance.now() + SECONDS * 1000;
  function* seeds(): Generator<number> {
    for (let seed = first; seed < first + SEEDS_PER_DAY; seed++) yield seed;
  }
  const { lives, steps } = runBatch(seeds(), () => performance.now() >= until);
  context.diagnostic(`${String(lives)} lives from seed ${String(first)}, ${String(steps)} events`);
});
