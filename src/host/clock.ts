import type { ClockReading } from '../base/time.ts';
import type { MonotonicUsec, RealtimeUsec } from '../base/brand.ts';
import type { NativeBinding } from './native.ts';

/** Reads both clocks together; the only place where the manager learns what time it is. */
export function readClock(native: NativeBinding): ClockReading {
  const [monotonicUsec, realtimeUsec] = native.clock();
  return { monotonicUsec: monotonicUsec as MonotonicUsec, realtimeUsec: realtimeUsec as RealtimeUsec };
}
