/**
 * Timers: when the next elapse is, and what state the timer is in while it waits.
 *
 *     dead -> waiting    start
 *     waiting -> running   elapsed: a start job for the unit is queued
 *     running -> waiting   the unit is down again
 *     waiting -> elapsed   nothing more to come, and the timer is to be left there (RemainAfterElapse=, or spans that count from the unit)
 *     waiting -> dead      nothing more to come
 *     any -> failed        the unit cannot be started
 *
 * Source: systemd.timer(5); where that is silent, what systemd 252 does.
 */
import type { MonotonicUsec, RealtimeUsec } from '../../base/brand.ts';
import type { ClockReading } from '../../base/time.ts';
import { nextElapse } from '../time/calendar-elapse.ts';
import { wakeUpBetween } from '../time/wake-up.ts';
import type { Instant, TimerRuntime, UnitTimes } from '../manager/state.ts';
import type { TimerBase, TimerTrigger, TimerUnit } from '../unit/timer.ts';

export const TIMER_NEVER_STARTED: TimerRuntime = {
  kind: 'timer', state: 'dead', result: 'success', nextMonotonicUsec: null, nextRealtimeUsec: null,
  lastTrigger: { realtimeUsec: 0 as RealtimeUsec, monotonicUsec: 0 as MonotonicUsec }, elapses: [], spent: [], awaitsStamp: false,
};

/** What the next elapse is computed from. */
export interface TimerView {
  readonly definition: TimerUnit;
  readonly run: TimerRuntime;
  readonly now: ClockReading;
  /** The timer's own times. */
  readonly times: UnitTimes;
  /** Times of the unit it starts. */
  readonly unitTimes: UnitTimes;
  /** When the manager started. */
  readonly started: Instant;
  /** OnBootSec= counts from the start of the manager: the machine of a container has been up for longer. */
  readonly bootIsStart: boolean;
  /** The wall clock was set: spans that count from one fixed instant stay what they are. */
  readonly clockChanged: boolean;
  /** From 0 up to, and without, 1. */
  readonly random: () => number;
}

/** The timer with its next elapse; the state says whether there is one. */
export function enterWaiting(view: TimerView): TimerRuntime {
  const { definition, run, now } = view;
  const spent = [...run.spent];
  const elapses = definition.triggers.map((_, index) => (spent.includes(index) ? run.elapses[index] ?? 0 : 0));
  let monotonicUsec: number | null = null;
  let realtimeUsec: number | null = null;
  let isLeftAround = false;
  for (const [index, trigger] of definition.triggers.entries()) {
    if (spent.includes(index)) continue;
    if (trigger.base === 'OnCalendar') {
      const dueUsec = calendarElapse(view, trigger);
      if (dueUsec === null) continue;
      elapses[index] = dueUsec;
      if (realtimeUsec === null || dueUsec < realtimeUsec) realtimeUsec = dueUsec;
      continue;
    }
    const base = baseOf(view, trigger.base);
    if (isOfUnit(trigger.base)) isLeftAround = true;
    if (base === null) continue;
    const dueUsec = base + trigger.afterUsec;
    // What counts from one fixed instant elapses once.
    if (!isOfUnit(trigger.base) && run.lastTrigger.realtimeUsec > 0 && !view.clockChanged && dueUsec <= now.monotonicUsec) {
      spent.push(index);
      continue;
    }
    elapses[index] = dueUsec;
    if (monotonicUsec === null || dueUsec < monotonicUsec) monotonicUsec = dueUsec;
  }
  const next = { ...run, elapses, spent, awaitsStamp: false };
  if (monotonicUsec === null && realtimeUsec === null && !definition.onClockChange && !definition.onTimezoneChange) {
    const state = definition.remainAfterElapse || isLeftAround ? 'elapsed' : 'dead';
    return { ...next, state, nextMonotonicUsec: null, nextRealtimeUsec: null };
  }
  return {
    ...next,
    state: 'waiting',
    nextMonotonicUsec: monotonicUsec === null ? null : (monotonicUsec + delayOf(view)) as MonotonicUsec,
    nextRealtimeUsec: realtimeUsec === null ? null : (realtimeUsec + delayOf(view)) as RealtimeUsec,
  };
}

/**
 * Counts from the last elapse, so that one that was missed is made up for at once, and without one from the start of the timer. What was
 * missed before the manager started counts as due at that instant, for a random delay would be over otherwise.
 */
function calendarElapse(view: TimerView, trigger: Extract<TimerTrigger, { readonly base: 'OnCalendar' }>): number | null {
  const { definition, run, now, times, unitTimes, started } = view;
  const isNew = run.state === 'dead' || run.state === 'failed';
  const last = run.lastTrigger.realtimeUsec > 0 ? run.lastTrigger.realtimeUsec : isNew ? now.realtimeUsec : times.inactiveExit.realtimeUsec;
  const from = definition.deferReactivation ? Math.max(last, unitTimes.inactiveEnter.realtimeUsec) : last;
  const next = nextElapse(trigger.calendar, from as RealtimeUsec, trigger.zone);
  const startedUsec = now.realtimeUsec - (now.monotonicUsec - started.monotonicUsec);
  return next === null ? null : Math.max(next, startedUsec);
}

/** The instant a span counts from; null = there is none yet. */
function baseOf(view: TimerView, base: TimerBase): number | null {
  const { run, now, times, unitTimes, started } = view;
  switch (base) {
    case 'OnActiveSec': return run.state === 'dead' || run.state === 'failed' ? now.monotonicUsec : times.inactiveExit.monotonicUsec;
    case 'OnBootSec': return view.bootIsStart ? started.monotonicUsec : 0;
    case 'OnStartupSec': return started.monotonicUsec;
    case 'OnUnitActiveSec': return instantOrNull(Math.max(unitTimes.inactiveExit.monotonicUsec, run.lastTrigger.monotonicUsec));
    case 'OnUnitInactiveSec': return instantOrNull(Math.max(unitTimes.inactiveEnter.monotonicUsec, run.lastTrigger.monotonicUsec));
  }
}

function instantOrNull(usec: number): number | null {
  return usec > 0 ? usec : null;
}

function isOfUnit(base: TimerBase): boolean {
  return base === 'OnUnitActiveSec' || base === 'OnUnitInactiveSec';
}

function delayOf({ definition, random }: TimerView): number {
  if (definition.randomizedDelayUsec === 0) return 0;
  return definition.fixedDelayUsec ?? Math.floor(random() * definition.randomizedDelayUsec);
}

/** Of both clocks the one that elapses first, on the monotonic one; null = the timer waits for nothing. */
export function elapseUsec(run: TimerRuntime, now: ClockReading): number | null {
  if (run.state !== 'waiting') return null;
  const { nextMonotonicUsec, nextRealtimeUsec } = run;
  const realtime = nextRealtimeUsec === null ? Infinity : now.monotonicUsec + (nextRealtimeUsec - now.realtimeUsec);
  const first = Math.min(nextMonotonicUsec ?? Infinity, realtime);
  return first === Infinity ? null : first;
}

/**
 * When the manager has to wake up for it at the latest, and best does.
 *
 * @param started the grid of wake-ups begins there: as good as random, and the same for a whole life of the manager
 */
export function timerWakeUsec(definition: TimerUnit, run: TimerRuntime, now: ClockReading, started: Instant): MonotonicUsec | null {
  const elapse = elapseUsec(run, now);
  return elapse === null ? null : wakeUpBetween(elapse, elapse + definition.accuracyUsec, started.realtimeUsec) as MonotonicUsec;
}
