/**
 * Command line options: one table for all verbs, as systemctl(1) has it. An option that means nothing to a verb is accepted, so that
 * scripts written for systemctl keep working.
 *
 * Grammar: options and words in any order; `--name=value`, `--name value`, `-n5`, `-n 5`, `-qa`; `--` ends the options.
 */
import { parseBoolean } from '../core/unit-file/value/number.ts';

interface OptionRow {
  readonly short?: string;
  /** What stands for the value in help; without it the option is a flag. */
  readonly value?: string;
  readonly summary: string;
}

export const OPTIONS = {
  json: { summary: 'Print JSON' },
  user: { summary: 'Talk to the manager of the calling user' },
  system: { summary: 'Talk to the system manager' },
  socket: { value: 'PATH', summary: 'Control socket to use' },
  root: { value: 'DIR', summary: 'Work on the unit files below DIR, without a manager' },
  help: { short: 'h', summary: 'Show help' },
  version: { summary: 'Show the version' },
  'no-block': { summary: 'Do not wait until the jobs are done' },
  wait: { summary: 'Wait until the started units have ended again' },
  save: { value: 'FILE', summary: 'Also write the plan to FILE, for apply' },
  'not-started': { summary: 'Units that are down, each with the reason' },
  fail: { summary: 'As --job-mode=fail' },
  irreversible: { summary: 'As --job-mode=replace-irreversibly' },
  'ignore-dependencies': { summary: 'As --job-mode=ignore-dependencies' },
  'job-mode': { value: 'MODE', summary: 'What to do with jobs that are in the way: replace, fail, isolate, …' },
  'show-transaction': { short: 'T', summary: 'Print the jobs that were queued' },
  property: { short: 'p', value: 'NAME', summary: 'Show only this property (also a list with commas)' },
  P: { short: 'P', value: 'NAME', summary: 'As --value --property=NAME' },
  value: { summary: 'Print values without names' },
  all: { short: 'a', summary: 'Also what is inactive or empty' },
  quiet: { short: 'q', summary: 'Print nothing but errors' },
  full: { short: 'l', summary: 'Do not shorten' },
  type: { short: 't', value: 'TYPE', summary: 'Only units of this type' },
  'show-types': { summary: 'Also the type of each socket' },
  state: { value: 'STATE', summary: 'Only units in this load, active or sub-state' },
  failed: { summary: 'As --state=failed' },
  'no-legend': { summary: 'No header and footer' },
  legend: { value: 'BOOL', summary: 'Print header and footer' },
  'no-pager': { summary: 'No pager (there is none)' },
  plain: { summary: 'No dots, no tree' },
  now: { summary: 'Also start or stop the unit' },
  runtime: { summary: 'Until the next boot only' },
  global: { summary: 'For all users' },
  force: { short: 'f', summary: 'Replace what is in the way; twice: without stopping units' },
  signal: { short: 's', value: 'SIGNAL', summary: 'Signal to send' },
  'kill-whom': { value: 'WHOM', summary: 'Which processes: all, main or control' },
  'kill-who': { value: 'WHOM', summary: 'As --kill-whom' },
  'kill-value': { value: 'N', summary: 'Send the signal with this number' },
  lines: { short: 'n', value: 'N', summary: 'Lines of log to show' },
  follow: { summary: 'Go on with new lines' },
  output: { short: 'o', value: 'FORMAT', summary: 'Format of log lines: short, short-iso, cat, json, …' },
  since: { short: 'S', value: 'TIME', summary: 'Lines from this time on' },
  until: { short: 'U', value: 'TIME', summary: 'Lines up to this time' },
  priority: { value: 'LEVEL', summary: 'Lines of this priority and above' },
  unit: { short: 'u', value: 'UNIT', summary: 'Lines of this unit' },
  grep: { short: 'g', value: 'TEXT', summary: 'Lines that contain this' },
  invocation: { value: 'ID', summary: 'Lines of this activation' },
  boot: { short: 'b', summary: 'Lines since the last boot' },
  reverse: { short: 'r', summary: 'The other direction' },
  after: { summary: 'What is ordered before the unit' },
  before: { summary: 'What is ordered after the unit' },
  'with-dependencies': { summary: 'Also the units it depends on' },
  'dry-run': { summary: 'Only say what would be done' },
  'no-reload': { summary: 'Do not reload the manager afterwards' },
  'no-warn': { summary: 'No warning about units without [Install]' },
  'no-wall': { summary: 'No message to users' },
  'no-ask-password': { summary: 'Accepted and ignored' },
  'exit-code': { value: 'N', summary: 'Exit status of the manager' },
  host: { short: 'H', value: 'HOST', summary: 'Another machine (through ssh)' },
  machine: { short: 'M', value: 'NAME', summary: 'A container' },
  'what': { value: 'KIND', summary: 'What to clean' },
  recursive: { summary: 'Also of containers' },
  'preset-mode': { value: 'MODE', summary: 'full, enable-only or disable-only' },
  'timestamp': { value: 'STYLE', summary: 'pretty, us, utc, us+utc or unix' },
  'console': { summary: 'The prompt ends the manager when it ends' },
  'check-inhibitors': { value: 'MODE', summary: 'Accepted and ignored' },
  'ignore-inhibitors': { short: 'i', summary: 'Accepted and ignored' },
  'read-only': { summary: 'The bind mount is read-only' },
  mkdir: { summary: 'Make the place for the mount' },
  when: { value: 'TIME', summary: 'Not supported: shutdown(8) does it later' },
  'firmware-setup': { summary: 'Not supported' },
  'boot-loader-menu': { value: 'SPAN', summary: 'Not supported' },
  'boot-loader-entry': { value: 'NAME', summary: 'Not supported' },
  'reboot-argument': { value: 'TEXT', summary: 'Not supported' },
  marked: { summary: 'Not supported: units bear no marks' },
  image: { value: 'FILE', summary: 'Not supported: mount it and use --root' },
  'image-policy': { value: 'POLICY', summary: 'Not supported' },
  iterations: { value: 'N', summary: 'How many times to show' },
  'base-time': { value: 'TIME', summary: 'Count from this time instead of now' },
  suffix: { value: 'TYPE', summary: 'Append this unit type' },
  template: { value: 'NAME', summary: 'The text is the instance of this template' },
  instance: { summary: 'Print the instance of a unit name' },
  unescape: { summary: 'Undo the escaping' },
  mangle: { summary: 'Make a unit name of whatever it is' },
  path: { summary: 'The text is a path' },
  description: { value: 'TEXT', summary: 'Description of the unit' },
  slice: { value: 'SLICE', summary: 'Slice to run in' },
  uid: { value: 'USER', summary: 'Run as this user' },
  gid: { value: 'GROUP', summary: 'Run as this group' },
  nice: { value: 'NICE', summary: 'Nice level to run at' },
  setenv: { short: 'E', value: 'NAME[=VALUE]', summary: 'Set a variable of the environment, or pass on the own one' },
  'working-directory': { value: 'PATH', summary: 'Directory to run in' },
  'same-dir': { short: 'd', summary: 'Run in the present directory' },
  'service-type': { value: 'TYPE', summary: 'Type of the service' },
  'remain-after-exit': { summary: 'The unit stays active when the command has ended' },
  'send-sighup': { summary: 'Also send SIGHUP when the unit is stopped' },
  'expand-environment': { value: 'BOOL', summary: 'Whether $NAME in the command line is replaced' },
  collect: { short: 'G', summary: 'Forget the unit also when it failed' },
  to: { value: 'TARGET', summary: 'Where lines go: file:PATH, status:PATH, command:LINE, udp:, syslog: or gelf:HOST:PORT, or -' },
  layout: { value: 'LAYOUT', summary: 'How a line looks: letters of strftime, %{message} and the like; go:LAYOUT' },
  exclude: { value: 'PATTERN', summary: 'Not the lines that match this' },
  'cursor-file': { value: 'PATH', summary: 'Keep here what was copied, and go on there' },
  utc: { summary: 'Times in UTC' },
  survive: { value: 'SPAN', summary: 'Time the new unit has to live before the old one goes (default 0)' },
  watch: { summary: 'Go on, and take over every change' },
  'drop-in': { value: 'NAME', summary: 'Name of the drop-in file instead of override.conf' },
  stdin: { summary: 'Take the new text from standard input instead of an editor' },
  keep: { summary: 'Write unit files that stay' },
  scope: { summary: 'The command is started by this one, in a scope of its own' },
  pty: { summary: 'The command gets a terminal of its own, which is joined to this one; wait for its end' },
  shell: { summary: 'Run a shell on a terminal, in the present directory' },
  'detach-keys': { value: 'KEYS', summary: 'Keys that leave the terminal, as ^P^Q; none; default ^]^]^]' },
  pipe: { summary: "The command gets this command's standard streams; wait for its end" },
  'on-active': { value: 'SPAN', summary: 'Run after this time' },
  'on-boot': { value: 'SPAN', summary: "Run this long after the machine's start" },
  'on-startup': { value: 'SPAN', summary: "Run this long after the manager's start" },
  'on-unit-active': { value: 'SPAN', summary: 'Run this long after the last start' },
  'on-unit-inactive': { value: 'SPAN', summary: 'Run this long after the last end' },
  'on-calendar': { value: 'CALENDAR', summary: 'Run at these times' },
  'on-clock-change': { summary: 'Run when the wall clock is set' },
  'on-timezone-change': { summary: 'Run when the time zone changes' },
  'timer-property': { value: 'NAME=VALUE', summary: 'Setting of the timer' },
  'path-property': { value: 'NAME=VALUE', summary: 'Setting of the path unit that runs the command' },
  units: { value: 'DIR[:DIR…]', summary: 'Folders of unit files to simulate; folder to import into' },
  script: { value: 'FILE', summary: 'What programs do and what happens when' },
  message: { value: 'TEXT', summary: 'Reason for the log' },
  assert: { value: 'CLAIM', summary: 'What must hold afterwards: UNIT=STATE, UNIT.PROPERTY=VALUE, undisturbed' },
  within: { value: 'SPAN', summary: 'Time for it (default 10s)' },
} as const satisfies Readonly<Record<string, OptionRow>>;

export type OptionName = keyof typeof OPTIONS;

/** Values in the order given; a flag has an empty string for each time. */
export type Options = Readonly<Partial<Record<OptionName, readonly string[]>>>;

export interface ParsedArguments {
  readonly words: readonly string[];
  readonly options: Options;
}

/** The row of an option, with what it may lack. */
export function optionRow(name: OptionName): OptionRow {
  return OPTIONS[name];
}

const BY_SHORT: ReadonlyMap<string, OptionName> = new Map(
  (Object.keys(OPTIONS) as OptionName[]).flatMap((name) => {
    const short = optionRow(name).short;
    return short === undefined ? [] : [[short, name] as const];
  }),
);

/** Verbs whose words are a command line from the one of this number on: what follows that word is the command's own. */
const COMMAND_VERBS: ReadonlyMap<string, number> = new Map([['run', 1], ['call', 2]]);

interface Found {
  readonly name: OptionName;
  readonly short: string | null;
  readonly value: string;
}

/**
 * Splits a command line. Which option a short letter is may depend on the verb: behind the verb its own meanings hold. Before it the
 * verb is not known yet, and so a letter that stands there takes a value if it does so in general.
 *
 * @param shortOptionsOf gives a verb's own meanings of short letters
 * @returns a sentence when the command line is wrong
 */
export function parseArguments(
  argv: readonly string[],
  shortOptionsOf: (verb: string) => Readonly<Record<string, OptionName>>,
): ParsedArguments | string {
  const words: string[] = [];
  let own: Readonly<Record<string, OptionName>> = {};
  const found: Found[] = [];
  for (let i = 0; i < argv.length; i++) {
    const argument = argv[i] as string;
    if (argument === '--') {
      words.push(...argv.slice(i + 1));
      break;
    }
    if (argument.startsWith('--')) {
      const equals = argument.indexOf('=');
      const typed = argument.slice(2, equals === -1 ? undefined : equals);
      const name = longOption(typed);
      if (typeof name !== 'string') {
        return name.fitting.length === 0 ? `unrecognized option '${argument}'` : `option '${argument}' is ambiguous; possibilities: ${name.fitting.map((each) => `'--${each}'`).join(' ')}`;
      }
      if (optionRow(name).value === undefined) {
        if (equals !== -1) return `option '--${name}' doesn't allow an argument`;
        found.push({ name, short: null, value: '' });
      } else if (equals !== -1) {
        found.push({ name, short: null, value: argument.slice(equals + 1) });
      } else {
        const value = argv[++i];
        if (value === undefined) return `option '--${name}' requires an argument`;
        found.push({ name, short: null, value });
      }
    } else if (argument.startsWith('-') && argument !== '-') {
      for (let at = 1; at < argument.length; at++) {
        const short = argument[at] as string;
        const name = own[short] ?? BY_SHORT.get(short);
        if (name === undefined) return `invalid option -- '${short}'`;
        if (optionRow(name).value === undefined) {
          found.push({ name, short, value: '' });
          continue;
        }
        const rest = argument.slice(at + 1);
        const value = rest !== '' ? rest : argv[++i];
        if (value === undefined) return `option requires an argument -- '${short}'`;
        found.push({ name, short, value });
        break;
      }
    } else {
      if (words.length === 0) own = shortOptionsOf(argument);
      words.push(argument);
      // What follows the command's name is the command's.
      if (words.length > (COMMAND_VERBS.get(words[0] as string) ?? Infinity)) {
        // Who is used to it says where options end.
        words.push(...argv.slice(words[0] === 'call' && argv[i + 1] === '--' ? i + 2 : i + 1));
        break;
      }
    }
  }
  const options: Partial<Record<OptionName, string[]>> = {};
  for (const { name, short, value } of found) {
    const inVerb = short === null ? undefined : own[short];
    const meant = inVerb !== undefined && optionRow(inVerb).value === undefined === (optionRow(name).value === undefined) ? inVerb : name;
    (options[meant] ??= []).push(value);
  }
  return { words, options };
}

/** Full names, and beginnings of them that fit only one, as getopt_long(3) takes them. */
function longOption(typed: string): OptionName | { readonly fitting: readonly OptionName[] } {
  if (Object.hasOwn(OPTIONS, typed)) return typed as OptionName;
  const fitting = typed === '' ? [] : (Object.keys(OPTIONS) as OptionName[]).filter((name) => name.startsWith(typed));
  return fitting.length === 1 ? (fitting[0] as OptionName) : { fitting };
}

/** Values that are wrong with any verb. @returns a sentence, or null when they are right */
export function checkValues(options: Options): string | null {
  const legend = options.legend?.find((value) => !parseBoolean(value).ok);
  if (legend !== undefined) return `Failed to parse boolean argument to --legend: ${legend}.`;
  const inhibitors = options['check-inhibitors']?.find((value) => !parseBoolean(value).ok && value !== 'auto');
  return inhibitors === undefined ? null : `Failed to parse --check-inhibitors= argument: ${inhibitors}`;
}

export function hasOption(options: Options, name: OptionName): boolean {
  return options[name] !== undefined;
}

/** How often a flag was given. */
export function countOption(options: Options, name: OptionName): number {
  return options[name]?.length ?? 0;
}

/** The last value given. */
export function optionText(options: Options, name: OptionName): string | null {
  return options[name]?.at(-1) ?? null;
}

/** All values, each also split at commas, as `--type=service,target`. */
export function optionList(options: Options, name: OptionName): readonly string[] {
  return (options[name] ?? []).flatMap((value) => value.split(',')).filter((value) => value !== '');
}
