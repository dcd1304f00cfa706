import { getEntry, valuesOf } from '../../../base/persistent-map.ts';
import type { Unit } from '../../../core/manager/state.ts';
import type { Reader } from './context.ts';
import { byTypeAndName, notEffectiveAnswers } from './unit-words.ts';

/** Loaded units with something to say about their files; without names, all that have. */
export const readVerdicts: Reader<'verify'> = ({ engine, units }, params) => {
  const state = engine.state();
  const chosen: Unit[] = params.units.length === 0
    // A name that something merely mentions, and nobody has, is no mistake in a file.
    ? [...valuesOf(state.units)].filter((unit) => unit.definition.loadState !== 'not-found' && (unit.definition.diagnostics.length > 0 || unit.definition.loadError !== null || notEffectiveAnswers(unit).length > 0))
    : units.flatMap((name) => getEntry(state.units, name) ?? []);
  return {
    ok: true,
    value: {
      units: chosen.sort((a, b) => byTypeAndName(a.name, b.name)).map((unit) => ({
        unit: unit.name,
        load: unit.definition.loadState,
        loadError: unit.definition.loadError,
        diagnostics: unit.definition.diagnostics,
        notEffective: notEffectiveAnswers(unit),
      })),
    },
  };
};
