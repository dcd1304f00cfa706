/** The command line of `heartwood`. Pure: words in, options or a complaint out. */

export type Mode = 'system' | 'container' | 'user';

export interface Options {
  /** null: chosen from pid, environment and uid. */
  readonly mode: Mode | null;
  readonly unit: string | null;
  /** As given: `DIR[:DIR…]`, with a trailing `:` when the built-in path comes after it. */
  readonly unitPath: string | null;
  readonly runtimeDirectory: string | null;
  readonly root: string | null;
  readonly logLevel: string | null;
  readonly logTarget: string | null;
  readonly showStatus: 'auto' | 'yes' | 'no';
  readonly exitWith: string | null;
  readonly test: boolean;
  /** Boot the units of a root directory although a running system has it as well. */
  readonly sharedRoot: boolean;
  /** A manager's state is read from standard input, to see whether this build could go on with it; the value is the manager's mode. */
  readonly checkState: Mode | null;
  /** What comes after `--`; null when there is no `--`. */
  readonly command: readonly string[] | null;
}

export type ParsedOptions =
  | { readonly kind: 'run'; readonly options: Options }
  | { readonly kind: 'help' | 'version' }
  | { readonly kind: 'wrong'; readonly message: string };

export const HELP = `heartwood [OPTION…]            boot units
heartwood [OPTION…] -- CMD …   run one command as the main service, and end with its exit status

PID 1 and service manager for systemd unit files, in a virtual machine, a container or a user session.

  --system                  manage the machine: mounts, hostname, power (default as PID 1 of a machine)
  --container               manage a container (default as PID 1 of one)
  --user                    manage a user's session (default otherwise)
  --unit NAME               the unit to boot (default.target)
  --unit-path DIR[:DIR…]    where units are looked for, the first wins; a trailing ":" keeps the built-in path after it
  --runtime-dir DIR         where the control socket and other short-lived files are
  --root DIR                with --test: look at the units of another root directory
  --log-level LEVEL         emerg alert crit err warning notice info debug, or 0 to 7
  --log-target TARGET       auto, console, kmsg, file:PATH or null
  --show-status WHEN        auto, yes or no: a line on the console for each unit that starts or stops
  --shared-root             boot the units of this root directory even if it is that of a system that runs already
  --exit-with UNIT          end with this unit's exit status when it ends
  --test                    load everything, print what a boot would do, do nothing
  --check-state=MODE        read the state of a running manager from standard input, say what keeps this build from going on
                            with it, do nothing; daemon-reexec asks a new build this way
  --version                 print the version
  --help                    print this

Steer it with initctl. The socket is \$HEARTWOOD_SOCKET, else "control" in the runtime directory.
`;

/** Options that take a value, by name. */
const VALUED = {
  '--unit': 'unit', '--unit-path': 'unitPath', '--runtime-dir': 'runtimeDirectory', '--root': 'root', '--log-level': 'logLevel',
  '--log-target': 'logTarget', '--show-status': 'showStatus', '--exit-with': 'exitWith',
} as const satisfies Readonly<Record<string, keyof Options>>;

const FLAGS: Readonly<Record<string, Partial<Options>>> = {
  '--check-state=system': { checkState: 'system' }, '--check-state=container': { checkState: 'container' }, '--check-state=user': { checkState: 'user' },
  '--system': { mode: 'system' }, '--container': { mode: 'container' }, '--user': { mode: 'user' }, '--test': { test: true },
  '--shared-root': { sharedRoot: true },
};

const DEFAULTS: Options = {
  mode: null, unit: null, unitPath: null, runtimeDirectory: null, root: null, logLevel: null, logTarget: null, showStatus: 'auto', exitWith: null, test: false, sharedRoot: false, checkState: null, command: null,
};

/**
 * @param words       argv without program and script
 * @param lenient     as PID 1 of a machine the kernel hands over words of its own command line: unknown ones are passed over
 */
export function parseOptions(words: readonly string[], lenient = false): ParsedOptions {
  let options: Options = DEFAULTS;
  for (let i = 0; i < words.length; i++) {
    const word = words[i] as string;
    if (word === '--') return withCommand(options, words.slice(i + 1));
    if (word === '--help' || word === '-h') return { kind: 'help' };
    if (word === '--version') return { kind: 'version' };
    const at = word.indexOf('=');
    const name = at === -1 ? word : word.slice(0, at);
    const flag = FLAGS[word];
    const key = Object.hasOwn(VALUED, name) ? VALUED[name as keyof typeof VALUED] : undefined;
    if (flag !== undefined) options = { ...options, ...flag };
    else if (key !== undefined) {
      const value = at === -1 ? words[++i] : word.slice(at + 1);
      if (value === undefined) return { kind: 'wrong', message: `${name} needs a value` };
      options = { ...options, [key]: value };
    } else if (!lenient) return { kind: 'wrong', message: word.startsWith('-') ? `unknown option ${word}` : `"${word}" is no option; a command comes after "--"` };
  }
  return checked(options);
}

function withCommand(options: Options, command: readonly string[]): ParsedOptions {
  return command.length === 0 ? { kind: 'wrong', message: 'a command has to follow "--"' } : checked({ ...options, command });
}

function checked(options: Options): ParsedOptions {
  if (!['auto', 'yes', 'no'].includes(options.showStatus)) return { kind: 'wrong', message: `--show-status is auto, yes or no, not "${options.showStatus}"` };
  if (options.root !== null && !options.test) return { kind: 'wrong', message: '--root is of use with --test only' };
  return { kind: 'run', options };
}
