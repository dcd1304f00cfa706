/** The program `heartwood`: reads its command line, decides how to run, and runs. */
import { accessSync, constants, fstatSync, readFileSync, statSync } from 'node:fs';
import { parse as parseIni } from 'ini';
import type { Fd, UnitName } from '../base/brand.ts';
import { CENTURY_USEC } from '../core/unit-file/time-setting.ts';
import { BUILT_IN_DEFAULTS } from '../core/unit-file/unit-defaults.ts';
import type { ManagerConfig } from '../core/manager/state.ts';
import { isUnitName } from '../core/unit/unit-name.ts';
import { inheritLegacy } from '../host/checkpoint/legacy.ts';
import { openCheckpoint } from '../host/checkpoint/checkpoint.ts';
import { OWN_VARIABLES, restoreEnvironment } from '../host/spawn/inherited-environment.ts';
import { loadNative } from '../host/load-native.ts';
import { readConfiguration } from '../host/manager-configuration.ts';
import { shippedUnitDirectory } from '../host/program-paths.ts';
import { generatorDirectories } from '../host/generators/generator-directories.ts';
import { buildLoadPath, usesBuiltInPath } from '../host/unit-loader/load-path.ts';
import { readSpecifierFacts } from '../host/unit-loader/specifier-facts.ts';
import { readRootEvidence, whyRootIsBorrowed } from './borrowed-root.ts';
import { boot } from './boot.ts';
import type { BootOptions } from './boot.ts';
import { checkState } from './check-state.ts';
import { chooseMode, readSurroundings } from './choose-mode.ts';
import type { ChosenMode } from './choose-mode.ts';
import { exitProcess, powerDown } from './finish.ts';
import { parseKernelCommandLine } from './kernel-command-line.ts';
import type { KernelWishes } from './kernel-command-line.ts';
import { checkLogWishes } from './log-setup.ts';
import { ensureMachineId, mountApiFileSystems, randomId, setHostname, systemEnvironment, takeOverKeyCombination } from './machine-set-up.ts';
import { HELP, parseOptions } from './options.ts';
import type { Options } from './options.ts';
import { COMMAND_FDS, COMMAND_UNIT, commandUnits, isForCommand } from './run-command.ts';
import { loadRandomSeed } from './random-seed.ts';
import { chooseRuntimeDirectory } from './runtime-directory.ts';
import { removeStaleSockets } from './stale-sockets.ts';
import { beginAnew } from './soft-reboot.ts';
import { testBoot } from './test-boot.ts';
import { VERSION } from './version.ts';

/** LSB: wrong usage. */
const EXIT_USAGE = 2;
/** As shells say of a command that is not found. */
const EXIT_NO_PROGRAM = 127;

const NO_WISHES: KernelWishes = { unit: null, quiet: false, logLevel: null, environment: [], showStatus: null, hostname: null };

/** Lines written there reach nobody: not worth the work of writing them. */
function isNullDevice(fd: number): boolean {
  const NULL_DEVICE = 0x103; // major 1, minor 3: null(4)
  const { rdev } = fstatSync(fd);
  return rdev === NULL_DEVICE;
}

function complain(message: string): never {
  process.stderr.write(`heartwood: ${message}\n`);
  process.exit(EXIT_USAGE);
}

function main(words: readonly string[]): void {
  const surroundings = readSurroundings();
  const byItself = chooseMode(surroundings);
  const parsed = parseOptions(words, byItself.mode === 'system');
  switch (parsed.kind) {
    case 'help': process.stdout.write(HELP); return;
    case 'version': process.stdout.write(`heartwood ${VERSION}\n`); return;
    case 'wrong': return complain(`${parsed.message} (see heartwood --help)`);
    case 'run': {
      const mode = parsed.options.checkState ?? parsed.options.mode;
      run(parsed.options, mode === null ? byItself : { mode, why: 'asked for' });
      return;
    }
  }
}

function run(options: Options, chosen: ChosenMode): void {
  const { mode } = options.command === null ? chosen : { mode: 'container' as const };
  const program = options.command === null ? null : findProgram(options.command[0] as string);
  if (options.command !== null && program === null) {
    process.stderr.write(`heartwood: ${options.command[0] as string}: no such program in ${searchPath()}\n`);
    process.exit(EXIT_NO_PROGRAM);
  }
  const native = loadNative();
  // First of all: until then a death is the end.
  const looksOnly = options.test || options.checkState !== null;
  const checkpoint = looksOnly ? { memory: null, inherits: false, isLost: false, why: 'nothing is started' } as const : openCheckpoint(native, process.env);
  if (checkpoint.inherits) checkpoint.guard();
  const legacy = looksOnly ? null : inheritLegacy(native, process.env);
  const complaints: string[] = [];
  const isMachine = mode === 'system' && process.pid === 1;
  const isFirst = !checkpoint.inherits;
  if (isMachine && isFirst) mountApiFileSystems(native, complaints);
  const kernel = isMachine ? parseKernelCommandLine(readText('/proc/cmdline')) : NO_WISHES;
  const configurationHome = mode === 'user' ? (process.env['XDG_CONFIG_HOME'] ?? `${process.env['HOME'] ?? ''}/.config`) : null;
  const configuration = readConfiguration(mode === 'user' ? 'user' : 'system', configurationHome, BUILT_IN_DEFAULTS, () => parseIni);
  complaints.push(...configuration.complaints);
  const { defaults } = configuration;
  const logWishes = { target: options.logTarget ?? knownTarget(configuration.logTarget), level: options.logLevel ?? kernel.logLevel ?? configuration.logLevel };
  const wrong = checkLogWishes(logWishes) ?? checkUnit(options.unit) ?? checkUnit(options.exitWith);
  if (wrong !== null && !isMachine) complain(wrong);
  if (mode === 'container' && isFirst && !looksOnly && !options.sharedRoot && options.command === null && usesBuiltInPath(options.unitPath)) {
    const why = whyRootIsBorrowed(readRootEvidence());
    if (why !== null) complain(`this is the root directory of a system that runs already (${why}), and its units would be started a second time; give a root of its own (unshare --root DIR), other units (--unit-path DIR), or say --shared-root`);
  }
  if (isMachine && isFirst) {
    setHostname(native, kernel.hostname, complaints);
    ensureMachineId(native, complaints);
    loadRandomSeed();
    takeOverKeyCombination(native);
    const loopback = native.loopbackUp();
    if (loopback !== 0) complaints.push(`the loopback interface could not be brought up: ${loopback}`);
  }
  if (mode !== 'user' && process.pid === 1) native.umask(0o022);
  const uid = process.getuid?.() ?? 0;
  const runtimeDirectory = chooseRuntimeDirectory(mode, options.runtimeDirectory, process.env, uid);
  const scope = mode === 'user' ? 'user' : 'system';
  const specifiers = readSpecifierFacts({
    mode: scope, root: '', uid, gid: process.getgid?.() ?? 0, environment: process.env,
    runtimeRoot: mode === 'user' ? (process.env['XDG_RUNTIME_DIR'] ?? runtimeDirectory.path ?? '/tmp') : '/run',
  });
  const generatorDirectory = runtimeDirectory.path === null ? null : `${runtimeDirectory.path}/generator`;
  const loadPath = buildLoadPath({
    mode: scope, unitPath: options.unitPath, shippedUnits: `${shippedUnitDirectory()}/${scope}`,
    generatorDirectory, environment: process.env,
    generatorsAskedFor: process.env['SYSTEMD_GENERATOR_PATH'] !== undefined,
  });
  const usesGenerators = usesBuiltInPath(options.unitPath) || process.env['SYSTEMD_GENERATOR_PATH'] !== undefined || process.env['SYSTEMD_ENVIRONMENT_GENERATOR_PATH'] !== undefined;
  const config: ManagerConfig = {
    mode,
    bootUnit: options.command !== null ? COMMAND_UNIT : chooseBootUnit([options.unit, kernel.unit], complaints),
    exitWith: options.command !== null ? COMMAND_UNIT : (options.exitWith as UnitName | null),
    defaultTimeoutStartUsec: defaults.timeoutStartUsec ?? CENTURY_USEC,
    defaultTimeoutStopUsec: defaults.timeoutStopUsec ?? CENTURY_USEC,
    defaultRestartUsec: defaults.restartUsec,
  };
  const bootOptions: BootOptions = {
    native, checkpoint, legacy, mode, config, loadPath,
    generators: options.command !== null || generatorDirectory === null || !usesGenerators ? null : {
      scope, outputDirectory: generatorDirectory, isContainer: mode === 'container', environment: process.env,
      directories: generatorDirectories(scope, usesBuiltInPath(options.unitPath), process.env),
    },
    specifiers, runtimeDirectory, logWishes,
    modeReason: options.command === null ? chosen.why : 'one command is run',
    // Not twice on a console that gets the whole log, and not by a manager that goes on.
    announcesMode: options.command === null && options.mode === null && isFirst && !kernel.quiet && options.showStatus !== 'no' && logWishes.target === null,
    defaults, engineMemoryMax: configuration.engineMemoryMax,
    accessRules: configuration.accessRules,
    logDirectory: mode === 'user' ? `${specifiers.stateRoot}/heartwood/log` : '/var/log/heartwood',
    showStatus: options.command !== null ? 'no' : showStatus(options, kernel, configuration.showStatus, native.isTty(1 as Fd)),
    environment: managerEnvironment(mode, options, [...configuration.environment, ...kernel.environment]),
    // The kernel's id is that of the machine: with it `log --boot` could not tell one run of a container from the next.
    bootId: (mode === 'container' ? null : specifiers.bootId) ?? randomId() ?? '0'.repeat(32),
    echo: mode === 'container' && options.command === null && !isNullDevice(1),
    command: options.command === null || program === null ? null : {
      unit: COMMAND_UNIT, fds: COMMAND_FDS,
      units: commandUnits({ command: options.command, program, environment: process.env, workingDirectory: process.cwd(), specifiers, defaults }),
    },
    interceptSignal: (manager, record) => {
      if (options.command === null || !isForCommand(record)) return false;
      manager.forwardSignal(COMMAND_UNIT, record.signal);
      return true;
    },
    onFinish: (effect, log, gather) => {
      if (effect.goal === 'soft-reboot') log.write('emerg', '', `the manager cannot be executed anew: ${beginAnew(native, log, gather())}`);
      if (isMachine) powerDown(native, effect, log);
      else exitProcess(native, effect);
    },
  };
  if (options.checkState !== null) {
    checkState(bootOptions);
  }
  if (options.test) {
    testBoot(bootOptions, options.root ?? '');
    return;
  }
  if ((isFirst || checkpoint.isLost) && runtimeDirectory.path !== null && !removeStaleSockets(native, runtimeDirectory.path)) {
    complain(`another manager is running with the runtime directory ${runtimeDirectory.path} (--runtime-dir DIR gives this one its own)`);
  }
  const manager = boot(bootOptions);
  for (const complaint of complaints) manager.engine.log.write('warning', '', complaint);
}

/** The first that is a unit's name. On a machine nobody can be told to start again with a better one, so a bad name is passed over. */
function chooseBootUnit(wishes: readonly (string | null)[], complaints: string[]): UnitName {
  for (const wish of wishes) {
    if (wish === null) continue;
    if (isUnitName(wish)) return wish;
    complaints.push(`"${wish}" is not the name of a unit, and is not booted into`);
  }
  return 'default.target' as UnitName;
}

function checkUnit(name: string | null): string | null {
  return name === null || isUnitName(name) ? null : `"${name}" is not the name of a unit`;
}

/** `auto` is "yes" on a terminal, unless the kernel was told to be quiet. */
function showStatus(options: Options, kernel: KernelWishes, configured: string | null, terminal: boolean): 'auto' | 'yes' | 'no' {
  if (options.showStatus !== 'auto') return options.showStatus;
  const wish = kernel.showStatus ?? configured;
  if (wish !== null && wish !== 'auto') return /^(1|yes|true|on)$/.test(wish) ? 'yes' : 'no';
  return terminal && !kernel.quiet ? 'yes' : 'auto';
}

/** A user's services get the user's environment; those of a machine or container a fixed one, as with systemd. */
function managerEnvironment(mode: ChosenMode['mode'], options: Options, configured: readonly string[]): readonly string[] {
  if (options.command !== null) return [];
  if (mode !== 'user') return [...systemEnvironment(configured), ...(process.env['TZ'] === undefined ? [] : [`TZ=${process.env['TZ']}`])];
  const own = new Set(['NOTIFY_SOCKET', 'INVOCATION_ID', 'SYSTEMD_EXEC_PID', 'LISTEN_FDS', 'LISTEN_PID', 'LISTEN_FDNAMES', 'WATCHDOG_PID', 'WATCHDOG_USEC', ...OWN_VARIABLES]);
  return [...Object.entries(process.env).flatMap(([name, value]) => (own.has(name) || value === undefined ? [] : [`${name}=${value}`])), ...configured];
}

/** systemd's configuration may name targets that only journald has; those mean "as usual" here. */
function knownTarget(configured: string | null): string | null {
  return configured !== null && ['auto', 'console', 'kmsg', 'null'].includes(configured) ? configured : null;
}

function searchPath(): string {
  return process.env['PATH'] ?? '/usr/local/bin:/usr/bin:/bin';
}

/** Where a command is, as a shell would look for it; null when it is nowhere. */
function findProgram(name: string): string | null {
  if (name.includes('/')) return name;
  return searchPath().split(':').map((directory) => `${directory === '' ? '.' : directory}/${name}`).find(isExecutable) ?? null;
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

restoreEnvironment(process.env);
main(process.argv.slice(2));
