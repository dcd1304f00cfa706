/** What a configuration file of zdaemon says: the sections runner, environment and eventlog, and the types of their keys. Pure. */
import { parseSections, SyntaxProblem, type Entry, type Section } from './sectioned-text.ts';

export interface LogTarget {
  /** A path, or the words STDOUT and STDERR. */
  readonly path: string;
  /** The least urgent level it gets; Python's numbers. */
  readonly level: number;
  /** Python's `%(message)s` and so on. */
  readonly format: string;
  /** As strftime(3). */
  readonly dateFormat: string;
}

/** Keys of the runner section, as texts that were checked. */
export type RunnerKeys = ReadonlyMap<RunnerKey, string>;

export interface Configuration {
  readonly runner: RunnerKeys;
  readonly environment: ReadonlyMap<string, string>;
  /** null = there is no eventlog section. */
  readonly eventLog: readonly LogTarget[] | null;
}

const TEXT = (value: string): string | null => (value === '' ? 'wants a value' : null);
const WHOLE = (least: number) => (value: string): string | null => (/^\d{1,9}$/.test(value) && Number(value) >= least ? null : `wants a whole number from ${String(least)} on, not "${value}"`);
const YES_NO = (value: string): string | null => (readYesNo(value) === null ? `wants yes or no, not "${value}"` : null);

/** Each key with what is wrong with a value; null = nothing. */
const RUNNER_KEYS = {
  program: TEXT, 'start-test-program': TEXT, 'socket-name': TEXT, directory: TEXT, user: TEXT, logfile: TEXT, transcript: TEXT, prompt: TEXT,
  daemon: YES_NO, forever: YES_NO, 'default-to-interactive': YES_NO, 'hang-around': YES_NO,
  'backoff-limit': WHOLE(1), 'start-timeout': WHOLE(1), 'stop-timeout': WHOLE(1),
  umask: (value: string): string | null => (/^0*[0-7]{1,3}$/.test(value) ? null : `wants an octal number from 000 to 777, not "${value}"`),
  'exit-codes': (value: string): string | null => (splitList(value).every((word) => /^\d{1,3}$/.test(word) && Number(word) <= 255) ? null : `wants numbers from 0 to 255 with commas between, not "${value}"`),
  // For old files; they change nothing.
  python: TEXT, zdrun: TEXT, schema: TEXT,
} as const;
export type RunnerKey = keyof typeof RUNNER_KEYS;

const LEVELS: Readonly<Record<string, number>> = { critical: 50, fatal: 50, error: 40, warn: 30, warning: 30, info: 20, blather: 15, debug: 10, trace: 5, all: 1, notset: 0 };
const DEFAULT_LEVEL = 20;
const DEFAULT_FORMAT = '------\n%(asctime)s %(levelname)s %(name)s %(message)s';
const DEFAULT_DATE_FORMAT = '%Y-%m-%dT%H:%M:%S';

export function readYesNo(value: string): boolean | null {
  if (/^(yes|true|on|1)$/i.test(value)) return true;
  return /^(no|false|off|0)$/i.test(value) ? false : null;
}

export function splitList(value: string): readonly string[] {
  return value.split(/[\s,]+/).filter((word) => word !== '');
}

export function isRunnerKey(key: string): key is RunnerKey {
  return Object.hasOwn(RUNNER_KEYS, key);
}

/** @returns what is wrong with the value, or null */
export function valueProblem(key: RunnerKey, value: string): string | null {
  return RUNNER_KEYS[key](value);
}

/** @throws SyntaxProblem */
export function parseConfiguration(text: string): Configuration {
  const root = parseSections(text);
  const stray = root.entries[0];
  if (stray !== undefined) throw new SyntaxProblem(stray.line, `${stray.key} stands outside of all sections; <runner>, <environment> and <eventlog> are known`);
  const sections = new Map<string, Section>();
  for (const section of root.sections) {
    if (!['runner', 'environment', 'eventlog'].includes(section.type)) throw new SyntaxProblem(section.line, `<${section.type}> is not known; there are <runner>, <environment> and <eventlog>`);
    if (sections.has(section.type)) throw new SyntaxProblem(section.line, `there is a <${section.type}> already`);
    sections.set(section.type, section);
  }
  const runner = sections.get('runner');
  const inner = runner?.sections.find(({ type }) => type === 'eventlog');
  const strange = runner?.sections.find(({ type }) => type !== 'eventlog' && type !== 'environment');
  if (strange !== undefined) throw new SyntaxProblem(strange.line, `<${strange.type}> is not known in <runner>`);
  const environment = sections.get('environment') ?? runner?.sections.find(({ type }) => type === 'environment');
  const eventLog = inner ?? sections.get('eventlog');
  return {
    runner: readRunner(runner),
    environment: new Map(environment?.entries.map(readVariable) ?? []),
    eventLog: eventLog === undefined ? null : readEventLog(eventLog),
  };
}

function readRunner(section: Section | undefined): RunnerKeys {
  const keys = new Map<RunnerKey, string>();
  for (const { key: written, value, line } of section?.entries ?? []) {
    const key = written.toLowerCase();
    if (!isRunnerKey(key)) throw new SyntaxProblem(line, `${written} is not a key of <runner>; there are ${Object.keys(RUNNER_KEYS).join(', ')}`);
    if (keys.has(key)) throw new SyntaxProblem(line, `${key} is there twice`);
    const problem = valueProblem(key, value);
    if (problem !== null) throw new SyntaxProblem(line, `${key} ${problem}`);
    keys.set(key, value);
  }
  return keys;
}

function readVariable({ key, value, line }: Entry): readonly [string, string] {
  if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(key)) throw new SyntaxProblem(line, `${key} is no name of a variable`);
  return [key, value];
}

function readEventLog(section: Section): readonly LogTarget[] {
  let level = DEFAULT_LEVEL;
  for (const { key, value, line } of section.entries) {
    if (key.toLowerCase() !== 'level') throw new SyntaxProblem(line, `${key} is not a key of <eventlog>; there is level`);
    level = readLevel(value, line);
  }
  return section.sections.map((target) => {
    if (target.type !== 'logfile') throw new SyntaxProblem(target.line, `<${target.type}> is not known in <eventlog>; there is <logfile>`);
    const keys = new Map(target.entries.map((entry) => [entry.key.toLowerCase(), entry]));
    for (const { key, line } of target.entries) if (!['path', 'level', 'format', 'dateformat', 'max-size', 'old-files', 'when', 'interval', 'encoding', 'delay'].includes(key.toLowerCase())) throw new SyntaxProblem(line, `${key} is not a key of <logfile>`);
    const path = keys.get('path')?.value ?? '';
    if (path === '') throw new SyntaxProblem(target.line, '<logfile> wants a path');
    const own = keys.get('level');
    return {
      path, level: Math.max(level, own === undefined ? 0 : readLevel(own.value, own.line)),
      format: (keys.get('format')?.value ?? DEFAULT_FORMAT).replaceAll('\\n', '\n').replaceAll('\\t', '\t'), dateFormat: keys.get('dateformat')?.value ?? DEFAULT_DATE_FORMAT,
    };
  });
}

function readLevel(value: string, line: number): number {
  const level = /^\d{1,2}$/.test(value) ? Number(value) : LEVELS[value.toLowerCase()];
  if (level === undefined) throw new SyntaxProblem(line, `"${value}" is no level; there are ${Object.keys(LEVELS).join(', ')}`);
  return level;
}
