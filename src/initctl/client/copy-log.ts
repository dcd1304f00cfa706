/** `log-copy` in the Node client: reads the log and hands it to the copier. */
import type { Writable } from 'node:stream';
import { EXIT } from '../exit-status.ts';
import type { LogCopyRequest } from '../verb.ts';
import { LogCopier } from './log-copier.ts';
import { readLog, type LogSink } from './log-source.ts';
import type { Places } from './places.ts';

/** @returns the exit status */
export async function copyLog(copy: LogCopyRequest, places: Places, sink: LogSink, stdout: Writable): Promise<number> {
  let copier: LogCopier;
  try {
    copier = new LogCopier({ ...copy, stdout });
  } catch (error) {
    sink.complain(`${describe(error)}\n`);
    return EXIT.failed;
  }
  let failure: unknown = null;
  const stop = new AbortController();
  const abort = (): void => { stop.abort(); };
  sink.signal.addEventListener('abort', abort, { once: true });
  const reopen = (): void => { copier.reopen(); };
  process.on('SIGHUP', reopen);
  process.once('SIGTERM', abort);
  // All of the log when nothing was copied yet: --follow alone would begin with its last lines.
  const lines = { ...copy.lines, sinceUsec: copier.sinceUsec ?? copy.lines.sinceUsec ?? 0 };
  const exit = await readLog(lines, places, {
    signal: stop.signal,
    complain: (text) => { sink.complain(text); },
    write: async (bytes) => {
      try {
        if (failure === null) await copier.write(bytes);
      } catch (error) {
        failure = error;
        stop.abort();
      }
    },
  });
  process.off('SIGHUP', reopen);
  process.off('SIGTERM', abort);
  try {
    await copier.end();
  } catch (error) {
    failure ??= error;
  }
  if (failure === null) return exit;
  sink.complain(`log-copy: ${describe(failure)}\n`);
  return EXIT.failed;
}

function describe(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
