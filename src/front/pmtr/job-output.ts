/** What jobs write to syslog: read from the manager's log, and handed on with the name and process id of who wrote it. */
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { askLog } from '../../initctl/client/log-socket.ts';
import { readCopiedLine, isBehind, type LinePlace } from '../../initctl/log-copy/log-line.ts';
import type { EmbeddedManager } from '../embedded-manager.ts';

/** The log's own process starts with the first line there is, and may be started again: so often it is asked. */
const RETRY_MSEC = 1_000;
/** A line without an end. */
const LINE_BYTES_MAX = 1 << 20;

/** Follows the output of all jobs for as long as the process lives. @param say gets each line, marked and without control characters */
export async function followOutput(manager: EmbeddedManager, say: (line: string) => void): Promise<void> {
  const places = new Map<string, LinePlace>();
  const sinceUsec = Date.now() * 1000;
  const question = JSON.stringify({ units: [], lines: null, follow: true, priorities: [0, 7], sinceUsec, output: 'json' });
  for (;;) {
    let rest = Buffer.alloc(0);
    await askLog(join(manager.place, 'run/log'), question, {
      signal: new AbortController().signal,
      write: (bytes) => {
        rest = Buffer.concat([rest, bytes]);
        for (let end = rest.indexOf(10); end !== -1; end = rest.indexOf(10)) {
          takeLine(rest.toString('utf8', 0, end));
          rest = rest.subarray(end + 1);
        }
        if (rest.length > LINE_BYTES_MAX) rest = Buffer.alloc(0);
        return Promise.resolve();
      },
    });
    await sleep(RETRY_MSEC);
  }

  function takeLine(json: string): void {
    const line = readCopiedLine(json);
    // What the manager says of its units is for its own log; a question that is asked again brings lines that were seen.
    if (line === null || line.pid === manager.pid || !isBehind(line.place, places.get(line.place.chain))) return;
    places.set(line.place.chain, line.place);
    say(`${line.identifier}[${String(line.pid ?? 0)}]: ${withoutControl(line.message)}`);
  }
}

/** A terminal or a log reader must not be steered by what a job prints. */
function withoutControl(text: string): string {
  return text.replace(/[\x00-\x1f\x7f]/g, '?');
}
