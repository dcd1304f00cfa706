/** The longer batch of random worlds: always the same ones, so that a failure is one of the change and not of the day. */
import { test } from 'node:test';
import { runBatch } from '../../src/sim/batch.ts';

const SECONDS = 45;
const FIRST_SEED = 77_800_000;
const SEEDS_MAX = 100_000;

test('random worlds break no law', (context) => {
  const until = performance.now() + SECONDS * 1000;
  function* seeds(): Generator<number> {
    for (let seed = FIRST_SEED; seed < FIRST_SEED + SEEDS_MAX; seed++) yield seed;
  }
  const { lives, steps } = runBatch(seeds(), () => performance.now() >= until);
  context.diagnostic(`${String(lives)} lives from seed ${String(FIRST_SEED)}, ${String(steps)} events`);
});
