import type { PlanAnswer } from '../../../control/answers.ts';
import { planJob } from '../../../core/manager/plan.ts';
import { findUnit } from '../../../core/manager/query.ts';
import type { JobType, Unit } from '../../../core/manager/state.ts';
import type { Params } from '../../../control/requests.ts';
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
        const type = jobTypeFor(params.type, unit);
        if (type === null) return { unit: name, steps: [], dropped: [], refused: null };
        const plan = planJob(state, name, type, params.mode, { reason: 'requested', uid: peer.uid, pid: peer.pid, verb: params.type });
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

/** The core's job type for a verb, as the unit is now; null = nothing would be done. */
function jobTypeFor(type: Params<'plan'>['type'], unit: Unit): JobType | null {
  const running = unit.activeState === 'active' || unit.activeState === 'reloading' || unit.activeState === 'activating';
  const canReload = unit.definition.kind === 'service' && (unit.definition.execReload.length > 0 || unit.definition.type === 'notify-reload');
  switch (type) {
    case 'try-restart': return running ? 'restart' : null;
    case 'reload-or-restart': return canReload && running ? 'reload' : 'restart';
    case 'reload-or-try-restart': return !running ? null : canReload ? 'reload' : 'restart';
    default: return type;
  }
}
