/** How long the end of what was killed is waited for, in units of all kinds. */
import type { Usec } from '../../base/brand.ts';

/** It is the kernel that obeys a SIGKILL, in milliseconds, or more of them on a busy machine: nothing is gained by not waiting for it. */
const KILL_PATIENCE_USEC = 1_000_000 as Usec;

/** @param timeoutUsec what the unit's files give its end; null = for ever, as is the answer then */
export function killPatienceUsec(timeoutUsec: Usec | null): Usec | null {
  return timeoutUsec === null ? null : Math.max(timeoutUsec, KILL_PATIENCE_USEC) as Usec;
}
