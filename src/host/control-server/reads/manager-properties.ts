/** Properties of the manager itself: `show` without a unit. */
import { valuesOf } from '../../../base/persistent-map.ts';
import { formatInstant } from '../../../initctl/verbs.ts';
import { systemStateOf } from '../../../core/manager/query.ts';
import type { ManagerState } from '../../../core/manager/state.ts';
import { formatTimeSpan } from '../../../core/time/time-span.ts';
import type { Engine } from '../../engine.ts';

type Row = readonly [string, (engine: Engine, state: ManagerState) => string];

const ROWS: readonly Row[] = [
  ['Version', (engine) => `heartwood ${engine.facts.version}`],
  ['Features', () => ''],
  ['Virtualization', (engine) => (engine.facts.mode === 'container' ? 'container-other' : '')],
  ['Architecture', () => ({ x64: 'x86-64', arm64: 'arm64' })[process.arch as string] ?? process.arch],
  ['UserspaceTimestamp', (_, state) => formatInstant(state.started.realtimeUsec)],
  ['UserspaceTimestampMonotonic', (_, state) => String(state.started.monotonicUsec)],
  ['FinishTimestamp', (_, state) => formatInstant(state.bootFinished?.realtimeUsec ?? 0)],
  ['FinishTimestampMonotonic', (_, state) => String(state.bootFinished?.monotonicUsec ?? 0)],
  ['NNames', (_, state) => String(state.units.size + state.aliases.size)],
  ['NFailedUnits', (_, state) => String(valuesOf(state.units).filter((unit) => unit.activeState === 'failed').length)],
  ['NJobs', (_, state) => String(state.jobs.size)],
  ['NInstalledJobs', (_, state) => String(state.nextJobId - 1)],
  ['LogLevel', ({ facts }, { settings }) => settings.logLevel ?? facts.logLevel],
  ['LogTarget', ({ facts }, { settings }) => settings.logTarget ?? facts.logTarget],
  ['ServiceWatchdogs', (_, { settings }) => (settings.serviceWatchdogs ? 'yes' : 'no')],
  ['Environment', (_, state) => state.environment.join(' ')],
  ['UnitPath', (engine) => engine.facts.unitPath.join(' ')],
  ['DefaultTimeoutStartUSec', (_, state) => formatTimeSpan(state.config.defaultTimeoutStartUsec)],
  ['DefaultTimeoutStopUSec', (_, state) => formatTimeSpan(state.config.defaultTimeoutStopUsec)],
  ['DefaultRestartUSec', (_, state) => formatTimeSpan(state.config.defaultRestartUsec)],
  ['ControlGroup', (engine) => engine.facts.cgroupRoot ?? ''],
  ['SystemState', (_, state) => systemStateOf(state)],
];

export function managerProperties(engine: Engine, only: ReadonlySet<string> | null): Readonly<Record<string, string>> {
  const state = engine.state();
  return Object.fromEntries(ROWS.filter(([name]) => only === null || only.has(name)).map(([name, value]) => [name, value(engine, state)]));
}
