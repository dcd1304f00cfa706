/** Time-outs of a service: of its state, of its watchdog, of its whole run. */
import type { MonotonicUsec } from '../../../base/brand.ts';
import type { ServiceRuntime } from '../../manager/state.ts';
import { withFailure, type ServiceContext } from './context.ts';
import { enterRunning } from './start.ts';
import { enterDead, enterSignal, enterSignalWith, enterStop, enterStopPost } from './stop.ts';
import type { SignalState } from './states.ts';

/** The earliest instant at which something of this service is due; null = never. */
export function nextDueUsec(run: ServiceRuntime): MonotonicUsec | null {
  let due = run.deadlineUsec;
  for (const each of [run.watchdogDueUsec, run.runtimeMaxDueUsec]) if (each !== null && (due === null || each < due)) due = each;
  return due;
}

const FIRST_SIGNAL = { terminate: 'stop-sigterm', abort: 'stop-watchdog', kill: 'stop-sigkill' } as const satisfies Record<string, SignalState>;

/**
 * Handles everything that is due now. `auto-restart` is not handled here: its end is a job (manager/timers).
 */
export function onDue(c: ServiceContext, run: ServiceRuntime): ServiceRuntime {
  const now = c.now.monotonicUsec;
  if (run.deadlineUsec !== null && run.deadlineUsec <= now) return onStateTimeout(c, { ...run, deadlineUsec: null });
  if (run.watchdogDueUsec !== null && run.watchdogDueUsec <= now) {
    return enterSignalWith(c, { ...run, watchdogDueUsec: null }, 'stop-watchdog', 'watchdog', { reason: 'watchdog' });
  }
  if (run.runtimeMaxDueUsec !== null && run.runtimeMaxDueUsec <= now) {
    return enterStop(c, { ...run, runtimeMaxDueUsec: null }, 'timeout', { reason: 'timeout', state: 'running' });
  }
  return run;
}

function onStateTimeout(c: ServiceContext, run: ServiceRuntime): ServiceRuntime {
  const { kill } = c.definition;
  const reason = { reason: 'timeout', state: run.state } as const;
  const failed = withFailure(run, 'timeout', reason);
  switch (run.state) {
    case 'condition':
    case 'start-pre':
    case 'start':
      return enterSignalWith(c, run, FIRST_SIGNAL[c.definition.timeoutStartFailureMode], 'timeout', reason);
    case 'start-post':
      return enterSignalWith(c, run, 'stop-sigterm', 'timeout', reason);
    case 'reload':
    case 'reload-signal':
    case 'reload-notify': {
      if (run.controlPid !== null) {
        c.effects.push({ kind: 'kill-process', unit: c.definition.name, pid: run.controlPid, signal: kill.finalKillSignal, value: null });
      }
      return enterRunning(c, { ...run, reloadResult: 'timeout', controlCommand: null, controlPid: null }, 'success', null);
    }
    case 'stop':
      return enterSignalWith(c, run, FIRST_SIGNAL[c.definition.timeoutStopFailureMode], 'timeout', reason);
    case 'stop-watchdog':
    case 'stop-sigterm':
      return kill.sendSigkill ? enterSignal(c, failed, 'stop-sigkill') : enterStopPost(c, failed);
    case 'stop-sigkill':
      return enterStopPost(c, { ...failed, mainPid: null, controlPid: null, controlCommand: null });
    case 'stop-post':
      return enterSignal(c, failed, 'final-sigterm');
    case 'final-watchdog':
    case 'final-sigterm':
      return kill.sendSigkill ? enterSignal(c, failed, 'final-sigkill') : enterDead(c, failed);
    case 'final-sigkill':
      return enterDead(c, failed);
    default:
      return run;
  }
}
