/**
 * One task and its instances.
 *
 *   not started -> starting -> running -> (stopped | finished | finished with error)
 *   running -> restart validation -> restart ok                                  the new instance lived long enough: the old one goes
 *                                 -> new instance failed | exited too fast       the old one stays
 */
import { rmSync, writeFileSync } from 'node:fs';
import { constants as os } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { exitOf, type EmbeddedManager, type ServiceState } from '../embedded-manager.ts';
import type { LimitDefinition, TaskDefinition } from './configuration.ts';
import type { TaskLog } from './task-log.ts';
import { findCommand, instanceName, instanceUnitText } from './task-unit.ts';

export type TaskWord =
  | 'not started' | 'starting' | 'started' | 'running' | 'finished' | 'finished with error' | 'restart validation' | 'restart ok'
  | 'new instance failed' | 'new instance exited too fast' | 'stopped' | 'error starting';

export interface TaskStatus {
  readonly status: TaskWord;
  /** RFC 3339; '' = never. */
  readonly started: string;
  readonly finished: string;
}

const EXITED = 1;
const MSEC_PER_SECOND = 1_000;
const VALIDATION_POLL_MSEC = 100;
/** The word that tells how a restart went is shown for so long; then it runs like any other. */
const VERDICT_MSEC = 30_000;

export class Task {
  readonly name: string;
  readonly definition: TaskDefinition;
  readonly log: TaskLog;
  readonly #manager: EmbeddedManager;
  readonly #fifo: string;
  readonly #limits: readonly LimitDefinition[];
  /** The one that counts; 0 = there was none. */
  #instance = 0;
  /** How many there were: a number is never used twice. */
  #count = 0;
  #word: TaskWord = 'not started';
  #verdictMsec = 0;
  #started = '';
  #finished = '';
  #pid = 0;
  /** Changes are done one after the other. */
  #work: Promise<unknown> = Promise.resolve();
  #validating = false;

  constructor(options: { readonly name: string; readonly definition: TaskDefinition; readonly log: TaskLog; readonly manager: EmbeddedManager; readonly fifo: string; readonly limits: readonly LimitDefinition[] }) {
    this.name = options.name;
    this.definition = options.definition;
    this.log = options.log;
    this.#manager = options.manager;
    this.#fifo = options.fifo;
    this.#limits = options.limits;
  }

  get status(): TaskStatus {
    const isOldVerdict = this.#pid !== 0 && Date.now() - this.#verdictMsec > VERDICT_MSEC && !this.#validating;
    return { status: isOldVerdict ? 'running' : this.#word, started: this.#started, finished: this.#finished };
  }

  get isRunning(): boolean {
    return this.#pid !== 0;
  }

  /** Whether the unit is one of this task's. */
  owns(unit: string): boolean {
    return this.#instance > 0 && unit === this.#unit;
  }

  get #unit(): string {
    return instanceName(this.name, this.#instance);
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const mine = this.#work.then(work, work);
    this.#work = mine.catch(() => undefined);
    return mine;
  }

  /** @param input for its standard input @returns whether it was started; not when it runs */
  run(input: Buffer | null = null): Promise<boolean> {
    return this.#inTurn(async () => {
      await this.#look();
      if (this.#pid !== 0) return false;
      await this.#start(input);
      return true;
    });
  }

  stop(): Promise<void> {
    return this.#inTurn(async () => {
      if (this.#instance === 0 || this.#word === 'stopped') return;
      this.log.note('stop');
      await this.#manager.enqueue('stop', this.#unit, true);
      await this.#look();
      this.#word = 'stopped';
      this.#pid = 0;
    });
  }

  /** Starts a stopped task; of a running one a new instance is started beside the old. Comes back when that has begun. */
  async restart(): Promise<void> {
    await this.#look();
    if (this.#pid === 0) {
      await this.#inTurn(async () => {
        // It may be waiting for its next start.
        if (this.#instance > 0) await this.#manager.enqueue('stop', this.#unit, true);
        await this.#start(null);
      });
      return;
    }
    if (this.#validating) return;
    this.#validating = true;
    this.#word = 'restart validation';
    void this.#inTurn(() => this.#replace()).finally(() => {
      this.#validating = false;
      // The old one may have ended meanwhile.
      this.onChange();
    });
  }

  /** To the main process. */
  async signal(name: NodeJS.Signals): Promise<void> {
    this.log.note(`signal ${name}`);
    if (this.#instance > 0) await this.#manager.signal(this.#unit, os.signals[name]);
  }

  /** Something happened to its unit. */
  onChange(): void {
    if (!this.#validating) void this.#inTurn(() => this.#look());
  }

  /** Stops it for good and forgets its units. */
  async remove(): Promise<void> {
    await this.stop();
    await this.#inTurn(async () => {
      if (this.#instance > 0) await this.#manager.setUnits(new Map([[this.#unit, null]]));
      this.log.close();
      rmSync(this.#fifo, { force: true });
    });
  }

  async #start(input: Buffer | null): Promise<void> {
    this.#word = 'starting';
    const failure = await this.#launch(input);
    if (failure === null) {
      await this.#look();
      return;
    }
    this.#word = 'error starting';
    this.#finished = new Date().toISOString();
    this.log.note(`error starting: ${failure}`);
  }

  /** Writes the next instance's unit and starts it. @returns why it could not be, or null */
  async #launch(input: Buffer | null): Promise<string | null> {
    const path = findCommand(this.definition);
    if (path === null) return `${this.definition.command} is no program`;
    const before = this.#instance > 0 && this.#pid === 0 ? this.#unit : null;
    this.#count += 1;
    this.#instance = this.#count;
    let inputFile: string | null = null;
    if (input !== null) {
      inputFile = join(this.#manager.place, `${instanceName(this.name, 0)}.input`);
      writeFileSync(inputFile, input, { mode: 0o600 });
    }
    const text = instanceUnitText({ task: this.name, definition: this.definition, path, fifo: this.#fifo, input: inputFile, limits: this.#limits });
    await this.#manager.setUnits(new Map([[this.#unit, text], ...(before === null ? [] : [[before, null] as const])]));
    const failure = await this.#manager.enqueue('start', this.#unit, true);
    return failure?.message ?? null;
  }

  /** The new instance beside the old one, until it is known which of them stays. */
  async #replace(): Promise<void> {
    const oldUnit = this.#unit;
    const oldPid = this.#pid;
    const oldInstance = this.#instance;
    this.log.note('restart: a new instance beside the old one');
    const failure = await this.#launch(null);
    const verdict = (word: TaskWord): void => {
      this.#word = word;
      this.#verdictMsec = Date.now();
    };
    const keepOld = async (word: TaskWord, why: string): Promise<void> => {
      this.log.note(`restart: ${word}${why === '' ? '' : `, ${why}`}; the old instance stays`);
      if (this.#instance !== oldInstance) {
        await this.#manager.enqueue('stop', this.#unit, true);
        await this.#manager.setUnits(new Map([[this.#unit, null]]));
      }
      this.#instance = oldInstance;
      this.#pid = oldPid;
      verdict(word);
    };
    if (failure !== null) {
      await keepOld('new instance failed', failure);
      return;
    }
    const first = await this.#manager.state(this.#unit);
    const newPid = first?.mainPid ?? 0;
    for (const deadline = Date.now() + this.definition.startTime * MSEC_PER_SECOND; ;) {
      const state = await this.#manager.state(this.#unit);
      if (state === null || newPid === 0 || state.mainPid !== newPid) {
        await keepOld('new instance exited too fast', '');
        return;
      }
      if (Date.now() >= deadline) break;
      await sleep(VALIDATION_POLL_MSEC);
    }
    this.#pid = newPid;
    this.#started = new Date().toISOString();
    this.log.note(`restart: the new instance runs, pid ${String(newPid)}; the old one is stopped`);
    await this.#manager.enqueue('stop', oldUnit, true);
    await this.#manager.setUnits(new Map([[oldUnit, null]]));
    verdict('restart ok');
  }

  /** Compares what runs with what was known, and tells the difference. */
  async #look(): Promise<void> {
    if (this.#instance === 0 || this.#validating) return;
    const state = await this.#manager.state(this.#unit);
    if (state === null) return;
    // It ended before anybody looked.
    const missed = this.#pid === 0 && this.#word === 'starting' && state.mainPid === 0 && state.exitCode !== 0;
    if ((this.#pid !== 0 && state.mainPid !== this.#pid) || missed) this.#onEnd(state);
    if (state.mainPid !== 0 && state.mainPid !== this.#pid) {
      this.#pid = state.mainPid;
      this.#word = 'running';
      this.#verdictMsec = 0;
      this.#started = new Date().toISOString();
      this.log.note(`started, pid ${String(state.mainPid)}`);
    }
  }

  #onEnd(state: ServiceState): void {
    // One that ended before anybody looked has no number yet.
    const ended = this.#pid === 0 ? state.lastPid : this.#pid;
    const { code, status } = exitOf(state, ended);
    const how = code === EXITED ? `exit status ${String(status)}` : `signal ${String(status)}`;
    this.log.note(`pid ${String(ended)} ended, ${how}`);
    this.#pid = 0;
    this.#finished = new Date().toISOString();
    this.#word = code === EXITED && status === 0 ? 'finished' : 'finished with error';
  }
}
