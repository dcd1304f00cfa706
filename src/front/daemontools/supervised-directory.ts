/**
 * One service directory under supervision: its `supervise` folder with lock, control, ok and status, and the unit behind it.
 *
 * The commands of svc(8) are bytes in the `control` FIFO; while somebody reads `ok`, the directory is supervised.
 */
import { spawnSync } from 'node:child_process';
import { closeSync, constants, existsSync, mkdirSync, openSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { Socket } from 'node:net';
import { constants as os } from 'node:os';
import { join } from 'node:path';
import type { EmbeddedManager } from '../embedded-manager.ts';
import { serviceUnitText, type ServiceDirectoryUnit } from './service-unit.ts';
import { decodeStatus, encodeStatus, type SupervisedStatus } from './status-file.ts';

/** What `daemontools shared-lock` ends with when another has the lock. */
const LOCK_IS_HELD = 100;

/** Commands that are nothing but a signal to the process. */
const SIGNALS: Readonly<Record<string, number>> = {
  t: os.signals.SIGTERM, k: os.signals.SIGKILL, h: os.signals.SIGHUP, a: os.signals.SIGALRM, i: os.signals.SIGINT,
};

/** What makes the unit beside the directory itself. */
export type Streams = Pick<ServiceDirectoryUnit, 'standardInput' | 'standardOutput' | 'standardError'>;

export class SupervisedDirectory {
  readonly unit: string;
  /** Called once, when `svc -x` and the end of the process have ended supervision. */
  onEnd: (() => void) | null = null;
  readonly #manager: EmbeddedManager;
  readonly #directory: string;
  readonly #label: string;
  readonly #streams: Streams;
  readonly #fds: number[] = [];
  #control: Socket | null = null;
  #wanted: 'up' | 'down' | null;
  #paused = false;
  #exiting = false;
  #pid = 0;
  #sinceMsec = Date.now();
  /** Commands are done one after the other. */
  #work: Promise<void> = Promise.resolve();

  private constructor(manager: EmbeddedManager, options: { readonly unit: string; readonly directory: string; readonly label: string; readonly streams: Streams }) {
    this.#manager = manager;
    this.unit = options.unit;
    this.#directory = options.directory;
    this.#label = options.label;
    this.#streams = options.streams;
    this.#wanted = existsSync(join(options.directory, 'down')) ? 'down' : 'up';
  }

  /** @returns the directory under supervision, or why it cannot be, in daemontools' words */
  static async open(manager: EmbeddedManager, options: { readonly unit: string; readonly directory: string; readonly label: string; readonly streams: Streams }): Promise<SupervisedDirectory | string> {
    const opened = new SupervisedDirectory(manager, options);
    const failure = opened.#takeFolder();
    if (failure !== null) {
      opened.#release();
      return failure;
    }
    await opened.#begin();
    return opened;
  }

  #takeFolder(): string | null {
    const folder = join(this.#directory, 'supervise');
    try {
      mkdirSync(folder, { recursive: true, mode: 0o700 });
      const lock = openSync(join(folder, 'lock'), 'a', 0o600);
      this.#fds.push(lock);
      const locked = spawnSync(join(import.meta.dirname, 'native/daemontools'), ['shared-lock'], { stdio: [lock, 'ignore', 'ignore'] });
      if (locked.status === LOCK_IS_HELD) return `unable to acquire ${this.#label}/supervise/lock: temporary failure`;
      if (locked.status !== 0) return `unable to acquire ${this.#label}/supervise/lock: ${locked.error?.message ?? 'it cannot be locked'}`;
      const missing = ['control', 'ok'].filter((name) => !existsSync(join(folder, name)));
      if (missing.length > 0) spawnSync('mkfifo', ['-m', '600', ...missing], { cwd: folder, stdio: 'inherit' });
      // For reading and writing: it never ends when a writer goes.
      const control = openSync(join(folder, 'control'), constants.O_RDWR | constants.O_NONBLOCK);
      this.#control = new Socket({ fd: control, readable: true, writable: false });
      this.#control.on('data', (bytes: Buffer) => { this.#enqueue(bytes.toString('latin1')); });
      this.#fds.push(openSync(join(folder, 'ok'), constants.O_RDONLY | constants.O_NONBLOCK));
      return null;
    } catch (error) {
      return `unable to use ${this.#label}/supervise: ${(error as Error).message}`;
    }
  }

  async #begin(): Promise<void> {
    await this.#setUnit(true);
    // Under a manager that outlived its front end the service may be running.
    const state = await this.#manager.state(this.unit);
    if (state !== null && state.mainPid > 0) {
      this.#pid = state.mainPid;
      const before = this.#readStatus();
      if (before?.pid === this.#pid) this.#sinceMsec = before.sinceMsec;
    }
    this.#announce();
    if (this.#wanted === 'up') await this.#manager.enqueue('start', this.unit, false);
  }

  #setUnit(keepsUp: boolean): Promise<void> {
    return this.#manager.setUnits(new Map([[this.unit, serviceUnitText({ directory: this.#directory, label: this.#label, keepsUp, ...this.#streams })]]));
  }

  /** What the supervisor before us wrote. */
  #readStatus(): SupervisedStatus | null {
    try {
      return decodeStatus(readFileSync(join(this.#directory, 'supervise/status')));
    } catch {
      return null;
    }
  }

  #announce(): void {
    const path = join(this.#directory, 'supervise/status');
    const bytes = encodeStatus({ sinceMsec: this.#sinceMsec, pid: this.#pid, paused: this.#paused, wanted: this.#wanted });
    try {
      writeFileSync(`${path}.new`, bytes, { mode: 0o644 });
      renameSync(`${path}.new`, path);
    } catch {
      // The directory is gone or full; the service is none the worse.
    }
  }

  #enqueue(commands: string): void {
    this.#work = this.#work.then(async () => {
      for (const command of commands) await this.#obey(command);
      await this.look();
    });
  }

  async #obey(command: string): Promise<void> {
    const signal = SIGNALS[command];
    if (signal !== undefined) await this.#manager.signal(this.unit, signal);
    switch (command) {
      case 'u':
        this.#wanted = 'up';
        await this.#setUnit(true);
        await this.#manager.enqueue('start', this.unit, false);
        break;
      case 'd':
        this.#wanted = 'down';
        this.#paused = false;
        await this.#manager.enqueue('stop', this.unit, false);
        break;
      case 'o':
        this.#wanted = null;
        await this.#setUnit(false);
        await this.#manager.enqueue('start', this.unit, false);
        break;
      case 'p':
        this.#paused = true;
        await this.#manager.signal(this.unit, os.signals.SIGSTOP);
        break;
      case 'c':
        this.#paused = false;
        await this.#manager.signal(this.unit, os.signals.SIGCONT);
        break;
      case 'x':
        this.#exiting = true;
        break;
      default:
        break;
    }
    this.#announce();
  }

  /** Asks how the service is; to be called when its unit changed. */
  async look(): Promise<void> {
    const state = await this.#manager.state(this.unit);
    if (state === null) return;
    if (state.mainPid !== this.#pid) {
      this.#pid = state.mainPid;
      this.#sinceMsec = Date.now();
      if (this.#pid === 0) this.#paused = false;
      this.#announce();
    }
    if (this.#exiting && state.mainPid === 0) await this.#end();
  }

  async #end(): Promise<void> {
    if (this.#fds.length === 0) return;
    this.#exiting = false;
    await this.#manager.enqueue('stop', this.unit, true);
    await this.#manager.setUnits(new Map([[this.unit, null]]));
    this.#release();
    this.onEnd?.();
  }

  #release(): void {
    this.#control?.destroy();
    for (const fd of this.#fds.splice(0)) closeSync(fd);
  }
}
