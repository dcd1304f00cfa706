/**
 * Where unit files are looked for, first wins. Source: systemd.unit(5), "UNIT FILE LOAD PATH"; Heartwood's own directories
 * stand before systemd's of the same rank.
 */

export interface LoadPathOptions {
  readonly mode: 'system' | 'user';
  /** Of a user's manager: only what holds for all users. */
  readonly forAllUsers?: boolean;
  /** `--unit-path`: replaces the built-in path; with a trailing `:` the built-in one follows. Null = not given. */
  readonly unitPath: string | null;
  /** The directory of shipped units of this mode, in place of /usr/lib/heartwood/…; null = the installed one. */
  readonly shippedUnits: string | null;
  /** Directory of generated units of normal rank; those of first and last rank lie beside it as `.early` and `.late`. null = none. */
  readonly generatorDirectory: string | null;
  /** Generators are run although `unitPath` replaces the built-in path. */
  readonly generatorsAskedFor?: boolean;
  /** For the user's directories: HOME, XDG_CONFIG_HOME, XDG_DATA_HOME, XDG_RUNTIME_DIR, XDG_DATA_DIRS. */
  readonly environment: Readonly<Record<string, string | undefined>>;
}

export interface LoadPath {
  /** All directories, most important first, without trailing slashes and duplicates. They need not exist. */
  readonly directories: readonly string[];
  /** Where `enable` and `mask` write: for good, and with `--runtime` until the next boot. */
  readonly configurationDirectory: string;
  readonly runtimeDirectory: string;
  /** Where set-property writes; null = the load path has no such directories. */
  readonly controlDirectories: ControlDirectories | null;
  readonly generatorDirectory: string | null;
}

/** Settings made by programs are kept apart from those of people, and come before them. */
export interface ControlDirectories {
  /** /etc/systemd/system.control */
  readonly lasting: string;
  /** /run/systemd/system.control */
  readonly runtime: string;
}

/** The load path of a manager or of an offline verb. */
export function buildLoadPath(options: LoadPathOptions): LoadPath {
  const builtIn = options.mode === 'system' ? systemPath(options) : options.forAllUsers === true ? allUsersPath(options) : userPath(options);
  return {
    directories: unique(withOverride(builtIn.directories, options)),
    configurationDirectory: builtIn.configurationDirectory,
    runtimeDirectory: builtIn.runtimeDirectory,
    controlDirectories: builtIn.controlDirectories,
    generatorDirectory: options.generatorDirectory,
  };
}

function withOverride(builtIn: readonly string[], { unitPath, generatorDirectory, generatorsAskedFor }: LoadPathOptions): readonly string[] {
  if (unitPath === null || unitPath === '') return builtIn;
  const given = unitPath.split(':').filter((each) => each !== '');
  if (unitPath.endsWith(':')) return [...given, ...builtIn];
  return generatorsAskedFor === true && generatorDirectory !== null
    ? [`${generatorDirectory}.early`, ...given, generatorDirectory, `${generatorDirectory}.late`] : given;
}

/** Whether the built-in load path is in force, alone or after directories that were given. */
export function usesBuiltInPath(unitPath: string | null): boolean {
  return unitPath === null || unitPath === '' || unitPath.endsWith(':');
}

type BuiltIn = Omit<LoadPath, 'generatorDirectory'>;

function optional(directory: string | null, rank = ''): readonly string[] {
  return directory === null ? [] : [`${directory}${rank}`];
}

function systemPath(options: LoadPathOptions): BuiltIn {
  const controlDirectories = { lasting: '/etc/systemd/system.control', runtime: '/run/systemd/system.control' };
  return {
    directories: [
      controlDirectories.lasting, controlDirectories.runtime,
      ...optional(options.generatorDirectory, '.early'),
      '/etc/heartwood/system', '/run/heartwood/system',
      '/etc/systemd/system', '/run/systemd/system',
      ...optional(options.generatorDirectory),
      '/usr/local/lib/systemd/system',
      options.shippedUnits ?? '/usr/lib/heartwood/system',
      '/usr/lib/systemd/system', '/lib/systemd/system',
      ...optional(options.generatorDirectory, '.late'),
    ],
    configurationDirectory: '/etc/systemd/system',
    runtimeDirectory: '/run/systemd/system',
    controlDirectories,
  };
}

function allUsersPath({ shippedUnits }: LoadPathOptions): BuiltIn {
  return {
    directories: [
      '/etc/heartwood/user', '/etc/systemd/user', '/run/heartwood/user', '/run/systemd/user', ...USER_VENDOR_DIRECTORIES,
      shippedUnits ?? '/usr/lib/heartwood/user', '/usr/lib/systemd/user', '/lib/systemd/user',
    ],
    configurationDirectory: '/etc/systemd/user',
    runtimeDirectory: '/run/systemd/user',
    controlDirectories: null,
  };
}

const USER_VENDOR_DIRECTORIES: readonly string[] = ['/usr/local/share/systemd/user', '/usr/share/systemd/user', '/usr/local/lib/systemd/user'];

function userPath(options: LoadPathOptions): BuiltIn {
  const { environment } = options;
  const home = environment['HOME'] ?? '/';
  const configurationHome = environment['XDG_CONFIG_HOME'] ?? `${home}/.config`;
  const dataHome = environment['XDG_DATA_HOME'] ?? `${home}/.local/share`;
  const runtime = environment['XDG_RUNTIME_DIR'];
  const controlDirectories = { lasting: `${configurationHome}/systemd/user.control`, runtime: `${runtime ?? '/run'}/systemd/user.control` };
  const ofRuntime = runtime === undefined ? [] : [`${runtime}/heartwood/user`, `${runtime}/systemd/user`];
  return {
    directories: [
      controlDirectories.lasting, controlDirectories.runtime,
      ...optional(options.generatorDirectory, '.early'),
      `${configurationHome}/heartwood/user`, `${configurationHome}/systemd/user`,
      '/etc/heartwood/user', '/etc/systemd/user',
      ...ofRuntime,
      '/run/heartwood/user', '/run/systemd/user',
      ...optional(options.generatorDirectory),
      `${dataHome}/heartwood/user`, `${dataHome}/systemd/user`,
      ...USER_VENDOR_DIRECTORIES,
      options.shippedUnits ?? '/usr/lib/heartwood/user',
      '/usr/lib/systemd/user', '/lib/systemd/user',
      ...optional(options.generatorDirectory, '.late'),
    ],
    configurationDirectory: `${configurationHome}/systemd/user`,
    runtimeDirectory: runtime === undefined ? '/run/systemd/user' : `${runtime}/systemd/user`,
    controlDirectories,
  };
}

function unique(directories: readonly string[]): readonly string[] {
  return [...new Set(directories.map((each) => (each === '/' ? each : each.replace(/\/+$/, ''))))];
}
