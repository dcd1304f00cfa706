/** A request from its arrival to its answer. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { openApiDocument } from './api/openapi.ts';
import { readFields, readQueryFields } from './api/field.ts';
import { unitOf } from './api/reading.ts';
import type { Call } from './api/route.ts';
import { API_ROOT, findRoute } from './api/routes.ts';
import { AuditLog } from './callers/audit-log.ts';
import { mayChange, reaches, type Caller, type Level } from './callers/caller.ts';
import { Credentials } from './callers/credentials.ts';
import type { Configuration } from './configuration.ts';
import { HttpProblem } from './http/http-problem.ts';
import { foreignPage, isOwnHost } from './http/own-origin.ts';
import { sendJson, sendProblem, sendText } from './http/reply.ts';
import { readJsonBody } from './http/request-body.ts';
import type { SelfContainedPage } from './http/self-contained-page.ts';
import type { ManagerLink } from './manager-link.ts';
import { renderMetrics } from './metrics.ts';

/** States of a manager that has done its boot. */
const READY_STATES: readonly string[] = ['running', 'degraded'];

export class Gateway {
  readonly #configuration: Configuration;
  readonly #link: ManagerLink;
  readonly #dashboard: SelfContainedPage;
  readonly #credentials: Credentials;
  readonly #audit: AuditLog;
  readonly #version: string;
  readonly #byStatus = new Map<number, number>();

  constructor(options: { readonly configuration: Configuration; readonly link: ManagerLink; readonly dashboard: SelfContainedPage; readonly version: string }) {
    this.#configuration = options.configuration;
    this.#link = options.link;
    this.#dashboard = options.dashboard;
    this.#credentials = new Credentials(options.configuration.known);
    this.#audit = new AuditLog(options.configuration.auditLog);
    this.#version = options.version;
  }

  handle(request: IncomingMessage, response: ServerResponse): void {
    response.once('finish', () => { this.#byStatus.set(response.statusCode, (this.#byStatus.get(response.statusCode) ?? 0) + 1); });
    response.on('error', () => undefined);
    this.#answer(request, response).catch((error: unknown) => {
      if (!(error instanceof HttpProblem)) process.stderr.write(`gateway: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
      sendProblem(response, error instanceof HttpProblem ? error : new HttpProblem(500, 'internal-error', 'the gateway failed; its log tells more'));
    });
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const foreign = foreignPage(request, this.#configuration.tls !== null);
    if (foreign !== null) throw new HttpProblem(403, 'foreign-origin', foreign);
    const { pathname, searchParams } = readTarget(request);
    // Whether it is well may everybody know.
    if (pathname === '/healthz') return this.#only(request, () => { sendText(response, 200, 'ok\n'); });
    if (pathname === '/readyz') return this.#only(request, () => this.#sendReadiness(response));
    const caller = await this.#credentials.identify(request);
    const levelWanted = (level: Level): void => { this.#demand(request, caller, level); };
    if (pathname === '/') return this.#only(request, () => { this.#dashboard.send(response); });
    if (pathname === '/metrics') {
      levelWanted('view');
      return this.#only(request, async () => { sendText(response, 200, await renderMetrics(this.#link, { byStatus: this.#byStatus }), { 'Content-Type': 'text/plain; version=0.0.4; charset=utf-8' }); });
    }
    if (pathname === `${API_ROOT}/openapi.json`) return this.#only(request, () => { sendJson(response, 200, openApiDocument(this.#version)); });
    if (pathname === `${API_ROOT}/caller`) {
      const may = this.#configuration.write || !reaches(caller.level, 'write') ? caller.level : 'read';
      return this.#only(request, () => { sendJson(response, 200, { name: caller.name, level: may, units: caller.units }); });
    }
    if (!pathname.startsWith(`${API_ROOT}/`)) throw new HttpProblem(404, 'no-such-path', `there is nothing at ${pathname.slice(0, 200)}; see ${API_ROOT}/openapi.json`);
    const found = findRoute(request.method ?? '', pathname.slice(API_ROOT.length));
    if ('length' in found) {
      if (found.length === 0) throw new HttpProblem(404, 'no-such-path', `there is nothing at ${pathname.slice(0, 200)}; see ${API_ROOT}/openapi.json`);
      throw new HttpProblem(405, 'wrong-method', `only ${found.join(', ')} here`, { headers: { Allow: found.join(', ') } });
    }
    const { route, path } = found;
    const begin = async (): Promise<Call> => {
      levelWanted(route.level);
      const body = route.body === undefined ? {} : readFields(route.body, await readJsonBody(request));
      return { link: this.#link, path, query: readQueryFields(route.query ?? {}, searchParams), body, caller, response };
    };
    if (!reaches(route.level, 'write')) {
      const outcome = await route.run(await begin());
      if (outcome !== null) sendJson(response, outcome.status ?? 200, outcome.json);
      return;
    }
    await this.#change(request, caller, async () => {
      const call = await begin();
      if (path['unit'] !== undefined) await this.#demandUnit(caller, unitOf(call));
      const outcome = await route.run(call) ?? { json: {} };
      return { asked: call.body, status: outcome.status ?? 200, problem: outcome.problem ?? '', send: () => { sendJson(response, outcome.status ?? 200, outcome.json); } };
    });
  }

  /** Does a change and writes down who asked for it and what came of it, before the answer goes out. */
  async #change(request: IncomingMessage, caller: Caller, work: () => Promise<{ readonly asked: unknown; readonly status: number; readonly problem: string; readonly send: () => void }>): Promise<void> {
    const base = { caller: caller.name, from: request.socket.remoteAddress ?? 'a local socket', method: request.method ?? '', path: (request.url ?? '').slice(0, 500) };
    this.#audit.check();
    try {
      const { send, ...outcome } = await work();
      this.#audit.write({ ...base, ...outcome });
      send();
    } catch (error) {
      this.#audit.write({ ...base, asked: null, status: error instanceof HttpProblem ? error.status : 500, problem: error instanceof Error ? error.message : String(error) });
      throw error;
    }
  }

  /** @throws HttpProblem when the caller may not */
  #demand(request: IncomingMessage, caller: Caller, level: Level): void {
    const anonymous = caller.name === 'anonymous';
    if (anonymous && !isOwnHost(request.headers.host, this.#configuration.hosts)) {
      throw new HttpProblem(421, 'foreign-host', 'who does not say who he is has to call the gateway by its address, or by a name in Hosts= of its configuration');
    }
    if (reaches(level, 'write') && !this.#configuration.write) throw new HttpProblem(403, 'read-only', 'the gateway only reads: Write=yes in its configuration changes that');
    if (reaches(caller.level, level)) return;
    if (anonymous) throw new HttpProblem(401, 'credentials-wanted', `this needs a caller with the level ${level}`, { headers: { 'WWW-Authenticate': this.#credentials.challenge } });
    throw new HttpProblem(403, 'access-denied', `${caller.name} has the level ${caller.level}; this needs ${level}`);
  }

  /** Patterns are for the unit's own name: under an alias it is the same unit. @throws HttpProblem when the caller may not change it */
  async #demandUnit(caller: Caller, unit: string): Promise<void> {
    if (caller.units === null) return;
    const known = mayChange(caller, unit) ? (await this.#link.ask('status', { units: [unit] })).units[0]?.unit ?? unit : unit;
    if (!mayChange(caller, known)) throw new HttpProblem(403, 'access-denied', `${caller.name} may not change ${known}`, { unit: known });
  }

  #only(request: IncomingMessage, answer: () => void | Promise<void>): void | Promise<void> {
    if (request.method !== 'GET' && request.method !== 'HEAD') throw new HttpProblem(405, 'wrong-method', 'only GET here', { headers: { Allow: 'GET' } });
    return answer();
  }

  async #sendReadiness(response: ServerResponse): Promise<void> {
    let state: string;
    try {
      ({ state } = await this.#link.ask('manager', {}));
    } catch (error) {
      if (!(error instanceof HttpProblem)) throw error;
      state = error.code;
    }
    sendText(response, READY_STATES.includes(state) ? 200 : 503, `${state}\n`);
  }
}

function readTarget(request: IncomingMessage): URL {
  const target = request.url ?? '';
  try {
    if (target.startsWith('/')) return new URL(`http://gateway${target}`);
  } catch {
    // Said below.
  }
  throw new HttpProblem(400, 'bad-target', 'the request is for no path of this server');
}
