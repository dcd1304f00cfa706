/** One question to logd over its socket. What may be asked stands in src/logd/query-server.ts. */
import { connect } from 'node:net';
import { once } from 'node:events';

/** logd answers with lines of text; a request it does not take is answered with one line that begins so. */
const REFUSAL = 'error: ';

export interface LogReader {
  /** Some of the answer; no more is read until it is done. */
  write(bytes: Uint8Array): Promise<void>;
  /** Aborted when enough was seen. */
  readonly signal: AbortSignal;
}

/**
 * @param path of logd's socket @param line the question, as one line of JSON
 * @returns false when logd does not answer; what was read until then was handed on
 */
export async function askLog(path: string, line: string, reader: LogReader): Promise<boolean> {
  const socket = connect(path);
  const stop = (): void => { socket.destroy(); };
  reader.signal.addEventListener('abort', stop, { once: true });
  try {
    await once(socket, 'connect');
    socket.write(`${line}\n`);
    let first = true;
    for await (const chunk of socket as AsyncIterable<Buffer>) {
      if (first && chunk.subarray(0, REFUSAL.length).toString('latin1') === REFUSAL) return false;
      first = false;
      await reader.write(chunk);
    }
    return true;
  } catch {
    // Gone in the middle, or not there at all; what was read stays read.
    return reader.signal.aborted;
  } finally {
    reader.signal.removeEventListener('abort', stop);
    socket.destroy();
  }
}
