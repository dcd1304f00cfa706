/** An event of a service could not be handled at all: the manager died of it. What the service is in is not known for sure any more. */
import type { ServiceRuntime } from '../../manager/state.ts';
import type { ServiceContext } from './context.ts';
import { enterSignalWith } from './stop.ts';

/** A service that is up or on its way is ended and failed, with the reason; one that is down or going down is left alone. */
export function onEventLeftOut(c: ServiceContext, run: ServiceRuntime, what: string): ServiceRuntime {
  switch (run.state) {
    case 'condition': case 'start-pre': case 'start': case 'start-post': case 'running': case 'exited':
    case 'reload': case 'reload-signal': case 'reload-notify':
      return enterSignalWith(c, run, 'stop-sigterm', 'protocol', { reason: 'protocol', detail: `the manager died twice while it handled the event "${what}"` });
    default:
      return run;
  }
}
