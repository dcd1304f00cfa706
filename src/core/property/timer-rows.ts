/** Properties of timers: systemd's interface `org.freedesktop.systemd1.Timer`, its own part first. */
import type { Usec } from '../../base/brand.ts';
import { formatTimeSpan } from '../time/time-span.ts';
import type { TimerRuntime } from '../manager/state.ts';
import type { TimerUnit } from '../unit/timer.ts';
import type { PropertyContext, PropertyRow } from './property-row.ts';
import { span, yesNo } from './value-text.ts';

export interface TimerContext extends PropertyContext {
  readonly timer: TimerUnit;
  readonly runtime: TimerRuntime;
}

/** The newest line first, as systemd keeps them. */
function monotonicLines({ timer, runtime }: TimerContext): string {
  return timer.triggers.flatMap((trigger, index) => (trigger.base === 'OnCalendar' ? []
    : [`{ ${trigger.base.replace('Sec', 'USec')}=${formatTimeSpan(trigger.afterUsec)} ; next_elapse=${formatTimeSpan((runtime.elapses[index] ?? 0) as Usec)} }`])).reverse().join('\n');
}

function calendarLines({ timer, runtime, formatInstant }: TimerContext): string {
  return timer.triggers.flatMap((trigger, index) => (trigger.base !== 'OnCalendar' ? []
    : [`{ OnCalendar=${trigger.text} ; next_elapse=${formatInstant(runtime.elapses[index] ?? 0) || '(null)'} }`])).reverse().join('\n');
}

export const TIMER_ROWS: readonly PropertyRow<TimerContext>[] = [
  ['Unit', ({ timer }) => timer.unit],
  ['TimersMonotonic', monotonicLines],
  ['TimersCalendar', calendarLines],
  ['OnClockChange', ({ timer }) => yesNo(timer.onClockChange)],
  ['OnTimezoneChange', ({ timer }) => yesNo(timer.onTimezoneChange)],
  ['NextElapseUSecRealtime', ({ runtime, formatInstant }) => formatInstant(runtime.nextRealtimeUsec ?? 0)],
  // While it waits for the wall clock alone systemd says 0, and when it does not wait at all that it is never.
  ['NextElapseUSecMonotonic', ({ runtime }) => (runtime.state === 'waiting' ? formatTimeSpan((runtime.nextMonotonicUsec ?? 0) as number as Usec) : 'infinity')],
  ['LastTriggerUSec', ({ runtime, formatInstant }) => formatInstant(runtime.lastTrigger.realtimeUsec)],
  ['LastTriggerUSecMonotonic', ({ runtime }) => formatTimeSpan(runtime.lastTrigger.monotonicUsec as number as Usec)],
  ['Result', ({ runtime }) => runtime.result],
  ['AccuracyUSec', ({ timer }) => span(timer.accuracyUsec)],
  ['RandomizedDelayUSec', ({ timer }) => span(timer.randomizedDelayUsec)],
  ['FixedRandomDelay', ({ timer }) => yesNo(timer.fixedDelayUsec !== null)],
  ['Persistent', ({ timer }) => yesNo(timer.persistent)],
  ['WakeSystem', ({ timer }) => yesNo(timer.wakeSystem)],
  ['TriggerJob', ({ timer }) => timer.triggerJob],
  ['RemainAfterElapse', ({ timer }) => yesNo(timer.remainAfterElapse)],
];
