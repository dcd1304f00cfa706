/** Somebody at a terminal inside of the rig, made by script(1): types, and looks at what appears. */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { CHECKOUT_INSIDE, NODE_INSIDE, type Rig } from './rig.ts';

export const hasScript = spawnSync('script', ['--version']).status === 0;

/** Far more than a client's start on a loaded machine. */
const LIMIT_MS = 30_000;

export class Person {
  readonly #rig: Rig;
  readonly #script: ChildProcess;
  #text = '';
  #ended = false;

  /** @param command for the shell @param size rows and columns of the terminal */
  constructor(rig: Rig, command: string, [rows, columns]: readonly [number, number] = [24, 80]) {
    const env = { PATH: `${CHECKOUT_INSIDE}/bin:/usr/sbin:/usr/bin:/sbin:/bin`, HEARTWOOD_NODE: `${NODE_INSIDE}/node`, LC_ALL: 'C.UTF-8', TERM: 'xterm' };
    const inside = ['--target', String(rig.pid), '--all', `--root=/proc/${String(rig.pid)}/root`, '--wdns=/', '--'];
    this.#rig = rig;
    this.#script = spawn('nsenter', [...inside, 'script', '-qefc', `stty rows ${String(rows)} cols ${String(columns)}; ${command}`, '/dev/null'], { env, stdio: ['pipe', 'pipe', 'inherit'] });
    this.#script.stdout?.setEncoding('utf8').on('data', (more: string) => { this.#text += more; });
    this.#script.on('close', () => { this.#ended = true; });
  }

  /** All that appeared so far. */
  get text(): string {
    return this.#text;
  }

  type(text: string): void {
    this.#script.stdin?.write(text);
  }

  /** Waits until this appears. */
  async sees(what: string | RegExp): Promise<void> {
    await this.#until(() => (typeof what === 'string' ? this.#text.includes(what) : what.test(this.#text)), `${String(what)} never appeared`);
  }

  /** Waits until the command has ended. */
  async leaves(): Promise<string> {
    await this.#until(() => this.#ended, 'the command has not ended');
    return this.#text;
  }

  async #until(holds: () => boolean, failure: string): Promise<void> {
    try {
      await this.#rig.until(holds, { limitMs: LIMIT_MS });
    } catch (error) {
      throw new Error(`${failure}; on the terminal:\n${this.#text}`, { cause: error });
    }
  }
}
