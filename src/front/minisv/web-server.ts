/** minisv's HTTP: every path of it, with the same care as the gateway. */
import { readFileSync } from 'node:fs';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { AuditLog } from '../../gateway/callers/audit-log.ts';
import { Credentials } from '../../gateway/callers/credentials.ts';
import { hashProblem } from '../../gateway/callers/password-check.ts';
import { createBoundedServer } from '../../gateway/http/bounded-server.ts';
import { HttpProblem } from '../../gateway/http/http-problem.ts';
import { foreignPage, isOwnHost } from '../../gateway/http/own-origin.ts';
import { sendJson, sendText } from '../../gateway/http/reply.ts';
import { parseJsonObject, readBody } from '../../gateway/http/request-body.ts';
import { SelfContainedPage } from '../../gateway/http/self-contained-page.ts';
import { ConfigurationProblem, readTask, taskName, type HttpDefinition } from './configuration.ts';
import { PAGE } from './page.ts';
import type { Supervisor } from './supervisor.ts';
import type { Task } from './task.ts';

/** After that a new task's status is told. */
const FIRST_STATUS_MSEC = 1_000;
const SIGNALS: Readonly<Record<string, NodeJS.Signals>> = { term: 'SIGTERM', hup: 'SIGHUP', kill: 'SIGKILL' };
/** What only looks. */
const READING: readonly string[] = ['status', 'logs'];
const VERBS: readonly string[] = ['stop', 'restart', 'term', 'hup', 'kill', 'run', 'rotate', ...READING];

export class WebServer {
  readonly #supervisor: Supervisor;
  readonly #definition: HttpDefinition;
  readonly #credentials: Credentials;
  readonly #audit = new AuditLog(null);
  readonly #page = new SelfContainedPage(PAGE);
  readonly #say: (message: string) => void;
  #server: Server | null = null;

  /** @throws ConfigurationProblem when the password is no bcrypt hash */
  constructor(supervisor: Supervisor, say: (message: string) => void) {
    this.#supervisor = supervisor;
    this.#definition = supervisor.configuration.http;
    this.#say = say;
    const { user, password } = this.#definition;
    const problem = password === null ? null : hashProblem(password);
    if (problem !== null) throw new ConfigurationProblem(`http.password ${problem}`);
    this.#credentials = new Credentials({
      tokens: new Map(), certificates: new Map(), anonymous: user === null ? 'manage' : 'none',
      users: new Map(user === null || password === null ? [] : [[user, { level: 'manage', units: null, hash: password }]]),
    });
  }

  /** Certificates are read anew each time. @throws Error when it cannot be listened there */
  async start(): Promise<void> {
    const { address, port, serverCert, serverKey, clientCert } = this.#definition;
    if (port === 0) return;
    const tls = serverCert === null || serverKey === null ? null : { cert: readFileSync(serverCert, 'utf8'), key: readFileSync(serverKey, 'utf8'), ca: clientCert === null ? null : readFileSync(clientCert, 'utf8') };
    const server = createBoundedServer(tls, (request, response) => { this.#handle(request, response); });
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen({ port, ...(address === '' ? {} : { host: address }) }, resolve);
    });
    this.#server = server;
    this.#say(`listening on ${tls === null ? 'http' : 'https'}://${address === '' ? '*' : address}:${String(port)}/`);
  }

  async stop(): Promise<void> {
    const server = this.#server;
    this.#server = null;
    if (server === null) return;
    await new Promise((resolve) => {
      server.close(resolve);
      server.closeAllConnections();
    });
  }

  async restart(): Promise<void> {
    await this.stop();
    await this.start();
  }

  #handle(request: IncomingMessage, response: ServerResponse): void {
    response.on('error', () => undefined);
    this.#answer(request, response).catch((error: unknown) => {
      const problem = error instanceof HttpProblem ? error : error instanceof ConfigurationProblem ? new HttpProblem(400, 'invalid', error.message) : null;
      if (problem === null) this.#say(`request failed: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
      if (response.headersSent) response.destroy();
      else sendText(response, problem?.status ?? 500, `${problem?.message ?? 'internal error'}\n`, problem?.headers ?? {});
      if (problem?.headers['Connection'] === 'close') response.once('finish', () => { request.destroy(); });
    });
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const foreign = foreignPage(request, this.#definition.serverCert !== null);
    if (foreign !== null) throw new HttpProblem(403, 'foreign-origin', foreign);
    const caller = await this.#credentials.identify(request);
    if (caller.level !== 'manage') throw new HttpProblem(401, 'credentials-wanted', 'name and password are wanted', { headers: { 'WWW-Authenticate': this.#credentials.challenge } });
    if (caller.name === 'anonymous' && !isOwnHost(request.headers.host, this.#definition.hosts)) throw new HttpProblem(421, 'foreign-host', 'without a password this has to be called by an address, or by a name in http.hosts');
    const { method = 'GET' } = request;
    const path = (request.url ?? '').split('?', 1)[0] ?? '';
    const parts = path.split('/').slice(1).map(decode);
    const inApi = parts[0] === 'api';
    if (inApi) parts.shift();
    const [name = '', verb = '', ...more] = parts;
    if (method === 'GET' && (name === '' || (name === 'status' && verb === ''))) {
      const wantsPage = name === '' && !inApi && (request.headers.accept ?? '').includes('text/html');
      if (wantsPage) this.#page.send(response);
      else sendJson(response, 200, this.#list());
      return;
    }
    if (method === 'GET' && inApi && name === 'config' && verb === '') {
      sendJson(response, 200, { logbufferlines: this.#supervisor.configuration.logBufferLines });
      return;
    }
    if (more.length > 0) throw new HttpProblem(404, 'no-such-path', 'there is nothing here');
    if (READING.includes(verb)) {
      const task = this.#task(name);
      sendJson(response, 200, verb === 'logs' ? task.log.lines : task.status);
      return;
    }
    const record = { caller: caller.name, from: request.socket.remoteAddress ?? '', method, path: path.slice(0, 500), asked: null };
    try {
      await this.#change(request, response, name, verb);
      this.#audit.write({ ...record, status: response.statusCode, problem: '' });
    } catch (error) {
      this.#audit.write({ ...record, status: error instanceof HttpProblem ? error.status : 400, problem: (error as Error).message });
      throw error;
    }
  }

  async #change(request: IncomingMessage, response: ServerResponse, name: string, verb: string): Promise<void> {
    const { method } = request;
    if (verb === '' && method === 'POST') return this.#create(request, response, name);
    const task = this.#task(name);
    if (verb === '' && method === 'DELETE') {
      await this.#supervisor.remove(task);
      sendText(response, 200, 'ok\n');
      return;
    }
    if (!VERBS.includes(verb)) throw new HttpProblem(404, 'no-such-path', verb === '' ? `DELETE removes ${name}, /${name}/status shows it` : `"${verb.slice(0, 40)}" is none of ${VERBS.join(', ')}`);
    if (method !== 'GET' && method !== 'POST') throw new HttpProblem(405, 'wrong-method', 'GET or POST here', { headers: { Allow: 'GET, POST' } });
    if ((verb === 'restart' || verb === 'rotate') && task.definition.oneTime) throw new HttpProblem(406, 'one-time', 'it\'s a one-time task');
    const signal = SIGNALS[verb];
    if (signal !== undefined) await task.signal(signal);
    else if (verb === 'stop') await task.stop();
    else if (verb === 'restart') await task.restart();
    else if (verb === 'rotate') task.log.reopen();
    else {
      const input = method === 'POST' ? await readBody(request) : null;
      if (!await task.run(input)) {
        sendText(response, 200, 'just running\n');
        return;
      }
    }
    sendText(response, 200, 'ok\n');
  }

  async #create(request: IncomingMessage, response: ServerResponse, given: string): Promise<void> {
    const name = taskName(given);
    const raw = parseJsonObject((await readBody(request)).toString('utf8'));
    const definition = readTask(raw, '');
    if (this.#supervisor.tasks.has(name)) {
      sendText(response, 200, 'task just exist\n');
      return;
    }
    const task = await this.#supervisor.add(name, definition, raw);
    if (!definition.oneTime) await sleep(FIRST_STATUS_MSEC);
    sendJson(response, 200, task.status);
  }

  #task(name: string): Task {
    const task = this.#supervisor.tasks.get(name);
    if (task === undefined) throw new HttpProblem(404, 'no-such-task', 'task not found');
    return task;
  }

  #list(): Readonly<Record<string, unknown>> {
    return Object.fromEntries([...this.#supervisor.tasks.values()].map((task) => {
      const { command, args, oneTime } = task.definition;
      return [task.name, { command, args, onetime: oneTime, ...task.status }];
    }));
  }
}

/** A part that is not properly percent-encoded is no task's name. */
function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return '\0';
  }
}
