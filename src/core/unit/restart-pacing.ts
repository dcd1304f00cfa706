/** Settings of our own that decide when a service that ended starts again, beside systemd's Restart=, RestartSec=, RestartSteps=. */
import type { Usec } from '../../base/brand.ts';

export interface RestartPacing {
  /** RestartRandomizedDelaySec=: up to this is added to every pause, so that a herd that died together does not come back together. */
  readonly randomizedDelayUsec: Usec;
  /** RestartResetSec=: after a run at least this long the growing pause begins anew; null = it never does. */
  readonly resetUsec: Usec | null;
  /** RestartAfterLimitSec=: with the start limit reached, the pause is this long, for ever; null = the service fails. */
  readonly afterLimitUsec: Usec | null;
  /** RestartAwaitsNeeds=: with a required unit down, wait until it is up, and do not count that start against the limit. */
  readonly awaitsNeeds: boolean;
}

export const PLAIN_PACING: RestartPacing = { randomizedDelayUsec: 0 as Usec, resetUsec: null, afterLimitUsec: null, awaitsNeeds: false };
