/**
 * gateway.conf. An ini file:
 *
 *     [Gateway]
 *     Listen=127.0.0.1:9780         addresses to listen on, when no socket unit hands sockets over
 *     Write=no                      whether anything may be changed
 *     Anonymous=view                what is allowed to who shows nothing: none, view or read
 *     Hosts=box.example.org         names under which anonymous callers may come, besides addresses
 *     Certificate=/etc/ssl/box.pem  with Key=, for TLS
 *     Key=/etc/ssl/box.key
 *     ClientCA=/etc/ssl/team.pem    only clients with a certificate of this authority are talked to
 *     AuditLog=/var/log/heartwood/gateway-audit.log
 *
 *     [Tokens]
 *     deploy=write sha256:9f86d08… app-*.service,web.service
 *     [Users]
 *     alice=manage $2b$10$…
 *     [Certificates]
 *     build.example.org=write * app-*.service
 *
 * A grant is LEVEL SECRET [UNITS]: a level of the callers, what proves it (`*` where the certificate does), and patterns of the units that
 * may be changed.
 */
import { readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { parse } from 'ini';
import { isLevel, LEVELS } from './callers/caller.ts';
import type { Grant, Known } from './callers/credentials.ts';
import { hashProblem } from './callers/password-check.ts';
import type { TlsFiles } from './http/bounded-server.ts';

export interface Address {
  readonly host: string;
  readonly port: number;
}

export interface Configuration {
  readonly listen: readonly Address[];
  readonly write: boolean;
  readonly hosts: readonly string[];
  readonly known: Known;
  readonly tls: TlsFiles | null;
  readonly auditLog: string | null;
}

/** What is wrong with the file, as a sentence with its place. */
export class ConfigurationError extends Error {}

export const DEFAULT_ADDRESS: Address = { host: '127.0.0.1', port: 9780 };

const KEYS = ['Listen', 'Write', 'Anonymous', 'Hosts', 'Certificate', 'Key', 'ClientCA', 'AuditLog'] as const;
const SECTIONS = ['Gateway', 'Tokens', 'Users', 'Certificates'] as const;
type Section = Readonly<Record<string, string>>;

/** @param path null = the defaults; @throws ConfigurationError */
export function readConfiguration(path: string | null): Configuration {
  const sections = path === null ? new Map<string, Section>() : readSections(path);
  const where = path ?? 'the defaults';
  const gateway = sections.get('Gateway') ?? {};
  const fail = (key: string, message: string): never => { throw new ConfigurationError(`${where}: ${key} ${message}`); };
  for (const key of Object.keys(gateway)) {
    if (!(KEYS as readonly string[]).includes(key)) fail(`[Gateway] ${key}=`, `is not known; there are ${KEYS.join(', ')}`);
  }
  const listen = words(gateway['Listen']).map((text) => readAddress(text) ?? fail('Listen=', `"${text}" is not ADDRESS:PORT, as 127.0.0.1:9780 or [::1]:9780`));
  const write = readYes(gateway['Write'] ?? 'no') ?? fail('Write=', 'is yes or no');
  const anonymous = gateway['Anonymous'] ?? 'view';
  if (anonymous !== 'none' && anonymous !== 'view' && anonymous !== 'read') return fail('Anonymous=', 'is none, view or read: who may change something has to say who he is');
  const known: Known = {
    anonymous,
    tokens: new Map(readGrants(sections, 'Tokens', fail).map(({ name, grant, secret }) => {
      const sha256 = /^sha256:([0-9a-f]{64})$/.exec(secret)?.[1] ?? fail(`[Tokens] ${name}=`, 'wants sha256: and 64 hexadecimal digits; heartwood-gateway token makes one');
      return [name, { ...grant, sha256 }];
    })),
    users: new Map(readGrants(sections, 'Users', fail).map(({ name, grant, secret }) => {
      const problem = hashProblem(secret);
      return [name, { ...grant, hash: problem === null ? secret : fail(`[Users] ${name}=`, problem) }];
    })),
    certificates: new Map(readGrants(sections, 'Certificates', fail).map(({ name, grant }) => [name, grant])),
  };
  return { listen: listen.length === 0 ? [DEFAULT_ADDRESS] : listen, write, hosts: words(gateway['Hosts']).map((name) => name.toLowerCase()), known, tls: readTls(gateway, known, fail), auditLog: gateway['AuditLog'] ?? null };
}

type Fail = (key: string, message: string) => never;

function readSections(path: string): ReadonlyMap<string, Section> {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    throw new ConfigurationError(`${path} cannot be read: ${(error as Error).message}`);
  }
  const sections = new Map<string, Section>();
  // A bcrypt hash has no `;` or `#` in it, a dot in a section's name is no nesting here.
  for (const [name, section] of Object.entries(parse(text, { bracketedArray: false }))) {
    if (typeof section !== 'object' || section === null) throw new ConfigurationError(`${path}: ${name}= stands before the first section`);
    if (!(SECTIONS as readonly string[]).includes(name)) throw new ConfigurationError(`${path}: [${name}] is not known; there are ${SECTIONS.join(', ')}`);
    const entries: Record<string, string> = {};
    for (const [key, value] of Object.entries(section as Record<string, unknown>)) {
      if (Array.isArray(value)) throw new ConfigurationError(`${path}: [${name}] ${key}= is there twice`);
      entries[key] = String(value);
    }
    sections.set(name, entries);
  }
  return sections;
}

function words(text: string | undefined): readonly string[] {
  return (text ?? '').split(/[\s,]+/).filter((word) => word !== '');
}

function readYes(text: string): boolean | null {
  if (/^(yes|true|on|1)$/i.test(text)) return true;
  return /^(no|false|off|0)$/i.test(text) ? false : null;
}

/** `HOST:PORT`, with an IPv6 address in brackets; null for anything else. */
export function readAddress(text: string): Address | null {
  const match = /^(?:\[([^\]]+)\]|([^:]+)):(\d{1,5})$/.exec(text);
  const host = match?.[1] ?? match?.[2] ?? '';
  const port = Number(match?.[3] ?? '-1');
  return (host === 'localhost' || isIP(host) !== 0) && port >= 0 && port <= 65_535 ? { host, port } : null;
}

function readGrants(sections: ReadonlyMap<string, Section>, section: string, fail: Fail): readonly { readonly name: string; readonly grant: Grant; readonly secret: string }[] {
  return Object.entries(sections.get(section) ?? {}).map(([name, value]) => {
    const [level = '', secret = '*', units, ...more] = value.split(/\s+/);
    const key = `[${section}] ${name}=`;
    if (!isLevel(level)) return fail(key, `begins with ${LEVELS.join(', ')}`);
    if (more.length > 0) return fail(key, 'has more than LEVEL SECRET UNITS');
    if (units !== undefined && level === 'manage') return fail(key, 'manages everything, so that patterns of units have no meaning');
    return { name, secret, grant: { level, units: units === undefined ? null : units.split(',') } };
  });
}

function readTls(gateway: Section, known: Known, fail: Fail): TlsFiles | null {
  const { Certificate: certificate, Key: key, ClientCA: authority } = gateway;
  if (certificate === undefined && key === undefined && authority === undefined) {
    return known.certificates.size > 0 ? fail('[Certificates]', 'needs Certificate=, Key= and ClientCA=') : null;
  }
  if (certificate === undefined || key === undefined) return fail(certificate === undefined ? 'Certificate=' : 'Key=', 'is missing: TLS wants both');
  const file = (name: string, path: string): string => {
    try {
      return readFileSync(path, 'utf8');
    } catch (error) {
      return fail(`${name}=`, (error as Error).message);
    }
  };
  return { cert: file('Certificate', certificate), key: file('Key', key), ca: authority === undefined ? null : file('ClientCA', authority) };
}

const LOOPBACK = /^(127\.|::1$|localhost$)/;

export function isLoopback(host: string): boolean {
  return LOOPBACK.test(host.replace(/^::ffff:/, ''));
}

/** @returns a sentence when this must not be reachable from other machines, or null */
export function exposureProblem(configuration: Configuration, hosts: readonly string[]): string | null {
  const open = hosts.find((host) => !isLoopback(host));
  if (open === undefined) return null;
  const { known, tls } = configuration;
  const hasSecrets = known.tokens.size + known.users.size > 0;
  if (tls === null && hasSecrets) return `${open} can be reached from other machines, where secrets must not be sent without Certificate= and Key=`;
  if (!hasSecrets && tls?.ca === null) return `${open} can be reached from other machines, so that [Tokens], [Users] or ClientCA= are needed`;
  if (!hasSecrets && tls === null) return `${open} can be reached from other machines, so that Certificate= with [Tokens], [Users] or ClientCA= is needed`;
  return null;
}
