/**
 * A Heartwood manager of a front end's own: started when none answers at its place, spoken to over the control protocol, and left
 * running when the front end dies, so that services live through that.
 *
 * A place is a directory that nobody else can write, with `units`, `run` (the manager's runtime directory) and `manager.log`.
 */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { lstatSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Failure } from '../control/error-codes.ts';
import { ManagerConnection } from '../initctl/client/manager-connection.ts';

/** A manager is there in a tenth of a second; on a machine that does a hundred things at once it may take a hundred times as long. */
const START_LIMIT_MSEC = 60_000;
const START_POLL_MSEC = 20;
/** Services get their time to stop before a manager ends. */
const END_LIMIT_MSEC = 320_000;

const BOOT_UNIT = 'front.target';

/** What a front end wants to know of a service. */
export interface ServiceState {
  /** As systemd's ActiveState and SubState. */
  readonly active: string;
  readonly sub: string;
  /** 0 = no process. */
  readonly mainPid: number;
  /** Of the last main process, whether it lives or not; 0 = there was none. */
  readonly lastPid: number;
  /** How the last main process ended: systemd's ExecMainCode (1 exited, 2 killed, 3 dumped, 0 not yet) and ExecMainStatus. */
  readonly exitCode: number;
  readonly exitStatus: number;
  /** The newest end of a main process, also when the next one runs already; its pid is 0 when there was none. */
  readonly lastExit: { readonly pid: number; readonly code: number; readonly status: number };
}

/** How the main process `pid` ended, in the numbers of ExecMainCode and ExecMainStatus. */
export function exitOf({ lastExit, exitCode, exitStatus }: ServiceState, pid: number): { readonly code: number; readonly status: number } {
  return lastExit.pid === pid ? lastExit : { code: exitCode, status: exitStatus };
}

export class FrontError extends Error {}

/** Where the manager for this use of a program is: the same words lead to the same manager. */
export function managerPlace(program: string, ...identity: readonly string[]): string {
  const uid = process.getuid?.() ?? 0;
  const parent = process.env['XDG_RUNTIME_DIR'] ?? (uid === 0 ? '/run' : tmpdir());
  const base = join(parent, `heartwood-front-${String(uid)}`);
  mkdirSync(base, { recursive: true, mode: 0o700 });
  const status = lstatSync(base);
  if (!status.isDirectory() || status.uid !== uid || (status.mode & 0o022) !== 0) throw new FrontError(`${base} is not a private directory of ours: remove it`);
  return join(base, `${program}-${createHash('sha256').update(identity.join('\0')).digest('hex').slice(0, 12)}`);
}

export class EmbeddedManager {
  readonly place: string;
  /** Process id of the manager. */
  readonly pid: number;
  readonly #connection: ManagerConnection;

  private constructor(place: string, pid: number, connection: ManagerConnection) {
    this.place = place;
    this.pid = pid;
    this.#connection = connection;
  }

  /**
   * The manager at a place, started now if none answers. It inherits standard output and error: what services write there when nothing
   * else is said. A `silent` one does not, so that who waits for the end of a command's output is not kept waiting.
   *
   * @throws FrontError with a sentence when there is none and none can be started
   */
  static async open(place: string, silent = false): Promise<EmbeddedManager> {
    const running = await connect(place);
    if (typeof running !== 'string') {
      const found = await EmbeddedManager.#of(place, running);
      if (found !== null) return found;
      // It is on its way down, for somebody who came before.
      await EmbeddedManager.awaitEnd(place);
    }
    for (const folder of ['units', 'run']) mkdirSync(join(place, folder), { recursive: true, mode: 0o700 });
    for (const name of readdirSync(join(place, 'units'))) rmSync(join(place, 'units', name), { recursive: true });
    writeFileSync(join(place, 'units', BOOT_UNIT), '[Unit]\nDescription=Everything a front end asks for\nDefaultDependencies=no\n');
    const launcher = join(import.meta.dirname, 'native/launcher');
    const options = ['--user', '--unit', BOOT_UNIT, '--unit-path', join(place, 'units'), '--runtime-dir', join(place, 'run'), '--log-target', `file:${join(place, 'manager.log')}`, '--show-status', 'no'];
    // In a session of its own: what ends the front end, or the terminal it was started from, does not end the services.
    const child = spawn(launcher, options, { detached: true, stdio: silent ? 'ignore' : ['ignore', 'inherit', 'inherit'], cwd: '/' });
    const ended: { why: string | null } = { why: null };
    child.on('error', (error) => { ended.why = error.message; });
    child.on('exit', (code, signal) => { ended.why = `it ended with ${signal ?? String(code)}`; });
    child.unref();
    for (const deadline = Date.now() + START_LIMIT_MSEC; ;) {
      const connection = await connect(place);
      if (typeof connection !== 'string') {
        const found = await EmbeddedManager.#of(place, connection);
        if (found !== null) return found;
      }
      if (ended.why !== null || Date.now() > deadline) throw new FrontError(`the manager does not start (${ended.why ?? (typeof connection === 'string' ? connection : 'it ends again')}): see ${join(place, 'manager.log')}`);
      await sleep(START_POLL_MSEC);
    }
  }

  /** Waits until no manager answers there any more. @throws FrontError when that takes too long */
  static async awaitEnd(place: string): Promise<void> {
    for (const deadline = Date.now() + END_LIMIT_MSEC; ;) {
      const connection = await connect(place);
      if (typeof connection === 'string') return;
      connection.close();
      if (Date.now() > deadline) throw new FrontError(`the manager at ${place} does not end: see ${join(place, 'manager.log')}`);
      await sleep(START_POLL_MSEC);
    }
  }

  /** null for a manager that is ending. */
  static async #of(place: string, connection: ManagerConnection): Promise<EmbeddedManager | null> {
    const answer = await connection.request('manager', {});
    if (!answer.ok || answer.value.state === 'stopping') {
      connection.close();
      return null;
    }
    return new EmbeddedManager(place, answer.value.pid, connection);
  }

  /** Called with the name of each unit whose state changed. */
  async follow(onChange: (unit: string) => void): Promise<void> {
    this.#connection.onChange = onChange;
    await this.#connection.request('subscribe', {});
  }

  /** Called once when the manager has gone. */
  set onLost(callback: () => void) {
    this.#connection.onLost = callback;
  }

  /** Sets the text of unit files, or removes them (null); the manager reads them again when that changed anything. */
  async setUnits(units: ReadonlyMap<string, string | null>): Promise<void> {
    let changed = false;
    for (const [name, given] of units) {
      // Managers of one user share a tree of control groups: a stop here must not reach a unit of the same name there.
      const text = given?.replace('[Service]\n', `[Service]\nSlice=${basename(this.place)}.slice\n`) ?? null;
      const path = join(this.place, 'units', name);
      const before = readOrNull(path);
      if (before === text) continue;
      changed = true;
      if (text === null) rmSync(path);
      else {
        writeFileSync(`${path}.new`, text);
        renameSync(`${path}.new`, path);
      }
    }
    if (changed) await this.#connection.request('daemon-reload', {});
  }

  /** @returns null, or why it failed */
  async enqueue(type: 'start' | 'stop' | 'restart', unit: string, wait: boolean): Promise<Failure | null> {
    const reply = await this.#connection.request('enqueue', { type, units: [unit], wait });
    return reply.ok ? null : reply.failure;
  }

  /** Starts a unit and waits until it is up. @returns null, or why it is not */
  async start(unit: string): Promise<string | null> {
    const reply = await this.#connection.request('enqueue', { type: 'start', units: [unit], wait: true });
    if (!reply.ok) return reply.failure.message;
    const refused = reply.value.refused[0]?.message ?? null;
    const bad = reply.value.jobs.find((job) => job.result !== 'done');
    return refused ?? (bad === undefined ? null : `${unit} did not start: ${bad.result}`);
  }

  /** To the main process alone. Without one nothing happens. */
  async signal(unit: string, signal: number): Promise<void> {
    await this.#connection.request('kill', { units: [unit], whom: 'main', signal });
  }

  /** To every process of a unit. */
  async signalAll(unit: string, signal: number): Promise<void> {
    await this.#connection.request('kill', { units: [unit], whom: 'all', signal });
  }

  /** What the unit last said of itself (STATUS= of sd_notify(3)); '' = nothing. */
  async statusText(unit: string): Promise<string> {
    const reply = await this.#connection.request('show', { units: [unit], properties: ['StatusText'] });
    return reply.ok ? (reply.value.units[0]?.properties['StatusText'] ?? '') : '';
  }

  /** Ends the conversation; the manager goes on. */
  close(): void {
    this.#connection.close();
  }

  async resetFailed(unit: string): Promise<void> {
    await this.#connection.request('reset-failed', { units: [unit] });
  }

  async state(unit: string): Promise<ServiceState | null> {
    const reply = await this.#connection.request('show', { units: [unit], properties: ['ActiveState', 'SubState', 'MainPID', 'ExecMainPID', 'ExecMainCode', 'ExecMainStatus', 'LastExitPID', 'LastExitCode', 'LastExitStatus'] });
    const found = reply.ok ? reply.value.units[0] : undefined;
    if (found === undefined) return null;
    const property = (name: string): string => found.properties[name] ?? '';
    return {
      active: property('ActiveState'), sub: property('SubState'), mainPid: Number(property('MainPID')), lastPid: Number(property('ExecMainPID')),
      exitCode: Number(property('ExecMainCode')), exitStatus: Number(property('ExecMainStatus')),
      lastExit: { pid: Number(property('LastExitPID')), code: Number(property('LastExitCode')), status: Number(property('LastExitStatus')) },
    };
  }

  /** Whether any service is up: one that was started by who was here before. */
  async hasServices(): Promise<boolean> {
    const reply = await this.#connection.request('list-units', { types: ['service'] });
    return reply.ok && reply.value.units.length > 0;
  }

  /** Stops all units and ends the manager; its place is gone afterwards. */
  async shutDown(): Promise<void> {
    const gone = new Promise<void>((resolve) => { this.#connection.onLost = resolve; });
    await this.#connection.request('shutdown', { goal: 'exit' });
    if (!this.#connection.isLost) await gone;
    rmSync(this.place, { recursive: true, force: true });
  }
}

function connect(place: string): Promise<ManagerConnection | string> {
  return ManagerConnection.open(join(place, 'run/control'));
}

function readOrNull(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return null;
  }
}
