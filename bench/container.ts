import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, readdirSync, rmdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { activityOf, commandName, memoryOf, pidsInNamespaceOf, type Activity, type Memory } from './process-table.ts';

/** How often the events file is looked at. The payload takes its own time, so this only bounds what looking costs. */
const LOOK_MS = 10;
/** How long the processes of a killed container may take to be gone; more means a stuck kernel or a stuck mount. */
const GONE_MS = 10_000;
/** Processes of the benchmark itself, which are nobody's overhead. */
const PAYLOAD_NAMES: ReadonlySet<string> = new Set(['payload', 'log-lines']);

/** What is executed as PID 1, and what it finds. */
export interface Launch {
  /** An absolute path and its arguments. */
  readonly argv: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  /** Host paths that appear inside; `to` is absolute. */
  readonly binds: readonly { readonly from: string; readonly to: string }[];
}

/** A line of the events file. */
export interface PayloadEvent {
  readonly name: string;
  readonly event: string;
  /** CLOCK_MONOTONIC, nanoseconds. */
  readonly nsec: number;
}

/** Directories a container needs: compiled programs, its own work directory on a tmpfs, a control group or none. */
export interface Place {
  readonly programs: string;
  readonly work: string;
  readonly controlGroup: string | null;
}

/** The manager did not do what it was started for; the message carries the end of its console. */
export class ContainerError extends Error {}

/** A running container with a contestant as its PID 1. */
export class Container {
  readonly #place: Place;
  readonly #child: ChildProcess;
  #output = '';
  #changed: () => void = () => undefined;

  private constructor(place: Place, launch: Launch) {
    this.#place = place;
    const options = [
      ...launch.binds.flatMap(({ from, to }) => ['--bind', from, to]),
      ...Object.entries(launch.environment).flatMap(([name, value]) => ['--env', `${name}=${value}`]),
    ];
    const argv = ['run', place.work, place.controlGroup ?? '-', ...options, '--', ...launch.argv];
    this.#child = spawn(join(place.programs, 'container'), argv, { stdio: ['ignore', 'pipe', 'inherit'] });
    this.#child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.#output += text;
      this.#changed();
    });
    this.#child.on('exit', () => this.#changed());
  }

  /** Starts a contestant and returns as soon as its program is executed. */
  static async start(place: Place, launch: Launch): Promise<Container> {
    mkdirSync(place.work, { recursive: true });
    if (place.controlGroup !== null) mkdirSync(place.controlGroup);
    const container = new Container(place, launch);
    await container.#waitForLine(/^start \d+/m, GONE_MS);
    await container.#waitForLine(/^pid \d+/m, GONE_MS);
    return container;
  }

  /** The directory that is `/bench` inside. */
  get workDirectory(): string {
    return this.#place.work;
  }

  /** When PID 1 was executed; CLOCK_MONOTONIC, nanoseconds. */
  get startedNsec(): number {
    return Number(/^start (\d+)/m.exec(this.#output)?.[1]);
  }

  /** PID 1 as the host numbers it. */
  get hostPid(): number {
    return Number(/^pid (\d+)/m.exec(this.#output)?.[1]);
  }

  /** Everything the payload has written so far, in the order of writing. */
  events(): PayloadEvent[] {
    const path = join(this.#place.work, 'events');
    if (!existsSync(path)) return [];
    return readFileSync(path, 'utf8').split('\n').filter((line) => line !== '').map((line) => {
      const [name = '', event = '', nsec = ''] = line.split(' ');
      return { name, event, nsec: Number(nsec) };
    });
  }

  /** Waits until the payload has written `count` lines, and returns them. */
  async waitForEvents(count: number, timeoutMs: number): Promise<PayloadEvent[]> {
    const deadline = performance.now() + timeoutMs;
    for (;;) {
      const events = this.events();
      if (events.length >= count) return events;
      if (this.#isOver()) throw new ContainerError(`PID 1 ended after ${events.length} of ${count} events${this.#consoleEnd()}`);
      if (performance.now() > deadline) throw new ContainerError(`only ${events.length} of ${count} events in ${timeoutMs} ms${this.#consoleEnd()}`);
      await sleep(LOOK_MS);
    }
  }

  /** Runs a program inside and returns what it printed, with its exit status. */
  async enter(argv: readonly string[]): Promise<{ readonly stdout: string; readonly status: number | null }> {
    const child = this.enterStreaming(argv);
    let stdout = '';
    child.stdout?.setEncoding('utf8').on('data', (text: string) => (stdout += text));
    const status = await new Promise<number | null>((resolve) => child.on('close', resolve));
    return { stdout, status };
  }

  /** Runs a program inside; its standard output is a pipe. */
  enterStreaming(argv: readonly string[]): ChildProcess {
    const arguments_ = ['enter', String(this.hostPid), '--', ...argv];
    return spawn(join(this.#place.programs, 'container'), arguments_, {
      stdio: ['ignore', 'pipe', 'ignore'],
      env: { PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', ...this.enterEnvironment },
    });
  }

  /** Variables for programs run inside, beside PATH. */
  enterEnvironment: Readonly<Record<string, string>> = {};

  /** Processor time of everything that ever ran inside, in ms; `null` without a control group. */
  cpuMs(): number | null {
    if (this.#place.controlGroup === null) return null;
    const text = readFileSync(join(this.#place.controlGroup, 'cpu.stat'), 'utf8');
    return Number(/^usage_usec (\d+)/m.exec(text)?.[1]) / 1000;
  }

  /** All processes inside but the payload: the manager and its helpers, as host PIDs. */
  overheadPids(): number[] {
    return pidsInNamespaceOf(this.hostPid).filter((pid) => !PAYLOAD_NAMES.has(commandName(pid)));
  }

  overheadMemory(): Memory {
    return memoryOf(this.overheadPids());
  }

  overheadActivity(): Activity {
    return activityOf(this.overheadPids());
  }

  /** Waits until PID 1 is gone and returns when that was (CLOCK_MONOTONIC, nanoseconds). */
  async waitUntilGone(timeoutMs: number): Promise<number> {
    return Number((await this.#waitForLine(/^end (\d+)/m, timeoutMs))[1]);
  }

  /** Kills what is left and removes every trace. */
  async destroy(): Promise<void> {
    if (!this.#isOver()) {
      process.kill(this.hostPid, 'SIGKILL');
      await this.waitUntilGone(GONE_MS);
    }
    if (this.#place.controlGroup !== null) await removeControlGroups(this.#place.controlGroup);
    rmSync(this.#place.work, { recursive: true, force: true });
  }

  #isOver(): boolean {
    return /^end /m.test(this.#output) || this.#child.exitCode !== null;
  }

  #consoleEnd(): string {
    const path = join(this.#place.work, 'console');
    const text = existsSync(path) ? readFileSync(path, 'utf8').trim() : '';
    return text === '' ? '' : `; its last words:\n${text.split('\n').slice(-12).join('\n')}`;
  }

  async #waitForLine(pattern: RegExp, timeoutMs: number): Promise<RegExpExecArray> {
    const deadline = performance.now() + timeoutMs;
    for (;;) {
      const match = pattern.exec(this.#output);
      if (match !== null) return match;
      const left = deadline - performance.now();
      if (this.#child.exitCode !== null && left < timeoutMs - LOOK_MS) {
        throw new ContainerError(`the container ended before it said ${pattern.source}${this.#consoleEnd()}`);
      }
      if (left <= 0) throw new ContainerError(`${pattern.source} did not come in ${timeoutMs} ms${this.#consoleEnd()}`);
      const aborted = new AbortController();
      await Promise.race([
        new Promise<void>((resolve) => (this.#changed = resolve)),
        sleep(Math.min(left, 200), undefined, { signal: aborted.signal }).catch(() => undefined),
      ]);
      aborted.abort();
    }
  }
}

/** Removes a control group and all below it, as soon as the kernel has let go of the last process. */
async function removeControlGroups(path: string): Promise<void> {
  const deadline = performance.now() + GONE_MS;
  for (;;) {
    try {
      removeOnce(path);
      return;
    } catch (error) {
      if (performance.now() > deadline) throw error;
      await sleep(LOOK_MS);
    }
  }
}

function removeOnce(path: string): void {
  for (const entry of readdirSync(path, { withFileTypes: true })) {
    if (entry.isDirectory()) removeOnce(join(path, entry.name));
  }
  rmdirSync(path);
}
