/**
 * Starting a command through `unit-executor`, and hearing from it whether execve went through.
 *
 * The executor gets the specification as a memfd and a pipe to report to. The pipe closes on exec: end of file without a failure
 * means that the service's program runs.
 */
import type { Errno, Fd, Pid, UnitName } from '../../base/brand.ts';
import type { DirectoryKind, ExecContext, ExecRole, StandardStream } from '../../core/unit/exec-context.ts';
import type { SpawnEffect } from '../../core/manager/effect.ts';
import { isBindMount, type MountUnit } from '../../core/unit/mount.ts';
import { POLL_IN } from '../engine.ts';
import type { UnstampedEvent } from '../../core/manager/event.ts';
import { serialiseExecSpec } from './exec-spec.ts';
import { keyringOf } from './default-keyring.ts';
import type { ConfinementSpec, ExecSpec, StreamSource } from './exec-spec.ts';
import { parseExecReport } from './exec-report.ts';
import type { KeptFds } from '../checkpoint/kept-fds.ts';
import type { NativeBinding } from '../native.ts';
import type { PollSet } from '../poll-set.ts';
import { ConfinedPlaces } from './confined-places.ts';
import { PrivateTmp } from './private-tmp.ts';
import { changesUser } from './credentials.ts';
import { PID_VARIABLES } from './spawn-environment.ts';
import { staysInGroup, type SpawnPlan } from './spawn-plan.ts';

/** Child descriptors, in the order they are passed after the standard streams. */
const SPEC_FD = 3;
const REPORT_FD = 4;
const PASSED_FDS = 5;
/** Reports are a few hundred bytes; more than this is not ours. */
const REPORT_BYTES_MAX = 64 * 1024;
/** So many executors may be at work at once before their answers have come; a bound on fds, far above what a boot needs. */
const PENDING_MAX = 4096;

export type LaunchOutcome = { readonly pid: Pid } | { readonly errno: Errno; readonly stage: string };

export interface ExecutorLauncherOptions {
  readonly native: NativeBinding;
  readonly kept: KeptFds;
  readonly poll: PollSet;
  /** Path of the program; null when it is not built. */
  readonly path: string | null;
  readonly directoryRoots: Readonly<Record<DirectoryKind, string>>;
  readonly defaultDirectory: string;
  /** A unit that does not say KeyringMode= does not share the keyring of the manager: not so in a session, where that is the user's. */
  readonly ownKeyrings: boolean;
  readonly runtimeDirectory: string;
  /** Units whose name spaces a unit shares, whichever of the two says so: JoinsNamespaceOf=. */
  readonly joinedWith: (unit: UnitName) => readonly UnitName[];
  readonly submit: (event: UnstampedEvent) => void;
  /** Directives the executor could not put into effect. */
  readonly onNotes: (unit: UnitName, items: readonly { readonly directive: string; readonly why: string }[]) => void;
}

interface Pending {
  readonly unit: UnitName;
  readonly pid: Pid;
  readonly report: Fd;
  bytes: Uint8Array;
}

export class ExecutorLauncher {
  readonly #options: ExecutorLauncherOptions;
  readonly #pending = new Map<Pid, Pending>();
  readonly #confined: ConfinedPlaces;
  readonly #privateTmp: PrivateTmp;

  constructor(options: ExecutorLauncherOptions) {
    this.#options = options;
    this.#confined = new ConfinedPlaces(options);
    this.#privateTmp = new PrivateTmp(options);
    for (const [fd, { unit, pid }] of options.kept.inherited('exec-report')) this.#await(unit, pid, fd);
  }

  /**
   * Starts the executor for the plan. What it reports later becomes `exec-done` or `exec-failed`.
   *
   * @param stdio fds for streams that need no opening
   */
  launch(plan: SpawnPlan, stdio: readonly [Fd, Fd, Fd]): LaunchOutcome {
    const { native, path } = this.#options;
    if (path === null) return { errno: 'ENOENT' as Errno, stage: 'executor' };
    if (this.#pending.size >= PENDING_MAX) return { errno: 'EAGAIN' as Errno, stage: 'executor' };
    const specFd = this.#writeSpec(plan);
    if (typeof specFd === 'string') return { errno: specFd, stage: 'specification' };
    const pipe = native.pipe(false);
    if (typeof pipe === 'string') {
      native.close(specFd);
      return { errno: pipe, stage: 'report' };
    }
    const [readEnd, writeEnd] = pipe;
    const result = native.spawn({
      path,
      argv: ['unit-executor', String(SPEC_FD)],
      env: [],
      stdio,
      extraFds: [specFd, writeEnd, ...plan.passedFds],
      cwd: '/',
      umask: 0o022,
      credentials: null,
      limits: [],
      nice: null,
      oomScoreAdjust: null,
      noNewPrivileges: false,
      ignoreSigpipe: plan.exec.ignoreSigpipe,
      newSession: true,
      ...(staysInGroup(plan.effect) ? { sameGroup: true } : {}),
      ...(this.#options.ownKeyrings ? keyringOf(plan.effect.definition.kind, plan.exec) : {}),
      cgroupFd: plan.birthplace.cgroupFd,
      pidEnvIndexes: [],
      controllingTty: -1,
    });
    native.close(specFd);
    native.close(writeEnd);
    if ('errno' in result) {
      native.close(readEnd);
      return { errno: result.errno, stage: result.stage };
    }
    native.close(result.pidfd);
    native.setNonBlocking(readEnd, true);
    this.#options.kept.keep(readEnd, { is: 'exec-report', unit: plan.effect.unit, pid: result.pid });
    this.#await(plan.effect.unit, result.pid, readEnd);
    return { pid: result.pid };
  }

  /** A former engine has told what this executor reported, and did not come to close the pipe. */
  forget(pid: Pid): void {
    const pending = this.#pending.get(pid);
    if (pending !== undefined) this.#close(pending);
  }

  /** Whether the executor with this pid has still to report. */
  isPending(pid: Pid): boolean {
    return this.#pending.has(pid);
  }

  #await(unit: UnitName, pid: Pid, report: Fd): void {
    const pending: Pending = { unit, pid, report, bytes: new Uint8Array(0) };
    this.#pending.set(pid, pending);
    this.#options.poll.add(report, POLL_IN, () => { this.#read(pending); }, 'executor');
  }

  /** The process has been reaped: what it still had to report comes before its exit. */
  settle(pid: Pid): void {
    const pending = this.#pending.get(pid);
    if (pending === undefined) return;
    this.#read(pending);
    // A process it left behind may hold the pipe; nothing more is to be learned from it.
    if (this.#pending.has(pid)) this.#finish(pending);
  }

  /** The unit is down: what its confinement left in the file system goes. */
  release(unit: UnitName): void {
    this.#confined.release(unit);
    this.#privateTmp.release(unit);
  }

  #writeSpec(plan: SpawnPlan): Fd | Errno {
    const { native } = this.#options;
    const fd = native.memfd('exec-spec');
    if (typeof fd === 'string') return fd;
    const bytes = serialiseExecSpec(this.#specOf(plan));
    for (let written = 0; written < bytes.length;) {
      const result = native.write(fd, bytes.subarray(written));
      if (typeof result === 'string') {
        native.close(fd);
        return result;
      }
      written += result;
    }
    return fd;
  }

  #specOf(plan: SpawnPlan): ExecSpec {
    const { effect, exec, granted } = plan;
    const { command } = effect;
    const runsAsUser = changesUser(command.privilege) && (plan.credentials.kind === 'ask-executor' || granted.credentials !== null);
    const layer = (environment: ReadonlyMap<string, string>): readonly string[] =>
      [...environment].filter(([name, value]) => !(PID_VARIABLES.has(name) && value === '')).map(([name, value]) => `${name}=${value}`);
    return {
      reportFd: REPORT_FD,
      path: plan.path,
      searchPath: [],
      argv: command.argv,
      expandVariables: !command.noEnvironmentExpansion,
      baseEnvironment: layer(plan.lowerEnvironment),
      environment: layer(plan.upperEnvironment),
      pidVariables: [...plan.lowerEnvironment].filter(([name, value]) => PID_VARIABLES.has(name) && value === '').map(([name]) => name),
      unsetEnvironment: exec.unsetEnvironment,
      passedFds: plan.passedFds.map((_, index) => PASSED_FDS + index),
      user: runsAsUser ? exec.user : null,
      group: runsAsUser ? exec.group : null,
      supplementaryGroups: runsAsUser ? exec.supplementaryGroups : [],
      ...streamSources(exec, effect.role),
      stdinData: exec.standardInputData === null ? null : Buffer.from(exec.standardInputData, 'base64'),
      ttyPath: exec.ttyPath,
      ttyReset: exec.ttyReset,
      ttyHangup: exec.ttyHangup,
      ttyRows: exec.ttyRows ?? null,
      ttyColumns: exec.ttyColumns ?? null,
      limits: granted.limits,
      nice: granted.nice,
      oomScoreAdjust: granted.oomScoreAdjust,
      ioSchedulingClass: exec.ioSchedulingClass,
      ioSchedulingPriority: exec.ioSchedulingPriority,
      cpuSchedulingPolicy: exec.cpuSchedulingPolicy,
      cpuSchedulingPriority: exec.cpuSchedulingPriority,
      cpuAffinity: exec.cpuAffinity,
      umask: exec.umask,
      directories: exec.directories.map(({ kind, path, links }) => ({ kind, root: this.#options.directoryRoots[kind], path, links, mode: exec.directoryModes[kind] })),
      madeDirectories: madeDirectories(effect),
      workingDirectory: exec.workingDirectory ?? { path: this.#options.defaultDirectory, optional: false },
      rootDirectory: exec.rootDirectory,
      capabilityBoundingSet: exec.capabilityBoundingSet,
      ambientCapabilities: exec.ambientCapabilities,
      noNewPrivileges: exec.noNewPrivileges,
      sameGroup: staysInGroup(effect),
      privateTmp: exec.privateTmp ? this.#privateTmp.prepare(effect.unit, this.#options.joinedWith(effect.unit)) : null,
      confinement: this.#confinement(plan),
    };
  }

  #confinement({ effect, exec }: SpawnPlan): ConfinementSpec | null {
    if (exec.confinement === null) return null;
    const { confinement, refused } = this.#confined.prepare(exec.confinement, effect.unit, this.#options.joinedWith(effect.unit));
    if (refused.length > 0) this.#options.onNotes(effect.unit, refused);
    return confinement;
  }

  #read(pending: Pending): void {
    const buffer = new Uint8Array(4096);
    for (;;) {
      const size = this.#options.native.read(pending.report, buffer);
      if (size === 'EAGAIN' || size === 'EINTR') return;
      if (typeof size === 'string' || size === 0 || pending.bytes.length + size > REPORT_BYTES_MAX) break;
      const bytes = new Uint8Array(pending.bytes.length + size);
      bytes.set(pending.bytes);
      bytes.set(buffer.subarray(0, size), pending.bytes.length);
      pending.bytes = bytes;
    }
    this.#finish(pending);
  }

  #finish(pending: Pending): void {
    const { submit, onNotes } = this.#options;
    const { unit, pid } = pending;
    const { failure, notes } = parseExecReport(pending.bytes);
    if (notes.length > 0) onNotes(unit, notes.map(({ directive, errno, subject }) => ({ directive, why: subject === '' ? errno : `${errno}: ${subject}` })));
    if (failure === null) submit({ event: 'exec-done', unit, pid });
    else submit({ event: 'exec-failed', unit, pid, ...failure });
    // Only now: an engine that dies before it is written down would leave a service for ever on its way.
    this.#close(pending);
  }

  #close({ pid, report }: Pending): void {
    this.#pending.delete(pid);
    this.#options.poll.remove(report);
    this.#options.kept.drop(report);
    this.#options.native.close(report);
  }
}

/** Before something is mounted its place is made, and for a bind mount what is bound. The executor does it, for it may have to wait. */
export function madeDirectories({ definition, role }: Pick<SpawnEffect, 'definition' | 'role'>): ExecSpec['madeDirectories'] {
  if (definition.kind !== 'mount' || role !== 'ExecMount') return [];
  const { where, what, directoryMode: mode } = definition as MountUnit;
  return [{ path: where, mode }, ...(isBindMount(definition as MountUnit) && what.startsWith('/') ? [{ path: what, mode }] : [])];
}

/** Commands that run while the main process has the terminal for its own: to wait for it would be to wait for the end of the service. */
const BESIDE_MAIN_PROCESS: ReadonlySet<ExecRole> = new Set<ExecRole>(['ExecStartPost', 'ExecReload', 'ExecStop', 'ExecProbe']);

/** Commands beside the main process only write to its terminal, and read nothing. Source: what systemd(1) does, seen. */
function streamSources(exec: ExecContext, role: ExecRole): Pick<ExecSpec, 'stdin' | 'stdout' | 'stderr'> {
  const { standardInput, standardOutput, standardError } = exec;
  if (!BESIDE_MAIN_PROCESS.has(role) || !standardInput.kind.startsWith('tty')) {
    return { stdin: streamSource(standardInput, 0), stdout: streamSource(standardOutput, 1), stderr: streamSource(standardError, 2) };
  }
  return { stdin: { kind: 'read', path: '/dev/null' }, stdout: standardOutput.kind === 'inherit' ? { kind: 'tty' } : streamSource(standardOutput, 1), stderr: streamSource(standardError, 2) };
}

/** What the executor has to do for a stream; `inherit` where the fd it is given will do. */
function streamSource(stream: StandardStream, number: 0 | 1 | 2): StreamSource {
  switch (stream.kind) {
    case 'file': return number === 0 ? { kind: 'read', path: stream.path } : { kind: 'write', path: stream.path };
    case 'append':
    case 'truncate': return { kind: stream.kind, path: stream.path };
    case 'tty':
    case 'tty-force':
    case 'tty-fail': return { kind: stream.kind };
    case 'data': return { kind: 'data' };
    // "inherit" of an output means the stream before it, which the executor may only just have opened.
    case 'inherit': return number === 0 ? { kind: 'inherit' } : { kind: 'duplicate', of: number === 1 ? 0 : 1 };
    case 'null':
    case 'journal':
    case 'kmsg':
    case 'socket':
    case 'fd': return { kind: 'inherit' };
  }
}
