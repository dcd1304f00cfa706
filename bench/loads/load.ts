import type { Arena } from '../arena.ts';
import type { Contestant } from '../contestants/contestant.ts';
import type { LoadName } from './load-name.ts';

/** One column of a load's table. */
export interface Metric {
  readonly key: string;
  readonly title: string;
  readonly unit: string;
  /** Digits behind the point. */
  readonly digits: number;
  /** Which direction is better; decides the order of rows. */
  readonly better: 'lower' | 'higher';
}

/** What a measurement yields: for each metric's key, its samples. A metric that a contestant does not have is absent. */
export type Samples = Readonly<Record<string, readonly number[]>>;

/** Something every contestant is put through. */
export interface Load {
  readonly name: LoadName;
  /** Heading and explanation of its table. */
  readonly title: string;
  readonly explanation: string;
  /** The first is the headline: rows are ordered by it, ratios are of it. */
  readonly metrics: readonly Metric[];
  readonly rounds: { readonly full: number; readonly quick: number };
  /** All contestants at once, because a load that mostly waits disturbs nobody. */
  readonly concurrent: boolean;
  /** Why it is nothing for a contestant, whatever the contestant says itself; `null` when it may take part. Absent: everybody may. */
  readonly sitsOut?: (contestant: Contestant) => string | null;
  /** Puts one contestant through it once. Throws ContainerError when it does not manage. */
  measure(arena: Arena): Promise<Samples>;
}

export const NSEC_PER_MSEC = 1_000_000;
