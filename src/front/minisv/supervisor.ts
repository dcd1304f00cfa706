/** All tasks of one configuration file: started, changed over HTTP, their logs turned, and all of it ended. */
import { readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { EmbeddedManager } from '../embedded-manager.ts';
import { unitNamePart } from '../unit-text.ts';
import { taskName, type Configuration, type LimitDefinition, type TaskDefinition } from './configuration.ts';
import { openGraylog, type SendLine } from './graylog.ts';
import { Task } from './task.ts';
import { TaskLog } from './task-log.ts';

/** The longest time a timer of Node takes. */
const TIMER_MSEC_MAX = 2 ** 31 - 1;

export class Supervisor {
  readonly tasks = new Map<string, Task>();
  readonly configuration: Configuration;
  readonly #manager: EmbeddedManager;
  readonly #file: string;
  readonly #send: SendLine;
  readonly #limits: readonly LimitDefinition[];
  readonly #warn: (message: string) => void;
  #reopen: NodeJS.Timeout | undefined;

  constructor(options: { readonly configuration: Configuration; readonly file: string; readonly manager: EmbeddedManager; readonly warn: (message: string) => void }) {
    this.configuration = options.configuration;
    this.#manager = options.manager;
    this.#file = options.file;
    this.#warn = options.warn;
    this.#send = openGraylog(options.configuration.graylog);
    this.#limits = options.configuration.limits.filter((limit) => {
      const why = limitProblem(limit);
      if (why !== null) options.warn(`limit ${limit.name.toLowerCase()}: ${why}`);
      return why === null;
    });
  }

  async start(): Promise<void> {
    await this.#manager.follow((unit) => {
      for (const task of this.tasks.values()) if (task.owns(unit)) task.onChange();
    });
    for (const [name, definition] of this.configuration.tasks) this.#make(name, definition);
    for (const task of this.tasks.values()) if (!task.definition.oneTime) await task.run();
    this.#reopenLater();
  }

  #make(name: string, definition: TaskDefinition): Task {
    const { logDir, logFilePrefix, logSuffixDate, logDate, logBufferLines } = this.configuration;
    const fifo = join(this.#manager.place, `${unitNamePart(name)}.pipe`);
    const log = new TaskLog({
      task: name, fifo, file: logDir === null ? null : join(logDir, `${logFilePrefix}${name}.log`), suffixDate: logSuffixDate, lineDate: logDate,
      keepLines: logBufferLines, send: this.#send, warn: this.#warn,
    });
    const task = new Task({ name, definition, log, manager: this.#manager, fifo, limits: this.#limits });
    this.tasks.set(name, task);
    return task;
  }

  /** Adds a task that is not there, starts it if it is to run all the time, and writes the configuration. @throws ConfigurationProblem for its name */
  async add(name: string, definition: TaskDefinition, raw: Readonly<Record<string, unknown>>): Promise<Task> {
    const task = this.#make(taskName(name), definition);
    this.#writeTask(name, raw);
    if (!definition.oneTime) await task.run();
    return task;
  }

  async remove(task: Task): Promise<void> {
    this.tasks.delete(task.name);
    this.#writeTask(task.name, null);
    await task.remove();
  }

  /** Logs of tasks that run all the time are closed and opened again. */
  rotate(): void {
    for (const task of this.tasks.values()) if (!task.definition.oneTime) task.log.reopen();
  }

  /** Stops all: TERM, their time, KILL. */
  async shutDown(): Promise<void> {
    clearTimeout(this.#reopen);
    await Promise.all([...this.tasks.values()].map((task) => task.stop()));
    for (const task of this.tasks.values()) task.log.close();
    await this.#manager.shutDown();
  }

  /** At multiples of the period since the epoch, so that names of files are round. */
  #reopenLater(): void {
    const { logReopenMsec } = this.configuration;
    if (logReopenMsec === null) return;
    const dueMsec = (Math.floor(Date.now() / logReopenMsec) + 1) * logReopenMsec;
    // A timer may come a little early, and cannot wait for longer than some weeks.
    const look = (): void => {
      const leftMsec = dueMsec - Date.now();
      if (leftMsec > 0) {
        this.#reopen = setTimeout(look, Math.min(TIMER_MSEC_MAX, leftMsec));
        return;
      }
      this.rotate();
      this.#reopenLater();
    };
    look();
  }

  /** The file keeps what it has besides; it is replaced whole. */
  #writeTask(name: string, raw: Readonly<Record<string, unknown>> | null): void {
    try {
      const whole = JSON.parse(readFileSync(this.#file, 'utf8')) as Record<string, unknown>;
      const { [name]: _, ...others } = (whole['tasks'] ?? {}) as Record<string, unknown>;
      const text = `${JSON.stringify({ ...whole, tasks: raw === null ? others : { ...others, [name]: raw } }, null, 4)}\n`;
      writeFileSync(`${this.#file}.new`, text, { mode: statSync(this.#file).mode & 0o777 });
      renameSync(`${this.#file}.new`, this.#file);
    } catch (error) {
      this.#warn(`the configuration cannot be written: ${(error as Error).message}`);
    }
  }
}

/** What /proc/self/limits calls them. */
const LIMIT_TITLES: Readonly<Record<string, string>> = {
  AS: 'Max address space', CORE: 'Max core file size', CPU: 'Max cpu time', DATA: 'Max data size', FSIZE: 'Max file size', NOFILE: 'Max open files', NPROC: 'Max processes', STACK: 'Max stack size',
};

/** Why a limit cannot be set, or null. */
function limitProblem({ name, cur, max }: LimitDefinition): string | null {
  if (cur > max) return `${String(cur)} is above ${String(max)}`;
  if (process.getuid?.() === 0) return null;
  const line = readFileSync('/proc/self/limits', 'utf8').split('\n').find((each) => each.startsWith(LIMIT_TITLES[name] ?? '?'));
  const hard = /\s(\S+)\s+\S*\s*$/.exec(line?.slice(26) ?? '')?.[1];
  return hard !== undefined && hard !== 'unlimited' && max > Number(hard) ? `${String(max)} is above what is allowed here, ${hard}` : null;
}
