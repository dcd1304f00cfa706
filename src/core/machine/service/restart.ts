/** Whether and when a service that ended starts again. Source: systemd.service(5), Restart=, RestartSec=, RestartSteps=. */
import type { Usec } from '../../../base/brand.ts';
import type { RestartPolicy, ServiceUnit } from '../../unit/service.ts';
import type { ServiceResult, ServiceRuntime } from '../../manager/state.ts';
import { isInSet } from './judge-exit.ts';

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

/**
 * The pause before the next automatic restart. With RestartSteps= it grows geometrically from RestartSec= to RestartMaxDelaySec=, reached
 * after that many restarts.
 *
 * @param restarts automatic restarts since the growth began, 0 before the first
 */
export function restartDelayUsec(unit: ServiceUnit, restarts: number): Usec {
  const { restartUsec, restartSteps, restartMaxDelayUsec } = unit;
  if (restartSteps <= 0 || restartMaxDelayUsec === null || restartMaxDelayUsec <= restartUsec || restarts === 0) return restartUsec;
  if (restarts >= restartSteps) return restartMaxDelayUsec;
  // From zero nothing grows: start at a thousandth of a second.
  const from = Math.max(restartUsec, 1000);
  return Math.round(from * (restartMaxDelayUsec / from) ** (restarts / restartSteps)) as Usec;
}
