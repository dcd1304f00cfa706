/**
 * The language of pmtr.conf. Pure: text in, jobs or the first error out.
 *
 *   file     = { comment | job | "report to" URL | "listen on" URL }       one thing a line
 *   job      = "job {" NEWLINE { option NEWLINE } "}"
 *   option   = name WORD | cmd WORD… | dir WORD | out WORD | err WORD | in WORD | user WORD | env VAR=VALUE | disable | wait | once
 *            | order N | nice N | cpu SET | bounce every N[smhd] | ulimit -F VALUE | ulimit { NEWLINE { -F VALUE NEWLINE } }
 *            | depends { NEWLINE { FILE NEWLINE } }
 *
 * Words are parted by blanks; double quotes hold one together. A keyword counts at the beginning of a line only. `#` begins a comment
 * line. Lines may end with CRLF.
 */
export interface Job {
  readonly name: string;
  /** Line of its `job {`, from 1. */
  readonly line: number;
  readonly cmd: readonly string[];
  readonly dir: string;
  /** As written: a path, or the word `syslog`. */
  readonly out: string;
  readonly err: string;
  readonly in: string;
  readonly user: string | null;
  readonly env: readonly string[];
  readonly disable: boolean;
  readonly wait: boolean;
  readonly once: boolean;
  readonly order: number;
  readonly nice: number | null;
  readonly cpus: readonly number[];
  /** Name of the limit as in unit files (`NOFILE`) and its value. */
  readonly limits: readonly (readonly [string, string])[];
  /** 0 = never. */
  readonly bounceSeconds: number;
  /** Files whose change restarts the job; absolute. */
  readonly depends: readonly string[];
}

export interface Config {
  /** By their order, then as in the file. */
  readonly jobs: readonly Job[];
  readonly reportTo: readonly Destination[];
  readonly listenOn: readonly Destination[];
}

export interface Destination {
  readonly host: string;
  readonly port: number;
  /** Interface for multicast, or null. */
  readonly through: string | null;
}

export type ParsedConfig =
  | { readonly ok: true; readonly config: Config }
  | { readonly ok: false; readonly line: number; readonly message: string };

class ConfigError extends Error {
  readonly line: number;
  constructor(line: number, message: string) {
    super(message);
    this.line = line;
  }
}

type Draft = { -readonly [K in keyof Job]: Job[K] };

/** setrlimit(2)'s names, by the letters of the shell's ulimit. */
const LIMITS: Readonly<Record<string, string>> = {
  c: 'CORE', d: 'DATA', e: 'NICE', f: 'FSIZE', i: 'SIGPENDING', l: 'MEMLOCK', m: 'RSS', n: 'NOFILE', q: 'MSGQUEUE', r: 'RTPRIO', s: 'STACK', t: 'CPU', u: 'NPROC', v: 'AS',
};
const SECONDS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400 };
/** More than any machine has; bounds what a range may ask for. */
const CPUS_MAX = 1024;

export function parseConfig(text: string): ParsedConfig {
  try {
    return { ok: true, config: read(text) };
  } catch (error) {
    if (error instanceof ConfigError) return { ok: false, line: error.line, message: error.message };
    throw error;
  }
}

function read(text: string): Config {
  const lines = text.split('\n').map((line) => line.replace(/\r$/, ''));
  const jobs: Job[] = [];
  const reportTo: Destination[] = [];
  const listenOn: Destination[] = [];
  for (let i = 0; i < lines.length; i++) {
    const words = splitWords(lines[i] as string, i + 1);
    if (words.length === 0) continue;
    if (words[0] === 'job') i = readJob(lines, i, jobs);
    else if (words[0] === 'report' && words[1] === 'to' && words.length === 3) reportTo.push(destination(words[2] as string, i + 1));
    else if (words[0] === 'listen' && words[1] === 'on' && words.length === 3) listenOn.push(destination(words[2] as string, i + 1));
    else throw new ConfigError(i + 1, `unknown keyword "${words[0] ?? ''}": only job, report to and listen on stand outside of jobs`);
  }
  return { jobs: jobs.sort((a, b) => a.order - b.order), reportTo, listenOn };
}

/** @returns the index of the job's last line */
function readJob(lines: readonly string[], start: number, jobs: Job[]): number {
  const head = splitWords(lines[start] as string, start + 1);
  if (head.length !== 2 || head[1] !== '{') throw new ConfigError(start + 1, 'a job begins with "job {"');
  const draft: Draft = {
    name: '', line: start + 1, cmd: [], dir: '', out: '', err: '', in: '', user: null, env: [], disable: false, wait: false, once: false, order: 0, nice: null, cpus: [], limits: [], bounceSeconds: 0, depends: [],
  };
  for (let i = start + 1; i < lines.length; i++) {
    const words = splitWords(lines[i] as string, i + 1);
    if (words.length === 0) continue;
    if (words.length === 1 && words[0] === '}') {
      jobs.push(finish(draft, jobs, start + 1));
      return i;
    }
    i = readOption(draft, words, lines, i);
  }
  throw new ConfigError(start + 1, 'this job is not closed with "}"');
}

/** @returns the index of the option's last line */
function readOption(draft: Draft, words: readonly string[], lines: readonly string[], at: number): number {
  const line = at + 1;
  const [keyword = '', ...values] = words;
  const one = (): string => {
    if (values.length !== 1) throw new ConfigError(line, `${keyword} takes one word`);
    return values[0] as string;
  };
  const once = (before: string): string => {
    if (before !== '') throw new ConfigError(line, `${keyword} is already set in this job`);
    return one();
  };
  const flag = (): true => {
    if (values.length > 0) throw new ConfigError(line, `${keyword} takes no word`);
    return true;
  };
  switch (keyword) {
    case 'name': draft.name = once(draft.name); break;
    case 'dir': draft.dir = once(draft.dir); break;
    case 'out': draft.out = once(draft.out); break;
    case 'err': draft.err = once(draft.err); break;
    case 'in': draft.in = once(draft.in); break;
    case 'user': draft.user = once(draft.user ?? ''); break;
    case 'cmd':
      if (draft.cmd.length > 0) throw new ConfigError(line, 'cmd is already set in this job');
      if (values[0]?.startsWith('/') !== true) throw new ConfigError(line, 'cmd takes the absolute path of a program, and its arguments');
      draft.cmd = values;
      break;
    case 'env':
      if (!/^[^=]+=/.test(one())) throw new ConfigError(line, 'env takes VARIABLE=VALUE');
      draft.env = [...draft.env, one()];
      break;
    case 'disable': draft.disable = flag(); break;
    case 'wait': draft.wait = flag(); break;
    case 'once': draft.once = flag(); break;
    case 'order': draft.order = wholeNumber(one(), line, -1_000_000, 1_000_000); break;
    case 'nice': draft.nice = wholeNumber(one(), line, -20, 19); break;
    case 'cpu': draft.cpus = cpuSet(one(), line); break;
    case 'bounce': draft.bounceSeconds = bounce(values, line); break;
    case 'ulimit':
      if (values.length === 1 && values[0] === '{') return readBlock(lines, at, (inner, innerLine) => { draft.limits = [...draft.limits, limit(inner, innerLine)]; });
      draft.limits = [...draft.limits, limit(values, line)];
      break;
    case 'depends':
      if (values.length !== 1 || values[0] !== '{') throw new ConfigError(line, 'depends begins with "depends {"');
      return readBlock(lines, at, (inner) => { draft.depends = [...draft.depends, ...inner]; });
    default:
      throw new ConfigError(line, `unknown keyword "${keyword}" in a job`);
  }
  return at;
}

/** @returns the index of the line that closes the block */
function readBlock(lines: readonly string[], start: number, take: (words: readonly string[], line: number) => void): number {
  for (let i = start + 1; i < lines.length; i++) {
    const words = splitWords(lines[i] as string, i + 1);
    if (words.length === 1 && words[0] === '}') return i;
    if (words.length > 0) take(words, i + 1);
  }
  throw new ConfigError(start + 1, 'this block is not closed with "}"');
}

function finish(draft: Draft, jobs: readonly Job[], line: number): Job {
  if (draft.name === '') throw new ConfigError(line, 'this job has no name');
  if (draft.cmd.length === 0) throw new ConfigError(line, `job ${draft.name} has no cmd`);
  if (jobs.some(({ name }) => name === draft.name)) throw new ConfigError(line, `there are two jobs called ${draft.name}`);
  const dir = draft.dir === '' ? '/' : draft.dir;
  if (!dir.startsWith('/')) throw new ConfigError(line, `dir of job ${draft.name} is no absolute path`);
  const inDir = (path: string): string => (path.startsWith('/') || path === 'syslog' ? path : `${dir.replace(/\/$/, '')}/${path}`);
  const stream = (path: string): string => (path === '' ? '/dev/null' : inDir(path));
  return { ...draft, dir, out: stream(draft.out), err: stream(draft.err), in: stream(draft.in), depends: draft.depends.map(inDir) };
}

function splitWords(text: string, line: number): string[] {
  if (/^\s*#/.test(text)) return [];
  const words: string[] = [];
  const pattern = /\s*(?:"([^"]*)"|([^\s"]+)|(")|$)/gy;
  while (pattern.lastIndex < text.length) {
    const match = pattern.exec(text);
    if (match === null || match[3] !== undefined) throw new ConfigError(line, 'a double quote is not closed');
    const word = match[1] ?? match[2];
    if (word !== undefined) words.push(word);
  }
  return words;
}

function wholeNumber(word: string, line: number, low: number, high: number): number {
  const value = Number(word);
  if (!/^-?\d+$/.test(word) || value < low || value > high) throw new ConfigError(line, `"${word}" is no whole number from ${String(low)} to ${String(high)}`);
  return value;
}

function cpuSet(word: string, line: number): number[] {
  if (/^0x[0-9a-f]{1,256}$/i.test(word)) {
    const mask = BigInt(word);
    return Array.from({ length: CPUS_MAX }, (_, cpu) => cpu).filter((cpu) => (mask >> BigInt(cpu) & 1n) === 1n);
  }
  return word.split(',').flatMap((part) => {
    const [, first = '', last = first] = /^(\d{1,4})(?:-(\d{1,4}))?$/.exec(part) ?? [];
    if (first === '' || Number(last) < Number(first) || Number(last) >= CPUS_MAX) throw new ConfigError(line, `"${part}" is no processor, range or mask such as 0,2-4 or 0x8f`);
    return Array.from({ length: Number(last) - Number(first) + 1 }, (_, i) => Number(first) + i);
  });
}

function limit(words: readonly string[], line: number): readonly [string, string] {
  const [flag = '', value = ''] = words;
  const name = flag.startsWith('-') ? LIMITS[flag.slice(1)] : Object.values(LIMITS).find((known) => flag === `RLIMIT_${known}`);
  if (words.length !== 2 || name === undefined) throw new ConfigError(line, `ulimit takes one of -${Object.keys(LIMITS).join(' -')} or a name such as RLIMIT_NOFILE, and a value`);
  const infinite = value === 'infinity' || value === 'unlimited';
  if (!infinite && !/^\d{1,18}$/.test(value)) throw new ConfigError(line, `"${value}" is no limit: a number, infinity or unlimited`);
  if (infinite && name === 'NOFILE') throw new ConfigError(line, 'the number of open files must be finite');
  return [name, infinite ? 'infinity' : value];
}

function bounce(words: readonly string[], line: number): number {
  const [, count = '', unit = ''] = /^(\d{1,9})([smhd])$/.exec(words[1] ?? '') ?? [];
  if (words.length !== 2 || words[0] !== 'every' || Number(count) === 0) throw new ConfigError(line, 'bounce takes "every" and a time such as 30s, 10m, 6h or 1d');
  return Number(count) * (SECONDS[unit] as number);
}

function destination(url: string, line: number): Destination {
  const [, host = '', port = '', through] = /^udp:\/\/([^:@/]+):(\d{1,5})(?:@(.+))?$/.exec(url) ?? [];
  if (host === '' || Number(port) === 0 || Number(port) > 65_535) throw new ConfigError(line, `"${url}" is no address such as udp://127.0.0.1:9999`);
  return { host, port: Number(port), through: through ?? null };
}
