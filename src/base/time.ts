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

/** One reading of both clocks, taken together at the start of a turn. */
export interface ClockReading {
  readonly monotonicUsec: MonotonicUsec;
  readonly realtimeUsec: RealtimeUsec;
}
