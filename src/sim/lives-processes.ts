/**
 * Random lives in several processes at the same time: each takes its share of the seeds and of the events, and tells its tally as lines
 * of JSON.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { sumOf } from './batch.ts';
import type { LivesOptions } from './lives-options.ts';
import { parseReport, type LivesReport } from './lives-report.ts';

/** What all came to, and the greatest exit status among theirs; a failure says itself what it is. */
export interface LivedReport extends LivesReport {
  readonly exitStatus: number;
}

/** @param onReport called with what all have come to so far, whenever one has told something new */
export async function liveInProcesses(options: LivesOptions, onReport: (report: LivesReport) => void): Promise<LivedReport> {
  const started = performance.now();
  /** The newest of each process. */
  const reports = new Map<number, LivesReport>();
  const sum = (): LivesReport => ({
    tally: sumOf([...reports.values()].map(({ tally }) => tally)), elapsedMsec: performance.now() - started,
    processorMsec: [...reports.values()].reduce((msec, { processorMsec }) => msec + processorMsec, 0),
  });
  const children: ChildProcess[] = [];
  let isOver = false;
  const statuses = await Promise.all(shareOut(options).map((share, index) => new Promise<number>((resolve, reject) => {
    const child = spawn(process.execPath, [...process.execArgv, process.argv[1] as string, ...share], { stdio: ['ignore', 'pipe', 'inherit'] });
    children.push(child);
    let rest = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      const lines = (rest + text).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) reports.set(index, parseReport(line));
      if (lines.length > 0) onReport(sum());
    });
    child.on('error', reject).on('close', (code, signal) => {
      if (code === null && !isOver) console.error(`simulate: a process with a share of the seeds was ended by ${String(signal)}`);
      // One broken law is enough: the others would only go on for hours.
      if (code !== 0 && !isOver) {
        isOver = true;
        for (const other of children) other.kill();
      }
      resolve(code ?? 1);
    });
  })));
  return { ...sum(), exitStatus: Math.max(...statuses) };
}

/** The words of each process: every so many-th seed is its own. */
function shareOut({ first, last, stride, eventsMax, msecMax, jobs, checks, keep }: LivesOptions): readonly (readonly string[])[] {
  const HOUR_MSEC = 3_600_000;
  const until = msecMax < Infinity ? ['--long', '--hours', String(msecMax / HOUR_MSEC)] : eventsMax < Infinity ? ['--events', String(Math.ceil(eventsMax / jobs))] : [];
  const shares: (readonly string[])[] = [];
  for (let job = 0; job < jobs && first + job * stride <= last; job++) {
    const seed = first + job * stride;
    const seeds = last < Infinity ? ['--seeds', `${String(seed)}-${String(last)}`] : ['--seed', String(seed)];
    shares.push([...seeds, ...until, '--stride', String(jobs * stride), '--checks', checks, '--keep', keep, '--json']);
  }
  return shares;
}
