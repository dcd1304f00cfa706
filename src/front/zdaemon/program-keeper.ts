/**
 * Keeps one program running: what zdaemon's own manager process does. It serves the socket that commands come by, restarts the program with a
 * growing delay, and ends with it. A service of the embedded manager, or, without `daemon`, the command itself.
 *
 *   restarts: the first quick end is followed by a delay of 1 s, each further one by one second more; a run longer than the limit begins anew.
 *   When the delay would get beyond the limit it gives up, or with `forever` stays at the limit.
 */
import { spawn } from 'node:child_process';
import { chmodSync, chownSync, existsSync, readFileSync, rmSync, unlinkSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { constants as os } from 'node:os';
import { join } from 'node:path';
import { EmbeddedManager, type ServiceState } from '../embedded-manager.ts';
import { EventLog } from './event-log.ts';
import { PROGRAM_UNIT, programUnitText, type KeptProgram } from './program-unit.ts';
import { idsOf, Transcript } from './transcript.ts';

/** Longest command that is read from a connection. */
const COMMAND_BYTES_MAX = 10 << 10;
/** A connection that says nothing is closed after this. */
const COMMAND_TIMEOUT_MSEC = 5_000;
const TEST_INTERVAL_MSEC = 1_000;
const MSEC_PER_SECOND = 1_000;
const GIVE_UP_STATUS = 1;
/** systemd.exec(5): the program could not be executed. */
const EXEC_FAILED = 203;
/** What a shell calls that. */
const NOT_FOUND_STATUS = 127;
const EXITED = 1;

export async function keepProgram(words: readonly string[]): Promise<number> {
  const [place] = words;
  if (place === undefined) return 2;
  return new ProgramKeeper(await EmbeddedManager.open(place)).run();
}

export class ProgramKeeper {
  readonly #manager: EmbeddedManager;
  readonly #program: KeptProgram;
  readonly #log: EventLog;
  #server: Server | null = null;
  #connection: Socket | null = null;
  #transcript: Transcript | null = null;
  #pid = 0;
  #startedMsec = 0;
  /** What is wanted: up, or down because of a command. */
  #shouldBeUp = true;
  #testing = false;
  /** Down only to come up again. */
  #restarting = false;
  #backoff = 0;
  #delayUntilMsec = 0;
  #restart: NodeJS.Timeout | undefined;
  #end: (status: number) => void = () => undefined;
  #ending = false;
  #leaveStatus = 0;
  /** Changes are looked at one after the other. */
  #work: Promise<void> = Promise.resolve();

  constructor(manager: EmbeddedManager) {
    this.#manager = manager;
    this.#program = JSON.parse(readFileSync(join(manager.place, 'program.json'), 'utf8')) as KeptProgram;
    this.#log = new EventLog(this.#program.settings.eventLog);
  }

  /** @returns the status the manager of the program ends with */
  async run(): Promise<number> {
    const { settings } = this.#program;
    const ended = new Promise<number>((resolve) => { this.#end = resolve; });
    const trouble = await this.#listen();
    if (trouble !== null) {
      this.#log.write('critical', trouble);
      process.stderr.write(`${trouble}\n`);
      await this.#leave(GIVE_UP_STATUS);
      return GIVE_UP_STATUS;
    }
    let output = settings.daemon ? 'null' : `append:/proc/${String(this.#manager.pid)}/fd/1`;
    if (settings.daemon && settings.transcript !== null) {
      const fifo = join(this.#manager.place, 'transcript.pipe');
      this.#transcript = new Transcript({ file: settings.transcript, fifo, user: settings.user, say: (message) => { this.#log.write('error', message); } });
      output = `file:${fifo}`;
    }
    for (const signal of ['SIGTERM', 'SIGHUP', 'SIGINT'] as const) {
      process.on(signal, () => {
        // The manager, which is about to end, has come to its keeper.
        if (this.#ending) process.exit(this.#leaveStatus);
        this.#log.write('info', `daemon manager ends because of ${signal}`);
        void this.#leave(GIVE_UP_STATUS);
      });
    }
    await this.#manager.setUnits(new Map([[PROGRAM_UNIT, programUnitText(this.#program, output)]]));
    await this.#manager.follow((unit) => { if (unit === PROGRAM_UNIT) this.#lookSoon(); });
    this.#manager.onLost = () => {
      this.#closeSocket();
      this.#end(GIVE_UP_STATUS);
    };
    const state = await this.#manager.state(PROGRAM_UNIT);
    if (state !== null && state.mainPid > 0) {
      // The keeper before was killed.
      this.#begun(state.mainPid);
    } else {
      this.#log.write('info', 'daemon manager started');
      await this.#start();
    }
    return ended;
  }

  // --- the program

  async #start(): Promise<void> {
    clearTimeout(this.#restart);
    this.#delayUntilMsec = 0;
    this.#startedMsec = Date.now();
    await this.#manager.resetFailed(PROGRAM_UNIT);
    const failure = await this.#manager.enqueue('start', PROGRAM_UNIT, true);
    const state = await this.#manager.state(PROGRAM_UNIT);
    if (state === null) return;
    if (failure !== null && state.mainPid === 0 && state.exitCode === 0) {
      this.#log.write('error', `the program cannot be started: ${failure.message}`);
      this.#delayRestart();
      return;
    }
    // It may be quicker than we looked.
    if (state.mainPid === 0) await this.#onEnd(state);
    else if (state.mainPid !== this.#pid) this.#begun(state.mainPid);
  }

  #begun(pid: number): void {
    this.#pid = pid;
    if (this.#startedMsec === 0) this.#startedMsec = Date.now();
    this.#log.write('info', `spawned process pid=${String(pid)}`);
    const { startTestProgram } = this.#program.settings;
    this.#testing = startTestProgram.length > 0;
    if (this.#testing) this.#test(pid);
    // Its end may have been told before we knew of it.
    this.#lookSoon();
  }

  /** Once a second until it succeeds or the program has gone. */
  #test(pid: number): void {
    const { settings, directory, environment } = this.#program;
    const [command = '', ...words] = settings.startTestProgram;
    const again = (): void => { setTimeout(() => { if (this.#pid === pid && !this.#ending) this.#test(pid); }, TEST_INTERVAL_MSEC); };
    const child = spawn(command, words, { cwd: settings.directory ?? directory, env: environment, stdio: 'ignore' });
    child.on('error', (error) => {
      this.#log.write('error', `the start test program cannot be run: ${error.message}`);
      again();
    });
    child.on('exit', (status) => {
      if (this.#pid !== pid) return;
      if (status === 0) this.#testing = false;
      else again();
    });
  }

  #lookSoon(): void {
    this.#work = this.#work.then(async () => {
      if (this.#pid === 0 || this.#ending) return;
      const state = await this.#manager.state(PROGRAM_UNIT);
      if (state !== null && state.mainPid !== this.#pid) await this.#onEnd(state);
    });
  }

  async #onEnd(state: ServiceState): Promise<void> {
    const { settings } = this.#program;
    const pid = this.#pid === 0 ? state.lastPid : this.#pid;
    this.#pid = 0;
    this.#testing = false;
    const exited = state.exitCode === EXITED;
    const status = exited && state.exitStatus === EXEC_FAILED ? NOT_FOUND_STATUS : state.exitStatus;
    this.#log.write('info', `pid ${String(pid)}: ${exited ? `exit status ${String(status)}` : `terminated by ${signalName(status)}`}`);
    if (!this.#shouldBeUp) {
      if (!settings.hangAround && !this.#restarting) await this.#leave(0);
      return;
    }
    if (exited && settings.exitCodes.includes(status)) {
      this.#log.write('info', `exit status ${String(status)} ends supervision`);
      await this.#leave(status);
      return;
    }
    this.#delayRestart();
  }

  #delayRestart(): void {
    const { settings } = this.#program;
    const isQuick = Date.now() - this.#startedMsec < settings.backoffLimit * MSEC_PER_SECOND;
    this.#backoff = isQuick ? this.#backoff + 1 : 0;
    if (this.#backoff > settings.backoffLimit) {
      if (!settings.forever) {
        this.#log.write('critical', 'restarting too frequently; quit');
        void this.#leave(GIVE_UP_STATUS);
        return;
      }
      this.#backoff = settings.backoffLimit;
    }
    if (this.#backoff > 0) this.#log.write('info', `sleep ${String(this.#backoff)} to avoid rapid restarts`);
    this.#delayUntilMsec = Date.now() + this.#backoff * MSEC_PER_SECOND;
    this.#restart = setTimeout(() => { if (this.#shouldBeUp && !this.#ending) void this.#start(); }, this.#backoff * MSEC_PER_SECOND);
  }

  // --- commands

  async #stop(): Promise<void> {
    this.#shouldBeUp = false;
    clearTimeout(this.#restart);
    if (this.#pid === 0) {
      if (!this.#program.settings.hangAround) await this.#leave(0);
      return;
    }
    await this.#stopProgram();
  }

  /** The manager sends TERM, waits, and sends KILL; what even that does not end at once gets it again and again. */
  async #stopProgram(): Promise<void> {
    const again = setInterval(() => {
      if (Date.now() - begun > this.#program.settings.stopTimeoutSeconds * MSEC_PER_SECOND) void this.#manager.signal(PROGRAM_UNIT, os.signals.SIGKILL);
    }, this.#program.settings.backoffLimit * MSEC_PER_SECOND);
    const begun = Date.now();
    await this.#manager.enqueue('stop', PROGRAM_UNIT, true);
    clearInterval(again);
    const state = await this.#manager.state(PROGRAM_UNIT);
    if (state !== null && this.#pid !== 0 && state.mainPid === 0) await this.#onEnd(state);
  }

  async #answer(command: string): Promise<string> {
    const [word = '', ...words] = command.split(/\s+/).filter((each) => each !== '');
    switch (word) {
      case 'start':
        this.#shouldBeUp = true;
        this.#backoff = 0;
        if (this.#pid === 0) {
          void this.#start();
          return 'Application started\n';
        }
        return 'Application already started\n';
      case 'stop':
        void this.#stop();
        return this.#pid === 0 ? 'Application already stopped\n' : 'Sent SIGTERM\n';
      case 'restart':
        void this.#restartProgram();
        return 'Application will be restarted\n';
      case 'kill': {
        const signal = Number(words[0] ?? String(os.signals.SIGTERM));
        if (this.#pid === 0) return 'Application not running\n';
        if (!Number.isInteger(signal) || signal < 1 || signal > 64) return 'Bad signal\n';
        await this.#manager.signal(PROGRAM_UNIT, signal);
        return `Signal ${String(signal)} sent\n`;
      }
      case 'status':
        return this.#status();
      case 'reopen_transcript':
        this.#transcript?.reopen();
        this.#log.write('info', 'transcript reopened');
        return 'Transcript reopened\n';
      default:
        return `Unknown command ${JSON.stringify(word)}; there are start, stop, restart, kill, status, reopen_transcript\n`;
    }
  }

  async #restartProgram(): Promise<void> {
    this.#restarting = true;
    this.#shouldBeUp = false;
    clearTimeout(this.#restart);
    if (this.#pid !== 0) await this.#stopProgram();
    this.#restarting = false;
    this.#shouldBeUp = true;
    this.#backoff = 0;
    await this.#start();
  }

  #status(): string {
    const { settings, argv, path } = this.#program;
    const fields: Readonly<Record<string, string>> = {
      status: this.#pid === 0 ? 'stopped' : 'running', now: seconds(Date.now()), should_be_up: this.#shouldBeUp ? '1' : '0', delay: seconds(this.#delayUntilMsec), backoff: String(this.#backoff),
      lasttime: seconds(this.#startedMsec), application: String(this.#pid), testing: this.#testing ? '1' : '0', manager: String(process.pid), backofflimit: String(settings.backoffLimit),
      filename: quoted(path), args: `[${argv.map(quoted).join(', ')}]`,
    };
    return Object.entries(fields).map(([name, value]) => `${name}=${value}\n`).join('');
  }

  // --- the socket

  /** @returns why it cannot be listened there, or null */
  async #listen(): Promise<string | null> {
    const { socketName, user } = this.#program.settings;
    if (existsSync(socketName)) {
      if (await isAnswered(socketName)) return `Another zdrun is already up using socket ${JSON.stringify(socketName)}`;
      try {
        unlinkSync(socketName);
      } catch (error) {
        return `cannot remove the stale socket ${socketName}: ${(error as Error).message}`;
      }
    }
    const server = createServer({ allowHalfOpen: true }, (socket) => { this.#serve(socket); });
    this.#server = server;
    return new Promise((resolve) => {
      server.once('error', (error) => { resolve(`cannot listen at ${socketName}: ${error.message}`); });
      const umask = process.umask(0o077);
      server.listen(socketName, () => {
        chmodSync(socketName, 0o700);
        if (user !== null) chownSync(socketName, ...idsOf(user));
        resolve(null);
      });
      process.umask(umask);
    });
  }

  /** One command a connection. A newer connection takes the place of one that has said nothing yet. */
  #serve(socket: Socket): void {
    this.#connection?.destroy();
    this.#connection = socket;
    let text = '';
    socket.setTimeout(COMMAND_TIMEOUT_MSEC, () => { socket.destroy(); });
    socket.on('error', () => undefined);
    socket.setEncoding('latin1');
    socket.on('data', (chunk: string) => {
      text += chunk;
      const end = text.indexOf('\n');
      if (end === -1 && text.length <= COMMAND_BYTES_MAX) return;
      socket.removeAllListeners('data');
      socket.resume();
      if (this.#connection === socket) this.#connection = null;
      if (end === -1 || end > COMMAND_BYTES_MAX) socket.end('Command too long\n');
      else void this.#answer(text.slice(0, end)).then((answer) => { socket.end(answer); });
    });
    socket.on('end', () => { if (this.#connection === socket) socket.destroy(); });
  }

  #closeSocket(): void {
    if (this.#server?.listening === true) rmSync(this.#program.settings.socketName, { force: true });
    this.#server?.close();
  }

  /** The end of it all: program, socket and manager go. */
  async #leave(status: number): Promise<void> {
    if (this.#ending) return;
    this.#ending = true;
    this.#leaveStatus = status;
    clearTimeout(this.#restart);
    this.#closeSocket();
    await this.#manager.shutDown();
    this.#end(status);
  }
}

/** Seconds since the epoch, as Python prints them. */
function seconds(msec: number): string {
  return msec === 0 ? '0' : (msec / MSEC_PER_SECOND).toFixed(3);
}

/** As Python writes a string. */
export function quoted(text: string): string {
  return `'${text.replace(/[\\']/g, '\\$&')}'`;
}

export function signalName(number: number): string {
  return Object.entries(os.signals).find(([, value]) => value === number)?.[0] ?? `signal ${String(number)}`;
}

function isAnswered(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', (error: NodeJS.ErrnoException) => { resolve(error.code !== 'ECONNREFUSED' && error.code !== 'ENOENT' && error.code !== 'ENOTSOCK'); });
  });
}
