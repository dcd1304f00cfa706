/**
 * Starts the commands of services.
 *
 * Two ways. A plain context goes straight from clone3: 0.1 ms, everything resolved beforehand, only system calls that cannot wait.
 * Everything else goes through the executor, a small program of its own that may wait (for a name service, a FIFO, a file
 * server, a terminal) while the manager goes on.
 */
import { accessSync, readdirSync, readFileSync } from 'node:fs';
import { assert } from '../../base/assert.ts';
import type { Errno, Fd, Pid, UnitName } from '../../base/brand.ts';
import type { SpawnEffect } from '../../core/manager/effect.ts';
import type { DirectoryKind, ExecCommand, ExecContext, StandardStream } from '../../core/unit/exec-context.ts';
import { expandArguments } from '../../core/unit-file/expand.ts';
import type { UnstampedEvent } from '../../core/manager/event.ts';
import type { ManagerLog } from '../engine.ts';
import type { FdTable } from '../fd-table.ts';
import type { LogStreams } from '../logging/log-streams.ts';
import type { NativeBinding, SpawnResult } from '../native.ts';
import { operatingSystem } from '../operating-system.ts';
import type { ProcessTracker } from '../processes/process-tracker.ts';
import { resolveCredentials } from './credentials.ts';
import { DynamicUsers } from './dynamic-user.ts';
import { ExecutablePath } from './executable-path.ts';
import { madeDirectories, type ExecutorLauncher } from './executor-launcher.ts';
import { CAP_SETUID, grant } from './privileges.ts';
import { keyringOf } from './default-keyring.ts';
import type { OwnRights } from './privileges.ts';
import { limitsOf } from './process-limits.ts';
import { readClock } from '../clock.ts';
import { RemoteMounts } from './remote-mounts.ts';
import { passFds, type PassedFds } from './passed-fds.ts';
import { staysInGroup, type SpawnPlan } from './spawn-plan.ts';
import type { ServiceUnit } from '../../core/unit/service.ts';
import { PID_VARIABLES, buildEnvironment, mergeEnvironment, type EnvironmentOutcome, type EnvironmentSources } from './spawn-environment.ts';
import type { UserDatabase } from './user-database.ts';
import { SIGCONT } from '../../base/signals.ts';

export interface SpawnerOptions {
  readonly native: NativeBinding;
  readonly log: ManagerLog;
  readonly tracker: ProcessTracker;
  readonly streams: LogStreams;
  readonly fds: FdTable;
  readonly users: UserDatabase;
  readonly executor: ExecutorLauncher;
  readonly nullFd: Fd;
  readonly notifySocket: string | null;
  readonly directoryRoots: Readonly<Record<DirectoryKind, string>>;
  /** Working directory of a unit without WorkingDirectory=. */
  readonly defaultDirectory: string;
  /** A unit that does not say KeyringMode= does not share the keyring of the manager: not so in a session, where that is the user's. */
  readonly ownKeyrings: boolean;
  /** The one unit whose processes get the manager's terminal: that of `heartwood -- CMD`. */
  readonly foregroundUnit: UnitName | null;
  readonly submit: (event: UnstampedEvent) => void;
  /** A drill wants this start of a process to fail as if the kernel had no room for one. */
  readonly failsSpawn: (unit: UnitName) => boolean;
  /** A process of the unit exists now. */
  readonly onSpawned: (pid: Pid, unit: UnitName) => void;
}

export class Spawner {
  readonly #options: SpawnerOptions;
  readonly #paths = new ExecutablePath();
  readonly #remote = new RemoteMounts();
  readonly #dynamicUsers: DynamicUsers;
  readonly #own: OwnRights;
  /** Children begun in this batch of effects, oldest first. */
  #onTheirWay: SpawnPlan[] = [];
  /** The last `runtime-not-effective` of each unit, so that only news is told. */
  readonly #told = new Map<UnitName, readonly { readonly directive: string; readonly why: string }[]>();
  readonly #lookup = {
    exists: (path: string): boolean => {
      try {
        accessSync(path);
        return true;
      } catch {
        return false;
      }
    },
    list: (path: string): readonly string[] | null => {
      try {
        return readdirSync(path);
      } catch {
        return null;
      }
    },
  };

  constructor(options: SpawnerOptions) {
    this.#options = options;
    this.#dynamicUsers = new DynamicUsers((name) => options.users.user(name) !== null);
    const { native } = options;
    this.#own = {
      capabilities: new Set(native.effectiveCapabilities()),
      uid: process.getuid?.() ?? 0,
      gid: process.getgid?.() ?? 0,
      get nice() { return operatingSystem().getPriority(); },
      oomScoreAdjust: ownOomScore(),
      limits: native.inheritedLimits(),
    };
  }

  /** Carries out one `spawn` effect; the answer is submitted as an event, at the latest by `finish`. */
  spawn(effect: SpawnEffect): void {
    if (this.#options.failsSpawn(effect.unit)) {
      this.#fail(effect, 'clone', 'EAGAIN', effect.command.path);
      return;
    }
    const exec = effectiveContext(this.#dynamicUsers.apply(effect.unit, effect.definition.exec), effect.command.privilege);
    const path = this.#paths.resolve(effect.command.path);
    if (path === null) {
      this.#fail(effect, 'exec', 'ENOENT', effect.command.path);
      return;
    }
    const passed = passFds(this.#options.native, this.#options.fds, effect);
    if (!passed.ok) {
      this.#fail(effect, 'fds', passed.errno, passed.missing);
      return;
    }
    this.#spawnWith(effect, exec, path, passed);
    for (const fd of passed.opened) this.#options.native.close(fd);
  }

  /** What the main process of the service would be given if it were started now, but for what only a start knows: pids, sockets, an id. */
  environmentOf(service: ServiceUnit, managerEnvironment: readonly string[], invocationId: string | null): EnvironmentOutcome {
    const privilege = service.execStart[0]?.privilege ?? 'normal';
    const exec = effectiveContext(service.exec, privilege);
    const credentials = resolveCredentials(this.#options.users, exec, privilege, this.#own);
    return this.#environment({ exec, credentials, notify: service.notifyAccess !== 'none', managerEnvironment, extraEnvironment: [], invocationId });
  }

  #environment({ credentials, notify, ...more }: Pick<EnvironmentSources, 'exec' | 'managerEnvironment' | 'extraEnvironment' | 'invocationId'> & { readonly credentials: ReturnType<typeof resolveCredentials>; readonly notify: boolean }): EnvironmentOutcome {
    return buildEnvironment({
      ...more,
      notifySocket: notify ? this.#options.notifySocket : null,
      user: credentials.kind === 'known' ? credentials.user : null,
      directoryRoots: this.#options.directoryRoots,
      ownEnvironment: (name) => process.env[name],
      readSmallFile: (file, max) => this.#options.native.readSmallFile(file, max),
      lookup: this.#lookup,
    });
  }

  #spawnWith(effect: SpawnEffect, exec: ExecContext, path: string, passed: Extract<PassedFds, { readonly ok: true }>): void {
    const credentials = resolveCredentials(this.#options.users, exec, effect.command.privilege, this.#own);
    const environment = this.#environment({
      exec, credentials, notify: effect.notify, managerEnvironment: effect.managerEnvironment, invocationId: effect.invocationId,
      extraEnvironment: ['SYSTEMD_EXEC_PID=', ...passed.environment, ...effect.extraEnvironment],
    });
    if (!environment.ok) {
      this.#fail(effect, 'environment', environment.errno, environment.subject);
      return;
    }
    const logPipe = this.#logPipe(effect, exec, path);
    if (typeof logPipe === 'string') {
      this.#fail(effect, 'log-pipe', logPipe, path);
      return;
    }
    const birthplace = this.#options.tracker.prepare(effect.unit, effect.definition.cgroup, effect.controlGroup);
    if (credentials.kind === 'ask-executor' && !this.#own.capabilities.has(CAP_SETUID)) {
      this.#fail(effect, 'user', 'EPERM', exec.user ?? exec.group ?? '');
      return;
    }
    const granted = grant(
      { credentials: credentials.kind === 'known' ? credentials.credentials : null, nice: exec.nice, oomScoreAdjust: exec.oomScoreAdjust, limits: limitsOf(exec, this.#own.limits) },
      exec, this.#own,
    );
    this.#tellNotEffective(effect.unit, [...birthplace.notEffective, ...granted.notEffective]);
    const plan: SpawnPlan = {
      effect, exec, path, credentials, granted, birthplace, passedFds: passed.fds, socketFd: passed.socket,
      lowerEnvironment: environment.lower,
      upperEnvironment: environment.upper,
      logPipe,
    };
    if (this.#isPlain(plan)) this.#spawnDirectly(plan);
    else this.#spawnByExecutor(plan);
    if (birthplace.cgroupFd !== -1) this.#options.native.close(birthplace.cgroupFd);
  }

  /** What only showed when the executor tried; it comes on top of what was known before. */
  addNotEffective(unit: UnitName, items: readonly { readonly directive: string; readonly why: string }[]): void {
    const known = (this.#told.get(unit) ?? []).filter(({ directive }) => !items.some((item) => item.directive === directive));
    this.#tellNotEffective(unit, [...known, ...items]);
  }

  /** The unit is down. What was told about it is forgotten, so that its next start tells it again. */
  release(unit: UnitName): void {
    this.#told.delete(unit);
    this.#options.executor.release(unit);
  }

  #fail(effect: SpawnEffect, stage: string, errno: string, subject: string): void {
    this.#options.submit({ event: 'spawn-failed', unit: effect.unit, token: effect.token, stage, errno, subject });
  }

  #expand(effect: SpawnEffect, environment: ReadonlyMap<string, string>): readonly string[] {
    const { command } = effect;
    if (command.noEnvironmentExpansion) return command.argv;
    const { argv, missing } = expandArguments(command.argv, environment);
    if (missing.length > 0) {
      this.#options.log.write('debug', effect.unit, `${effect.role}= uses variables that are not set: ${missing.join(', ')}`);
    }
    return argv;
  }

  /** Everything that could make the child wait before execve, or that needs more than plain numbers, is not plain. */
  #isPlain(plan: SpawnPlan): boolean {
    const { exec, credentials } = plan;
    return credentials.kind === 'known' && madeDirectories(plan.effect).length === 0
      && isPlainStream(exec.standardInput) && isPlainStream(exec.standardOutput) && isPlainStream(exec.standardError)
      && exec.directories.length === 0 && exec.rootDirectory === null && !exec.privateTmp && exec.confinement === null && !exec.dynamicUser
      && exec.ioSchedulingClass === null && exec.ioSchedulingPriority === null
      && exec.cpuSchedulingPolicy === null && exec.cpuSchedulingPriority === null && exec.cpuAffinity === null
      && exec.capabilityBoundingSet === null && exec.ambientCapabilities.length === 0
      && !exec.ttyReset && !exec.ttyHangup && typeof exec.ttyRows !== 'number' && typeof exec.ttyColumns !== 'number'
      && (exec.workingDirectory === null || (!('home' in exec.workingDirectory) && !exec.workingDirectory.optional && !this.#mayHang(exec.workingDirectory.path)))
      && !this.#mayHang(plan.path);
  }

  #mayHang(path: string): boolean {
    return this.#remote.mayHang(path, readClock(this.#options.native).monotonicUsec);
  }

  #spawnDirectly(plan: SpawnPlan): void {
    const { effect, exec, granted } = plan;
    const environment = mergeEnvironment(plan.lowerEnvironment, plan.upperEnvironment, exec.unsetEnvironment);
    const stdio = this.#plainStdio(plan);
    const env: string[] = [];
    const pidEnvIndexes: number[] = [];
    for (const [name, value] of environment) {
      if (PID_VARIABLES.has(name) && value === '') pidEnvIndexes.push(env.length);
      env.push(`${name}=${value}`);
    }
    this.#options.native.spawnBegin({
      path: plan.path,
      argv: this.#expand(effect, environment),
      env,
      stdio,
      extraFds: plan.passedFds,
      cwd: exec.workingDirectory !== null && 'path' in exec.workingDirectory ? exec.workingDirectory.path : this.#options.defaultDirectory,
      umask: exec.umask,
      credentials: granted.credentials,
      limits: granted.limits,
      nice: granted.nice,
      oomScoreAdjust: granted.oomScoreAdjust,
      noNewPrivileges: exec.noNewPrivileges,
      ignoreSigpipe: exec.ignoreSigpipe,
      newSession: effect.unit !== this.#options.foregroundUnit,
      ...(staysInGroup(effect) ? { sameGroup: true } : {}),
      ...(this.#options.ownKeyrings ? keyringOf(effect.definition.kind, exec) : {}),
      cgroupFd: plan.birthplace.cgroupFd,
      pidEnvIndexes,
      controllingTty: -1,
    });
    this.#onTheirWay.push(plan);
  }

  /**
   * Waits until the children of this batch of effects have executed their programs, and submits what became of each. Until then
   * their pids are not known: to be called before anything else is done with processes.
   */
  finish(): void {
    const plans = this.#onTheirWay;
    if (plans.length === 0) return;
    this.#onTheirWay = [];
    const results = this.#options.native.spawnFinish();
    for (const [index, plan] of plans.entries()) {
      const result = results[index];
      assert(result !== undefined, 'every child begun has a result');
      this.#settle(plan, result);
    }
  }

  #settle(plan: SpawnPlan, result: SpawnResult): void {
    const { effect, exec } = plan;
    if ('errno' in result) {
      const subject = result.stage === 'chdir' && exec.workingDirectory !== null && 'path' in exec.workingDirectory ? exec.workingDirectory.path : result.stage === 'credentials' ? (exec.user ?? exec.group ?? '') : plan.path;
      this.#fail(effect, result.stage, result.errno, subject);
      return;
    }
    // We are the parent, and reap in the same thread: the pid cannot be reused behind our back, so no pidfd is needed.
    this.#options.native.close(result.pidfd);
    if (effect.unit === this.#options.foregroundUnit) this.#giveTerminal(result.pid);
    this.#note(plan, result.pid, true);
  }

  #spawnByExecutor(plan: SpawnPlan): void {
    const result = this.#options.executor.launch(plan, this.#plainStdio(plan));
    if ('errno' in result) {
      this.#fail(plan.effect, result.stage, result.errno, plan.path);
      return;
    }
    this.#note(plan, result.pid, false);
  }

  #note(plan: SpawnPlan, pid: Pid, execDone: boolean): void {
    const { effect } = plan;
    this.#options.onSpawned(pid, effect.unit);
    this.#options.tracker.addProcess(effect.unit, pid, effect.invocationId);
    if (plan.logPipe !== null) this.#options.streams.noteProcess(effect.unit, pid, plan.exec, baseName(plan.path));
    this.#options.submit({ event: 'spawned', unit: effect.unit, token: effect.token, pid, execDone });
  }

  #logPipe(effect: SpawnEffect, exec: ExecContext, path: string): Fd | Errno | null {
    if (!goesToLog(exec.standardOutput) && !goesToLog(exec.standardError)) return null;
    return this.#options.streams.writeEnd(effect.unit, effect.invocationId, exec, baseName(path));
  }

  #plainStdio(plan: SpawnPlan): readonly [Fd, Fd, Fd] {
    const { exec } = plan;
    const input = this.#plainFd(plan, exec.standardInput, this.#options.nullFd);
    // systemd.exec(5): "inherit" of the output is the input, "inherit" of the error output is the output.
    const output = this.#plainFd(plan, exec.standardOutput, input);
    return [input, output, this.#plainFd(plan, exec.standardError, output)];
  }

  #plainFd(plan: SpawnPlan, stream: StandardStream, inherited: Fd): Fd {
    const { nullFd } = this.#options;
    switch (stream.kind) {
      case 'inherit': return inherited;
      case 'journal':
      case 'kmsg': return plan.logPipe ?? nullFd;
      case 'socket': return plan.socketFd ?? nullFd;
      // One of the fds the service is given, by the name it has for it; else one of the manager's own.
      case 'fd': return this.#options.fds.get(plan.effect.fds.find(({ name }) => name === stream.name)?.key ?? stream.name) ?? nullFd;
      default: return nullFd;
    }
  }

  /** The command becomes the terminal's foreground group, as tini and a shell do it. */
  #giveTerminal(pid: Pid): void {
    const { native } = this.#options;
    const terminal = ([0, 1, 2] as Fd[]).find((fd) => native.isTty(fd));
    if (terminal === undefined || native.setForegroundGroup(terminal, pid) !== 0) return;
    // It may have been stopped already for reading a terminal that was not yet its own.
    native.kill(-pid, SIGCONT);
  }

  #tellNotEffective(unit: UnitName, items: readonly { readonly directive: string; readonly why: string }[]): void {
    if (JSON.stringify(this.#told.get(unit) ?? []) === JSON.stringify(items)) return;
    this.#told.set(unit, items);
    this.#options.submit({ event: 'runtime-not-effective', unit, items });
  }
}

/** `+` runs with all privileges: nothing of the unit's confinement applies (systemd.service(5), table of prefixes). */
function effectiveContext(exec: ExecContext, privilege: ExecCommand['privilege']): ExecContext {
  if (privilege !== 'full') return exec;
  return { ...exec, user: null, group: null, supplementaryGroups: [], capabilityBoundingSet: null, ambientCapabilities: [], noNewPrivileges: false, privateTmp: false, confinement: null };
}

function goesToLog(stream: StandardStream): boolean {
  return stream.kind === 'journal' || stream.kind === 'kmsg';
}

function isPlainStream(stream: StandardStream): boolean {
  return stream.kind === 'null' || stream.kind === 'inherit' || stream.kind === 'journal' || stream.kind === 'kmsg' || stream.kind === 'fd' || stream.kind === 'socket';
}

function baseName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

function ownOomScore(): number {
  try {
    return Number(readFileSync('/proc/self/oom_score_adj', 'utf8'));
  } catch {
    return 0;
  }
}
