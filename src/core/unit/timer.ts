/** Timer units once their files are understood. Source: systemd.timer(5). */
import type { TriggerJob } from './trigger-job.ts';
import type { UnitName, Usec } from '../../base/brand.ts';
import type { CalendarSpec } from '../time/calendar.ts';
import type { TimeZone } from '../time/time-zone.ts';
import type { Origin } from './source.ts';
import type { UnitCommon } from './unit-common.ts';

/** What a span of the monotonic clock counts from. */
export type TimerBase = 'OnActiveSec' | 'OnBootSec' | 'OnStartupSec' | 'OnUnitActiveSec' | 'OnUnitInactiveSec';

/** One line that says when on the calendar. */
export interface CalendarTrigger {
  readonly base: 'OnCalendar';
  readonly calendar: CalendarSpec;
  /** The normal form. */
  readonly text: string;
  /** The zone the expression names; of one that names none the local zone, which a running manager may see change. */
  readonly zone: TimeZone;
  readonly origin: Origin;
}

/** One line that says when the timer elapses. */
export type TimerTrigger = { readonly base: TimerBase; readonly afterUsec: Usec; readonly origin: Origin } | CalendarTrigger;

export interface TimerUnit extends UnitCommon {
  readonly kind: 'timer';
  /** In file order. Empty only for a timer that elapses on changes of the clock or the time zone alone. */
  readonly triggers: readonly TimerTrigger[];
  /** The unit that is started, or that `triggerJob` is about. */
  readonly unit: UnitName;
  readonly triggerJob: TriggerJob;
  /** AccuracySec=: how much later than asked for the timer may elapse, so that several share one wake-up. */
  readonly accuracyUsec: Usec;
  /** RandomizedDelaySec=: up to so much is added to each elapse. */
  readonly randomizedDelayUsec: Usec;
  /** FixedRandomDelay=: the one delay, a function of machine, user and unit, that is added every time; null = a new one each time. */
  readonly fixedDelayUsec: Usec | null;
  /** DeferReactivation=: when the unit is still active at an elapse, the next one counts from its end. */
  readonly deferReactivation: boolean;
  readonly onClockChange: boolean;
  readonly onTimezoneChange: boolean;
  /** Persistent=: the last elapse is kept in a file, and one that was missed is made up for. */
  readonly persistent: boolean;
  /** WakeSystem=. Recorded; spans count the clock that stands still while the system sleeps. */
  readonly wakeSystem: boolean;
  readonly remainAfterElapse: boolean;
}
