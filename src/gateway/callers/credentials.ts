/** From what a request shows to who sent it. */
import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { TLSSocket } from 'node:tls';
import { HttpProblem } from '../http/http-problem.ts';
import type { Caller, Level } from './caller.ts';
import { FailureBrake } from './failure-brake.ts';
import { PasswordCheck } from './password-check.ts';

export interface Grant {
  readonly level: Level;
  readonly units: readonly string[] | null;
}

export interface Known {
  /** By name, with the SHA-256 of the token in hexadecimal. */
  readonly tokens: ReadonlyMap<string, Grant & { readonly sha256: string }>;
  /** By name, with the bcrypt hash of the password. */
  readonly users: ReadonlyMap<string, Grant & { readonly hash: string }>;
  /** By the common name of the client's certificate. */
  readonly certificates: ReadonlyMap<string, Grant>;
  /** What is allowed to who shows nothing. */
  readonly anonymous: Level;
}

export function tokenHash(token: string): string {
  return createHash('sha256').update(token).digest('hex');
}

export class Credentials {
  readonly #known: Known;
  readonly #passwords = new PasswordCheck();
  readonly #brake = new FailureBrake();

  constructor(known: Known) {
    this.#known = known;
  }

  /** What to answer who has shown too little. */
  get challenge(): string {
    return this.#known.users.size > 0 ? 'Basic realm="heartwood", charset="UTF-8"' : 'Bearer realm="heartwood"';
  }

  /** @throws HttpProblem 401 for what is shown and wrong, 429 when too much of that came from there, or too many passwords are being checked */
  async identify(request: IncomingMessage): Promise<Caller> {
    const { authorization } = request.headers;
    if (authorization !== undefined) {
      const { remoteAddress } = request.socket;
      const pauseSeconds = Math.ceil(this.#brake.pauseMsec(remoteAddress) / 1000);
      if (pauseSeconds > 0) throw new HttpProblem(429, 'too-many-wrong-credentials', `too many wrong credentials came from this address; try again in ${pauseSeconds} s`, { headers: { 'Retry-After': String(pauseSeconds) } });
      const [, scheme = '', value = ''] = /^(\S+) +(.*)$/.exec(authorization) ?? [];
      const caller = scheme.toLowerCase() === 'bearer' ? this.#byToken(value) : scheme.toLowerCase() === 'basic' ? await this.#byPassword(value) : null;
      if (caller === null) {
        const failures = this.#brake.onWrong(remoteAddress);
        process.stderr.write(`gateway: wrong credentials from ${remoteAddress ?? 'a local socket'} (${failures})\n`);
        throw new HttpProblem(401, 'wrong-credentials', 'these credentials are not known', { headers: { 'WWW-Authenticate': this.challenge } });
      }
      return caller;
    }
    return this.#byCertificate(request) ?? { name: 'anonymous', level: this.#known.anonymous, units: null };
  }

  #byToken(token: string): Caller | null {
    const given = Buffer.from(tokenHash(token), 'hex');
    let found: Caller | null = null;
    // All are compared, so that time tells nothing.
    for (const [name, { sha256, level, units }] of this.#known.tokens) {
      if (timingSafeEqual(Buffer.from(sha256, 'hex'), given)) found = { name: `token:${name}`, level, units };
    }
    return found;
  }

  async #byPassword(encoded: string): Promise<Caller | null> {
    const [, name = '', password = ''] = /^([^:]*):([^]*)$/.exec(Buffer.from(encoded, 'base64').toString('utf8')) ?? [];
    const user = this.#known.users.get(name);
    const right = await this.#passwords.isRight(password, user?.hash);
    if (right === null) throw new HttpProblem(429, 'too-many-password-checks', 'too many passwords are being checked', { headers: { 'Retry-After': '1' } });
    return right && user !== undefined ? { name: `user:${name}`, level: user.level, units: user.units } : null;
  }

  /** Only certificates of the configured authority get as far as here. */
  #byCertificate(request: IncomingMessage): Caller | null {
    const { socket } = request;
    if (!(socket instanceof TLSSocket) || !socket.authorized) return null;
    const { subject } = socket.getPeerCertificate() as { readonly subject?: { readonly CN?: string | string[] } };
    const name = typeof subject?.CN === 'string' ? subject.CN : '';
    const grant = this.#known.certificates.get(name);
    return { name: `certificate:${name}`, level: grant?.level ?? this.#known.anonymous, units: grant?.units ?? null };
  }
}
