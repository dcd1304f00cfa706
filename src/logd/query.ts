/**
 * Questions to the log, as `initctl log` and `status` ask them. Works on the files alone: neither the manager nor logd has to run.
 */
import { accessSync, constants } from 'node:fs';
import { hostname } from 'node:os';
import { setImmediate } from 'node:timers/promises';
import { directoryCatalog, type Catalog, type Chain } from './catalog.ts';
import { ChainReader } from './chain-reader.ts';
import { ChangeCollector, DirectoryChanges } from './changes.ts';
import { readEntry, type LogEntry } from './entry.ts';
import { mergeByTime } from './merge.ts';
import { MANAGER_UNIT, NO_UNIT } from './protocol.ts';
import { renderEntry, type OutputFormat } from './render.ts';
import type { LogLine } from './segment-reader.ts';

/** Readers of the log outside of logd know this module alone. */
export { grepAnswer } from './grep-answer.ts';

/** Collected before it is given to the output. */
const CHUNK_BYTES = 64 * 1024;

export interface LogQuery {
  /** Unit names or globs (`*`, `?`, `[…]`); a name without a type means `.service`. Empty = everything. `heartwood` = the manager. */
  readonly units: readonly string[];
  /** Only the last so many; null = all. */
  readonly lines: number | null;
  /** Do not end, but wait for more. Implies the last 10 when `lines` is null and no `sinceUsec` is given. */
  readonly follow: boolean;
  /** Newest first. Not together with `follow`. */
  readonly reverse: boolean;
  /** Realtime, inclusive; null = open. */
  readonly sinceUsec: number | null;
  readonly untilUsec: number | null;
  /** Both ends included: [0, 3] is err and worse. */
  readonly priorities: readonly [number, number];
  readonly identifier: string | null;
  readonly invocationId: string | null;
  readonly bootId: string | null;
  /** Only lines it matches: a regular expression, or something that is tested like one. */
  readonly grep: Pick<RegExp, 'test'> | null;
  readonly format: OutputFormat;
  readonly utc: boolean;
  readonly showHostname: boolean;
  readonly colour: boolean;
  readonly escape: boolean;
}

/** What a query is when nothing is asked for. */
export const DEFAULT_QUERY: LogQuery = {
  units: [], lines: null, follow: false, reverse: false, sinceUsec: null, untilUsec: null, priorities: [0, 7], identifier: null,
  invocationId: null, bootId: null, grep: null, format: 'short', utc: false, showHostname: true, colour: false, escape: true,
};

/** Work between two turns of the event loop: logd answers queries too, and services must not wait for it. */
const TURN_MSEC = 10;

/** journalctl -f shows so many lines of what was before. */
const FOLLOW_LINES = 10;

export interface LogOutput {
  /** Takes bytes; a promise means: wait for it before more is written. */
  write(bytes: Uint8Array): Promise<void> | undefined;
  /** Ends the query early: the reader has seen enough, or is gone. */
  readonly signal: AbortSignal;
}

export interface LogResult {
  readonly lines: number;
  /** Bytes in the files that are neither frames nor payload: the machine lost power, or the disk is bad. */
  readonly damagedBytes: number;
  /** Directories that exist but may not be read. */
  readonly unreadable: readonly string[];
}

/**
 * Where logs are, best first: the same list is given to logd as `--directory`, and searched by readers.
 *
 * @param stateDirectory `/var/log/heartwood`, or `$XDG_STATE_HOME/heartwood/log` of a user's manager
 */
export function logDirectories(stateDirectory: string, runtimeDirectory: string): readonly string[] {
  return [stateDirectory, `${runtimeDirectory}/log.d`];
}

/** Answers from the files below `directories`. Ends when all was written, or with the signal when it follows. */
export async function runLogQuery(query: LogQuery, directories: readonly string[], output: LogOutput): Promise<LogResult> {
  const changes = query.follow ? new DirectoryChanges(directories) : null;
  try {
    const result = await answerQuery(query, {
      catalog: directoryCatalog(directories),
      collector: changes?.collector ?? new ChangeCollector(),
      onChains: (chains) => { changes?.follow(chains); },
      managerSegmentsMax: null,
    }, output);
    return { ...result, unreadable: directories.filter(isClosedToUs) };
  } finally {
    changes?.close();
  }
}

/** Where a query finds its lines, and how it learns of new ones. */
export interface QuerySource {
  readonly catalog: Catalog;
  readonly collector: ChangeCollector;
  /** These are the chains that are read now. */
  readonly onChains: (chains: readonly Chain[]) => void;
  /**
   * How far back the last lines of a unit are searched for in the manager's own log (they are spread thin there); null = to its
   * beginning.
   */
  readonly managerSegmentsMax: number | null;
}

/** `runLogQuery` for any source; logd answers its socket with it. */
export async function answerQuery(query: LogQuery, source: QuerySource, output: LogOutput): Promise<Omit<LogResult, 'unreadable'>> {
  const readers = new Map<string, ChainReader>();
  const accepts = acceptLine(query);
  const selects = selectUnits(query.units);
  const writer = new ChunkWriter(query, output);
  let damagedBytes = 0;
  const refresh = (): ChainReader[] => {
    // The manager's own lines are of no invocation.
    const chains = source.catalog.chains().filter(({ unit }) => selects.chain(unit) && (query.invocationId === null || unit !== MANAGER_UNIT));
    source.onChains(chains);
    const present = new Set<string>();
    for (const chain of chains) {
      const key = `${chain.directory ?? ''}\n${chain.unit}`;
      present.add(key);
      if (readers.has(key)) continue;
      const segmentsMax = chain.unit === MANAGER_UNIT && query.units.length > 0 ? source.managerSegmentsMax : null;
      readers.set(key, new ChainReader({ chain, fromUsec: query.sinceUsec ?? 0, accepts, segmentsMax }));
    }
    for (const [key, reader] of readers) {
      if (present.has(key)) continue;
      damagedBytes += reader.damagedBytes;
      reader.close();
      readers.delete(key);
    }
    return [...readers.values()];
  };

  try {
    const all = refresh();
    const count = query.lines ?? (query.follow && query.sinceUsec === null ? FOLLOW_LINES : null);
    const isFinal = !query.follow;
    if (count === null && !query.reverse) {
      await writer.writeAll(mergeByTime(all.map((reader) => reader.forward(isFinal))));
    } else {
      const last = await lastLines(all, count ?? Number.MAX_SAFE_INTEGER, isFinal);
      await writer.writeAll(query.reverse ? last.reverse() : last);
    }
    while (query.follow && !output.signal.aborted) {
      const changed = await source.collector.next(output.signal);
      if (changed === null) break;
      const isNew = changed !== 'everything' && [...changed].some((unit) => selects.chain(unit) && ![...readers.values()].some((reader) => reader.unit === unit));
      const due = changed === 'everything' || isNew ? refresh() : [...readers.values()].filter((reader) => changed.has(reader.unit));
      await writer.writeAll(mergeByTime(due.map((reader) => reader.forward(false))));
    }
    for (const reader of readers.values()) damagedBytes += reader.damagedBytes;
    return { lines: writer.lines, damagedBytes };
  } finally {
    for (const reader of readers.values()) reader.close();
  }
}

/**
 * The last lines of all readers, oldest first. Those written to most recently are read first: once there are enough lines, a chain
 * that was last written to before the oldest of them need not be opened.
 */
async function lastLines(readers: readonly ChainReader[], count: number, isFinal: boolean): Promise<LogLine[]> {
  const byTime = readers.map((reader, source) => ({ reader, source, writtenUsec: reader.lastWrittenUsec() })).sort((a, b) => b.writtenUsec - a.writtenUsec);
  let last: TailLine[] = [];
  let turnEndMsec = performance.now() + TURN_MSEC;
  for (const { reader, source, writtenUsec } of byTime) {
    const oldestUsec = last.length >= count ? last[0]?.line.realtimeUsec ?? 0 : 0;
    if (writtenUsec < oldestUsec) {
      reader.passOver(oldestUsec);
      continue;
    }
    const merged = mergeTails(last, [...reader.last(count, isFinal)].map((line) => ({ line, source })));
    last = merged.slice(Math.max(0, merged.length - count));
    if (performance.now() < turnEndMsec) continue;
    await setImmediate();
    turnEndMsec = performance.now() + TURN_MSEC;
  }
  return last.map(({ line }) => line);
}

interface TailLine {
  readonly line: LogLine;
  readonly source: number;
}

/** By time, and at the same time by source: the order `mergeByTime` gives, whichever chain was read first. */
function mergeTails(one: readonly TailLine[], two: readonly TailLine[]): TailLine[] {
  const merged: TailLine[] = [];
  let at = 0;
  for (const line of two) {
    for (let head = one[at]; head !== undefined && precedes(head, line); head = one[at]) {
      merged.push(head);
      at += 1;
    }
    merged.push(line);
  }
  return merged.concat(one.slice(at));
}

function precedes(a: TailLine, b: TailLine): boolean {
  return a.line.realtimeUsec < b.line.realtimeUsec || (a.line.realtimeUsec === b.line.realtimeUsec && a.source < b.source);
}

/** Everything but the choice of chains. Cheap questions come first, because most lines are turned down. */
function acceptLine(query: LogQuery): (line: LogLine) => boolean {
  const [lowest, highest] = query.priorities;
  const selects = selectUnits(query.units);
  return (line) => {
    const { origin } = line;
    if (query.untilUsec !== null && line.realtimeUsec > query.untilUsec) return false;
    if (query.bootId !== null && origin.bootId !== query.bootId) return false;
    if (query.invocationId !== null && origin.invocationId !== query.invocationId) return false;
    if (query.identifier !== null && origin.identifier !== query.identifier) return false;
    const isManagers = origin.format === 'pino';
    if (!isManagers && (line.priority < lowest || line.priority > highest || (line.priority > origin.levelMax && line.loss === null))) return false;
    if (!isManagers && query.grep === null) return true;
    if (isManagers && !selects.mayBe(line)) return false;
    const entry = readEntry(line);
    return selects.entry(entry) && entry.priority >= lowest && entry.priority <= highest
      && (query.grep === null || query.grep.test(entry.text.toString('utf8')));
  };
}

interface UnitSelection {
  /** Can the chain hold what is asked for? The manager's own says something about every unit. */
  chain(unit: string): boolean;
  entry(entry: LogEntry): boolean;
  /** A quick look at a JSON line before it is parsed: can it speak of a unit that is asked for? */
  mayBe(line: LogLine): boolean;
}

const UNIT_TYPES = /\.(service|socket|target|device|mount|automount|swap|timer|path|slice|scope)$/;

function selectUnits(names: readonly string[]): UnitSelection {
  if (names.length === 0) return { chain: () => true, entry: () => true, mayBe: () => true };
  const whole = names.map((name) => (name === MANAGER_UNIT || name === NO_UNIT || UNIT_TYPES.test(name) || isGlob(name) ? name : `${name}.service`));
  const patterns = whole.map(globToRegExp);
  const quoted = whole.map((name) => Buffer.from(JSON.stringify(name)));
  const mayBeAny = whole.some((name) => name === MANAGER_UNIT || isGlob(name));
  const matches = (unit: string): boolean => patterns.some((pattern) => pattern.test(unit));
  return {
    chain: (unit) => unit === MANAGER_UNIT || matches(unit),
    entry: (entry) => matches(entry.unit) || matches(entry.line.origin.unit),
    mayBe: (line) => mayBeAny || quoted.some((name) => line.text.includes(name)),
  };
}

function isGlob(name: string): boolean {
  return /[*?[]/.test(name);
}

/** fnmatch(3) without flags, for names that hold no slash. */
export function globToRegExp(glob: string): RegExp {
  const source = glob.replace(/\[(!?)([^\]]+)\]|[\\^$.|+(){}\]*?[]/g, (match, negated: string | undefined, set: string | undefined) => {
    if (set !== undefined) return `[${negated === '!' ? '^' : ''}${set.replace(/[\\^]/g, '\\$&')}]`;
    return match === '*' ? '.*' : match === '?' ? '.' : `\\${match}`;
  });
  return new RegExp(`^${source}$`, 's');
}

function isClosedToUs(directory: string): boolean {
  try {
    accessSync(directory, constants.R_OK | constants.X_OK);
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EACCES';
  }
}

/** Renders lines and hands them on in larger pieces. */
class ChunkWriter {
  lines = 0;
  readonly #query: LogQuery;
  readonly #output: LogOutput;
  readonly #hostname: string | null;
  #chunk: Buffer[] = [];
  #chunkBytes = 0;

  constructor(query: LogQuery, output: LogOutput) {
    this.#query = query;
    this.#output = output;
    this.#hostname = query.showHostname ? hostname() : null;
  }

  async writeAll(lines: Iterable<LogLine>): Promise<void> {
    const options = { ...this.#query, hostname: this.#hostname };
    for (const line of lines) {
      if (this.#output.signal.aborted) return;
      const rendered = renderEntry(readEntry(line), options);
      const bytes = typeof rendered === 'string' ? Buffer.from(rendered) : Buffer.from(rendered.buffer, rendered.byteOffset, rendered.length);
      this.#chunk.push(bytes);
      this.#chunkBytes += bytes.length;
      this.lines += 1;
      if (this.#chunkBytes >= CHUNK_BYTES) await this.#flush();
    }
    await this.#flush();
  }

  async #flush(): Promise<void> {
    if (this.#chunkBytes === 0) return;
    const bytes = Buffer.concat(this.#chunk);
    this.#chunk = [];
    this.#chunkBytes = 0;
    await this.#output.write(bytes);
  }
}
