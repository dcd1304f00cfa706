/**
 * The kernel has ended a process of the service for want of memory; OOMPolicy= says what becomes of the others.
 * Source: systemd.service(5), OOMPolicy=.
 */
import type { Reason, ServiceRuntime } from '../../manager/state.ts';
import type { ServiceContext } from './context.ts';
import { enterSignalWith, enterStop } from './stop.ts';

const REASON: Reason = { reason: 'oom-kill' };

/** It is told before the end of the process itself, so that this is the result, and not the signal. */
export function onOomKill(c: ServiceContext, run: ServiceRuntime): ServiceRuntime {
  const policy = c.definition.oomPolicy;
  if (policy === 'continue') return run;
  switch (run.state) {
    case 'running': case 'exited': case 'reload': case 'reload-signal': case 'reload-notify':
      return policy === 'stop' ? enterStop(c, run, 'oom-kill', REASON) : enterSignalWith(c, run, 'stop-sigkill', 'oom-kill', REASON);
    case 'condition': case 'start-pre': case 'start': case 'start-post': case 'stop':
    case 'replace-start': case 'replace-watch': case 'replace-stop': case 'replace-kill':
      return enterSignalWith(c, run, policy === 'stop' ? 'stop-sigterm' : 'stop-sigkill', 'oom-kill', REASON);
    // Who was asked to end and has no memory for that is not asked for long.
    case 'stop-sigterm': case 'stop-watchdog':
      return enterSignalWith(c, run, 'stop-sigkill', 'oom-kill', REASON);
    case 'stop-post': case 'final-sigterm': case 'final-watchdog':
      return enterSignalWith(c, run, 'final-sigkill', 'oom-kill', REASON);
    default:
      return run;
  }
}
