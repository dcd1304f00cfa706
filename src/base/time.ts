import type { MonotonicUsec, RealtimeUsec, Usec } from './brand.ts';

export const USEC_PER_MSEC = 1_000 as Usec;
export const USEC_PER_SEC = 1_000_000 as Usec;

/** A whole number of seconds as microseconds. */
export function seconds(count: number): Usec {
  return Math.round(count * USEC_PER_SEC) as Usec;
}

/** The instant `span` after `start`. */
export function addUsec(start: MonotonicUsec, span: Usec): MonotonicUsec {
  return (start + span) as MonotonicUsec;
}

/** The first of two instants; null = never. */
export function earlierOf(a: MonotonicUsec | null, b: MonotonicUsec | null): MonotonicUsec | null {
  if (a === null) return b;
  return b === null || a < b ? a : b;
}

/** One reading of both clocks, taken together at the start of a turn. */
export interface ClockReading {
  readonly monotonicUsec: MonotonicUsec;
  readonly realtimeUsec: RealtimeUsec;
}
