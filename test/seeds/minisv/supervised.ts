/** minisv with a configuration, and requests to it. */
import type { ChildProcess } from 'node:child_process';
import { createServer } from 'node:net';
import { withStage, type Stage } from '../stage.ts';

export class Supervised {
  readonly stage: Stage;
  readonly child: ChildProcess;
  readonly #url: string;

  constructor(stage: Stage, child: ChildProcess, url: string) {
    this.stage = stage;
    this.child = child;
    this.#url = url;
  }

  /** What curl prints: the status, a blank, the body. */
  curl(path: string, more = ''): string {
    return this.stage.sh(`curl -s -o body -w '%{http_code} ' ${more} '${this.#url}${path}'; cat body 2>/dev/null; rm -f body`).trimEnd();
  }

  get(path: string): string {
    return this.curl(path);
  }

  json(path: string): Readonly<Record<string, never>> {
    return JSON.parse(this.curl(path).replace(/^\d+ /, '')) as Readonly<Record<string, never>>;
  }

  status(task: string): string {
    return (this.json(`/${task}/status`) as { readonly status?: string }).status ?? '';
  }

  async until(task: string, status: RegExp): Promise<void> {
    await this.stage.until(`curl -s '${this.#url}/${task}/status'`, new RegExp(`"status":"(${status.source})"`));
  }

  /** Of its running process: what `ps` finds by its words. */
  pids(words: string): readonly number[] {
    return this.stage.sh(`pgrep -xf "${words}"`).split('\n').filter((line) => /^\d+$/.test(line)).map(Number);
  }
}

async function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { readonly port: number };
      server.close(() => { resolve(port); });
    });
  });
}

export interface Wishes {
  readonly tasks?: Readonly<Record<string, unknown>>;
  readonly http?: Readonly<Record<string, unknown>>;
  readonly more?: Readonly<Record<string, unknown>>;
  readonly files?: Readonly<Record<string, string>>;
  readonly scheme?: string;
  /** Before minisv is started. */
  readonly prepare?: (stage: Stage) => unknown;
}

export async function withMinisv(wishes: Wishes, body: (minisv: Supervised) => Promise<void> | void): Promise<void> {
  await withStage(wishes.files ?? {}, async (stage) => {
    const port = await freePort();
    await wishes.prepare?.(stage);
    stage.write('minisv.json', JSON.stringify({ logdir: stage.directory, tasks: wishes.tasks ?? {}, http: { address: '127.0.0.1', port, ...wishes.http }, ...wishes.more }));
    const child = stage.start('minisv', '-config', 'minisv.json');
    await stage.until('cat out', /listening on/);
    await body(new Supervised(stage, child, `${wishes.scheme ?? 'http'}://127.0.0.1:${String(port)}`));
  });
}
