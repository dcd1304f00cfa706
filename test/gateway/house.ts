/** A user's manager with some units, and a gateway before it. */
import { once } from 'node:events';
import { request, type IncomingHttpHeaders, type IncomingMessage } from 'node:http';
import type { ChildProcess } from 'node:child_process';
import { basename } from 'node:path';
import { withStage, type Stage } from '../seeds/stage.ts';

export interface Reply {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  readonly json: never;
}

export interface Ask {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

const UNITS: Readonly<Record<string, string>> = {
  'units/default.target': '[Unit]\nDescription=All\nWants=web.service crash.service\n',
  'units/web.service': '[Unit]\nDescription=The web shop\n[Service]\nExecStart=/bin/sh -c "echo shop is open; exec sleep 1000"\n',
  'units/crash.service': '[Service]\nExecStart=/bin/sh -c "exit 3"\n',
  'units/idle.service': '[Service]\nExecStart=/bin/sleep 1000\n',
};

export class House {
  readonly stage: Stage;
  readonly gateway: ChildProcess;
  readonly port: number;

  constructor(stage: Stage, gateway: ChildProcess, port: number) {
    this.stage = stage;
    this.gateway = gateway;
    this.port = port;
  }

  /** The end of the answer is waited for. */
  async ask(path: string, { method = 'GET', headers = {}, body }: Ask = {}): Promise<Reply> {
    const sent = request({ host: '127.0.0.1', port: this.port, path, method, headers, agent: false });
    sent.end(body === undefined ? undefined : typeof body === 'string' ? body : JSON.stringify(body));
    const [response] = await once(sent, 'response') as [IncomingMessage];
    let text = '';
    for await (const chunk of response) text += String(chunk);
    return { status: response.statusCode ?? 0, headers: response.headers, text, json: (response.headers['content-type'] === 'application/json' ? JSON.parse(text) : null) as never };
  }

  initctl(words: string): string {
    return this.stage.sh(`HEARTWOOD_SOCKET=${this.stage.directory}/run/control initctl ${words}`);
  }
}

export interface HouseOptions {
  readonly configuration?: string;
  readonly units?: Readonly<Record<string, string>>;
}

/** Each token is the name of its bearer. */
export const TOKENS = `[Tokens]
reader=read sha256:3d0941964aa3ebdcb00ccef58b1bb399f9f898465e9886d5aec7f31090a0fb30
writer=write sha256:b93006774cbdd4b299389a03ac3d88c3a76b460d538795bc12718011a909fba5
boss=manage sha256:a5e7c002443743c5836758c7d1cd8ddefd9fcf2061daa0efaac683fb99966057
web=write sha256:4b5e57f6eb2f42b9039b3d1e13929295f231749c510cbe341cd68036d9af97e2 web*
`;
export const bearer = (token: string): Readonly<Record<string, string>> => ({ Authorization: `Bearer ${token}` });

export async function withHouse(options: HouseOptions, body: (house: House) => Promise<void>): Promise<void> {
  await withStage({ 'gateway.conf': options.configuration ?? '' }, async (stage) => {
    const { directory } = stage;
    // Several such managers run at a time, and share a tree of control groups.
    const slice = `${basename(directory).replace('-', '')}.slice`;
    for (const [path, text] of Object.entries({ ...UNITS, ...options.units })) stage.write(path, text.replace('[Service]\n', `[Service]\nSlice=${slice}\n`));
    stage.start('heartwood', '--user', '--unit', 'default.target', '--unit-path', `${directory}/units`, '--runtime-dir', `${directory}/run`, '--log-target', `file:${directory}/manager.log`, '--show-status', 'no');
    await stage.until(`tail -n 5 manager.log >&2; HEARTWOOD_SOCKET=${directory}/run/control initctl is-system-running; HEARTWOOD_SOCKET=${directory}/run/control initctl is-active web`, /^(running|degraded)\n[^]*active/);
    const gateway = stage.start('heartwood-gateway', `--config=${directory}/gateway.conf`, `--socket=${directory}/run/control`, '--listen=127.0.0.1:0');
    const said = await stage.until('cat out', /listening on https?:\/\/127\.0\.0\.1:(\d+)\//);
    await body(new House(stage, gateway, Number(/127\.0\.0\.1:(\d+)\//.exec(said)?.[1])));
  });
}
