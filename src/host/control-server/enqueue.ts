/** `enqueue`: one request to the core for each unit, so that one refused unit does not hold back the others; one answer for all. */
import type { UnitName } from '../../base/brand.ts';
import type { EnqueueAnswer, JobResultAnswer } from '../../control/answers.ts';
import type { Failure } from '../../control/error-codes.ts';
import type { Params } from '../../control/requests.ts';
import type { Engine } from '../engine.ts';
import type { Peer } from './connection.ts';
import { failureOf, submitRequest } from './submit-request.ts';
import { planJob } from '../../core/manager/explain/plan.ts';
import { findUnit } from '../../core/manager/query.ts';
import { plainType } from '../../core/manager/requests.ts';
import { withUnitHint } from './unit-hint.ts';

/** What is left out of `expect` is null. */
type Request = Omit<Params<'enqueue'>, 'expect'> & Partial<Pick<Params<'enqueue'>, 'expect'>>;
/** Names of the core's job types where the control protocol has systemctl's. */
const TYPES = {
  start: 'start', stop: 'stop', reload: 'reload', restart: 'restart', 'try-restart': 'try-restart',
  'reload-or-restart': 'reload-or-restart', 'reload-or-try-restart': 'reload-or-try-restart',
} as const satisfies Readonly<Record<Request['type'], string>>;

export function enqueueUnits(
  engine: Engine, peer: Peer, params: Request, units: readonly UnitName[],
  done: (outcome: { readonly ok: true; readonly value: EnqueueAnswer } | { readonly ok: false; readonly failure: Failure }) => void,
  key: string | null,
): (() => void) | null {
  const jobs: JobResultAnswer[] = [];
  const refused: EnqueueAnswer['refused'][number][] = [];
  const surprise = params.expect === null || params.expect === undefined ? null : differenceFrom(engine, params, units, params.expect);
  if (surprise !== null) {
    done({ ok: false, failure: { name: 'transaction-refused', message: surprise } });
    return null;
  }
  const changedOnDisk = units.filter((name) => {
    const unit = findUnit(engine.state(), name);
    return unit !== undefined && engine.changedOnDisk(unit.definition);
  });
  let left = units.length;
  if (left === 0) {
    done({ ok: true, value: { jobs, refused } });
    return null;
  }
  const cancels = units.map((unit, index) => submitRequest(engine, peer, {
    method: 'enqueue', type: TYPES[params.type], units: [unit], mode: params.mode, wait: params.wait, verb: params.mode === 'isolate' ? 'isolate' : params.type,
  }, (reply) => {
    if (reply.ok) jobs.push(...reply.jobs);
    else {
      const { name, message } = withUnitHint(engine, failureOf(reply));
      refused.push({ unit: reply.unit ?? unit, name, message });
    }
    if (--left === 0) done({ ok: true, value: { jobs, refused, ...(changedOnDisk.length > 0 ? { changedOnDisk } : {}) } });
  }, key === null ? null : `${key}/${String(index)}`));
  return () => {
    for (const cancel of cancels) cancel();
  };
}

/** How the jobs that are needed now differ from those that were foreseen, in one sentence; null = not at all. */
function differenceFrom(engine: Engine, params: Request, units: readonly UnitName[], expected: readonly string[]): string | null {
  const state = engine.state();
  const now = new Set<string>();
  for (const name of units) {
    const unit = findUnit(state, name);
    if (unit === undefined) return `Unit ${name} is not known any more.`;
    const plan = planJob(state, name, plainType(state.graph, params.type, unit), params.mode, { reason: 'requested', uid: 0, pid: 0, verb: params.type });
    if (!plan.ok) return plan.refusal.message;
    for (const step of plan.steps) now.add(`${step.unit}/${step.type}`);
  }
  const more = [...now].filter((job) => !expected.includes(job)).sort();
  const less = expected.filter((job) => !now.has(job)).sort();
  if (more.length + less.length === 0) return null;
  const parts = [...(more.length === 0 ? [] : [`it would now also take ${more.join(', ')}`]), ...(less.length === 0 ? [] : [`it would no longer take ${less.join(', ')}`])];
  return `The state has changed since the plan was made: ${parts.join('; ')}.`;
}
