/** The commands of zdaemon, as they are given on the command line or at the prompt. */
import { spawn } from 'node:child_process';
import { chownSync, existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { constants as os } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { EmbeddedManager, managerPlace } from '../embedded-manager.ts';
import { ownEnvironment } from '../unit-text.ts';
import { COMMAND_LIST, HELP_TEXTS } from './help-texts.ts';
import { tailFile } from './log-tail.ts';
import { askStatus, sendCommand, type KeeperStatus } from './manager-socket.ts';
import { UsageError } from './options.ts';
import { ProgramKeeper, quoted, signalName } from './program-keeper.ts';
import { KEEPER_UNIT, keeperUnitText, type KeptProgram } from './program-unit.ts';
import { findProgram, programLine, type Settings } from './settings.ts';
import { idsOf } from './transcript.ts';

const DONE = 0;
const FAILED = 1;
const NOT_RUNNING = 3;
const POLL_MSEC = 100;
const MSEC_PER_SECOND = 1_000;
/** The keeper appears within this time, or start gives up. */
const APPEAR_LIMIT_MSEC = 10_000;
const SIGNAL_EXIT_BASE = 128;

export class Controller {
  readonly settings: Settings;
  #status: KeeperStatus | null = null;

  constructor(settings: Settings) {
    this.settings = settings;
  }

  /** @returns the exit status, or null for the end of the prompt */
  async run(words: readonly string[]): Promise<number | null> {
    const [command = '', ...rest] = words;
    switch (command) {
      case '': return this.#printStatus('');
      case 'start': return this.#start(rest);
      case 'stop': return this.#stop();
      case 'restart': return this.#restart(rest);
      case 'status': return this.#printStatus(rest.join(' '));
      case 'kill': return this.#kill(rest[0] ?? '');
      case 'fg':
      case 'foreground': return this.#foreground(rest);
      case 'reopen_transcript': return this.#reopen();
      case 'logreopen': return this.#logReopen();
      case 'logtail': return this.#logTail(rest[0]);
      case 'wait': return this.#wait();
      case 'show': return this.#show(rest[0] ?? 'options');
      case 'help': return this.#help(rest[0]);
      case 'quit':
      case 'exit': return null;
      default:
        say(`*** Unknown syntax: ${words.join(' ')}`);
        return FAILED;
    }
  }

  /** Warns when the program that runs there is not the one that is configured. */
  async lookForOther(): Promise<void> {
    await this.#ask();
    const { program } = this.settings;
    if (this.#status === null || program.length === 0) return;
    const ours = program.map(quoted).join(', ');
    // More words may have been given to start.
    if (this.#status.args !== `[${ours}]` && !this.#status.args.startsWith(`[${ours}, `)) {
      complain(`WARNING! zdrun is managing a different program!\nour program   = [${ours}]\ndaemon's args = ${this.#status.args}`);
    }
  }

  async #ask(): Promise<KeeperStatus | null> {
    this.#status = await askStatus(this.settings.socketName);
    return this.#status;
  }

  /**
   * Prints a dot a second until the condition holds.
   *
   * @param appears whether a manager that is not there yet is on its way @returns the exit status
   */
  async #awhile(holds: (status: KeeperStatus | null) => boolean, message: (status: KeeperStatus | null) => string, appears: boolean, limitMsec = Infinity): Promise<number> {
    const begun = Date.now();
    let dots = 0;
    let seen = false;
    const newLine = (): void => { process.stdout.write('\n'); };
    for (;;) {
      if (Date.now() - begun >= dots * MSEC_PER_SECOND) {
        process.stdout.write(dots === 0 ? '.' : ' .');
        dots += 1;
      }
      const status = await this.#ask();
      if (holds(status)) {
        newLine();
        say(message(status));
        return DONE;
      }
      seen ||= status !== null;
      const waitedMsec = Date.now() - begun;
      if (status === null && (seen || !appears || waitedMsec > APPEAR_LIMIT_MSEC)) {
        newLine();
        say('daemon manager not running');
        return FAILED;
      }
      if (waitedMsec > limitMsec) {
        newLine();
        say('Program took too long to start');
        return FAILED;
      }
      await sleep(POLL_MSEC);
    }
  }

  async #start(more: readonly string[]): Promise<number> {
    const status = await this.#ask();
    if (status !== null && status.pid > 0) {
      say(`daemon process already running; pid=${String(status.pid)}`);
      return DONE;
    }
    if (status !== null) await sendCommand(this.settings.socketName, 'start');
    else {
      const code = await this.#launch(more);
      if (code !== null) return code;
    }
    return this.#awhile(
      (now) => now !== null && now.pid > 0 && !now.testing, (now) => `daemon process started, pid=${String(now?.pid ?? 0)}`,
      true, this.settings.startTimeoutSeconds * MSEC_PER_SECOND,
    );
  }

  /** @returns null when the keeper is on its way, else the exit status it ended with */
  async #launch(more: readonly string[]): Promise<number | null> {
    const { settings } = this;
    this.#makeDirectories();
    const path = findProgram(settings);
    const place = managerPlace('zdaemon', settings.socketName);
    const manager = await EmbeddedManager.open(place, settings.daemon);
    const usable = settings.directory !== null && existsSync(settings.directory) ? settings.directory : null;
    const program: KeptProgram = { settings: { ...settings, directory: usable }, path, argv: [...settings.program, ...more], directory: process.cwd(), environment: this.#environment() };
    writeFileSync(join(place, 'program.json'), JSON.stringify(program), { mode: 0o600 });
    if (!settings.daemon) return new ProgramKeeper(manager).run();
    await manager.setUnits(new Map([[KEEPER_UNIT, keeperUnitText(join(import.meta.dirname, 'native/front'), place, manager.pid)]]));
    const failure = await manager.enqueue('start', KEEPER_UNIT, true);
    manager.close();
    if (failure !== null) throw new UsageError(failure.message);
    return null;
  }

  /** One level of what is missing is made: who misspelt a whole path is to be told. */
  #makeDirectories(): void {
    const { directory, socketName, user, daemon } = this.settings;
    const socketDirectory = dirname(socketName);
    if (!existsSync(socketDirectory)) {
      try {
        mkdirSync(socketDirectory);
      } catch (error) {
        throw new UsageError(`the directory of the socket cannot be made: ${(error as Error).message}`);
      }
      if (user !== null) chownSync(socketDirectory, ...idsOf(user));
    }
    if (directory === null || !daemon || existsSync(directory)) return;
    try {
      mkdirSync(directory);
      if (user !== null) chownSync(directory, ...idsOf(user));
    } catch (error) {
      complain(`can't create directory ${directory}: ${(error as Error).message}`);
    }
  }

  #environment(): Readonly<Record<string, string>> {
    return { ...ownEnvironment(), ...this.settings.environment };
  }

  async #stop(): Promise<number> {
    const status = await this.#ask();
    if (status === null) {
      say('daemon manager not running');
      return DONE;
    }
    await sendCommand(this.settings.socketName, 'stop');
    if (status.pid === 0 && !status.shouldBeUp) {
      say('daemon process not running');
      return DONE;
    }
    const place = managerPlace('zdaemon', this.settings.socketName);
    const code = await this.#awhile((now) => now === null || (now.pid === 0 && !now.shouldBeUp && this.settings.hangAround), () => 'daemon process stopped', false);
    if (this.#status !== null) return code;
    await EmbeddedManager.awaitEnd(place);
    rmSync(place, { recursive: true, force: true });
    return code;
  }

  async #restart(more: readonly string[]): Promise<number> {
    const status = await this.#ask();
    if (status === null) return this.#start(more);
    await sendCommand(this.settings.socketName, 'restart');
    return this.#awhile(
      (now) => now !== null && now.pid > 0 && now.pid !== status.pid && !now.testing, (now) => `daemon process restarted, pid=${String(now?.pid ?? 0)}`,
      true, this.settings.startTimeoutSeconds * MSEC_PER_SECOND,
    );
  }

  async #printStatus(argument: string): Promise<number> {
    if (argument !== '' && argument !== '-l') {
      say('status argument must be absent or -l');
      return FAILED;
    }
    const status = await this.#ask();
    if (status === null) {
      say('daemon manager not running');
      return NOT_RUNNING;
    }
    say(status.pid === 0 ? 'daemon manager running; daemon process not running' : `program running; pid=${String(status.pid)}`);
    if (argument === '-l') say(status.raw.trimEnd());
    return DONE;
  }

  async #kill(argument: string): Promise<number> {
    const signal = argument === '' ? os.signals.SIGTERM : signalFrom(argument);
    if (signal === null) {
      say(`invalid signal ${quoted(argument)}`);
      return FAILED;
    }
    const status = await this.#ask();
    if (status === null || status.pid === 0) {
      say('daemon process not running');
      return DONE;
    }
    say(`kill(${String(status.pid)}, ${String(signal)})`);
    try {
      process.kill(status.pid, signal);
    } catch (error) {
      say(`Error: ${(error as Error).message}`);
      return FAILED;
    }
    say(`signal ${signalName(signal)} sent to process ${String(status.pid)}`);
    return DONE;
  }

  async #foreground(more: readonly string[]): Promise<number> {
    const status = await this.#ask();
    if (status !== null && status.pid > 0) {
      say('To run the program in the foreground, please stop it first.');
      return FAILED;
    }
    const path = findProgram(this.settings);
    const [, ...words] = [...this.settings.program, ...more];
    say([...this.settings.program, ...more].join(' '));
    const { directory, user } = this.settings;
    const ids = user === null ? null : idsOf(user);
    // The terminal's signals are the program's; ours is only to wait.
    const ignore = (): void => undefined;
    process.on('SIGINT', ignore);
    process.on('SIGQUIT', ignore);
    const ended = await new Promise<number>((resolve) => {
      const child = spawn(path, words, {
        argv0: this.settings.program[0] ?? path, stdio: 'inherit', env: this.#environment(),
        ...(directory !== null && existsSync(directory) ? { cwd: directory } : {}), ...(ids === null ? {} : { uid: ids[0], gid: ids[1] }),
      });
      child.on('error', (error) => {
        complain(error.message);
        resolve(FAILED);
      });
      child.on('exit', (code, signal) => { resolve(code ?? SIGNAL_EXIT_BASE + (signal === null ? 0 : os.signals[signal])); });
    });
    process.off('SIGINT', ignore);
    process.off('SIGQUIT', ignore);
    return ended;
  }

  async #reopen(): Promise<number> {
    if (await sendCommand(this.settings.socketName, 'reopen_transcript') !== null) return DONE;
    say('daemon manager not running');
    return NOT_RUNNING;
  }

  async #logReopen(): Promise<number> {
    await this.#reopen();
    return this.#kill('USR2');
  }

  async #logTail(given: string | undefined): Promise<number> {
    const file = given ?? this.settings.logfile;
    if (file === null) {
      say('No default log file specified; use logtail <logfile>');
      return FAILED;
    }
    const stop = new AbortController();
    const onInterrupt = (): void => { stop.abort(); };
    process.once('SIGINT', onInterrupt);
    process.once('SIGTERM', onInterrupt);
    try {
      await tailFile(file, stop.signal, (bytes) => { process.stdout.write(bytes); }, say);
      return DONE;
    } catch (error) {
      say((error as Error).message);
      return FAILED;
    } finally {
      process.off('SIGINT', onInterrupt);
      process.off('SIGTERM', onInterrupt);
    }
  }

  async #wait(): Promise<number> {
    const code = await this.#awhile((status) => status === null || status.pid === 0, () => 'daemon process stopped', false);
    await this.#printStatus('');
    return code;
  }

  #show(what: string): number {
    const { settings } = this;
    if (what !== 'options' && what !== 'python' && what !== 'all') {
      say(HELP_TEXTS['show'] ?? '');
      return FAILED;
    }
    if (what !== 'python') {
      const shown: Readonly<Record<string, unknown>> = {
        configfile: settings.configFile, 'socket-name': settings.socketName, program: settings.program, 'start-test-program': settings.startTestProgram, 'backoff-limit': settings.backoffLimit,
        forever: settings.forever, 'exit-codes': settings.exitCodes, user: settings.user, umask: settings.umask, directory: settings.directory, daemon: settings.daemon,
        'hang-around': settings.hangAround, logfile: settings.logfile, transcript: settings.transcript, 'start-timeout': settings.startTimeoutSeconds, 'stop-timeout': settings.stopTimeoutSeconds, prompt: settings.prompt,
      };
      say('zdctl options:');
      for (const [name, value] of Object.entries(shown)) say(`${`${name}:`.padEnd(20)} ${JSON.stringify(value)}`);
    }
    // There is none here: what runs this in its place.
    if (what !== 'options') say(`Runtime: Node.js ${process.version}\nProgram: ${process.execPath}\nUser: ${String(process.getuid?.() ?? 0)}`);
    return DONE;
  }

  #help(command: string | undefined): number {
    if (command === undefined) {
      say(COMMAND_LIST);
      return DONE;
    }
    const text = HELP_TEXTS[command];
    say(text ?? `*** No help on ${command}`);
    return text === undefined ? FAILED : DONE;
  }
}

/** What the prompt shows before it asks. */
export function introduction(settings: Settings): string {
  return `program: ${programLine(settings)}`;
}

function signalFrom(text: string): number | null {
  if (/^\d+$/.test(text)) return Number(text) >= 0 && Number(text) <= 64 ? Number(text) : null;
  const name = `SIG${text.toUpperCase().replace(/^SIG/, '')}`;
  return Object.hasOwn(os.signals, name) ? os.signals[name as NodeJS.Signals] : null;
}

export function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

export function complain(text: string): void {
  process.stderr.write(`${text}\n`);
}
