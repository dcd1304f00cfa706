import { valuesOf } from '../../../base/persistent-map.ts';
import { matchesGlob } from '../../../control/glob.ts';
import type { Unit } from '../../../core/manager/state.ts';
import { explain, type WhyLink } from '../../../core/manager/explain/why.ts';
import { byTypeAndName } from '../../../core/unit/unit-order.ts';
import type { Reader } from './context.ts';
import { placeOf } from './unit-words.ts';

/** Who asks wants to know of failures first, then of what was meant to run; what nobody wants comes last. */
function interestOf(unit: Unit, chain: readonly WhyLink[]): number {
  if (unit.activeState === 'failed') return 0;
  return chain.at(-1)?.kind === 'never-started' ? 2 : 1;
}

export const readNotStarted: Reader<'not-started'> = ({ engine }, { patterns, types }) => {
  const state = engine.state();
  const down = valuesOf(state.units).filter(({ activeState, job, definition }) =>
    (activeState === 'inactive' || activeState === 'failed') && job === null
    // A name that others merely mention has nothing that could be started.
    && definition.loadState !== 'not-found'
    && (types.length === 0 || types.includes(definition.kind))
    && (patterns.length === 0 || patterns.some((pattern) => definition.names.some((name) => matchesGlob(pattern, name)))));
  const explained = down.map((unit) => ({ unit, chain: explain(state, unit.name)?.chain ?? [] }));
  explained.sort((a, b) => interestOf(a.unit, a.chain) - interestOf(b.unit, b.chain) || byTypeAndName(a.unit.name, b.unit.name));
  return {
    ok: true,
    value: {
      units: explained.map(({ unit, chain: [first, ...rest] }) => {
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
