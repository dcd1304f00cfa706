/** Lines of the log for the Node client: from logd, which also has those it keeps in memory; else from the files. */
import { DEFAULT_QUERY, grepAnswer, runLogQuery, type LogQuery } from '../../logd/query.ts';
import { EXIT } from '../exit-status.ts';
import { askLog, type LogReader } from './log-socket.ts';
import type { LogRequest } from '../log-request.ts';
import type { LogTail } from '../log-tail.ts';
import type { Terminal } from '../terminal.ts';
import type { Places } from './places.ts';

export interface LogSink extends LogReader {
  complain(text: string): void;
}

/** @returns the exit status; null when logd does not answer, so that the files are read instead */
async function askLogd(path: string, line: string, sink: LogSink): Promise<number | null> {
  return await askLog(path, line, sink) ? EXIT.done : null;
}

/** @returns the exit status */
export async function readLog(request: LogRequest, places: Places, sink: LogSink): Promise<number> {
  let grep: RegExp | null;
  try {
    grep = request.grep === null ? null : new RegExp(request.grep, /[A-Z]/.test(request.grep) ? 'u' : 'ui');
  } catch (error) {
    sink.complain(`--grep: ${error instanceof Error ? error.message : String(error)}\n`);
    return EXIT.usage;
  }
  // Only the log daemon of a manager that was named knows where its files are, and only it knows which boot this is.
  const bySocket = places.named || request.thisBoot || (grep === null && (request.follow || (request.lines !== null && request.lines <= SOCKET_LINES_MAX)));
  if (bySocket) {
    const answered = grep === null ? await askLogd(places.logSocket, queryLine(request, sink), sink) : await grepLogd(grep, request, places.logSocket, sink);
    if (answered !== null) return answered;
  }
  if (places.named) {
    sink.complain(`There is no log at ${places.logSocket}\n`);
    return EXIT.failed;
  }
  if (request.thisBoot) {
    sink.complain('--boot needs the running log daemon\n');
    return EXIT.failed;
  }
  const query = fileQuery(request, grep);
  const result = await runLogQuery(query, places.logDirectories, { signal: sink.signal, write: (bytes) => sink.write(bytes) });
  for (const directory of result.unreadable) sink.complain(`Not readable for you: ${directory}\n`);
  if (result.damagedBytes > 0) sink.complain(`${String(result.damagedBytes)} bytes of the log are damaged and were left out\n`);
  // A log that is kept in memory has no files.
  if (result.lines === 0 && grep === null && !bySocket) await askLogd(places.logSocket, queryLine(request, sink), sink);
  return result.unreadable.length > 0 && result.lines === 0 ? EXIT.failed : EXIT.done;
}

/** The lines below a status. Nothing when there is no log: the status was the question. */
export async function readTail(tail: LogTail, places: Places, terminal: Terminal, sink: LogSink): Promise<void> {
  let first = true;
  const framed: LogSink = {
    signal: sink.signal,
    complain: () => undefined,
    write: async (bytes) => {
      if (first) await sink.write(Buffer.from('\n'));
      first = false;
      await sink.write(bytes);
    },
  };
  const request: LogRequest = {
    units: [tail.unit], lines: tail.lines, follow: false, reverse: false, sinceUsec: null, untilUsec: null, priorities: [0, 7],
    invocationId: tail.invocationId, thisBoot: false, grep: null, output: tail.output, colour: terminal.colour, escape: true,
  };
  await readLog(request, places, framed);
}

function queryLine(request: LogRequest, sink: LogSink): string {
  const { grep: _grep, thisBoot, lines, ...rest } = request;
  const wanted = lines ?? (request.follow && request.sinceUsec === null ? FOLLOW_LINES : null);
  // Those are collected before the first is given out, so there is a bound, and somebody who asks for more is told of it.
  const isCut = wanted === null ? request.reverse : wanted > SOCKET_LINES_MAX;
  if (isCut) sink.complain(`The newest ${String(SOCKET_LINES_MAX)} lines at most; without --lines and --reverse all of them come.\n`);
  return JSON.stringify({ ...rest, boot: thisBoot, lines: isCut ? SOCKET_LINES_MAX : wanted });
}

/** logd runs nobody's regular expressions, since a hostile one would keep it from its work: it gives every line, and we look. */
async function grepLogd(grep: RegExp, request: LogRequest, socket: string, sink: LogSink): Promise<number | null> {
  const { lines, reverse } = request;
  // Of these the last are known at the end only.
  const collects = !request.follow && (lines !== null || reverse);
  const most = Math.min(lines ?? SOCKET_LINES_MAX, SOCKET_LINES_MAX);
  let kept: Buffer[] = [];
  const matchesOf = grepAnswer({ grep, format: request.output as LogQuery['format'], utc: false, colour: request.colour, escape: request.escape });
  const matching: LogSink = {
    signal: sink.signal,
    complain: (text) => { sink.complain(text); },
    write: async (bytes) => {
      const shown = matchesOf(bytes);
      if (!collects) await sink.write(Buffer.concat(shown));
      else kept = kept.concat(shown).slice(-most);
    },
  };
  const everything = { ...request, lines: request.follow ? lines : null, reverse: false, output: 'json', colour: false, escape: true };
  const exit = await askLogd(socket, queryLine(everything, sink), matching);
  if (exit === null || !collects) return exit;
  await sink.write(Buffer.concat(reverse ? kept.reverse() : most === 0 ? [] : kept));
  return exit;
}

/** `--follow` alone shows so many lines of what was before. */
const FOLLOW_LINES = 10;
/** The largest number of last lines logd gives to one question. */
const SOCKET_LINES_MAX = 10_000;

function fileQuery(request: LogRequest, grep: RegExp | null): LogQuery {
  return {
    ...DEFAULT_QUERY, units: request.units, lines: request.lines, follow: request.follow, reverse: request.reverse,
    sinceUsec: request.sinceUsec, untilUsec: request.untilUsec, priorities: request.priorities, invocationId: request.invocationId,
    grep,
    format: request.output as LogQuery['format'], colour: request.colour, escape: request.escape,
  };
}
