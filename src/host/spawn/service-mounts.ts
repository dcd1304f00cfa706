/**
 * Binds files and directories of the machine into the mount name space of a service that runs. Source: systemctl(1), bind.
 *
 * The manager enters no name space: it would have to come back, and its threads share one root. The executor is started for it, which may
 * also wait for a file server that does not answer.
 */
import { readlinkSync } from 'node:fs';
import type { Fd, Pid } from '../../base/brand.ts';
import { SIGKILL } from '../../base/signals.ts';
import type { NativeBinding, ProcessExit } from '../native.ts';
import { parseExecReport } from './exec-report.ts';

/** open(2). */
const O_RDONLY = 0;
const O_DIRECTORY = 0o200_000;
/** A report is one record, which fits into a pipe. */
const REPORT_BYTES_MAX = 4096;
/** What has not mounted by then hangs on a file server; a mount that comes after the answer would surprise. */
const BIND_MSEC_MAX = 90_000;

export interface BindOrder {
  /** The main process of the service. */
  readonly pid: Pid;
  /** Absolute, as the machine sees it. */
  readonly source: string;
  /** Absolute, as the service sees it. */
  readonly target: string;
  readonly readOnly: boolean;
  /** What is missing of the target is made. */
  readonly makeTarget: boolean;
}

export interface ServiceMountsOptions {
  readonly native: NativeBinding;
  /** The executor; null when it is not there. */
  readonly path: string | null;
  readonly nullFd: Fd;
  /** Tells the reaper whose child this is. */
  readonly onSpawned: (pid: Pid, onExit: (exit: ProcessExit) => void) => void;
}

export class ServiceMounts {
  readonly #options: ServiceMountsOptions;

  constructor(options: ServiceMountsOptions) {
    this.#options = options;
  }

  /** Whether the process sees other mounts than the manager. False when it is gone. */
  isApart(pid: Pid): boolean {
    const [own, other] = [namespaceOf('self'), namespaceOf(String(pid))];
    return own !== null && other !== null && own !== other;
  }

  /** @param done gets '' or why nothing was bound; called once, perhaps before this returns */
  bind(order: BindOrder, done: (why: string) => void): void {
    const { native, path } = this.#options;
    const opened: Fd[] = [];
    const open = (place: string, flags: number): Fd | null => {
      const fd = native.open(`/proc/${String(order.pid)}/${place}`, flags, 0);
      if (typeof fd === 'string') return null;
      opened.push(fd);
      return fd;
    };
    const [namespace, root] = [open('ns/mnt', O_RDONLY), open('root', O_RDONLY | O_DIRECTORY)];
    const pipe = native.pipe(true);
    if (typeof pipe !== 'string') opened.push(pipe[1]);
    if (path === null || namespace === null || root === null || typeof pipe === 'string') {
      if (typeof pipe !== 'string') native.close(pipe[0]);
      done(path === null ? 'unit-executor is not built' : typeof pipe === 'string' ? `no pipe can be made: ${pipe}` : 'the name space of its main process cannot be opened');
    } else {
      this.#run(path, order, { namespace, root, report: pipe }, done);
    }
    for (const fd of opened) native.close(fd);
  }

  #run(path: string, { source, target, readOnly, makeTarget }: BindOrder, fds: { readonly namespace: Fd; readonly root: Fd; readonly report: readonly [read: Fd, write: Fd] }, done: (why: string) => void): void {
    const { native, nullFd, onSpawned } = this.#options;
    const [read, write] = fds.report;
    const result = native.spawn({
      path, argv: ['unit-executor', '--bind', source, target, ...(readOnly ? ['read-only'] : []), ...(makeTarget ? ['mkdir'] : [])], env: [],
      stdio: [nullFd, write, nullFd], extraFds: [fds.namespace, fds.root], cwd: '/', umask: 0o022, credentials: null, limits: [], nice: null, oomScoreAdjust: null,
      noNewPrivileges: false, ignoreSigpipe: false, newSession: true, cgroupFd: -1, pidEnvIndexes: [], controllingTty: -1,
    });
    if ('errno' in result) {
      native.close(read);
      done(`unit-executor cannot be started: ${result.errno}`);
      return;
    }
    native.close(result.pidfd);
    const timer = setTimeout(() => { native.kill(result.pid, SIGKILL); }, BIND_MSEC_MAX);
    onSpawned(result.pid, (exit) => {
      clearTimeout(timer);
      const report = new Uint8Array(REPORT_BYTES_MAX);
      const size = native.read(read, report);
      native.close(read);
      done(exit.code === 'exited' && exit.status === 0 ? '' : failureText(report.subarray(0, typeof size === 'number' ? size : 0), exit));
    });
  }
}

function failureText(report: Uint8Array, exit: ProcessExit): string {
  const { failure } = parseExecReport(report);
  if (failure === null) return exit.code === 'exited' ? `unit-executor ended with status ${String(exit.status)}` : `unit-executor was ended by signal ${String(exit.status)}`;
  return `${failure.subject}${failure.stage === 'fds' ? '' : ' in the service'}: ${failure.errno}`;
}

function namespaceOf(process: string): string | null {
  try {
    return readlinkSync(`/proc/${process}/ns/mnt`);
  } catch {
    return null;
  }
}
