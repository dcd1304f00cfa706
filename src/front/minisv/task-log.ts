/**
 * The log of one task: what its instances print comes by a FIFO, line by line, and goes to a file, to Graylog and to the last lines that are
 * kept. The FIFO stays when the file changes, so that nothing is lost then.
 */
import { spawnSync } from 'node:child_process';
import { closeSync, constants, existsSync, openSync, writeSync } from 'node:fs';
import { Socket } from 'node:net';
import { parseLayout } from '../../initctl/log-copy/line-layout.ts';
import type { SendLine } from './graylog.ts';

/** A line without an end is cut here. */
const LINE_BYTES_MAX = 64 << 10;

export interface TaskLogOptions {
  readonly task: string;
  readonly fifo: string;
  /** Without the date; null = standard output. */
  readonly file: string | null;
  /** Layouts of Go. */
  readonly suffixDate: string | null;
  readonly lineDate: string | null;
  readonly keepLines: number;
  readonly send: SendLine;
  readonly warn: (message: string) => void;
}

/** An instant in a layout of Go's time package. */
export function goDate(layout: string, nowMsec: number): string {
  const render = parseLayout(`go:${layout}`);
  if (typeof render === 'string') return '';
  const line = { realtimeUsec: nowMsec * 1000, unit: '', identifier: '', pid: null, priority: 6, host: '', message: '', place: { chain: '', segment: 0, offset: 0 } };
  return render(line, false).slice(0, -1);
}

export class TaskLog {
  readonly #options: TaskLogOptions;
  readonly #source: Socket;
  /** null = standard output. */
  #fd: number | null = null;
  #rest = Buffer.alloc(0);
  #last: string[] = [];

  constructor(options: TaskLogOptions) {
    this.#options = options;
    if (!existsSync(options.fifo)) spawnSync('mkfifo', ['-m', '600', options.fifo], { stdio: 'inherit' });
    // For reading and writing: it has no end while we are there.
    this.#source = new Socket({ fd: openSync(options.fifo, constants.O_RDWR | constants.O_NONBLOCK), readable: true, writable: false });
    this.#source.on('data', (bytes: Buffer) => { this.#take(bytes); });
    this.#source.on('error', (error) => { options.warn(`log of ${options.task}: ${error.message}`); });
    this.reopen();
  }

  /** The last lines, oldest first. */
  get lines(): readonly string[] {
    return this.#last;
  }

  /** Closes the file and opens it again, under the name that is due now. */
  reopen(): void {
    const { file, suffixDate, task, warn } = this.#options;
    if (file === null) return;
    const path = suffixDate === null ? file : `${file}.${goDate(suffixDate, Date.now())}`;
    try {
      const fd = openSync(path, 'a', 0o600);
      if (this.#fd !== null) closeSync(this.#fd);
      this.#fd = fd;
    } catch (error) {
      warn(`log of ${task}: ${(error as Error).message}; its lines go to standard output`);
    }
  }

  /** A line of minisv itself. */
  note(message: string): void {
    this.#write(`minisv: ${message}`);
  }

  close(): void {
    this.#source.destroy();
    if (this.#rest.length > 0) this.#write(this.#rest.toString('utf8'));
    if (this.#fd !== null) closeSync(this.#fd);
    this.#fd = null;
  }

  #take(bytes: Buffer): void {
    this.#rest = Buffer.concat([this.#rest, bytes]);
    for (let end = this.#rest.indexOf(10); end !== -1 || this.#rest.length > LINE_BYTES_MAX; end = this.#rest.indexOf(10)) {
      const length = end === -1 || end > LINE_BYTES_MAX ? LINE_BYTES_MAX : end;
      this.#write(this.#rest.toString('utf8', 0, length));
      this.#rest = this.#rest.subarray(length === end ? end + 1 : length);
    }
  }

  #write(line: string): void {
    const { lineDate, keepLines, send, task } = this.#options;
    const text = lineDate === null ? line : `${goDate(lineDate, Date.now())}: ${line}`;
    this.#last.push(text);
    if (this.#last.length > keepLines) this.#last = this.#last.slice(-keepLines);
    if (keepLines === 0) this.#last = [];
    send(task, line);
    const bytes = Buffer.from(`${text}\n`);
    try {
      if (this.#fd === null) process.stdout.write(bytes);
      else for (let at = 0; at < bytes.length;) at += writeSync(this.#fd, bytes, at);
    } catch (error) {
      // A full disk: the task is not to stand still for that.
      this.#options.warn(`log of ${task}: ${(error as Error).message}`);
    }
  }
}
