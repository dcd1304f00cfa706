import type { Usec } from '../base/brand.ts';
import type { JobListAnswer } from '../control/answers.ts';
import { formatTimeSpan } from '../core/time/time-span.ts';
import { shorten } from './text/width.ts';

/**
 * The one line shown while jobs are waited for: the running job that takes longest, its time and its limit, and how many others
 * there are.
 */
export function renderProgress(answer: JobListAnswer, terminal: { readonly columns: number; readonly unicode: boolean }): string {
  const running = answer.jobs.filter((job) => job.state === 'running').sort((a, b) => a.startedUsec - b.startedUsec);
  const job = running[0] ?? answer.jobs[0];
  if (job === undefined) return '';
  const begunUsec = job.startedUsec > 0 ? job.startedUsec : job.createdUsec;
  const sinceSec = Math.max(0, Math.floor((answer.nowUsec - begunUsec) / 1e6));
  const limit = job.deadlineUsec > 0 ? formatTimeSpan((Math.round((job.deadlineUsec - begunUsec) / 1e6) * 1e6) as Usec) : 'no limit';
  const others = answer.jobs.length - 1;
  const text = `${job.state === 'running' ? 'running' : 'waiting'}: ${job.type} ${job.unit} (${formatTimeSpan((sinceSec * 1e6) as Usec)} / ${limit})${others > 0 ? `, and ${others} more job${others === 1 ? '' : 's'}` : ''}`;
  // One cell stays free: a full last column makes some terminals wrap.
  return terminal.columns > 1 ? shorten(text, terminal.columns - 1, terminal.unicode) : text;
}
