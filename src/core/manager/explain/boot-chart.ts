/** When which unit came up since the manager started: what `blame`, `critical-chain` and `plot` are drawn from. */
import type { UnitName } from '../../../base/brand.ts';
import { valuesOf } from '../../../base/persistent-map.ts';
import { neighbours } from '../../graph/graph.ts';
import type { ActiveState, ManagerState, Unit } from '../state.ts';

/** Times are microseconds since the manager started. */
export interface ChartedUnit {
  readonly unit: UnitName;
  readonly activeState: ActiveState;
  /** When it left `inactive`. */
  readonly beganUsec: number;
  /** When it was up, or over if it never stays up; null = it is still on its way. */
  readonly readyUsec: number | null;
  /** When it went down after that; null = it did not. */
  readonly endedUsec: number | null;
  /** Units of the chart it is ordered after. */
  readonly after: readonly UnitName[];
}

export interface BootChart {
  /** The unit that was booted into. */
  readonly root: UnitName;
  /** When the last job of the boot ended; null = the boot is going on. */
  readonly finishedUsec: number | null;
  /** By the instant they began. */
  readonly units: readonly ChartedUnit[];
}

/** Units that have been started at all, by their last start. Pure. */
export function chartBoot(state: ManagerState): BootChart {
  const { monotonicUsec: origin } = state.started;
  const started = valuesOf(state.units).filter((unit) => unit.times.inactiveExit.monotonicUsec > 0 && unit.runtime.kind !== 'slice');
  const names = new Set(started.map((unit) => unit.name));
  const units = started.map((unit): ChartedUnit => ({
    unit: unit.name,
    activeState: unit.activeState,
    beganUsec: unit.times.inactiveExit.monotonicUsec - origin,
    ...endsOf(unit, origin),
    after: neighbours(state.graph, unit.name, 'After').filter((name) => names.has(name)),
  }));
  units.sort((a, b) => a.beganUsec - b.beganUsec || (a.unit < b.unit ? -1 : 1));
  const finished = state.bootFinished;
  const root = valuesOf(state.units).find((unit) => unit.definition.names.includes(state.config.bootUnit));
  return { root: root?.name ?? state.config.bootUnit, finishedUsec: finished === null ? null : finished.monotonicUsec - origin, units };
}

/** Only instants of the last start count: one that is older belongs to a former life. */
function endsOf({ times }: Unit, origin: number): Pick<ChartedUnit, 'readyUsec' | 'endedUsec'> {
  const began = times.inactiveExit.monotonicUsec;
  const up = times.activeEnter.monotonicUsec >= began ? times.activeEnter.monotonicUsec - origin : null;
  const down = times.inactiveEnter.monotonicUsec >= began ? times.inactiveEnter.monotonicUsec - origin : null;
  return up === null ? { readyUsec: down, endedUsec: down } : { readyUsec: up, endedUsec: down };
}
