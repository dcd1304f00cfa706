import { Arena, type Ground } from './arena.ts';
import type { Contestant } from './contestants/contestant.ts';
import type { Load, Samples } from './loads/load.ts';

/** What one contestant achieved in one load: samples of all rounds, or why there are none. */
export type Outcome =
  | { readonly kind: 'measured'; readonly samples: ReadonlyMap<string, readonly number[]> }
  | { readonly kind: 'sat-out'; readonly reason: string }
  | { readonly kind: 'failed'; readonly reason: string };

/** The outcomes of a load, by the contestant's name. */
export type Outcomes = ReadonlyMap<string, Outcome>;

/** How a run differs from a complete one. */
export interface Manner {
  readonly quick: boolean;
  readonly rounds: number | null;
  /** Told what happens, for the person who waits. */
  readonly onProgress: (line: string) => void;
}

/**
 * Puts all contestants through a load: round after round, forwards and backwards in turn, so that a machine that gets
 * slower or faster meanwhile does it to everyone. Who failed once (that is: twice in a row) is not asked again.
 */
export async function play(load: Load, contestants: readonly Contestant[], ground: Ground, manner: Manner): Promise<Outcomes> {
  const samples = new Map<string, Map<string, number[]>>();
  const outcomes = new Map<string, Outcome>();
  const failed = new Set<string>();
  const inPlay: Contestant[] = [];
  for (const contestant of contestants) {
    const reason = load.sitsOut?.(contestant) ?? contestant.sitsOut(load.name);
    if (reason === null) inPlay.push(contestant);
    else outcomes.set(contestant.name, { kind: 'sat-out', reason });
  }
  const attempt = async (contestant: Contestant): Promise<void> => {
    if (failed.has(contestant.name)) return;
    try {
      collect(samples, contestant.name, await load.measure(new Arena(contestant, ground, { quick: manner.quick })));
    } catch (error) {
      failed.add(contestant.name);
      const reason = error instanceof Error ? error.message : String(error);
      outcomes.set(contestant.name, { kind: 'failed', reason });
      manner.onProgress(`${load.name}: ${contestant.name} failed: ${reason}`);
    }
  };
  const rounds = manner.rounds ?? (manner.quick ? load.rounds.quick : load.rounds.full);
  for (let round = 0; round < rounds; round++) {
    manner.onProgress(`${load.name}: round ${round + 1} of ${rounds}`);
    const order = round % 2 === 0 ? inPlay : [...inPlay].reverse();
    if (load.concurrent) await Promise.all(order.map(attempt));
    else for (const contestant of order) await attempt(contestant);
  }
  for (const { name } of inPlay) {
    const measured = samples.get(name);
    if (measured !== undefined && !failed.has(name)) outcomes.set(name, { kind: 'measured', samples: measured });
  }
  return outcomes;
}

function collect(samples: Map<string, Map<string, number[]>>, name: string, measured: Samples): void {
  const own = samples.get(name) ?? new Map<string, number[]>();
  samples.set(name, own);
  for (const [key, values] of Object.entries(measured)) own.set(key, [...(own.get(key) ?? []), ...values]);
}
