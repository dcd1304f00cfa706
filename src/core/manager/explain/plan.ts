/**
 * `plan`: the ordered steps a verb would take, and why each, with nothing done. The same transaction code as the real thing, on the
 * same state.
 */
import type { UnitName } from '../../../base/brand.ts';
import { neighbours } from '../../graph/graph.ts';
import { firstOf, isRedundant } from '../../job/job-type.ts';
import type { PlannedJob, Refusal } from '../../job/transaction/outcome.ts';
import { buildTransaction } from '../../job/transaction/transaction.ts';
import type { DependencyOrigin } from '../../unit/dependency.ts';
import type { JobMode } from '../../unit/unit-common.ts';
import type { EdgeKind } from '../../graph/atoms.ts';
import { describeReason, findUnit, viewOf } from '../query.ts';
import type { JobType, ManagerState, Reason } from '../state.ts';
import { edgeOrigin } from './why.ts';

export interface PlanStep {
  /** Steps with the same number may run at the same time; from 1. */
  readonly wave: number;
  readonly unit: UnitName;
  readonly type: JobType;
  readonly reason: Reason;
  readonly text: string;
  readonly origin: DependencyOrigin | null;
  /** Units of this plan whose step has to end before this one begins. */
  readonly after: readonly UnitName[];
}

export type Plan =
  | { readonly ok: true; readonly steps: readonly PlanStep[]; readonly dropped: readonly Refusal[] }
  | { readonly ok: false; readonly refusal: Refusal };

export function planJob(state: ManagerState, unit: UnitName, type: JobType, mode: JobMode, reason: Reason): Plan {
  const outcome = buildTransaction(viewOf(state), { unit, type, mode, reason, boot: false });
  if (!outcome.ok) return outcome;
  return { ok: true, steps: inOrder(state, outcome.transaction.jobs.filter((job) => job.type !== 'nop')), dropped: outcome.transaction.dropped };
}

function inOrder(state: ManagerState, jobs: readonly PlannedJob[]): PlanStep[] {
  const byUnit = new Map(jobs.map((job) => [job.unit, job]));
  const before = new Map(jobs.map((job) => [job.unit, [...earlier(state, byUnit, job)]]));
  const waves = new Map<UnitName, number>();
  // A consistent transaction has no cycle, so every round settles at least one job.
  for (let wave = 1; waves.size < jobs.length; wave++) {
    const ready = jobs.filter((job) => !waves.has(job.unit) && (before.get(job.unit) ?? []).every((name) => (waves.get(name) ?? wave) < wave));
    if (ready.length === 0) break;
    for (const job of ready) waves.set(job.unit, wave);
  }
  return jobs.map((job): PlanStep => ({
    wave: waves.get(job.unit) ?? 0,
    unit: job.unit,
    type: job.type,
    reason: job.reason,
    text: `${describeReason(job.reason)}${isDoneAlready(state, job) ? '; it is already so, and nothing is done' : ''}`,
    origin: job.reason.reason === 'dependency' ? edgeOrigin(state, job.reason.of, job.reason.kind as EdgeKind, job.unit)
      : job.reason.reason === 'conflict' ? edgeOrigin(state, job.reason.with, 'Conflicts', job.unit) : null,
    after: before.get(job.unit) ?? [],
  })).sort((a, b) => a.wave - b.wave);
}

/** What was asked for stays in the plan even so: it is what `apply` asks for. */
function isDoneAlready(state: ManagerState, { unit: name, type }: PlannedJob): boolean {
  const unit = findUnit(state, name);
  return unit !== undefined && unit.job === null && isRedundant(type, unit.activeState);
}

function* earlier(state: ManagerState, byUnit: ReadonlyMap<UnitName, PlannedJob>, job: PlannedJob): Generator<UnitName> {
  for (const name of neighbours(state.graph, job.unit, 'After')) {
    const other = byUnit.get(name);
    if (other !== undefined && firstOf(other.type, job.type) === 'before') yield name;
  }
  for (const name of neighbours(state.graph, job.unit, 'Before')) {
    const other = byUnit.get(name);
    if (other !== undefined && firstOf(job.type, other.type) === 'after') yield name;
  }
}
