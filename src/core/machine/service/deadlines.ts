/** Time-outs of a service: of its state, of its watchdog, of its whole run. */
import type { MonotonicUsec } from '../../../base/brand.ts';
import { earlierOf } from '../../../base/time.ts';
import type { ServiceRuntime } from '../../manager/state.ts';
import { withFailure, type ServiceContext } from './context.ts';
import { onReplacementTimeout } from './overlap.ts';
import { applyVerdict } from './probe-verdicts.ts';
import { nextProbeDueUsec, onProbeDue } from './probes.ts';
import { armWatchdog, enterRunning } from './start.ts';
import { enterDead, enterSignal, enterSignalWith, enterStop, enterStopPost } from './stop.ts';
import type { SignalState } from './states.ts';

/** The earliest instant at which something of this service is due; null = never. */
export function nextDueUsec(run: ServiceRuntime): MonotonicUsec | null {
  const ofState = earlierOf(earlierOf(run.deadlineUsec, run.pidFileDueUsec), earlierOf(run.watchdogDueUsec, run.runtimeMaxDueUsec));
  const { renewal } = run;
  const due = renewal === null ? ofState : earlierOf(ofState, earlierOf(renewal.periodDueUsec, renewal.change?.dueUsec ?? null));
  return run.probes.length === 0 ? due : earlierOf(due, nextProbeDueUsec(run));
}

const FINAL_SIGNAL = { terminate: 'final-sigterm', abort: 'final-watchdog', kill: 'final-sigkill' } as const satisfies Record<string, SignalState>;
const FIRST_SIGNAL = { terminate: 'stop-sigterm', abort: 'stop-watchdog', kill: 'stop-sigkill' } as const satisfies Record<string, SignalState>;

/**
 * Handles everything that is due now. `auto-restart` is not handled here: its end is a job (manager/timers).
 */
export function onDue(c: ServiceContext, run: ServiceRuntime): ServiceRuntime {
  const now = c.now.monotonicUsec;
  if (run.deadlineUsec !== null && run.deadlineUsec <= now) return onStateTimeout(c, { ...run, deadlineUsec: null });
  if (run.pidFileDueUsec !== null && run.pidFileDueUsec <= now) {
    if (c.definition.pidFile !== null) c.effects.push({ kind: 'read-pid-file', unit: c.definition.name, path: c.definition.pidFile });
    return { ...run, pidFileDueUsec: null };
  }
  if (run.watchdogDueUsec !== null && run.watchdogDueUsec <= now && !c.heedsWatchdog) {
    c.effects.push({ kind: 'log', level: 'warning', unit: c.definition.name, message: `${c.definition.name}: its watchdog was not fed in time, which is ignored (service-watchdogs is off)` });
    return armWatchdog(c, run);
  }
  if (run.watchdogDueUsec !== null && run.watchdogDueUsec <= now) {
    return enterSignalWith(c, { ...run, watchdogDueUsec: null }, 'stop-watchdog', 'watchdog', { reason: 'watchdog' });
  }
  if (run.runtimeMaxDueUsec !== null && run.runtimeMaxDueUsec <= now) {
    return enterStop(c, { ...run, runtimeMaxDueUsec: null }, 'timeout', { reason: 'timeout', state: 'running' });
  }
  const verdict = onProbeDue(c, run);
  return verdict === null ? run : applyVerdict(c, verdict);
}

function onStateTimeout(c: ServiceContext, run: ServiceRuntime): ServiceRuntime {
  const { kill, timeoutStartFailureMode, timeoutStopFailureMode } = c.definition;
  const reason = { reason: 'timeout', state: run.state } as const;
  const failed = withFailure(run, 'timeout', reason);
  switch (run.state) {
    case 'condition':
    case 'start-pre':
    case 'start':
      return enterSignalWith(c, run, FIRST_SIGNAL[timeoutStartFailureMode], 'timeout', reason);
    case 'start-post':
      return enterSignalWith(c, run, FIRST_SIGNAL[timeoutStartFailureMode], 'timeout', reason);
    case 'reload':
    case 'reload-signal':
    case 'reload-notify': {
      if (run.controlPid !== null) {
        c.effects.push({ kind: 'kill-process', unit: c.definition.name, pid: run.controlPid, signal: kill.finalKillSignal, value: null });
      }
      return enterRunning(c, { ...run, reloadResult: 'timeout', controlCommand: null, controlPid: null }, 'success', null);
    }
    case 'replace-start':
    case 'replace-watch':
    case 'replace-stop':
    case 'replace-kill':
      return onReplacementTimeout(c, run);
    case 'stop':
      return enterSignalWith(c, run, FIRST_SIGNAL[timeoutStopFailureMode], 'timeout', reason);
    case 'stop-sigterm':
      if (timeoutStopFailureMode === 'abort') return enterSignal(c, failed, 'stop-watchdog');
      return kill.sendSigkill ? enterSignal(c, failed, 'stop-sigkill') : enterStopPost(c, failed);
    case 'stop-watchdog':
      return kill.sendSigkill ? enterSignal(c, failed, 'stop-sigkill') : enterStopPost(c, failed);
    case 'stop-sigkill':
      return enterStopPost(c, { ...failed, mainPid: null, beside: null, controlPid: null, controlCommand: null });
    case 'stop-post':
      return enterSignal(c, failed, FINAL_SIGNAL[timeoutStopFailureMode]);
    case 'final-sigterm':
      if (timeoutStopFailureMode === 'abort') return enterSignal(c, failed, 'final-watchdog');
      return kill.sendSigkill ? enterSignal(c, failed, 'final-sigkill') : enterDead(c, failed);
    case 'final-watchdog':
      return kill.sendSigkill ? enterSignal(c, failed, 'final-sigkill') : enterDead(c, failed);
    case 'final-sigkill':
      return enterDead(c, failed);
    default:
      return run;
  }
}
