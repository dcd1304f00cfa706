/** Questions about a state that change nothing. */
import type { JobId, UnitName } from '../../base/brand.ts';
import { getEntry, valuesOf } from '../../base/persistent-map.ts';
import { INVERSE, isReverse } from '../graph/atoms.ts';
import type { TransactionView } from '../job/transaction/request.ts';
import type { ExecRecord, ManagerState, Reason, Unit } from './state.ts';
import { errnoText } from './explain/errno-text.ts';
import { SIGNAL_NAMES } from '../machine/service/context.ts';

/** A unit by canonical name or alias. */
export function findUnit(state: ManagerState, name: UnitName): Unit | undefined {
  return getEntry(state.units, name) ?? getEntry(state.units, getEntry(state.aliases, name) ?? name);
}

export function viewOf(state: ManagerState): TransactionView {
  return {
    graph: state.graph,
    orderIsAcyclic: state.orderIsAcyclic,
    unit: (name) => findUnit(state, name),
    job: (id: JobId) => getEntry(state.jobs, id),
    units: () => valuesOf(state.units),
  };
}

export type SystemState = 'initializing' | 'starting' | 'running' | 'degraded' | 'maintenance' | 'stopping';

/** What `is-system-running` prints: systemctl(1). */
export function systemStateOf(state: ManagerState): SystemState {
  if (state.shutdown !== null) return 'stopping';
  if (state.bootFinished === null) return state.units.size === 0 ? 'initializing' : 'starting';
  for (const name of ['rescue.target', 'emergency.target', 'rescue.service', 'emergency.service'] as UnitName[]) {
    const unit = findUnit(state, name);
    if (unit !== undefined && (unit.activeState === 'active' || unit.activeState === 'activating')) return 'maintenance';
  }
  for (const unit of valuesOf(state.units)) if (unit.activeState === 'failed') return 'degraded';
  return 'running';
}

/** `exited with status 3`, `was killed by SIGSEGV (core dumped)`. */
export function describeExit(record: ExecRecord): string {
  if (record.exit === null) return 'is running';
  const { code, status } = record.exit;
  if (code === 'exited') return `exited with status ${String(status)}`;
  const name = SIGNAL_NAMES[status];
  return `was killed by ${name === undefined ? `signal ${String(status)}` : `SIG${name}`}${code === 'dumped' ? ' (core dumped)' : ''}`;
}

/** A reverse kind stands in the file of the unit that is pulled along, and is told from its side. */
function describePull(of: UnitName, kind: string): string {
  if (kind === 'isolate') return `${of} was isolated`;
  return isReverse(kind) ? `it has ${INVERSE[kind]}=${of}` : `${of} has ${kind}= on it`;
}

/** One clause for a reason: `wanted by multi-user.target`, `asked for by uid 0 (start)`. */
export function describeReason(reason: Reason): string {
  switch (reason.reason) {
    case 'requested': return `asked for by uid ${String(reason.uid)}, PID ${String(reason.pid)} (${reason.verb})`;
    case 'boot': return 'the unit to boot into';
    case 'dependency': return describePull(reason.of, reason.kind);
    case 'dependency-failed': return `${reason.on} (${reason.kind}) failed`;
    case 'condition': return 'a condition did not hold';
    case 'assertion': return 'an assertion did not hold';
    case 'start-limit': return 'it was started too often';
    case 'restart-limit': return `it was restarted ${String(reason.restarts)} times in a row`;
    case 'exit': return `its ${reason.role}= process ended`;
    case 'spawn-failed': return `its ${reason.role}= command could not be run`;
    case 'timeout': return `it timed out in state ${reason.state}`;
    case 'job-canceled': return `its ${reason.type} job was canceled`;
    case 'watchdog': return 'it did not feed its watchdog';
    case 'oom-kill': return 'the kernel ended one of its processes for want of memory';
    case 'protocol': return reason.detail;
    case 'renewal': return `${reason.setting}=${reason.what}`;
    case 'auto-restart': return 'restarted by its Restart= setting';
    case 'bound-unit-gone': return `it is bound to ${reason.on}, which went down`;
    case 'conflict': return `it conflicts with ${reason.with}`;
    case 'triggered': return `triggered by ${reason.by}`;
    case 'not-listening': return `it could not listen on ${reason.what}: ${errnoText(reason.errno)}`;
    case 'trigger-limit': return 'it was triggered too often (TriggerLimitBurst=)';
    case 'service-start-limit': return `${reason.of} was started too often`;
    case 'unneeded': return 'nothing needs it any more (StopWhenUnneeded=)';
    case 'shutdown': return 'the manager shuts down';
    case 'load-error': return 'its unit file cannot be used';
    case 'not-implemented': return 'units of its type are not started yet';
  }
}
