/** Answers of probes, and what they do to the service. */
import type { Pid } from '../../../base/brand.ts';
import type { ServiceRuntime } from '../../manager/state.ts';
import type { ServiceContext } from './context.ts';
import { judgeExit, type Ended } from './judge-exit.ts';
import { onAnswer, probeTokenOf, type ProbeVerdict } from './probes.ts';
import { enterStartPost } from './start.ts';
import { enterSignalWith, enterStop } from './stop.ts';

export function applyVerdict(c: ServiceContext, verdict: ProbeVerdict): ServiceRuntime {
  switch (verdict.verdict) {
    case 'nothing': return verdict.run;
    case 'passed': return enterStartPost(c, verdict.run);
    case 'not-up': return enterSignalWith(c, verdict.run, 'stop-sigterm', 'protocol', verdict.reason);
    // As systemd has it: no failure, but Restart=always brings it back.
    case 'name-lost': return enterStop(c, verdict.run, 'success', null);
    // As a service that does not feed its watchdog: Restart=on-watchdog and what includes it apply.
    case 'not-alive': return enterSignalWith(c, verdict.run, 'stop-sigterm', 'watchdog', verdict.reason);
  }
}

/** The host's answer, or that a probe's command could not be run. */
export function onProbeAnswer(c: ServiceContext, run: ServiceRuntime, token: number, holds: boolean, detail: string): ServiceRuntime {
  return applyVerdict(c, onAnswer(c, run, token, holds, detail));
}

/** A process ended that is neither the main nor the control process: perhaps a probe's. */
export function onProbeExit(c: ServiceContext, run: ServiceRuntime, pid: Pid, ended: Ended): ServiceRuntime {
  const token = probeTokenOf(run, pid);
  if (token === null) return run;
  const isWell = judgeExit(c.definition, ended, 'command', undefined) === 'success';
  return onProbeAnswer(c, run, token, isWell, ended.code === 'exited' ? `exit status ${String(ended.status)}` : `killed by signal ${String(ended.status)}`);
}
