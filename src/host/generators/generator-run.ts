/**
 * Runs generators: programs that write unit files before units are loaded. Sources: systemd.generator(7),
 * systemd.environment-generator(7).
 *
 * Environment generators run one after the other, each with what the former ones printed; then all others at once. The manager does not
 * wait for them: `done` is called when the last has ended or the time is over.
 */
import type { Fd, Pid } from '../../base/brand.ts';
import { SIGKILL } from '../../base/signals.ts';
import { POLL_IN, type ManagerLog } from '../engine.ts';
import type { NativeBinding, ProcessExit } from '../native.ts';
import type { PollSet } from '../poll-set.ts';
import { parseEnvironmentFile } from '../spawn/environment-file.ts';
import { findGenerators, type FoundGenerator, type GeneratorDirectories } from './generator-directories.ts';
import { OWN_GENERATORS, type OwnGeneratorOptions } from './own-generators.ts';
import { emptyOutput, outputDirectories, removeEmptyOutput, type OutputDirectories } from './write-generated.ts';

/** For all of one run, as with systemd: nothing else of the boot waits that long for one program. */
const RUN_MSEC_MAX = 90_000;
/** What an environment generator may print; variables take less. */
const OUTPUT_BYTES_MAX = 256 * 1024;

export interface GeneratorOptions extends OwnGeneratorOptions {
  readonly native: NativeBinding;
  readonly poll: PollSet;
  readonly log: ManagerLog;
  readonly scope: 'system' | 'user';
  readonly directories: GeneratorDirectories;
  /** Where units of normal rank are written; the other two directories lie beside it. */
  readonly outputDirectory: string;
  /** Variables that tell generators where they are run: $SYSTEMD_VIRTUALIZATION and its kin. */
  readonly facts: readonly string[];
  readonly stdin: Fd;
  readonly stderr: Fd;
  /** Tells the reaper whose child this is. */
  readonly onSpawned: (pid: Pid, onExit: (exit: ProcessExit) => void) => void;
}

export class GeneratorRun {
  readonly #options: GeneratorOptions;
  readonly #output: OutputDirectories;
  readonly #running = new Map<Pid, string>();
  #timer: NodeJS.Timeout | null = null;

  constructor(options: GeneratorOptions) {
    this.#options = options;
    this.#output = outputDirectories(options.outputDirectory);
  }

  /**
   * Runs all of them once. `done` is called before this returns when there is no program to run.
   *
   * @param environment the manager's block of variables
   * @param done gets what environment generators set, as `NAME=value`
   */
  run(environment: readonly string[], done: (generated: readonly string[]) => void): void {
    const { directories, log } = this.#options;
    const problem = emptyOutput(this.#output);
    if (problem !== null) {
      log.write('err', '', `generators are not run, there is no place for what they make: ${problem}`);
      done([]);
      return;
    }
    const programs = findGenerators(directories.units);
    const taken = new Set(programs.filter(({ isVendor }) => !isVendor).map(({ name }) => name));
    const foreign = programs.filter(({ path, isVendor, name }) => path !== null && !(isVendor && OWN_GENERATORS.has(name)));
    const ofEnvironment = findGenerators(directories.environment).filter(({ path }) => path !== null);
    if (foreign.length + ofEnvironment.length > 0) this.#timer = setTimeout(() => { this.#killLate(); }, RUN_MSEC_MAX);
    const outcome: string[] = [];
    const runUnits = (): void => {
      this.#runAll(foreign, [...environment, ...outcome], () => {
        if (this.#timer !== null) clearTimeout(this.#timer);
        this.#timer = null;
        // After the programs: where both make a unit, the administrator's choice was the program.
        if (this.#options.scope === 'system') {
          for (const [name, generate] of OWN_GENERATORS) {
            if (taken.has(name)) continue;
            for (const complaint of generate(this.#options, this.#output)) log.write('warning', '', complaint);
          }
        }
        removeEmptyOutput(this.#output);
        done(outcome);
      });
    };
    this.#runOneByOne(ofEnvironment, environment, outcome, runUnits);
  }

  #runOneByOne([first, ...others]: readonly FoundGenerator[], environment: readonly string[], outcome: string[], done: () => void): void {
    if (first === undefined) {
      done();
      return;
    }
    const next = (text: string): void => {
      outcome.push(...parseEnvironmentFile(text).assignments);
      this.#runOneByOne(others, environment, outcome, done);
    };
    const { native, poll, log } = this.#options;
    const pipe = native.pipe(true);
    if (typeof pipe === 'string') {
      log.write('err', '', `${first.path ?? ''} is not run: ${pipe}`);
      next('');
      return;
    }
    const [ours, theirs] = pipe;
    native.setNonBlocking(theirs, false);
    let bytes = Buffer.alloc(0);
    let isOpen = true;
    const close = (): void => {
      if (!isOpen) return;
      isOpen = false;
      poll.remove(ours);
      native.close(ours);
    };
    const buffer = new Uint8Array(64 * 1024);
    const read = (): void => {
      while (isOpen) {
        const size = native.read(ours, buffer);
        if (size === 'EINTR') continue;
        if (typeof size === 'string') return;
        if (size === 0) close();
        else if (bytes.length < OUTPUT_BYTES_MAX) bytes = Buffer.concat([bytes, buffer.subarray(0, size)]);
      }
    };
    poll.add(ours, POLL_IN, read, 'executor');
    const started = this.#spawn(first, [], [...environment, ...outcome], theirs, (succeeded) => {
      read();
      close();
      next(succeeded ? bytes.toString('utf8') : '');
    });
    native.close(theirs);
    if (started) return;
    close();
    next('');
  }

  #runAll(generators: readonly FoundGenerator[], environment: readonly string[], done: () => void): void {
    const { normal, early, late } = this.#output;
    let left = 1;
    const oneLess = (): void => {
      left -= 1;
      if (left === 0) done();
    };
    for (const generator of generators) {
      left += 1;
      if (!this.#spawn(generator, [normal, early, late], environment, this.#options.stdin, oneLess)) oneLess();
    }
    oneLess();
  }

  #spawn({ path }: FoundGenerator, args: readonly string[], environment: readonly string[], stdout: Fd, onEnd: (succeeded: boolean) => void): boolean {
    const { native, log, stdin, stderr, scope, facts } = this.#options;
    const program = path as string;
    const result = native.spawn({
      path: program, argv: [program, ...args], env: [...withoutRepeats([...environment, `SYSTEMD_SCOPE=${scope}`, ...facts])],
      stdio: [stdin, stdout, stderr], extraFds: [], cwd: '/', umask: 0o022, credentials: null, limits: [], nice: null, oomScoreAdjust: null,
      noNewPrivileges: false, ignoreSigpipe: true, newSession: true, cgroupFd: -1, pidEnvIndexes: [], controllingTty: -1,
    });
    if ('errno' in result) {
      log.write('err', '', `the generator ${program} could not be run: ${result.errno}`);
      return false;
    }
    native.close(result.pidfd);
    this.#running.set(result.pid, program);
    this.#options.onSpawned(result.pid, ({ code, status }) => {
      this.#running.delete(result.pid);
      const succeeded = code === 'exited' && status === 0;
      if (!succeeded) log.write('err', '', `the generator ${program} ${code === 'exited' ? `failed with status ${String(status)}` : `was ended by signal ${String(status)}`}; what it wrote is used as it is`);
      onEnd(succeeded);
    });
    return true;
  }

  #killLate(): void {
    const { native, log } = this.#options;
    for (const [pid, program] of this.#running) {
      log.write('err', '', `the generator ${program} takes more than ${String(RUN_MSEC_MAX / 1000)} s and is killed`);
      native.kill(-pid, SIGKILL);
    }
    // Environment generators that are still to come have no time left either.
    if (this.#running.size > 0) this.#timer = setTimeout(() => { this.#killLate(); }, 1000);
  }
}

/** The last of two values of one variable is the one in force. */
function withoutRepeats(assignments: readonly string[]): readonly string[] {
  return [...new Map(assignments.map((each) => [each.slice(0, each.indexOf('=')), each])).values()];
}
