/** How and when a service that runs is made to begin anew: settings of our own. */
import type { Usec } from '../../base/brand.ts';
import type { Origin } from './source.ts';
import type { CalendarTrigger } from './timer.ts';

/** A file or directory whose change makes the service begin anew, or read its configuration again. */
export interface RenewalWatch {
  /** Absolute, simplified. */
  readonly path: string;
  readonly setting: 'RestartOnChange' | 'ReloadOnChange';
  readonly origin: Origin;
}

export interface Renewal {
  /**
   * RestartOverlap= and RestartOverlapSec=: a restart that is asked for starts the new main process beside the old one, which goes when the new
   * one is ready and has lived for so long; null = the old one goes first.
   */
  readonly overlapUsec: Usec | null;
  /** RestartEverySec=: restarted when its main process has run for so long; null = never. */
  readonly everyUsec: Usec | null;
  /** RestartOnCalendar=, in file order. */
  readonly calendars: readonly CalendarTrigger[];
  /** RestartOnChange= and ReloadOnChange=, in file order. */
  readonly watches: readonly RenewalWatch[];
}

/** What the host is asked to watch for the service, in the order of its watches. */
export function renewalWatches({ watches }: Renewal): readonly { readonly kind: 'PathChanged'; readonly path: string }[] {
  return watches.map(({ path }) => ({ kind: 'PathChanged', path }));
}

export const NO_RENEWAL: Renewal = { overlapUsec: null, everyUsec: null, calendars: [], watches: [] };
