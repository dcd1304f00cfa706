/** What is said about a handful of samples: the middle, and how far they lay apart. */
export interface Summary {
  readonly median: number;
  readonly min: number;
  readonly max: number;
  readonly count: number;
}

/**
 * Sums up samples; `null` for none. The median of an even number of samples is the mean of the two in the middle.
 * @param samples any order, any unit
 */
export function summarise(samples: readonly number[]): Summary | null {
  const sorted = [...samples].sort((a, b) => a - b);
  const min = sorted[0];
  const max = sorted.at(-1);
  if (min === undefined || max === undefined) return null;
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? max;
  const lower = sorted.length % 2 === 0 ? (sorted[middle - 1] ?? min) : upper;
  return { median: (lower + upper) / 2, min, max, count: sorted.length };
}
