/** From a unit that has just failed to what is kept of it. */
import type { RealtimeUsec } from '../../../base/brand.ts';
import type { CrashFacts } from './crash-facts.ts';
import { describeExit, describeReason } from '../query.ts';
import type { ExecRecord, Unit } from '../state.ts';

/** @param unit as it is at its failure @param nowUsec the wall clock */
export function crashFactsOf(unit: Unit, nowUsec: RealtimeUsec): CrashFacts {
  const { definition, runtime, times, endReason } = unit;
  const deciding = decidingExec(unit);
  const service = runtime.kind === 'service' ? runtime : null;
  return {
    unit: unit.name,
    invocationId: unit.invocationId,
    result: 'result' in runtime ? runtime.result : 'failed',
    why: sentence(unit, deciding),
    process: deciding === null || deciding.exit === null ? null : {
      role: deciding.role, index: deciding.index, pid: deciding.pid, code: deciding.exit.code, status: deciding.exit.status,
      startedUsec: deciding.startRealtimeUsec, endedUsec: deciding.exit.realtimeUsec,
    },
    willRestart: service?.restarting === true && endReason?.reason !== 'start-limit',
    restarts: service?.restarts ?? 0,
    statusText: service?.statusText ?? '',
    times: { startingUsec: times.inactiveExit.realtimeUsec, activeUsec: times.activeEnter.realtimeUsec, failedUsec: nowUsec },
    revision: definition.sourceHash,
    files: [...(definition.fragmentPath === null ? [] : [definition.fragmentPath]), ...definition.dropInPaths],
  };
}

function decidingExec({ runtime, endReason }: Unit): ExecRecord | null {
  if (!('execs' in runtime)) return null;
  if (endReason?.reason === 'exit') {
    const ended = runtime.execs.filter(({ role, exit }) => role === endReason.role && exit !== null);
    if (ended.length > 0) return ended.reduce((last, each) => ((each.exit?.monotonicUsec ?? 0) >= (last.exit?.monotonicUsec ?? 0) ? each : last));
  }
  return runtime.kind === 'service' ? runtime.mainExit : null;
}

function sentence({ runtime, endReason }: Unit, deciding: ExecRecord | null): string {
  if (endReason?.reason === 'exit' && deciding !== null) return `its ${deciding.role}= process ${describeExit(deciding)}`;
  if (endReason !== null) {
    const failure = 'spawnFailure' in runtime ? runtime.spawnFailure : null;
    return `${describeReason(endReason)}${endReason.reason === 'spawn-failed' && failure !== null ? ` (${failure.stage}: ${failure.errno})` : ''}`;
  }
  return deciding === null ? 'no reason is known' : `its ${deciding.role}= process ${describeExit(deciding)}`;
}
