/** A directory with what another manager reads, and the commands of that manager, which are killed when the test is over. */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, openSync, closeSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { removeTree } from './remove-tree.ts';

export const OUR_BIN = join(import.meta.dirname, '../../bin');

/** What takes a tenth of a second alone takes many seconds on a machine that does a hundred things at once. */
const WAIT_LIMIT_MS = 60_000;
const POLL_MS = 50;
/** A process that was killed is there for an instant yet. */
const KILL_ROUNDS = 100;

export class Stage {
  readonly directory = mkdtempSync(join(tmpdir(), 'services-'));
  readonly #children: ChildProcess[] = [];

  /** @param files path and text; what is called `run` can be executed */
  constructor(files: Readonly<Record<string, string>>) {
    mkdirSync(join(this.directory, 'runtime'), { mode: 0o700 });
    for (const [path, text] of Object.entries(files)) this.write(path, text);
  }

  write(path: string, text: string): void {
    const file = join(this.directory, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
    if (path.endsWith('run')) chmodSync(file, 0o755);
  }

  read(path: string): string {
    try {
      return readFileSync(join(this.directory, path), 'utf8');
    } catch {
      return '';
    }
  }

  /** Where the commands are. */
  get bin(): string {
    return OUR_BIN;
  }

  get #environment(): NodeJS.ProcessEnv {
    return { PATH: `${OUR_BIN}:/usr/bin:/bin`, HOME: this.directory, XDG_RUNTIME_DIR: join(this.directory, 'runtime'), FLAVOUR: 'sweet' };
  }

  /** Runs a shell command and gives all that it printed, and its status in a last line when it is not 0. */
  sh(command: string): string {
    const { stdout, stderr, status } = spawnSync('sh', ['-c', command], { cwd: this.directory, env: this.#environment, encoding: 'utf8', timeout: WAIT_LIMIT_MS });
    return `${stdout}${stderr}${status === 0 ? '' : `status ${String(status)}\n`}`;
  }

  /** Starts a program whose output goes into the file `out`. */
  start(...command: readonly [string, ...string[]]): ChildProcess {
    return this.startIn({}, ...command);
  }

  /** The same with more variables. */
  startIn(environment: Readonly<Record<string, string>>, ...command: readonly [string, ...string[]]): ChildProcess {
    const out = openSync(join(this.directory, 'out'), 'a');
    const child = spawn(join(OUR_BIN, command[0]), command.slice(1), { cwd: this.directory, env: { ...this.#environment, ...environment }, stdio: ['ignore', out, out] });
    closeSync(out);
    this.#children.push(child);
    return child;
  }

  /** Waits until a shell command prints something that matches, and gives that. */
  async until(command: string, pattern: RegExp): Promise<string> {
    let text = '';
    for (const deadline = Date.now() + WAIT_LIMIT_MS; Date.now() < deadline;) {
      text = this.sh(command);
      if (pattern.test(text)) return text;
      await sleep(POLL_MS);
    }
    throw new Error(`${command} did not match ${String(pattern)} within ${String(WAIT_LIMIT_MS / 1000)} s; it printed last:\n${text}\nand the output was:\n${this.read('out')}\n${this.#whatRuns()}`);
  }

  /** What became of the programs that were started, and how busy the machine is: the reason why something did not happen. */
  #whatRuns(): string {
    const programs = this.#children.map(({ pid, spawnargs, exitCode, signalCode }) => {
      const state = exitCode !== null ? `ended with ${String(exitCode)}` : signalCode !== null ? `ended by ${signalCode}` : 'runs';
      return `${String(pid)} ${spawnargs.join(' ')}: ${state}`;
    });
    return [...programs, `load: ${readFileSync('/proc/loadavg', 'utf8').trim()}`].join('\n');
  }

  /** Ends all that was started here, managers and services that outlived their front ends included: their environment tells. */
  destroy(): void {
    for (const child of this.#children) child.kill('SIGKILL');
    // Who is being killed may still start others.
    for (let round = 0; round < KILL_ROUNDS && this.#killMarked() > 0; round++) continue;
    removeTree(this.directory);
  }

  /** @returns how many there were */
  #killMarked(): number {
    let killed = 0;
    const mark = `XDG_RUNTIME_DIR=${join(this.directory, 'runtime')}\0`;
    for (const name of readdirSync('/proc')) {
      if (!/^\d+$/.test(name)) continue;
      try {
        if (readFileSync(`/proc/${name}/environ`, 'latin1').includes(mark)) {
          process.kill(Number(name), 'SIGKILL');
          killed += 1;
        }
      } catch {
        // It ended by itself, or is none of ours.
      }
    }
    return killed;
  }
}

export async function withStage(files: Readonly<Record<string, string>>, body: (stage: Stage) => Promise<void>): Promise<void> {
  const stage = new Stage(files);
  try {
    await body(stage);
  } finally {
    stage.destroy();
  }
}
