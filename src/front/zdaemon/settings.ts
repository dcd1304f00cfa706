/** All that a run of zdaemon goes by: options, else the configuration file, else the defaults. */
import { accessSync, constants, readFileSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseConfiguration, readYesNo, splitList, type Configuration, type LogTarget, type RunnerKey } from './configuration.ts';
import { UsageError, type CommandLine } from './options.ts';
import { SyntaxProblem } from './sectioned-text.ts';

export interface Settings {
  readonly configFile: string | null;
  /** Empty when none was given. */
  readonly program: readonly string[];
  readonly startTestProgram: readonly string[];
  /** Absolute. */
  readonly socketName: string;
  readonly daemon: boolean;
  /** Absolute, or null. */
  readonly directory: string | null;
  readonly backoffLimit: number;
  readonly forever: boolean;
  readonly exitCodes: readonly number[];
  readonly user: string | null;
  readonly umask: string;
  readonly defaultToInteractive: boolean;
  readonly hangAround: boolean;
  readonly logfile: string | null;
  readonly transcript: string | null;
  readonly prompt: string;
  readonly startTimeoutSeconds: number;
  readonly stopTimeoutSeconds: number;
  readonly environment: Readonly<Record<string, string>>;
  readonly eventLog: readonly LogTarget[];
}

const NO_CONFIGURATION: Configuration = { runner: new Map(), environment: new Map(), eventLog: null };
/** A configuration on a web server is a small file. */
const FETCH_LIMIT_MSEC = 10_000;

/** @throws UsageError */
export async function readSettings({ configFile, overrides }: CommandLine): Promise<Settings> {
  const configuration = configFile === null ? NO_CONFIGURATION : await readConfigurationFile(configFile);
  const text = (key: RunnerKey): string | null => overrides.get(key) ?? configuration.runner.get(key) ?? null;
  const flag = (key: RunnerKey, fallback: boolean): boolean => readYesNo(text(key) ?? '') ?? fallback;
  const path = (key: RunnerKey): string | null => {
    const value = text(key);
    return value === null ? null : resolve(value);
  };
  const words = (key: RunnerKey): readonly string[] => (text(key) ?? '').split(/\s+/).filter((word) => word !== '');
  return {
    configFile,
    program: words('program'), startTestProgram: words('start-test-program'), socketName: resolve(text('socket-name') ?? 'zdsock'),
    daemon: flag('daemon', true), directory: path('directory'), backoffLimit: Number(text('backoff-limit') ?? '10'), forever: flag('forever', false),
    exitCodes: splitList(text('exit-codes') ?? '0,2').map(Number), user: ownUser(text('user')), umask: text('umask') ?? '022',
    defaultToInteractive: flag('default-to-interactive', true), hangAround: flag('hang-around', false), logfile: path('logfile'), transcript: path('transcript'),
    prompt: text('prompt') ?? 'zdaemon>', startTimeoutSeconds: Number(text('start-timeout') ?? '300'), stopTimeoutSeconds: Number(text('stop-timeout') ?? '300'),
    environment: Object.fromEntries(configuration.environment),
    eventLog: (configuration.eventLog ?? []).map((target) => (target.path === 'STDOUT' || target.path === 'STDERR' ? target : { ...target, path: resolve(target.path) })),
  };
}

async function readConfigurationFile(name: string): Promise<Configuration> {
  let text: string;
  try {
    text = /^https?:/.test(name) ? await fetchText(name) : readFileSync(name.startsWith('file:') ? fileURLToPath(name) : name, 'utf8');
  } catch (error) {
    throw new UsageError(`the configuration ${name} cannot be read: ${(error as Error).message}`);
  }
  try {
    return parseConfiguration(text);
  } catch (error) {
    if (error instanceof SyntaxProblem) throw new UsageError(`${name}:${String(error.line)}: ${error.message}`);
    throw error;
  }
}

async function fetchText(url: string): Promise<string> {
  const response = await fetch(url, { signal: AbortSignal.timeout(FETCH_LIMIT_MSEC) });
  if (!response.ok) throw new Error(`the server answered ${String(response.status)}`);
  return response.text();
}

/** null when nothing is to be changed. @throws UsageError for a user that cannot be changed to */
function ownUser(user: string | null): string | null {
  if (user === null) return null;
  const line = readFileSync('/etc/passwd', 'utf8').split('\n').map((each) => each.split(':')).find(([name, , uid]) => name === user || uid === user);
  if (line === undefined) throw new UsageError(`the user ${user} is not known`);
  const own = process.getuid?.() ?? 0;
  if (Number(line[2]) === own) return null;
  if (own !== 0) throw new UsageError('only root can use -u USER to change users');
  return line[0] ?? null;
}

/** The absolute path of the program. @throws UsageError when it is not there or cannot be executed */
export function findProgram(settings: Settings): string {
  const [name] = settings.program;
  if (name === undefined) throw new UsageError('no program specified; use -p or -C');
  const places = name.includes('/') ? [resolve(settings.daemon ? (settings.directory ?? '.') : '.', name)] : (process.env['PATH'] ?? '/usr/bin:/bin').split(':').map((directory) => join(directory === '' ? '.' : directory, name));
  const found = places.filter((place) => statSync(place, { throwIfNoEntry: false })?.isFile() === true);
  if (found.length === 0) throw new UsageError(`can't find program '${name}'`);
  const usable = found.find((place) => {
    try {
      accessSync(place, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
  if (usable === undefined) throw new UsageError(`no permission to run program '${name}'`);
  return resolve(usable);
}

/** As the program calls itself in messages. */
export function programLine(settings: Settings): string {
  return settings.program.join(' ');
}
