/** Reloading a running service. Source: systemd.service(5), ExecReload= and Type=notify-reload. */
import type { ServiceRuntime } from '../../manager/state.ts';
import { enter, spawn, type ServiceContext } from './context.ts';

export function reloadService(c: ServiceContext, run: ServiceRuntime): ServiceRuntime {
  const { definition } = c;
  const begun: ServiceRuntime = { ...run, reloadResult: 'success' };
  if (definition.type === 'notify-reload' && definition.execReload.length === 0) {
    if (run.mainPid === null) return run;
    c.effects.push({ kind: 'kill-process', unit: definition.name, pid: run.mainPid, signal: definition.reloadSignal, value: null });
    return enter(c, begun, 'reload-signal', definition.timeoutStartUsec);
  }
  return spawn(c, enter(c, begun, 'reload', definition.timeoutStartUsec), 'ExecReload', 0);
}
