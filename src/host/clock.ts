import { USEC_PER_MSEC } from '../base/time.ts';
import type { ClockReading } from '../base/time.ts';
import type { MonotonicUsec, RealtimeUsec } from '../base/brand.ts';
import type { NativeBinding } from './native.ts';

/** Reads both clocks together; here and below the manager learns what time it is. */
export function readClock(native: NativeBinding): ClockReading {
  const [monotonicUsec, realtimeUsec] = native.clock();
  return { monotonicUsec: monotonicUsec as MonotonicUsec, realtimeUsec: realtimeUsec as RealtimeUsec };
}

/**
 * The monotonic clock in milliseconds, for the deadlines of the shell. Not `performance.now()`, whose first use loads Node's
 * modules of measurement: three milliseconds, in the midst of a boot or of the first answer.
 */
export function monotonicMsec(native: Pick<NativeBinding, 'clock'>): number {
  return native.clock()[0] / USEC_PER_MSEC;
}
