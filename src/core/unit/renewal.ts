/** How a service that runs is made to begin anew: settings of our own. */
import type { Usec } from '../../base/brand.ts';

export interface Renewal {
  /**
   * RestartOverlap= and RestartOverlapSec=: a restart that is asked for starts the new main process beside the old one, which goes when the new
   * one is ready and has lived for so long; null = the old one goes first.
   */
  readonly overlapUsec: Usec | null;
}

export const NO_RENEWAL: Renewal = { overlapUsec: null };
