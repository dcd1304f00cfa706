import type { JobAnswer } from '../../control/answers.ts';
import type { Usec } from '../../base/brand.ts';
import { formatTimeSpan } from '../../core/time/time-span.ts';
import { EXIT } from '../exit-status.ts';
import { hasOption } from '../options.ts';
import { branch, paint, type Tone } from '../text/style.ts';
import { renderTable, type Cell } from '../text/table.ts';
import { complain, print, printJson, request, type Invocation, type Verb } from '../verb.ts';
import { elasticity, wantsLegend } from '../list-layout.ts';

export const listJobs: Verb = {
  name: 'list-jobs',
  aliases: [],
  group: 'Manager',
  synopsis: '[PATTERN…]',
  summary: 'List the jobs that wait or run',
  operand: 'patterns',
  options: ['after', 'before', 'full', 'no-legend', 'output', 'json'],
  details: ['--after also tells which jobs wait for each of them, --before which it waits for.'],
  runs: 'manager',
  *run(call) {
    const reply = yield* request('list-jobs', { units: call.words, order: hasOption(call.options, 'after') || hasOption(call.options, 'before') });
    if (!reply.ok) {
      yield* complain(reply.failure.message);
      return EXIT.failed;
    }
    const { jobs, nowUsec } = reply.value;
    if (hasOption(call.options, 'json')) {
      yield* printJson(jobs);
      return EXIT.done;
    }
    const legend = wantsLegend(call);
    if (jobs.length === 0) {
      if (legend) yield* print(call.words.length > 0 ? 'No jobs listed.' : paint(call.terminal, 'good', 'No jobs running.'));
      return EXIT.done;
    }
    // systemctl's four columns first: scripts count them.
    const ours = call.program === 'initctl';
    const rows = jobs.flatMap((job): Cell[][] => [[
      { text: String(job.job) }, { text: job.unit, tone: toneOfJob(job) }, { text: job.type }, { text: job.state, tone: toneOfJob(job) },
      ...(ours ? [
        { text: formatTimeSpan((nowUsec - (job.startedUsec > 0 ? job.startedUsec : job.createdUsec)) as Usec, 100_000 as Usec) },
        { text: job.waitsFor === null ? '' : `waits for ${job.waitsFor}` },
      ] : []),
    ], ...orderLines(call, jobs, job)]);
    yield* print(renderTable({ header: legend ? ['JOB', 'UNIT', 'TYPE', 'STATE', ...(ours ? ['SINCE', ''] : [])] : null, rows, right: [0], ...elasticity(call) }, call.terminal));
    if (legend) yield* print(`\n${paint(call.terminal, 'strong', `${jobs.length} jobs listed`)}.`);
    return EXIT.done;
  },
};

function toneOfJob({ state }: JobAnswer): Tone {
  return state === 'running' ? 'strong' : 'plain';
}

/** Below a job, as systemctl(1) has it: with --after who waits for it, with --before whom it waits for. */
function orderLines(call: Invocation, jobs: readonly JobAnswer[], job: JobAnswer): Cell[][] {
  const lines = [
    ...(hasOption(call.options, 'after') ? jobs.filter((other) => other.waitsForJobs?.includes(job.job)).map((other) => `blocking job ${jobText(other)}`) : []),
    ...(hasOption(call.options, 'before') ? jobs.filter((other) => job.waitsForJobs?.includes(other.job)).map((other) => `waiting for job ${jobText(other)}`) : []),
  ];
  return lines.map((text, index) => [{ text: branch(call.terminal, index === lines.length - 1) }, { text }, { text: '-' }, { text: '-' }]);
}

function jobText({ job, unit, type }: JobAnswer): string {
  return `${String(job)} (${unit}/${type})`;
}
