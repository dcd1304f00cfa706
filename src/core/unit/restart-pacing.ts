/** Settings of our own that decide when a service that ended starts again, beside systemd's Restart=, RestartSec=, RestartSteps=. */
import type { Usec } from '../../base/brand.ts';

export interface RestartPacing {
  /** RestartStepSec=: the pause grows by this with each restart, up to RestartMaxDelaySec=; 0 = it does not. */
  readonly stepUsec: Usec;
  /** RestartStableDelaySec=: the pause after a run that RestartResetSec= calls stable; null = RestartSec=, as after any other. */
  readonly stableDelayUsec: Usec | null;
  /** RestartSpacingSec=: two starts are at least so far apart, however long the run in between was; 0 = no matter. */
  readonly spacingUsec: Usec;
  /** RestartLimit=: so many restarts without a stable run in between, and it is given up; null = never. */
  readonly limit: number | null;
  /** RestartRandomizedDelaySec=: up to this is added to every pause, so that a herd that died together does not come back together. */
  readonly randomizedDelayUsec: Usec;
  /** RestartResetSec=: after a run at least this long the growing pause begins anew; null = it never does. */
  readonly resetUsec: Usec | null;
  /** RestartAfterLimitSec=: with RestartLimit= or the start limit reached, the pause is this long, for ever; null = the service fails. */
  readonly afterLimitUsec: Usec | null;
  /** RestartAwaitsNeeds=: with a required unit down, wait until it is up, and do not count that start against the limit. */
  readonly awaitsNeeds: boolean;
}

export const PLAIN_PACING: RestartPacing = {
  stepUsec: 0 as Usec, stableDelayUsec: null, spacingUsec: 0 as Usec, limit: null, randomizedDelayUsec: 0 as Usec, resetUsec: null, afterLimitUsec: null, awaitsNeeds: false,
};
