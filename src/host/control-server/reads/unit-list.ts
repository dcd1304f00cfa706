import { valuesOf } from '../../../base/persistent-map.ts';
import type { UnitSummary } from '../../../control/answers.ts';
import { matchesGlob } from '../../../control/glob.ts';
import type { ManagerState, Unit } from '../../../core/manager/state.ts';
import { isStandIn } from '../../../core/unit/unit-name.ts';
import { byTypeAndName } from '../../../core/unit/unit-order.ts';
import type { Reader } from './context.ts';
import { jobOf, subState } from './unit-words.ts';

export const readUnitList: Reader<'list-units'> = ({ engine }, params) => {
  const state = engine.state();
  const types = new Set(params.types);
  const states = new Set(params.states);
  const chosen: Unit[] = [];
  for (const unit of valuesOf(state.units)) {
    // It is forgotten in some seconds; until then it would be a riddle.
    if (isStandIn(unit.name)) continue;
    if (types.size > 0 && !types.has(unit.definition.kind) && !types.has(unit.definition.loadState)) continue;
    if (states.size > 0 && !states.has(unit.activeState) && !states.has(subState(unit)) && !states.has(unit.definition.loadState)) continue;
    if (params.patterns.length > 0 && !params.patterns.some((pattern) => unit.definition.names.some((name) => matchesGlob(pattern, name)))) continue;
    // Source: systemctl(1), "list-units": without --all only units that are active, have a pending job or have failed.
    if (!params.all && unit.activeState === 'inactive' && unit.job === null) continue;
    chosen.push(unit);
  }
  chosen.sort((a, b) => byTypeAndName(a.name, b.name));
  return { ok: true, value: { nowUsec: engine.now().realtimeUsec, units: chosen.map((unit) => summarize(state, unit)) } };
};

export function summarize(state: ManagerState, unit: Unit): UnitSummary {
  const job = jobOf(state, unit.job);
  return {
    unit: unit.name,
    description: unit.definition.description,
    load: unit.definition.loadState,
    active: unit.activeState,
    sub: subState(unit),
    sinceUsec: unit.times.stateChange.realtimeUsec,
    mainPid: unit.runtime.kind === 'service' ? unit.runtime.mainPid : null,
    restarts: unit.runtime.kind === 'service' ? unit.runtime.restarts : 0,
    job: job === undefined ? null : { job: job.id, type: job.type, state: job.state },
  };
}
