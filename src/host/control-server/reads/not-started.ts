import { valuesOf } from '../../../base/persistent-map.ts';
import { matchesGlob } from '../../../control/glob.ts';
import { explain } from '../../../core/manager/why.ts';
import type { Reader } from './context.ts';
import { byTypeAndName, placeOf } from './unit-words.ts';

export const readNotStarted: Reader<'not-started'> = ({ engine }, { patterns, types }) => {
  const state = engine.state();
  const down = valuesOf(state.units).filter(({ activeState, job, definition }) =>
    (activeState === 'inactive' || activeState === 'failed') && job === null
    // A name that others merely mention has nothing that could be started.
    && definition.loadState !== 'not-found'
    && (types.length === 0 || types.includes(definition.kind))
    && (patterns.length === 0 || patterns.some((pattern) => definition.names.some((name) => matchesGlob(pattern, name)))));
  down.sort((a, b) => byTypeAndName(a.name, b.name));
  return {
    ok: true,
    value: {
      units: down.map((unit) => {
        const [first, ...rest] = explain(state, unit.name)?.chain ?? [];
        const root = rest.at(-1);
        return {
          unit: unit.name,
          active: unit.activeState,
          code: first?.kind ?? '',
          reason: first?.text ?? '',
          origin: first === undefined || first.origin === null ? null : placeOf(first.origin),
          rootUnit: root?.unit ?? null,
          rootReason: root?.text ?? null,
        };
      }),
    },
  };
};
