/** Whether and when a service that ended starts again. Source: systemd.service(5), Restart=, RestartSec=, RestartSteps=; unit/restart-pacing. */
import type { Usec } from '../../../base/brand.ts';
import type { ClockReading } from '../../../base/time.ts';
import type { RestartPolicy, ServiceUnit } from '../../unit/service.ts';
import type { ServiceResult, ServiceRuntime } from '../../manager/state.ts';
import { isInSet } from './judge-exit.ts';

/** A pause without a ceiling grows no further than this: a sum of it and any instant is still a number. */
const CENTURY_USEC = 100 * 31_557_600 * 1_000_000;

/** The rows and columns of the table in systemd.service(5): which results each policy restarts after. */
const RESTARTS_AFTER: Readonly<Record<RestartPolicy, (result: ServiceResult) => boolean>> = {
  no: () => false,
  always: (result) => result !== 'exec-condition',
  'on-success': (result) => result === 'success',
  'on-failure': (result) => result !== 'success' && result !== 'exec-condition',
  'on-abnormal': (result) => result !== 'success' && result !== 'exit-code' && result !== 'exec-condition',
  'on-watchdog': (result) => result === 'watchdog',
  'on-abort': (result) => result === 'signal' || result === 'core-dump',
};

export function wantsRestart(unit: ServiceUnit, run: ServiceRuntime): boolean {
  if (run.stopRequested || run.result === 'start-limit-hit') return false;
  const exit = run.mainExit?.exit ?? null;
  if (exit !== null && isInSet(unit.restartPreventExitStatus, exit)) return false;
  if (exit !== null && isInSet(unit.restartForceExitStatus, exit)) return true;
  return RESTARTS_AFTER[unit.restart](run.result);
}

/** How long the main process of the run that is over has lived; 0 = it never did. */
function ranUsec(run: ServiceRuntime, now: ClockReading): number {
  return run.mainExit === null ? 0 : now.monotonicUsec - run.mainExit.startMonotonicUsec;
}

function wasStable(unit: ServiceUnit, run: ServiceRuntime, now: ClockReading): boolean {
  const { resetUsec } = unit.restartPacing;
  return resetUsec !== null && ranUsec(run, now) >= resetUsec;
}

/** RestartLimit= is reached: so many restarts, and no stable run between them. */
export function isAtRestartLimit(unit: ServiceUnit, run: ServiceRuntime, now: ClockReading): boolean {
  const { limit } = unit.restartPacing;
  return limit !== null && run.delaySteps >= limit && !wasStable(unit, run, now);
}

/** The pause before the next automatic restart, and how many there are then since the last stable run. */
export interface Pause {
  readonly delayUsec: Usec;
  readonly steps: number;
}

/** @param fraction gives a random number from 0 up to 1 */
export function nextPause(unit: ServiceUnit, run: ServiceRuntime, now: ClockReading, fraction: () => number): Pause {
  const { stableDelayUsec, spacingUsec, randomizedDelayUsec, afterLimitUsec } = unit.restartPacing;
  const isStable = wasStable(unit, run, now);
  const steps = isStable ? 0 : run.delaySteps;
  const grown = afterLimitUsec !== null && isAtRestartLimit(unit, run, now) ? afterLimitUsec : restartDelayUsec(unit, steps);
  const plain = isStable ? stableDelayUsec ?? grown : grown;
  const spaced = Math.max(plain, spacingUsec - ranUsec(run, now));
  const randomUsec = randomizedDelayUsec === 0 ? 0 : Math.floor(fraction() * randomizedDelayUsec);
  // A stable run that has a pause of its own is no step of the growing one.
  return { delayUsec: (spaced + randomUsec) as Usec, steps: isStable && stableDelayUsec !== null ? 0 : steps + 1 };
}

/**
 * The pause that grows. With RestartStepSec= by the same span each time, up to RestartMaxDelaySec=; with RestartSteps= geometrically from
 * RestartSec= to RestartMaxDelaySec=, reached after that many restarts.
 *
 * @param restarts automatic restarts since the growth began, 0 before the first
 */
export function restartDelayUsec(unit: ServiceUnit, restarts: number): Usec {
  const { restartUsec, restartSteps, restartMaxDelayUsec, restartPacing: { stepUsec } } = unit;
  if (stepUsec > 0) {
    const grown = restartUsec + stepUsec * restarts;
    return Math.min(grown, Math.max(restartMaxDelayUsec ?? CENTURY_USEC, restartUsec)) as Usec;
  }
  if (restartSteps <= 0 || restartMaxDelayUsec === null || restartMaxDelayUsec <= restartUsec || restarts === 0) return restartUsec;
  if (restarts >= restartSteps) return restartMaxDelayUsec;
  // From zero nothing grows: start at a thousandth of a second.
  const from = Math.max(restartUsec, 1000);
  return Math.round(from * (restartMaxDelayUsec / from) ** (restarts / restartSteps)) as Usec;
}
