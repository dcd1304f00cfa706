/** The command line of zdaemon: options over the configuration file, then the command. */
import { isRunnerKey, valueProblem, type RunnerKey } from './configuration.ts';

/** Wrong usage or configuration: exit status 2. */
export class UsageError extends Error {}

export interface CommandLine {
  readonly configFile: string | null;
  /** From options and -X. */
  readonly overrides: ReadonlyMap<RunnerKey, string>;
  readonly interactive: boolean;
  readonly only: 'help' | 'version' | null;
  readonly words: readonly string[];
}

interface Spec { readonly short: string; readonly long: string; readonly key: RunnerKey | null; readonly takesValue: boolean; readonly what: string }

const SPECS: readonly Spec[] = [
  { short: 'C', long: 'configure', key: null, takesValue: true, what: 'FILE  the configuration, a file or a URL' },
  { short: 'S', long: 'schema', key: null, takesValue: true, what: 'FILE  accepted, of no effect' },
  { short: 'X', long: 'option', key: null, takesValue: true, what: 'KEY=VALUE  a key of the configuration\'s <runner>, with another value; needs -C' },
  { short: 'b', long: 'backoff-limit', key: 'backoff-limit', takesValue: true, what: 'SECONDS  give up when the delay between restarts gets there (10)' },
  { short: 'd', long: 'daemon', key: 'daemon', takesValue: false, what: '  run in the background (as by default)' },
  { short: 'f', long: 'forever', key: 'forever', takesValue: false, what: '  never give up' },
  { short: 'h', long: 'help', key: null, takesValue: false, what: '  print this and exit' },
  { short: 'i', long: 'interactive', key: null, takesValue: false, what: '  ask for commands' },
  { short: 'l', long: 'logfile', key: 'logfile', takesValue: true, what: 'FILE  what logtail shows' },
  { short: 'm', long: 'umask', key: 'umask', takesValue: true, what: 'UMASK  of the program, octal (022)' },
  { short: 'p', long: 'program', key: 'program', takesValue: true, what: 'PROGRAM  the program and its arguments, with blanks between' },
  { short: 's', long: 'socket-name', key: 'socket-name', takesValue: true, what: 'PATH  of the socket for commands (zdsock)' },
  { short: 't', long: 'transcript', key: 'transcript', takesValue: true, what: 'FILE  what the program prints is appended there' },
  { short: 'T', long: 'start-timeout', key: 'start-timeout', takesValue: true, what: 'SECONDS  how long a start may take (300)' },
  { short: 'u', long: 'user', key: 'user', takesValue: true, what: 'USER  run as this user; root only' },
  { short: 'x', long: 'exit-codes', key: 'exit-codes', takesValue: true, what: 'LIST  exit statuses after which the program is not restarted (0,2)' },
  { short: 'z', long: 'directory', key: 'directory', takesValue: true, what: 'DIRECTORY  where the program runs' },
  { short: '', long: 'version', key: null, takesValue: false, what: '  print the version and exit' },
];

export const USAGE = `zdaemon -- run a program as a daemon

Usage: zdaemon [options] [command [arguments]]

Options:
${SPECS.map(({ short, long, what }) => `${short === '' ? '   ' : `-${short},`} --${long} ${what}`.trimEnd()).join('\n')}

Commands: start stop restart status kill foreground reopen_transcript logreopen logtail wait show help quit
Without a command it asks for commands. "zdaemon help COMMAND" tells more.
`;

/** @throws UsageError */
export function readCommandLine(argv: readonly string[]): CommandLine {
  const rest = [...argv];
  const given = new Map<string, string>();
  const extra: [string, string][] = [];
  let only: CommandLine['only'] = null;
  let interactive = false;
  const take = (spec: Spec, value: string): void => {
    if (spec.long === 'help') only ??= 'help';
    else if (spec.long === 'version') only ??= 'version';
    else if (spec.long === 'interactive') interactive = true;
    else if (spec.long === 'option') extra.push(splitOverride(value));
    else {
      const before = given.get(spec.long);
      if (before !== undefined && before !== value) throw new UsageError(`conflicting command line option '-${spec.short}': ${before} and ${value}`);
      given.set(spec.long, value);
    }
  };
  for (let word = rest[0]; word !== undefined && word.startsWith('-') && word !== '-'; word = rest[0]) {
    rest.shift();
    if (word === '--') break;
    if (word.startsWith('--')) takeLong(word.slice(2), rest, take);
    else takeShort(word.slice(1), rest, take);
  }
  const configFile = given.get('configure') ?? null;
  if (extra.length > 0 && configFile === null) throw new UsageError('-X needs a configuration file (-C)');
  const overrides = new Map<RunnerKey, string>();
  const set = (key: RunnerKey, value: string, option: string): void => {
    const problem = valueProblem(key, value);
    if (problem !== null) throw new UsageError(`option ${option} ${problem}`);
    overrides.set(key, value);
  };
  for (const [key, value] of extra) {
    if (!isRunnerKey(key)) throw new UsageError(`-X ${key}=: there is no such key in <runner>`);
    set(key, value, `-X ${key}`);
  }
  for (const { short, long, key, takesValue } of SPECS) {
    const value = given.get(long);
    if (key !== null && value !== undefined) set(key, takesValue ? value : 'yes', `-${short}`);
  }
  return { configFile, overrides, interactive, only, words: rest };
}

type Take = (spec: Spec, value: string) => void;

function takeLong(text: string, rest: string[], take: Take): void {
  const [name = '', ...values] = text.split('=');
  const found = SPECS.filter(({ long }) => long === name || long.startsWith(name));
  const spec = found.find(({ long }) => long === name) ?? (found.length === 1 ? found[0] : undefined);
  if (spec === undefined) throw new UsageError(`option --${name} not ${found.length > 1 ? 'a unique prefix' : 'recognized'}`);
  if (!spec.takesValue) {
    if (values.length > 0) throw new UsageError(`option --${spec.long} must not have an argument`);
    take(spec, '');
    return;
  }
  const value = values.length > 0 ? values.join('=') : rest.shift();
  if (value === undefined) throw new UsageError(`option --${spec.long} requires argument`);
  take(spec, value);
}

function takeShort(letters: string, rest: string[], take: Take): void {
  for (let i = 0; i < letters.length; i++) {
    const spec = SPECS.find(({ short }) => short === letters[i]);
    if (spec === undefined) throw new UsageError(`option -${letters[i] ?? ''} not recognized`);
    if (!spec.takesValue) {
      take(spec, '');
      continue;
    }
    const value = i + 1 < letters.length ? letters.slice(i + 1) : rest.shift();
    if (value === undefined) throw new UsageError(`option -${spec.short} requires argument`);
    take(spec, value);
    return;
  }
}

/** `key=value`, or `runner/key=value`. */
function splitOverride(text: string): [string, string] {
  const match = /^(?:runner\/)?([^=/]+)=([^]*)$/.exec(text);
  if (match === null) throw new UsageError(`-X wants KEY=VALUE, not "${text}"`);
  return [(match[1] ?? '').toLowerCase(), match[2] ?? ''];
}
