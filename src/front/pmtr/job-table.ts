/** The jobs under a manager: what is to run, what runs, and what is said about it. */
import { createHash } from 'node:crypto';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { exitOf, type EmbeddedManager } from '../embedded-manager.ts';
import type { Job } from './config.ts';
import { jobUnitName, jobUnitText, QUICK_END_SECONDS, STAY_DOWN_STATUS } from './job-unit.ts';

/** How often files that jobs depend on are looked at. */
const DEPENDS_INTERVAL_MSEC = 1_000;
/** systemd.exec(5): statuses from here on say that a process could not be set up. */
const SETUP_FAILED_FIRST = 200;
const SETUP_FAILED_LAST = 243;
const OUTPUT_MODE = 0o644;
const KILLED_CODES: readonly number[] = [2, 3];

interface Entry {
  readonly job: Job;
  readonly unit: string;
  readonly text: string;
  /** Content of the files it depends on; null when one is missing. */
  depends: string | null;
  enabled: boolean;
  pid: number;
  startedMsec: number;
  /** Ended for good. */
  finished: boolean;
  onExit: (() => void)[];
}

export class JobTable {
  readonly #manager: EmbeddedManager;
  readonly #say: (line: string) => void;
  #entries = new Map<string, Entry>();
  /** Starts in hand are given up when a newer configuration comes. */
  #generation = 0;
  #work: Promise<void> = Promise.resolve();

  constructor(manager: EmbeddedManager, say: (line: string) => void) {
    this.#manager = manager;
    this.#say = say;
    setInterval(() => { this.#lookAtFiles(); }, DEPENDS_INTERVAL_MSEC).unref();
  }

  /** Makes these the jobs: starts what is new, restarts what changed, stops what is gone, leaves the rest alone. */
  async apply(jobs: readonly Job[]): Promise<void> {
    const generation = ++this.#generation;
    const before = this.#entries;
    const next = new Map<string, Entry>();
    const units = new Map<string, string | null>();
    for (const job of jobs) {
      const known = before.get(job.name);
      const text = jobUnitText(job);
      const depends = contentOf(job.depends);
      const unchanged = known !== undefined && known.text === text && known.depends === depends && known.job.wait === job.wait;
      const entry = unchanged
        ? { ...known, job, enabled: !job.disable }
        : { job, unit: jobUnitName(job), text, depends, enabled: !job.disable, pid: known?.pid ?? 0, startedMsec: known?.startedMsec ?? 0, finished: false, onExit: known?.onExit ?? [] };
      next.set(job.name, entry);
      units.set(entry.unit, text);
    }
    this.#entries = next;
    const stops: Promise<void>[] = [];
    for (const [name, entry] of before) {
      const now = next.get(name);
      if (now === undefined) units.set(entry.unit, null);
      if (now?.text !== entry.text || now.depends !== entry.depends || !now.enabled) stops.push(this.#stop(entry));
    }
    // Stopped under their old settings, started under the new ones.
    await Promise.all(stops);
    await this.#manager.setUnits(units);
    await this.#startAll(generation);
  }

  async #startAll(generation: number): Promise<void> {
    for (const entry of this.#entries.values()) {
      if (generation !== this.#generation) return;
      if (!entry.enabled || entry.finished) continue;
      if (entry.depends === null) {
        this.#say(`job ${entry.job.name} is disabled: a file it depends on is missing`);
        continue;
      }
      const state = await this.#manager.state(entry.unit);
      if (state !== null && state.mainPid > 0) {
        this.onChange(entry.unit);
        continue;
      }
      const exited = entry.job.wait ? new Promise<void>((resolve) => { entry.onExit.push(resolve); }) : null;
      await this.#start(entry);
      if (exited !== null) await exited;
    }
  }

  async #start(entry: Entry): Promise<void> {
    for (const path of [entry.job.out, entry.job.err]) makeOutput(path);
    const failure = await this.#manager.enqueue('start', entry.unit, true);
    if (failure !== null) this.#say(`cannot start job ${entry.job.name}: ${failure.message}`);
    await this.#look(entry);
  }

  async #stop(entry: Entry): Promise<void> {
    await this.#manager.enqueue('stop', entry.unit, true);
    await this.#look(entry);
  }

  /** By name: for a while, until the configuration is read again. */
  setEnabled(names: readonly string[], enabled: boolean): void {
    for (const name of names) {
      const entry = this.#entries.get(name);
      if (entry === undefined) {
        this.#say(`${enabled ? 'enable' : 'disable'}: there is no job ${name}`);
        continue;
      }
      if (entry.enabled === enabled) continue;
      entry.enabled = enabled;
      entry.finished = false;
      this.#say(`job ${name} is ${enabled ? 'enabled' : 'disabled'}`);
      void (enabled ? this.#start(entry) : this.#stop(entry));
    }
  }

  onChange(unit: string): void {
    for (const entry of this.#entries.values()) {
      if (entry.unit === unit) this.#work = this.#work.then(() => this.#look(entry));
    }
  }

  /** Compares what runs with what was known, and tells the difference. */
  async #look(entry: Entry): Promise<void> {
    const state = await this.#manager.state(entry.unit);
    if (state === null) return;
    const { name } = entry.job;
    const before = entry.pid;
    const ended = before !== 0 && state.mainPid !== before;
    const exit = ended ? exitOf(state, before) : { code: state.exitCode, status: state.exitStatus };
    const killed = KILLED_CODES.includes(exit.code);
    const waits = state.sub === 'auto-restart';
    if (ended) {
      const seconds = Math.floor((Date.now() - entry.startedMsec) / 1000);
      this.#say(`job ${name} ${String(before)} exited after ${String(seconds)} sec: ${killed ? 'signal' : 'exit status'} ${String(exit.status)}`);
      entry.pid = 0;
      const quick = seconds < QUICK_END_SECONDS;
      if (waits && quick) this.#say('job restarting too fast, delaying restart');
      if (!waits && state.mainPid === 0) {
        entry.finished = entry.enabled && (entry.job.once || state.exitStatus === STAY_DOWN_STATUS);
        if (!killed && state.exitStatus === STAY_DOWN_STATUS) this.#say(`job ${name} asked not to be restarted`);
      }
      for (const resolve of entry.onExit.splice(0)) resolve();
    } else if (before === 0 && state.mainPid === 0 && !killed && state.exitStatus >= SETUP_FAILED_FIRST && state.exitStatus <= SETUP_FAILED_LAST && (waits || state.active === 'failed')) {
      this.#say(`job ${name} cannot be started: ${SETUP_FAILURES[state.exitStatus] ?? 'its set-up failed'}`);
      for (const resolve of entry.onExit.splice(0)) resolve();
    } else if (before === 0 && state.mainPid === 0 && state.sub === 'dead' && state.exitCode !== 0 && entry.onExit.length > 0) {
      // It was quicker than we looked.
      entry.finished = entry.job.once;
      for (const resolve of entry.onExit.splice(0)) resolve();
    }
    if (state.mainPid !== 0 && state.mainPid !== entry.pid) {
      entry.pid = state.mainPid;
      entry.startedMsec = Date.now();
      this.#say(`started job ${name} [${String(state.mainPid)}]`);
    }
  }

  #lookAtFiles(): void {
    for (const entry of this.#entries.values()) {
      if (entry.depends === null || entry.job.depends.length === 0) continue;
      const now = contentOf(entry.job.depends);
      if (now === entry.depends) continue;
      entry.depends = now;
      this.#say(now === null ? `job ${entry.job.name} is disabled: a file it depends on is missing` : `a file that job ${entry.job.name} depends on changed`);
      void (now === null ? this.#stop(entry) : this.#manager.enqueue('restart', entry.unit, false));
    }
  }

  /** A line for the host, then one for each job: name, e or d, seconds it runs, process id, command. */
  report(): string {
    const lines = [`report ${hostname()}`];
    for (const entry of this.#entries.values()) {
      if (entry.finished) continue;
      const elapsed = entry.pid === 0 ? 0 : Math.floor((Date.now() - entry.startedMsec) / 1000);
      lines.push(`${entry.job.name} ${entry.enabled ? 'e' : 'd'} ${String(elapsed)} ${String(entry.pid)} ${entry.job.cmd.join(' ')}`);
    }
    return `${lines.join('\n')}\n`;
  }
}

/** systemd.exec(5), "Process Exit Codes". */
const SETUP_FAILURES: Readonly<Record<number, string>> = {
  200: 'its directory cannot be entered', 203: 'its program cannot be executed', 208: 'its input cannot be opened', 209: 'its output cannot be opened', 216: 'its group is unknown', 217: 'its user is unknown', 222: 'its error output cannot be opened',
};

/** Output files are created for their owner to write and all to read, whatever the umask of the job is. */
function makeOutput(path: string): void {
  if (path === 'syslog' || path === '/dev/null') return;
  try {
    closeSync(openSync(path, 'wx', OUTPUT_MODE));
  } catch {
    // It is there; or it cannot be, which the start of the job will tell.
  }
}

/** One word for what the files hold; null when one cannot be read. */
function contentOf(files: readonly string[]): string | null {
  const hash = createHash('sha256');
  for (const file of files) {
    try {
      hash.update(readFileSync(file)).update('\0');
    } catch {
      return null;
    }
  }
  return hash.digest('hex');
}
