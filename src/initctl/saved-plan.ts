/** A plan in a file: what was foreseen, so that `apply` does that and nothing else. Versions of the format: 1 (first). */
import type { PlanAnswer } from '../control/answers.ts';
import { ENQUEUE_TYPES, JOB_MODES } from '../control/requests.ts';
import type { FileOutcome, VerbRun } from './verb.ts';

const FORMAT = 1;

export interface SavedPlan {
  readonly heartwoodPlan: typeof FORMAT;
  readonly verb: (typeof ENQUEUE_TYPES)[number];
  readonly mode: (typeof JOB_MODES)[number];
  readonly units: readonly string[];
  /** All jobs of it, as `UNIT/TYPE`, by the order they would run in. */
  readonly jobs: readonly string[];
}

export function savedPlan(verb: string, mode: string, { plans }: PlanAnswer): string {
  const jobs = new Set(plans.flatMap((plan) => plan.steps.map((step) => `${step.unit}/${step.type}`)));
  const saved = { heartwoodPlan: FORMAT, verb: verb === 'isolate' ? 'start' : verb, mode, units: plans.map((plan) => plan.unit), jobs: [...jobs] };
  return `${JSON.stringify(saved, null, 2)}\n`;
}

/** A sentence when the text is no plan. */
export function parsePlan(text: string): SavedPlan | string {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return 'it is no JSON';
  }
  const isTexts = (list: unknown): boolean => Array.isArray(list) && list.every((item) => typeof item === 'string');
  const plan = value as Partial<SavedPlan> | null;
  if (typeof plan !== 'object' || plan === null || plan.heartwoodPlan !== FORMAT) return `it is no plan of format ${String(FORMAT)}, as "plan --save" writes it`;
  if (!(ENQUEUE_TYPES as readonly unknown[]).includes(plan.verb)) return 'its verb is none that can be applied';
  if (!(JOB_MODES as readonly unknown[]).includes(plan.mode)) return 'its job mode is not known';
  if (!isTexts(plan.units) || !isTexts(plan.jobs)) return 'it lacks its units or jobs';
  return plan as SavedPlan;
}

/** @returns why it could not be written, or null */
export function* saveFile(path: string, text: string): VerbRun<string | null> {
  const outcome = (yield { step: 'write-file', path, text }) as FileOutcome;
  return outcome.ok ? null : outcome.error;
}
