/** Lines of the log for answers and streams. */
import { askLog } from '../initctl/client/log-socket.ts';
import { readCopiedLine } from '../initctl/log-copy/log-line.ts';
import { HttpProblem } from './http/http-problem.ts';
import { LOG_ANSWER_MSEC } from './limits.ts';

/** A line as the API gives it. */
export interface LogLine {
  /** Microseconds since the epoch. */
  readonly realtimeUsec: number;
  readonly unit: string;
  readonly identifier: string;
  readonly pid: number | null;
  /** 0 (emerg) to 7 (debug). */
  readonly priority: number;
  readonly message: string;
}

export interface LogQuestion {
  readonly unit: string;
  /** So many of the newest. */
  readonly lines: number;
  readonly priority: number;
  readonly sinceUsec: number | null;
}

/** @throws HttpProblem 503 when there is no log */
export async function lastLines(socketPath: string, question: LogQuestion): Promise<readonly LogLine[]> {
  const found: LogLine[] = [];
  const signal = AbortSignal.timeout(LOG_ANSWER_MSEC);
  const answered = await askLog(socketPath, questionLine(question, false), { signal, write: lineReader((line) => { found.push(line); }) });
  // logd is started by the first line there is.
  return answered ? found : [];
}

/** The newest lines and those that come, until the signal is aborted or the log ends. */
export async function followLines(socketPath: string, question: LogQuestion, signal: AbortSignal, onLine: (line: LogLine) => void): Promise<void> {
  if (!await askLog(socketPath, questionLine(question, true), { signal, write: lineReader(onLine) })) throw new HttpProblem(503, 'no-log', 'there is no log');
}

function questionLine({ unit, lines, priority, sinceUsec }: LogQuestion, follow: boolean): string {
  return JSON.stringify({ units: [unit], lines, follow, priorities: [0, priority], sinceUsec, output: 'json' });
}

function lineReader(onLine: (line: LogLine) => void): (bytes: Uint8Array) => Promise<void> {
  let rest = Buffer.alloc(0);
  return (bytes) => {
    rest = Buffer.concat([rest, bytes]);
    for (let end = rest.indexOf(10); end !== -1; end = rest.indexOf(10)) {
      const line = readCopiedLine(rest.toString('utf8', 0, end));
      rest = rest.subarray(end + 1);
      if (line !== null) onLine({ realtimeUsec: line.realtimeUsec, unit: line.unit, identifier: line.identifier, pid: line.pid, priority: line.priority, message: line.message });
    }
    return Promise.resolve();
  };
}
