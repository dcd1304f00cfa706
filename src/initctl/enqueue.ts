/** What start, stop, restart and their kin have in common: queue one job for each unit, wait, say what became of them. */
import type { EnqueueAnswer, JobResultAnswer } from '../control/answers.ts';
import { JOB_MODES, type Params } from '../control/requests.ts';
import { EXIT, exitStatusOfRefusal } from './exit-status.ts';
import { hasOption, optionText } from './options.ts';
import { explainUnit } from './explain.ts';
import { reloadWarning } from './reload-warning.ts';
import { paint } from './text/style.ts';
import { unitArguments } from './unit-argument.ts';
import { complain, printJson, request, type Invocation, type VerbRun } from './verb.ts';

type EnqueueType = Params<'enqueue'>['type'];
type JobMode = Params<'enqueue'>['mode'];

/** @param mode null = what `--job-mode` says, else `replace` */
export function* enqueueVerb(call: Invocation, type: EnqueueType, mode: JobMode | null = null): VerbRun {
  return yield* enqueueUnits(call, type, unitArguments(call.words), mode);
}

/**
 * @param told   what the verb did before, for `--json`
 * @param expect the jobs it may take, as `UNIT/TYPE`; null = whatever is needed
 */
export function* enqueueUnits(call: Invocation, type: EnqueueType, units: readonly string[], mode: JobMode | null, told: object = {}, expect: readonly string[] | null = null): VerbRun {
  const asked = mode ?? modeAsked(call);
  if (!(JOB_MODES as readonly string[]).includes(asked)) {
    yield* complain(`--job-mode must be one of ${JOB_MODES.join(', ')}`);
    return EXIT.usage;
  }
  const wait = !hasOption(call.options, 'no-block');
  const reply = yield* request('enqueue', { type, units, mode: asked as JobMode, wait, expect });
  const json = hasOption(call.options, 'json');
  if (!reply.ok) {
    if (json) yield* printJson({ ...told, jobs: [], refused: [{ unit: reply.failure.unit ?? '', name: reply.failure.name, message: reply.failure.message }] });
    yield* complain(`Failed to ${call.verb}${units.length === 1 ? ` ${units[0] as string}` : ''}: ${reply.failure.message}`);
    return exitStatusOfRefusal(reply.failure.name, call.program);
  }
  if (json) {
    yield* printJson({ ...told, ...reply.value });
    return exitStatusOfJobs(reply.value, call.program);
  }
  if (hasOption(call.options, 'show-transaction')) {
    for (const job of reply.value.jobs) yield* complain(`Enqueued anchor job ${job.job} ${job.unit}/${job.type}.`);
  }
  if (!hasOption(call.options, 'quiet')) for (const unit of reply.value.changedOnDisk ?? []) yield* complain(reloadWarning(call, unit));
  for (const refusal of reply.value.refused) {
    // The unit at fault may be another one, which the message names.
    yield* complain(`Failed to ${call.verb} ${units.length === 1 ? units[0] as string : refusal.unit}: ${refusal.message}`);
  }
  for (const job of reply.value.jobs) {
    if (job.result === 'done' || job.result === 'queued' || job.result === 'skipped') continue;
    if (!hasOption(call.options, 'quiet')) yield* tellFailure(call, job);
  }
  const exit = exitStatusOfJobs(reply.value, call.program);
  const started = reply.value.jobs.filter((job) => job.result === 'done').map((job) => job.unit);
  if (exit !== EXIT.done || !hasOption(call.options, 'wait') || !wait || !['start', 'restart'].includes(type) || started.length === 0) return exit;
  return yield* waitForEnd(started);
}

/** Source: systemctl(1), "--job-mode", and the options it replaced. */
function modeAsked({ options }: Invocation): string {
  if (hasOption(options, 'fail')) return 'fail';
  if (hasOption(options, 'irreversible')) return 'replace-irreversibly';
  if (hasOption(options, 'ignore-dependencies')) return 'ignore-dependencies';
  return optionText(options, 'job-mode') ?? 'replace';
}

/** With --wait. */
const LOOK_AGAIN_MSEC = 200;

/** Source: systemctl(1), "--wait": until the started units have ended; failed if one of them did. */
function* waitForEnd(units: readonly string[]): VerbRun {
  for (;;) {
    const reply = yield* request('show', { units, properties: ['ActiveState'] });
    if (!reply.ok) {
      yield* complain(reply.failure.message);
      return EXIT.failed;
    }
    const states = reply.value.units.map((unit) => unit.properties['ActiveState'] ?? '');
    if (states.every((state) => state === 'inactive' || state === 'failed')) return states.includes('failed') ? EXIT.failed : EXIT.done;
    yield { step: 'sleep', msec: LOOK_AGAIN_MSEC };
  }
}

export function exitStatusOfJobs(answer: EnqueueAnswer, program: Invocation['program']): number {
  const refused = answer.refused.at(-1);
  if (refused !== undefined) return exitStatusOfRefusal(refused.name, program);
  return answer.jobs.every((job) => ['done', 'queued', 'skipped'].includes(job.result)) ? EXIT.done : EXIT.failed;
}

/** Why a job failed, by what the manager knows. */
export function* tellFailure(call: Invocation, job: JobResultAnswer): VerbRun<void> {
  yield* complain(paint(call.terminal, 'bad', failureSentence(job)));
  if (job.result === 'canceled') return;
  for (const line of yield* explainUnit(job.unit, call.terminal)) yield* complain(`  ${line}`);
  yield* complain(`See "${call.program} status ${job.unit}" and "initctl log ${job.unit}" for details.`);
}

function failureSentence(job: JobResultAnswer): string {
  switch (job.result) {
    case 'canceled': return `Job for ${job.unit} canceled.`;
    case 'timeout': return `Job for ${job.unit} timed out.`;
    case 'dependency': return `A dependency job for ${job.unit} failed.`;
    case 'invalid': return `${job.unit} is not active, cannot reload.`;
    case 'assert': return `Assertion failed on job for ${job.unit}.`;
    case 'unsupported': return `Operation on or unit type of ${job.unit} not supported here.`;
    default: return `Job for ${job.unit} failed.`;
  }
}
