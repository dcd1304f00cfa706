/** Many lives, counted together. */
import { randomScenario } from './random-scenario.ts';
import { runScenario, type LifeOptions } from './run-scenario.ts';

export interface Tally {
  readonly lives: number;
  readonly steps: number;
  readonly faults: ReadonlyMap<string, number>;
  readonly reached: ReadonlyMap<string, number>;
}

function addCounts(sum: Map<string, number>, counts: ReadonlyMap<string, number>): void {
  for (const [what, count] of counts) sum.set(what, (sum.get(what) ?? 0) + count);
}

/** What several batches came to. */
export function sumOf(tallies: readonly Tally[]): Tally {
  const faults = new Map<string, number>();
  const reached = new Map<string, number>();
  let lives = 0;
  let steps = 0;
  for (const tally of tallies) {
    lives += tally.lives;
    steps += tally.steps;
    addCounts(faults, tally.faults);
    addCounts(reached, tally.reached);
  }
  return { lives, steps, faults, reached };
}

/**
 * @param seeds  lived in this order
 * @param isOver looked at after each life
 * @throws SimulationFailure at the first broken law
 */
export function runBatch(seeds: Iterable<number>, isOver: (tally: Tally) => boolean, options: LifeOptions = {}): Tally {
  const faults = new Map<string, number>();
  const reached = new Map<string, number>();
  let lives = 0;
  let steps = 0;
  for (const seed of seeds) {
    const life = runScenario(randomScenario(seed), options);
    lives += 1;
    steps += life.steps;
    addCounts(faults, life.faults);
    addCounts(reached, life.reached);
    if (isOver({ lives, steps, faults, reached })) break;
  }
  return { lives, steps, faults, reached };
}
