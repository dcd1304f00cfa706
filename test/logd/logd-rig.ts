/**
 * A logd of our own for a test: the real program, started the way the manager starts it, with this process in the manager's place
 * (it makes the pipes and keeps their read ends).
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdtempSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildSync } from 'esbuild';
import type { Fd } from '../../src/base/brand.ts';
import { loadNative } from '../../src/host/load-native.ts';
import { decodeFromLogd, encodeMessage, MESSAGE_BYTES_MAX, type FromLogd, type SenderQuestion, type SenderUnit, type StreamOrigin, type ToLogd } from '../../src/logd/protocol.ts';
import { DEFAULT_QUERY, runLogQuery, type LogQuery } from '../../src/logd/query.ts';

export const native = loadNative();
export const BOOT_ID = '0123456789abcdef0123456789abcdef';
const ROOT = join(import.meta.dirname, '../..');
const POLL_MSEC = 2;
/** Generous, because the machine may be busy with other tests. */
const WAIT_MSEC = 30_000;

export function must<T>(outcome: T): Exclude<T, string> {
  if (typeof outcome === 'string') throw new Error(outcome);
  return outcome as Exclude<T, string>;
}

export function sleep(msec: number): Promise<void> {
  return new Promise((resolve) => { setTimeout(resolve, msec); });
}

let bundle: string | null = null;

/** One file, so that a restarted logd is there within 50 ms. */
function bundleOf(directory: string): string {
  if (bundle !== null) return bundle;
  bundle = join(directory, 'logd.mjs');
  buildSync({
    entryPoints: [join(ROOT, 'src/logd/main.ts')], outfile: bundle, bundle: true, platform: 'node', format: 'esm', logLevel: 'error',
  });
  return bundle;
}

export interface RigOptions {
  readonly directories?: readonly string[];
  readonly echoFd?: number;
  readonly bootId?: string;
  /** Default is one in the rig's own directory. */
  readonly querySocket?: string;
  /** Command line in front of node, such as `unshare --mount`. */
  readonly wrap?: readonly string[];
}

export class LogdRig {
  readonly base: string;
  readonly directory: string;
  readonly querySocket: string;
  readonly messages: FromLogd[] = [];
  readonly #options: RigOptions;
  readonly #bundle: string;
  readonly #open = new Map<number, { readonly origin: StreamOrigin; readonly echo: boolean; readonly readEnd: Fd }>();
  readonly #packet = Buffer.alloc(MESSAGE_BYTES_MAX);
  #child: ChildProcess | null = null;
  #control: Fd | null = null;
  #nextStream = 1;
  #nextFlush = 1;
  #syslog: { readonly fd: Fd; readonly echo: boolean } | null = null;
  /** The manager's knowledge of who sent a message; null: it does not answer. */
  whose: ((process: SenderQuestion) => SenderUnit | null) | null = () => null;

  constructor(options: RigOptions = {}) {
    this.#options = options;
    this.base = mkdtempSync(join(tmpdir(), 'heartwood-logd-'));
    this.directory = join(this.base, 'log');
    this.querySocket = options.querySocket ?? join(this.base, 'query');
    bundle = null;
    this.#bundle = bundleOf(this.base);
  }

  get pid(): number {
    return this.#child!.pid!;
  }

  /** Starts logd and gives it all open streams, as the manager does after logd has died. */
  start(): void {
    const [ours, theirs] = must(native.socketPair('seqpacket'));
    native.setNonBlocking(ours, true);
    const directories = this.#options.directories ?? [this.directory];
    const echo = this.#options.echoFd;
    const argv = [
      ...(this.#options.wrap ?? []), process.execPath, this.#bundle, '--query-socket', this.querySocket, '--syslog-daemon', this.daemonPath,
      ...directories.flatMap((directory) => ['--directory', directory]), ...(echo === undefined ? [] : ['--echo-fd', '4']),
    ];
    const addon = process.env['HEARTWOOD_ADDON'] ?? join(ROOT, 'dist/native/heartwood.node');
    this.#child = spawn(argv[0]!, argv.slice(1), {
      stdio: ['ignore', 'ignore', 'inherit', theirs, ...(echo === undefined ? [] : [echo])],
      env: { ...process.env, HEARTWOOD_ADDON: addon },
    });
    native.close(theirs);
    this.#control = ours;
    this.send({ type: 'hello', version: 1, bootId: this.#options.bootId ?? BOOT_ID });
    if (this.#syslog !== null) this.send({ type: 'syslog', echo: this.#syslog.echo }, [this.#syslog.fd]);
    for (const stream of this.#open.values()) this.#sendOpen(stream);
  }

  /** Where logd looks for a syslog daemon. */
  get daemonPath(): string {
    return join(this.base, 'daemon');
  }

  /** Makes the socket behind /dev/log, keeps it, and returns its path. */
  openSyslog(echo = false): string {
    const path = join(this.base, 'dev-log');
    this.#syslog = { fd: must(native.unixDatagram(path, 0o666)), echo };
    if (this.#control !== null) this.send({ type: 'syslog', echo }, [this.#syslog.fd]);
    return path;
  }

  send(message: ToLogd, fds: readonly Fd[] = []): void {
    const bytes = encodeMessage(message);
    for (;;) {
      const sent = native.sendWithFds(this.#control!, bytes, fds);
      if (sent !== 'EAGAIN') return;
    }
  }

  #sendOpen(stream: { readonly origin: StreamOrigin; readonly echo: boolean; readonly readEnd: Fd }): void {
    this.send({ type: 'open', origin: stream.origin, echo: stream.echo }, [stream.readEnd]);
  }

  /** Makes a pipe, keeps its read end, and returns the stream number and the (blocking) write end. */
  open(unit: string, more: Partial<StreamOrigin> & { readonly echo?: boolean } = {}): { readonly stream: number; readonly fd: number } {
    const [readEnd, writeEnd] = must(native.pipe(false));
    const stream = this.#nextStream++;
    const { echo = false, ...rest } = more;
    const origin: StreamOrigin = {
      stream, unit, invocationId: null, pid: 4242, identifier: unit.replace(/\.\w+$/, ''), output: 'stdout', priority: 6, levelPrefix: true,
      levelMax: 7, format: 'text', ...rest,
    };
    this.#open.set(stream, { origin, echo, readEnd });
    if (this.#control !== null) this.#sendOpen(this.#open.get(stream)!);
    return { stream, fd: writeEnd };
  }

  /** Reads what logd has said. */
  receive(): void {
    for (;;) {
      if (this.#control === null) return;
      const got = native.receive(this.#control, this.#packet);
      if (typeof got === 'string' || got === 0) return;
      const message = decodeFromLogd(this.#packet.subarray(0, got));
      if (message === null) throw new Error('logd sent something that is no message');
      this.messages.push(message);
      if (message.type === 'whose' && this.whose !== null) this.send({ type: 'senders', id: message.id, units: message.processes.map(this.whose) });
      if (message.type === 'ended') {
        const stream = this.#open.get(message.stream);
        if (stream !== undefined) native.close(stream.readEnd);
        this.#open.delete(message.stream);
      }
    }
  }

  async until<T extends FromLogd>(is: (message: FromLogd) => message is T): Promise<T>;
  async until(is: (message: FromLogd) => boolean): Promise<FromLogd>;
  async until(is: (message: FromLogd) => boolean): Promise<FromLogd> {
    const deadline = Date.now() + WAIT_MSEC;
    while (Date.now() < deadline) {
      this.receive();
      const found = this.messages.find(is);
      if (found !== undefined) return found;
      await sleep(POLL_MSEC);
    }
    throw new Error(`logd did not say it; it said ${JSON.stringify(this.messages)}`);
  }

  /** Everything written so far is stored when this returns. */
  async flush(): Promise<void> {
    const id = this.#nextFlush++;
    this.send({ type: 'flush', id });
    await this.until((message) => message.type === 'flushed' && message.id === id);
  }

  async ended(stream: number): Promise<void> {
    await this.until((message) => message.type === 'ended' && message.stream === stream);
  }

  /** SIGKILL, and wait for the death; the pipes stay with us. */
  async kill(): Promise<void> {
    const child = this.#child!;
    const gone = once(child, 'exit');
    child.kill('SIGKILL');
    await gone;
    this.receive();
    native.close(this.#control!);
    this.#control = null;
  }

  /** Orderly end, as when the manager closes the socket. */
  async stop(): Promise<void> {
    const child = this.#child;
    if (child === null || child.exitCode !== null || child.signalCode !== null) return;
    const gone = new Promise((resolve) => { child.once('exit', resolve); });
    if (this.#control !== null) {
      this.send({ type: 'end' });
      native.close(this.#control);
    }
    this.#control = null;
    await gone;
  }

  /** The manager is killed: all its fds are closed at once, without a word. Returns the end of logd. */
  async desert(): Promise<void> {
    const gone = once(this.#child!, 'exit');
    native.close(this.#control!);
    this.#control = null;
    for (const { readEnd } of this.#open.values()) native.close(readEnd);
    this.#open.clear();
    await gone;
  }

  /** What `initctl log` prints. */
  async log(query: Partial<LogQuery> = {}): Promise<string> {
    return readLog(this.#options.directories ?? [this.directory], query);
  }

  async remove(): Promise<void> {
    await this.stop();
    for (const { readEnd } of this.#open.values()) native.close(readEnd);
    if (this.#syslog !== null) native.close(this.#syslog.fd);
    rmSync(this.base, { recursive: true, force: true });
  }
}

export async function readLog(directories: readonly string[], query: Partial<LogQuery> = {}): Promise<string> {
  const pieces: Buffer[] = [];
  await runLogQuery({ ...DEFAULT_QUERY, format: 'cat', escape: false, ...query }, directories, {
    signal: new AbortController().signal,
    write(bytes) {
      pieces.push(Buffer.from(bytes));
      return undefined;
    },
  });
  return Buffer.concat(pieces).toString('utf8');
}

/** Writes all of it, waiting for logd. Only for texts that fit the pipe, or when another process is the reader. */
export function put(fd: number, text: string | Buffer): void {
  const bytes = Buffer.from(text as string);
  for (let at = 0; at < bytes.length;) at += writeSync(fd, bytes, at);
}

export function shut(fd: number): void {
  closeSync(fd);
}
