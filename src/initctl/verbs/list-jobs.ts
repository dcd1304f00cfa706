import type { Usec } from '../../base/brand.ts';
import { formatTimeSpan } from '../../core/time/time-span.ts';
import { EXIT } from '../exit-status.ts';
import { hasOption } from '../options.ts';
import { paint } from '../text/style.ts';
import { renderTable, type Cell } from '../text/table.ts';
import { complain, print, printJson, request, type Verb } from '../verb.ts';
import { wantsLegend } from './list-units.ts';

export const listJobs: Verb = {
  name: 'list-jobs',
  aliases: [],
  group: 'Manager',
  synopsis: '[PATTERN…]',
  summary: 'List the jobs that wait or run',
  operand: 'patterns',
  options: ['no-legend', 'json'],
  runs: 'manager',
  *run(call) {
    const reply = yield* request('list-jobs', { units: call.words });
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
      if (legend) yield* print(call.words.length > 0 ? 'No jobs listed.' : 'No jobs running.');
      return EXIT.done;
    }
    // systemctl's four columns first: scripts count them.
    const ours = call.program === 'initctl';
    const rows = jobs.map((job): Cell[] => [
      { text: String(job.job) }, { text: job.unit }, { text: job.type }, { text: job.state, tone: job.state === 'running' ? 'good' : 'dim' },
      ...(ours ? [
        { text: formatTimeSpan((nowUsec - (job.startedUsec > 0 ? job.startedUsec : job.createdUsec)) as Usec, 100_000 as Usec) },
        { text: job.waitsFor === null ? '' : `waits for ${job.waitsFor}` },
      ] : []),
    ]);
    yield* print(renderTable({ header: legend ? ['JOB', 'UNIT', 'TYPE', 'STATE', ...(ours ? ['SINCE', ''] : [])] : null, rows, right: [0], elastic: [1] }, call.terminal));
    if (legend) yield* print(`\n${paint(call.terminal, 'strong', `${jobs.length} jobs listed.`)}`);
    return EXIT.done;
  },
};
