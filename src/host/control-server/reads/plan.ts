import type { PlanAnswer } from '../../../control/answers.ts';
import { planJob } from '../../../core/manager/explain/plan.ts';
import { findUnit } from '../../../core/manager/query.ts';
import { plainType } from '../../../core/manager/requests.ts';
import type { Reader } from './context.ts';
import { placeOf } from './unit-words.ts';

export const readPlan: Reader<'plan'> = ({ engine, peer, units }, params) => {
  const state = engine.state();
  return {
    ok: true,
    value: {
      plans: units.map((name): PlanAnswer['plans'][number] => {
        const unit = findUnit(state, name);
        if (unit === undefined) return { unit: name, steps: [], dropped: [], refused: `Unit ${name} is not known.` };
        const plan = planJob(state, name, plainType(state.graph, params.type, unit), params.mode, { reason: 'requested', uid: peer.uid, pid: peer.pid, verb: params.type });
        if (!plan.ok) return { unit: name, steps: [], dropped: [], refused: plan.refusal.message };
        return {
          unit: name,
          steps: plan.steps.map((step) => ({
            wave: step.wave, unit: step.unit, type: step.type, reason: step.text, origin: step.origin === null ? null : placeOf(step.origin), after: step.after,
          })),
          dropped: plan.dropped.map((refusal) => refusal.message),
          refused: null,
        };
      }),
    },
  };
};
