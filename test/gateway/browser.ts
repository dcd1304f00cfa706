/** Debian's Chromium without a window, steered over a pipe. Source: chromedevtools.github.io/devtools-protocol. */
import { spawn, type ChildProcess } from 'node:child_process';
import { accessSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { removeTree } from '../seeds/remove-tree.ts';

const PROGRAM = '/usr/bin/chromium';
const WAIT_LIMIT_MSEC = 20_000;
const POLL_MSEC = 50;

type Params = Readonly<Record<string, unknown>>;
interface Message { readonly id?: number; readonly method?: string; readonly params?: Params; readonly result?: Params; readonly error?: { readonly message: string } }

export function hasBrowser(): boolean {
  try {
    accessSync(PROGRAM);
    return true;
  } catch {
    return false;
  }
}

export class Browser {
  readonly #child: ChildProcess;
  readonly #profile = mkdtempSync(join(tmpdir(), 'browser-'));
  readonly #waiting = new Map<number, (message: Message) => void>();
  #next = 1;
  #session: string | undefined;
  /** All events that came. */
  readonly events: Message[] = [];

  constructor() {
    const flags = ['--headless=new', '--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', '--no-first-run', '--disable-extensions', '--remote-debugging-pipe', `--user-data-dir=${this.#profile}`];
    this.#child = spawn(PROGRAM, flags, { stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'], detached: true, env: { ...process.env, HOME: this.#profile } });
    let rest = '';
    (this.#child.stdio[4] as Readable).setEncoding('utf8').on('data', (text: string) => {
      const parts = (rest + text).split('\0');
      rest = parts.pop() ?? '';
      for (const part of parts) this.#onMessage(JSON.parse(part) as Message);
    });
  }

  async open(url: string): Promise<void> {
    const { targetId } = await this.send('Target.createTarget', { url: 'about:blank' });
    const { sessionId } = await this.send('Target.attachToTarget', { targetId, flatten: true });
    this.#session = String(sessionId);
    for (const domain of ['Page', 'Runtime', 'Log', 'Network']) await this.send(`${domain}.enable`);
    await this.send('Page.navigate', { url });
  }

  send(method: string, params: Params = {}): Promise<Params> {
    const id = this.#next++;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, ({ result, error }) => {
        if (error === undefined) resolve(result ?? {});
        else reject(new Error(`${method}: ${error.message}`));
      });
      (this.#child.stdio[3] as Writable).write(`${JSON.stringify({ id, method, params, ...(this.#session === undefined ? {} : { sessionId: this.#session }) })}\0`);
    });
  }

  /** The value of an expression in the page; promises are waited for. */
  async evaluate(expression: string): Promise<unknown> {
    const { result, exceptionDetails } = await this.send('Runtime.evaluate', { expression, awaitPromise: true, returnByValue: true, userGesture: true }) as { readonly result: { readonly value?: unknown }; readonly exceptionDetails?: { readonly exception?: { readonly description?: string } } };
    if (exceptionDetails !== undefined) throw new Error(exceptionDetails.exception?.description ?? 'the page threw');
    return result.value;
  }

  async until(expression: string): Promise<void> {
    for (const deadline = Date.now() + WAIT_LIMIT_MSEC; Date.now() < deadline;) {
      if (await this.evaluate(expression).catch(() => false) === true) return;
      await sleep(POLL_MSEC);
    }
    throw new Error(`${expression} was never true; the page says: ${String(await this.evaluate('document.body.innerText'))}`);
  }

  async screenshot(look: { readonly width: number; readonly height: number; readonly dark: boolean; readonly phone: boolean }): Promise<Buffer> {
    const { width, height, dark, phone } = look;
    await this.send('Emulation.setDeviceMetricsOverride', { width, height, deviceScaleFactor: phone ? 2 : 1, mobile: phone });
    await this.send('Emulation.setEmulatedMedia', { features: [{ name: 'prefers-color-scheme', value: dark ? 'dark' : 'light' }] });
    await sleep(300);
    const { data } = await this.send('Page.captureScreenshot', { format: 'png' });
    return Buffer.from(String(data), 'base64');
  }

  close(): void {
    if (this.#child.pid !== undefined) {
      try {
        process.kill(-this.#child.pid, 'SIGKILL');
      } catch {
        // It has ended.
      }
    }
    removeTree(this.#profile);
  }

  #onMessage(message: Message): void {
    if (message.id === undefined) {
      this.events.push(message);
      return;
    }
    this.#waiting.get(message.id)?.(message);
    this.#waiting.delete(message.id);
  }
}
