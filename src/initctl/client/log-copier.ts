/**
 * Copies lines of the log to files, programs and the network: `log-copy`.
 *
 * What was copied is written to the cursor file after each batch, so that who starts again goes on there. A line may come twice when the
 * copier dies in between, and none is left out: the log itself has them all. A target that fails ends the copier; the unit it runs in
 * restarts it, and it goes on where it was.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { createSocket, type Socket } from 'node:dgram';
import { closeSync, fdatasyncSync, fstatSync, mkdirSync, openSync, readFileSync, renameSync, statSync, writeFileSync, writeSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { randomBytes } from 'node:crypto';
import { isIPv6 } from 'node:net';
import type { LineLayout } from '../log-copy/line-layout.ts';
import { isBehind, readCopiedLine, type CopiedLine, type LinePlace } from '../log-copy/log-line.ts';
import { gelfDatagrams, syslogMessage, type Target } from '../log-copy/target.ts';
import type { LogCopyRequest } from '../verb.ts';

export interface LogCopierOptions extends Omit<LogCopyRequest, 'lines'> {
  readonly stdout: NodeJS.WritableStream;
}

interface Cursor {
  /** Of the newest line. */
  readonly realtimeUsec: number;
  /** The newest line of each chain. */
  readonly places: Readonly<Record<string, LinePlace>>;
}

/** The names people call. A bundle lies in `dist/`, this file three folders below the checkout. */
const OWN_PROGRAMS = import.meta.filename.endsWith('.cjs') ? join(dirname(import.meta.dirname), 'bin') : join(import.meta.dirname, '../../../bin');

/** Lines of two units may come a little out of order: so much further back the log is read again. */
const OVERLAP_USEC = 60_000_000;

/** One place lines go to. */
interface Sink {
  take(line: CopiedLine, text: string): void | Promise<void>;
  /** The batch is over. */
  settle?(): void;
  /** SIGHUP: somebody moved the files away. */
  reopen?(): void;
  end(): void | Promise<void>;
}

export class LogCopier {
  readonly #options: LogCopierOptions;
  readonly #sinks: readonly Sink[];
  readonly #places: Map<string, LinePlace>;
  #newestUsec: number;
  #rest = '';

  /** @throws Error when the cursor file is there and cannot be understood */
  constructor(options: LogCopierOptions) {
    this.#options = options;
    const cursor = options.cursorFile === null ? null : readCursor(options.cursorFile);
    this.#places = new Map(Object.entries(cursor?.places ?? {}));
    this.#newestUsec = cursor?.realtimeUsec ?? 0;
    this.#sinks = options.targets.map((target) => openSink(target, options));
  }

  /** From when on the log is to be read; null = nothing was copied before. */
  get sinceUsec(): number | null {
    return this.#newestUsec === 0 ? null : Math.max(0, this.#newestUsec - OVERLAP_USEC);
  }

  /** Some of the log, as JSON lines. */
  async write(bytes: Uint8Array): Promise<void> {
    const lines = (this.#rest + Buffer.from(bytes).toString('utf8')).split('\n');
    this.#rest = lines.pop() ?? '';
    for (const json of lines) await this.#copy(json);
    for (const sink of this.#sinks) sink.settle?.();
    this.#saveCursor();
  }

  reopen(): void {
    for (const sink of this.#sinks) sink.reopen?.();
  }

  async end(): Promise<void> {
    for (const sink of this.#sinks) await sink.end();
  }

  async #copy(json: string): Promise<void> {
    const line = readCopiedLine(json);
    if (line === null || !isBehind(line.place, this.#places.get(line.place.chain))) return;
    const { include, exclude, layout, utc } = this.#options;
    const matches = (pattern: RegExp): boolean => pattern.test(line.message);
    if ((include.length === 0 || include.some(matches)) && !exclude.some(matches)) {
      const text = `${layout(line, utc)}\n`;
      for (const sink of this.#sinks) await sink.take(line, text);
    }
    this.#places.set(line.place.chain, line.place);
    this.#newestUsec = Math.max(this.#newestUsec, line.realtimeUsec);
  }

  #saveCursor(): void {
    const { cursorFile } = this.#options;
    if (cursorFile === null || this.#newestUsec === 0) return;
    const cursor: Cursor = { realtimeUsec: this.#newestUsec, places: Object.fromEntries(this.#places) };
    replaceFile(cursorFile, `${JSON.stringify(cursor)}\n`);
  }
}

function readCursor(path: string): Cursor | null {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
  try {
    const cursor = JSON.parse(text) as Partial<Cursor>;
    if (typeof cursor.realtimeUsec === 'number' && typeof cursor.places === 'object') return cursor as Cursor;
  } catch {
    // Said below.
  }
  throw new Error(`${path} is no cursor file of log-copy; remove it to begin anew`);
}

function replaceFile(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(`${path}.new`, text);
  renameSync(`${path}.new`, path);
}

function openSink(target: Target, options: LogCopierOptions): Sink {
  switch (target.kind) {
    case 'stdout': return { take: (_, text) => writeOut(options.stdout, text), end: () => undefined };
    case 'file': return new FileSink(target.path, options.utc);
    case 'status': return new StatusSink(target.path, options.utc);
    case 'command': return new CommandSink(target.command);
    case 'udp':
    case 'syslog':
    case 'gelf': return new DatagramSink(target);
  }
}

function writeOut(stream: NodeJS.WritableStream, text: string): Promise<void> {
  return new Promise((resolve) => {
    if (stream.write(text)) resolve();
    else stream.once('drain', resolve);
  });
}

/** Appends to a file whose name may follow the time of the lines. */
class FileSink implements Sink {
  readonly #path: LineLayout;
  readonly #utc: boolean;
  #open: { readonly path: string; readonly fd: number; readonly inode: number } | null = null;
  #pending: string[] = [];

  constructor(path: LineLayout, utc: boolean) {
    this.#path = path;
    this.#utc = utc;
  }

  take(line: CopiedLine, text: string): void {
    const path = this.#path(line, this.#utc);
    if (this.#open?.path !== path) {
      this.#write();
      this.reopen();
      mkdirSync(dirname(path), { recursive: true });
      const fd = openSync(path, 'a', 0o640);
      this.#open = { path, fd, inode: fstatSync(fd).ino };
    }
    this.#pending.push(text);
  }

  settle(): void {
    this.#write();
    if (this.#open === null) return;
    fdatasyncSync(this.#open.fd);
    // Rotated by somebody who did not say so.
    if (statSync(this.#open.path, { throwIfNoEntry: false })?.ino !== this.#open.inode) this.reopen();
  }

  reopen(): void {
    this.#write();
    if (this.#open !== null) closeSync(this.#open.fd);
    this.#open = null;
  }

  end(): void {
    this.reopen();
  }

  #write(): void {
    if (this.#open === null || this.#pending.length === 0) return;
    const bytes = Buffer.from(this.#pending.join(''));
    this.#pending = [];
    for (let at = 0; at < bytes.length;) at += writeSync(this.#open.fd, bytes, at);
  }
}

/** A file that holds the newest line, whole at any time. */
class StatusSink implements Sink {
  readonly #path: LineLayout;
  readonly #utc: boolean;
  #newest: { readonly path: string; readonly text: string } | null = null;

  constructor(path: LineLayout, utc: boolean) {
    this.#path = path;
    this.#utc = utc;
  }

  take(line: CopiedLine, text: string): void {
    this.#newest = { path: this.#path(line, this.#utc), text };
  }

  settle(): void {
    if (this.#newest !== null) replaceFile(this.#newest.path, this.#newest.text);
    this.#newest = null;
  }

  end(): void {
    this.settle();
  }
}

/** A program that gets the lines, and is waited for. */
class CommandSink implements Sink {
  readonly #child: ChildProcess;
  readonly #command: string;
  #failure: Error | null = null;
  #isEnding = false;

  constructor(command: string) {
    this.#command = command;
    // Tools that come with Heartwood, as multilog, are found like everything else.
    const env = { ...process.env, PATH: `${process.env['PATH'] ?? '/usr/local/bin:/usr/bin:/bin'}:${OWN_PROGRAMS}` };
    this.#child = spawn('/bin/sh', ['-c', command], { stdio: ['pipe', 'inherit', 'inherit'], env });
    this.#child.on('exit', (code, signal) => {
      if (!this.#isEnding || code !== 0) this.#failure ??= new Error(`"${command}" ended (${signal ?? String(code)})`);
    });
    this.#child.on('error', (error) => { this.#failure ??= error; });
    this.#child.stdin?.on('error', (error) => { this.#failure ??= new Error(`"${command}" takes no more lines: ${error.message}`); });
  }

  async take(_: CopiedLine, text: string): Promise<void> {
    this.#check();
    const { stdin } = this.#child;
    if (stdin === null || stdin.write(text)) return;
    await new Promise<void>((resolve) => {
      stdin.once('drain', resolve);
      stdin.once('close', resolve);
    });
    this.#check();
  }

  async end(): Promise<void> {
    this.#isEnding = true;
    this.#child.stdin?.end();
    if (this.#child.exitCode === null && this.#child.signalCode === null) await new Promise((resolve) => { this.#child.once('exit', resolve); });
    this.#check();
  }

  #check(): void {
    if (this.#failure !== null) throw this.#failure;
    if (!this.#isEnding && this.#child.exitCode !== null) throw new Error(`"${this.#command}" ended (${String(this.#child.exitCode)})`);
  }
}

class DatagramSink implements Sink {
  readonly #target: Extract<Target, { readonly kind: 'udp' | 'syslog' | 'gelf' }>;
  readonly #socket: Socket;

  constructor(target: Extract<Target, { readonly kind: 'udp' | 'syslog' | 'gelf' }>) {
    this.#target = target;
    this.#socket = createSocket(isIPv6(target.host) ? 'udp6' : 'udp4');
    // Nobody listens: with UDP that is no reason to stop.
    this.#socket.on('error', () => undefined);
    this.#socket.unref();
  }

  async take(line: CopiedLine, text: string): Promise<void> {
    const { kind } = this.#target;
    if (kind === 'udp') await this.#send(Buffer.from(text));
    else if (kind === 'syslog') await this.#send(Buffer.from(syslogMessage(line)));
    else for (const datagram of gelfDatagrams(line, randomBytes(8))) await this.#send(datagram);
  }

  end(): void {
    this.#socket.close();
  }

  #send(bytes: Buffer): Promise<void> {
    return new Promise((resolve) => { this.#socket.send(bytes, this.#target.port, this.#target.host, () => { resolve(); }); });
  }
}
