import { valuesOf } from '../../../base/persistent-map.ts';
import type { TimerSummary } from '../../../control/answers.ts';
import type { ClockReading } from '../../../base/time.ts';
import { isTimer, type TimerRecord } from '../../../core/manager/drivers/timer-driver.ts';
import { elapseUsec } from '../../../core/machine/timer.ts';
import type { Reader } from './context.ts';
import { isListed } from './unit-words.ts';

/** Timers by their next elapse; those that have none come last, by name. */
export const readTimerList: Reader<'list-timers'> = ({ engine }, params) => {
  const now = engine.now();
  const timers: TimerSummary[] = [];
  for (const unit of valuesOf(engine.state().units)) {
    if (!isTimer(unit) || !isListed(unit, params)) continue;
    const last = unit.runtime.lastTrigger.realtimeUsec;
    timers.push({
      unit: unit.name, activates: unit.definition.unit, active: unit.activeState, sub: unit.runtime.state,
      nextUsec: nextElapse(unit, now), lastUsec: last === 0 ? null : last,
    });
  }
  const key = (timer: TimerSummary): number => timer.nextUsec ?? Infinity;
  timers.sort((a, b) => (key(a) < key(b) ? -1 : key(a) > key(b) ? 1 : a.unit < b.unit ? -1 : 1));
  return { ok: true, value: { nowUsec: now.realtimeUsec, timers } };
};

/** On the wall clock; null = none. */
export function nextElapse(unit: TimerRecord, now: ClockReading): number | null {
  const elapse = elapseUsec(unit.runtime, now);
  return elapse === null ? null : Math.round(now.realtimeUsec + (elapse - now.monotonicUsec));
}
