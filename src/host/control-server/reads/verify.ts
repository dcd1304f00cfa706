import { getEntry, valuesOf } from '../../../base/persistent-map.ts';
import type { UnitName } from '../../../base/brand.ts';
import type { DiagnosticAnswer } from '../../../control/answers.ts';
import { CYCLES_SHOWN_MAX, findOrderCycles } from '../../../core/graph/cycles.ts';
import { describeCycle } from '../../../core/job/transaction/order-edge.ts';
import type { ManagerState, Unit } from '../../../core/manager/state.ts';
import { findUnit } from '../../../core/manager/query.ts';
import { silentPredecessors } from '../../../core/unit-file/verify.ts';
import { byTypeAndName } from '../../../core/unit/unit-order.ts';
import type { Reader } from './context.ts';
import { notEffectiveAnswers } from './unit-words.ts';

/** Loaded units with something to say about their files; without names, all that have, but for habits such as After= a service that does not say when it is ready. */
export const readVerdicts: Reader<'verify'> = ({ engine, units }, params) => {
  const state = engine.state();
  const chosen: Unit[] = params.units.length === 0
    // A name that something merely mentions, and nobody has, is no mistake in a file.
    ? valuesOf(state.units).filter((unit) => unit.definition.loadState !== 'not-found' && (unit.definition.diagnostics.length > 0 || unit.definition.loadError !== null || notEffectiveAnswers(unit).length > 0))
    : units.flatMap((name) => getEntry(state.units, name) ?? []);
  const cycles = cyclesAmong(state, chosen.map((unit) => unit.name));
  return {
    ok: true,
    value: {
      units: chosen.sort((a, b) => byTypeAndName(a.name, b.name)).map((unit) => ({
        unit: unit.name,
        load: unit.definition.loadState,
        loadError: unit.definition.loadError,
        diagnostics: [...unit.definition.diagnostics, ...(cycles.get(unit.name) ?? []), ...(params.units.length === 0 ? [] : silentPredecessors(unit.definition, (name) => findUnit(state, name)?.definition))],
        notEffective: notEffectiveAnswers(unit),
      })),
    },
  };
};

/** Ordering cycles that the units are part of, told with each of those units that was asked for. */
function cyclesAmong(state: ManagerState, names: readonly UnitName[]): ReadonlyMap<UnitName, readonly DiagnosticAnswer[]> {
  const found = new Map<UnitName, DiagnosticAnswer[]>();
  for (const cycle of findOrderCycles(state.graph, names).slice(0, CYCLES_SHOWN_MAX)) {
    const message = `Ordering cycle: ${describeCycle({ unit: (name) => getEntry(state.units, name) }, cycle)}. A job that needs all of these units is refused; one that is merely wanted is left out.`;
    for (const name of cycle) {
      const file = getEntry(state.units, name)?.definition.fragmentPath ?? name;
      found.set(name, [...(found.get(name) ?? []), { severity: 'error', file, line: 0, column: 0, message }]);
    }
  }
  return found;
}
