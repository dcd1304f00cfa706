/** Probes that wait for a line of the log: what a logd that begins anew has to be asked again. */
import { valuesOf } from '../../base/persistent-map.ts';
import type { Effect } from './effect.ts';
import type { ManagerState } from './state.ts';

/** A question for a line of a unit's log. */
export type LineQuestion = Extract<Effect, { readonly kind: 'probe' }> & { readonly check: { readonly kind: 'log' } };

/** All that wait for their answer. */
export function openLineQuestions(state: ManagerState): readonly LineQuestion[] {
  const open: LineQuestion[] = [];
  for (const { name, definition, runtime, invocationId } of valuesOf(state.units)) {
    if (definition.kind !== 'service' || runtime.kind !== 'service' || definition.probes.length === 0 || invocationId === null) continue;
    for (const { kind, check, timeoutUsec } of definition.probes) {
      const token = runtime.probes.find(({ probe }) => probe === kind)?.token ?? null;
      if (check.kind === 'log' && token !== null) open.push({ kind: 'probe', unit: name, probe: kind, token, invocationId, check, timeoutUsec });
    }
  }
  return open;
}
