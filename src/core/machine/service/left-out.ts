/** An event of a service could not be handled at all: the manager died of it. What the service is in is not known for sure any more. */
import type { Pid } from '../../../base/brand.ts';
import type { Reason, ServiceRuntime } from '../../manager/state.ts';
import { withFailure } from './context.ts';
import type { ServiceContext } from './context.ts';
import { afterControl, afterMain } from './exits.ts';
import { enterSignalWith } from './stop.ts';

/**
 * A service that is up or on its way is ended and failed, with the reason; one that is going down goes on doing so.
 *
 * @param gone a process whose end the event was about: nobody waits for it any longer
 */
export function onServiceEventLeftOut(c: ServiceContext, run: ServiceRuntime, reason: Reason, gone: Pid | null): ServiceRuntime {
  if (gone !== null && gone === run.mainPid) return afterMain(c, withFailure({ ...run, mainPid: null }, 'protocol', reason), 'protocol', reason);
  if (gone !== null && gone === run.beside?.pid) return afterMain(c, withFailure({ ...run, beside: null }, 'protocol', reason), 'protocol', reason);
  if (gone !== null && gone === run.controlPid && run.controlCommand !== null) {
    return afterControl(c, { ...run, controlPid: null, controlCommand: null }, run.controlCommand, 'protocol', reason);
  }
  switch (run.state) {
    case 'condition': case 'start-pre': case 'start': case 'start-post': case 'running': case 'exited':
    case 'reload': case 'reload-signal': case 'reload-notify':
    case 'replace-start': case 'replace-watch': case 'replace-stop': case 'replace-kill':
      return enterSignalWith(c, run, 'stop-sigterm', 'protocol', reason);
    default:
      return run;
  }
}
