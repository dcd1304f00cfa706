/** minisv's configuration: a JSON file. Pure: text in, configuration or what is wrong out. */

export interface TaskDefinition {
  readonly command: string;
  readonly args: readonly string[];
  /** null = where minisv runs. */
  readonly workdir: string | null;
  /** Seconds from TERM to KILL; 0 = at once. */
  readonly wait: number;
  /** Seconds between an end and the next start. */
  readonly restartPause: number;
  /** Seconds that a new instance must live before the old one goes. */
  readonly startTime: number;
  readonly oneTime: boolean;
}

export interface LimitDefinition {
  /** As in unit files: NOFILE. */
  readonly name: string;
  readonly cur: number;
  readonly max: number;
}

export interface Graylog {
  readonly host: string;
  readonly port: number;
  /** Of each line, 0 to 7. */
  readonly level: number;
  readonly addFields: Readonly<Record<string, string | number>>;
}

export interface HttpDefinition {
  readonly address: string;
  readonly port: number;
  readonly user: string | null;
  /** bcrypt. */
  readonly password: string | null;
  readonly serverCert: string | null;
  readonly serverKey: string | null;
  readonly clientCert: string | null;
  /** Names by which callers without a password may call, besides addresses. */
  readonly hosts: readonly string[];
}

export interface Configuration {
  /** As it was read, with what is not understood: it is written back. */
  readonly raw: Readonly<Record<string, unknown>>;
  readonly logDir: string | null;
  readonly logFilePrefix: string;
  /** Layouts of Go's time package. */
  readonly logSuffixDate: string | null;
  readonly logDate: string | null;
  /** null = logs are reopened on request only. */
  readonly logReopenMsec: number | null;
  readonly logBufferLines: number;
  readonly tasks: ReadonlyMap<string, TaskDefinition>;
  readonly http: HttpDefinition;
  readonly limits: readonly LimitDefinition[];
  readonly graylog: Graylog | null;
}

export class ConfigurationProblem extends Error {}

type Json = Readonly<Record<string, unknown>>;

const LIMIT_NAMES: Readonly<Record<string, string>> = { as: 'AS', core: 'CORE', cpu: 'CPU', data: 'DATA', fsize: 'FSIZE', nofile: 'NOFILE', nproc: 'NPROC', stack: 'STACK' };
const DEFAULT_LOG_LINES = 10;
const LOG_LINES_MAX = 10_000;
const SECONDS_MAX = 86_400 * 365;
const TASKS_MAX = 1_000;
const UNIT_MSEC: Readonly<Record<string, number>> = { ns: 1e-6, us: 1e-3, '\u00b5s': 1e-3, ms: 1, s: 1_000, m: 60_000, h: 3_600_000 };
/** Paths of the server itself. */
const RESERVED_NAMES = ['api', 'status', 'config', 'favicon.ico'];

/** A duration of Go: `1h30m`. @returns milliseconds, or null */
export function parseGoDuration(text: string): number | null {
  if (!/^(\d+(\.\d+)?(ns|us|\u00b5s|ms|s|m|h))+$/.test(text)) return null;
  let sum = 0;
  for (const [, amount = '', , unit = ''] of text.matchAll(/(\d+(\.\d+)?)(ns|us|\u00b5s|ms|s|m|h)/g)) sum += Number(amount) * (UNIT_MSEC[unit] ?? 0);
  return sum;
}

/** @throws ConfigurationProblem naming line or field */
export function parseConfiguration(text: string): Configuration {
  const raw = parseObject(text);
  const string = (value: unknown, field: string): string | null => {
    if (value === undefined || value === null || value === '') return null;
    if (typeof value !== 'string') throw new ConfigurationProblem(`${field} is to be a string`);
    return value;
  };
  const reopen = string(raw['logreopen'] ?? raw['logreload'], 'logreopen');
  const reopenMsec = reopen === null ? null : parseGoDuration(reopen);
  if (reopen !== null && (reopenMsec === null || reopenMsec < 1_000)) throw new ConfigurationProblem(`logreopen: "${reopen}" is no duration of a second or more, as 1h30m`);
  const tasks = object(raw['tasks'] ?? {}, 'tasks');
  if (Object.keys(tasks).length > TASKS_MAX) throw new ConfigurationProblem(`tasks: there may be ${String(TASKS_MAX)}`);
  const graylog = raw['graylog'] === undefined ? null : readGraylog(object(raw['graylog'], 'graylog'));
  const http = object(raw['http'] ?? {}, 'http');
  const definition: HttpDefinition = {
    address: string(http['address'], 'http.address') ?? '', port: whole(http['port'] ?? 0, 'http.port', 65_535),
    user: string(http['user'], 'http.user'), password: string(http['password'], 'http.password'),
    serverCert: string(http['servercert'], 'http.servercert'), serverKey: string(http['serverkey'], 'http.serverkey'), clientCert: string(http['clientcert'], 'http.clientcert'),
    hosts: strings(http['hosts'] ?? [], 'http.hosts'),
  };
  if ((definition.user === null) !== (definition.password === null)) throw new ConfigurationProblem('http: user and password belong together');
  if ((definition.serverCert === null) !== (definition.serverKey === null)) throw new ConfigurationProblem('http: servercert and serverkey belong together');
  if (definition.clientCert !== null && definition.serverCert === null) throw new ConfigurationProblem('http: clientcert needs servercert and serverkey');
  return {
    raw, logDir: string(raw['logdir'], 'logdir'), logFilePrefix: string(raw['logfileprefix'], 'logfileprefix') ?? '', logSuffixDate: string(raw['logsuffixdate'], 'logsuffixdate'),
    logDate: string(raw['logdate'], 'logdate'), logReopenMsec: reopenMsec, logBufferLines: whole(raw['logbufferlines'] ?? DEFAULT_LOG_LINES, 'logbufferlines', LOG_LINES_MAX),
    tasks: new Map(Object.entries(tasks).map(([name, task]) => [taskName(name), readTask(object(task, `tasks.${name}`), `tasks.${name}`)])),
    http: definition, limits: readLimits(raw['limits'] ?? []), graylog,
  };
}

/** @throws ConfigurationProblem */
export function taskName(name: string): string {
  if (!/^[^/\0]{1,200}$/.test(name) || RESERVED_NAMES.includes(name) || name.startsWith('.')) throw new ConfigurationProblem(`"${name.slice(0, 40)}" cannot be the name of a task`);
  return name;
}

/** @param where of it in messages; '' = it stands alone @throws ConfigurationProblem */
export function readTask(task: Json, where: string): TaskDefinition {
  const at = (field: string): string => (where === '' ? field : `${where}.${field}`);
  const { command, workdir = null, oneTime = false } = task;
  if (typeof command !== 'string' || command === '' || command.includes('\0')) throw new ConfigurationProblem(`${at('command')} is missing`);
  if (workdir !== null && typeof workdir !== 'string') throw new ConfigurationProblem(`${at('workdir')} is to be a string`);
  if (typeof oneTime !== 'boolean') throw new ConfigurationProblem(`${at('oneTime')} is to be true or false`);
  const seconds = (field: string): number => whole(task[field] ?? 0, at(field), SECONDS_MAX);
  return { command, args: strings(task['args'] ?? [], at('args')), workdir: workdir === '' ? null : workdir, wait: seconds('wait'), restartPause: seconds('restartPause'), startTime: seconds('startTime'), oneTime };
}

function parseObject(text: string): Json {
  try {
    return object(JSON.parse(text), 'the file');
  } catch (error) {
    if (error instanceof ConfigurationProblem) throw error;
    const { message } = error as Error;
    const position = /at position (\d+)/.exec(message)?.[1];
    const line = position === undefined ? (/end of JSON/.test(message) ? text.split('\n').length : null) : text.slice(0, Number(position)).split('\n').length;
    throw new ConfigurationProblem(line === null ? message : `line ${String(line)}: ${message.replace(/ \(line \d+ column \d+\)$/, '')}`);
  }
}

function object(value: unknown, field: string): Json {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new ConfigurationProblem(`${field} is to be an object`);
  return value as Json;
}

function whole(value: unknown, field: string, most: number): number {
  if (typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= most) return value;
  throw new ConfigurationProblem(`${field} is to be a whole number up to ${String(most)}`);
}

function strings(value: unknown, field: string): readonly string[] {
  if (Array.isArray(value) && value.every((item): item is string => typeof item === 'string' && !item.includes('\0'))) return value;
  throw new ConfigurationProblem(`${field} is to be a list of strings`);
}

function readLimits(value: unknown): readonly LimitDefinition[] {
  if (!Array.isArray(value)) throw new ConfigurationProblem('limits is to be a list');
  return value.map((item: unknown, i) => {
    const limit = object(item, `limits[${String(i)}]`);
    const name = LIMIT_NAMES[String(limit['type'])];
    if (name === undefined) throw new ConfigurationProblem(`limits[${String(i)}].type is one of ${Object.keys(LIMIT_NAMES).join(', ')}`);
    const cur = whole(limit['cur'], `limits[${String(i)}].cur`, Number.MAX_SAFE_INTEGER);
    return { name, cur, max: whole(limit['max'] ?? cur, `limits[${String(i)}].max`, Number.MAX_SAFE_INTEGER) };
  });
}

function readGraylog(graylog: Json): Graylog {
  const { remote } = graylog;
  const match = /^(?:udp:\/\/)?(\[[^\]]+\]|[^:]+):(\d{1,5})$/.exec(typeof remote === 'string' ? remote : '');
  if (match === null) throw new ConfigurationProblem('graylog.remote is to be HOST:PORT');
  const addFields = object(graylog['addfields'] ?? {}, 'graylog.addfields');
  for (const [name, field] of Object.entries(addFields)) if (typeof field !== 'string' && typeof field !== 'number') throw new ConfigurationProblem(`graylog.addfields.${name} is to be a string or a number`);
  return { host: (match[1] ?? '').replace(/^\[|\]$/g, ''), port: Number(match[2]), level: whole(graylog['level'] ?? 6, 'graylog.level', 7), addFields: addFields as Readonly<Record<string, string | number>> };
}
