/**
 * The query socket: a stream socket in the runtime directory, for clients that should not start a whole Node to show ten lines, and the
 * only way to lines that are kept in memory.
 *
 * A request is one line of JSON, an object with some of: `units` (array of names or globs), `lines`, `follow`, `reverse`, `sinceUsec`,
 * `untilUsec`, `priorities` ([from, to]), `identifier`, `invocationId`, `boot` (true: this boot only), `output`, `utc`, `hostname`,
 * `colour`, `escape`. The answer is the text, then the end of the stream. A request that is wrong is answered with one line that begins
 * with `error: `.
 *
 * The socket's mode is 0600: root and the manager's own uid may ask, as with the files.
 */
import { unlinkSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { directoryCatalog, type Catalog } from './catalog.ts';
import { ChangeCollector } from './changes.ts';
import { QUERY_CLIENTS_MAX, QUERY_LINES_MAX, QUERY_REQUEST_BYTES, QUERY_SILENCE_MSEC } from './limits.ts';
import { answerQuery, DEFAULT_QUERY, type LogOutput, type LogQuery } from './query.ts';
import { OUTPUT_FORMATS } from './render.ts';
import type { SegmentPlace } from './segment-place.ts';

/**
 * `status` wants to know at once; what the manager said about the unit before its newest 4 to 8 MiB of log is left to `initctl log`.
 */
const MANAGER_SEGMENTS_MAX = 2;
/** Lines of a unit that `status` shows. */
const DEFAULT_LINES = 10;

export interface QueryServerOptions {
  readonly path: string;
  /** Where lines are kept now; changes with a `reopen`. */
  readonly keeper: { readonly place: SegmentPlace };
  /** Where lines of earlier times may be. */
  readonly directories: readonly string[];
  readonly bootId: string;
  readonly onError: (message: string) => void;
  /** A client has got its answer and is gone. */
  readonly onAnswered: () => void;
}

export class QueryServer {
  readonly #options: QueryServerOptions;
  readonly #server: Server;
  readonly #followers = new Set<ChangeCollector>();
  #clients = 0;

  constructor(options: QueryServerOptions) {
    this.#options = options;
    this.#server = createServer({ allowHalfOpen: true }, (socket) => { this.#accept(socket); });
    this.#server.on('error', (error) => { options.onError(`query socket ${options.path}: ${error.message}`); });
    try {
      removeStale(options.path);
    } catch (error) {
      // Lines are stored all the same; listening fails below for the same reason, or does not.
      options.onError(`query socket ${options.path}: ${(error as Error).message}`);
    }
    // The mode must be right from the first instant on, so it comes from the umask and not from a chmod.
    const umask = process.umask(0o177);
    this.#server.listen({ path: options.path, backlog: QUERY_CLIENTS_MAX });
    process.umask(umask);
  }

  /** The unit has more lines: for those who follow. */
  stored(unit: string): void {
    for (const follower of this.#followers) follower.note(unit);
  }

  close(): void {
    this.#server.close();
  }

  #accept(socket: Socket): void {
    const abort = new AbortController();
    if (this.#clients >= QUERY_CLIENTS_MAX) {
      socket.end('error: too many clients\n');
      socket.on('error', () => undefined);
      return;
    }
    this.#clients += 1;
    socket.on('error', () => undefined); // a client that has gone is told by `close`
    socket.on('close', () => {
      this.#clients -= 1;
      abort.abort();
      this.#options.onAnswered();
    });
    socket.setTimeout(QUERY_SILENCE_MSEC, () => { socket.destroy(); });
    let request = '';
    socket.setEncoding('latin1');
    const onData = (text: string): void => {
      request += text;
      const end = request.indexOf('\n');
      if (end === -1 && request.length <= QUERY_REQUEST_BYTES) return;
      socket.off('data', onData);
      // What else it sends is not read, but its end must be noticed: followers are waited for by nobody else.
      socket.on('data', () => undefined);
      socket.on('end', () => { if (end === -1) socket.destroy(); });
      if (end === -1) socket.end('error: request too long\n');
      else void this.#answer(socket, Buffer.from(request.slice(0, end), 'latin1').toString('utf8'), abort.signal);
    };
    socket.on('data', onData);
    socket.on('end', () => { if (!request.includes('\n')) socket.destroy(); });
  }

  async #answer(socket: Socket, request: string, signal: AbortSignal): Promise<void> {
    const query = parseQuery(request, this.#options.bootId);
    if (typeof query === 'string') {
      socket.end(`error: ${query}\n`);
      return;
    }
    const collector = new ChangeCollector();
    // A follower may be silent for as long as its units are.
    if (query.follow) socket.setTimeout(0);
    this.#followers.add(collector);
    const output: LogOutput = { signal, write: (bytes) => writeTo(socket, bytes, signal) };
    try {
      await answerQuery(query, { catalog: catalogOf(this.#options), collector, onChains: () => undefined, managerSegmentsMax: MANAGER_SEGMENTS_MAX }, output);
      socket.end();
    } catch (error) {
      socket.end(`error: ${error instanceof Error ? error.message : String(error)}\n`);
    } finally {
      this.#followers.delete(collector);
    }
  }
}

/** What is kept now, and what is left in the other directories. */
export function catalogOf({ directories, keeper }: Pick<QueryServerOptions, 'directories' | 'keeper'>): Catalog {
  return {
    roots: directories,
    chains: () => [
      ...keeper.place.chains(),
      ...directoryCatalog(directories.filter((directory) => directory !== keeper.place.directory)).chains(),
    ],
  };
}

/** @returns the query, or a sentence about what is wrong with it */
export function parseQuery(request: string, bootId: string): LogQuery | string {
  let value: Record<string, unknown>;
  try {
    const parsed: unknown = JSON.parse(request);
    if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) return 'not an object';
    value = parsed as Record<string, unknown>;
  } catch {
    return 'not JSON';
  }
  const { units = [], lines = DEFAULT_LINES, priorities = [0, 7], output = 'short' } = value;
  if (!Array.isArray(units) || !units.every((unit) => typeof unit === 'string')) return 'units: not an array of names';
  // All of them are handed on as they are read; the last few, or all backwards, have to be collected first.
  const isStream = lines === null && value['reverse'] !== true;
  if (!isStream && (!isCount(lines) || lines > QUERY_LINES_MAX)) return `lines: not a number up to ${QUERY_LINES_MAX}`;
  if (!Array.isArray(priorities) || priorities.length !== 2 || !priorities.every((level) => isCount(level) && level <= 7)) {
    return 'priorities: not two numbers up to 7';
  }
  const format = OUTPUT_FORMATS.find((known) => known === output);
  if (format === undefined) return `output: not one of ${OUTPUT_FORMATS.join(', ')}`;
  const instant = (name: string): number | null => (isCount(value[name]) ? value[name] : null);
  const text = (name: string): string | null => (typeof value[name] === 'string' ? value[name] : null);
  return {
    ...DEFAULT_QUERY, units, lines: isStream ? null : lines, format,
    priorities: priorities as unknown as readonly [number, number],
    follow: value['follow'] === true, reverse: value['reverse'] === true, utc: value['utc'] === true,
    sinceUsec: instant('sinceUsec'), untilUsec: instant('untilUsec'),
    identifier: text('identifier'), invocationId: text('invocationId'), bootId: value['boot'] === true ? bootId : null,
    showHostname: value['hostname'] !== false, colour: value['colour'] === true, escape: value['escape'] !== false,
  };
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}

/** Waits for a slow client before more is read from the files, and gives the pipes of services a turn in any case. */
function writeTo(socket: Socket, bytes: Uint8Array, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (socket.write(bytes)) {
      setImmediate(resolve);
      return;
    }
    const go = (): void => {
      socket.off('drain', go);
      signal.removeEventListener('abort', go);
      resolve();
    };
    socket.on('drain', go);
    signal.addEventListener('abort', go, { once: true });
  });
}

function removeStale(path: string): void {
  try {
    unlinkSync(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
}
