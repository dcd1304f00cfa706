/** What the end of a process says about its service. Source: systemd.service(5), SuccessExitStatus= and ExecStart=. */
import type { ExecCommand } from '../../unit/exec-context.ts';
import type { ExitStatusSet, ServiceUnit } from '../../unit/service.ts';
import type { ServiceResult, SpawnFailure } from '../../manager/state.ts';
import { SIGHUP, SIGINT, SIGPIPE, SIGTERM } from '../../../base/signals.ts';

export interface Ended {
  readonly code: 'exited' | 'killed' | 'dumped';
  /** Exit status, or signal number. */
  readonly status: number;
}

/** A daemon may end by these signals and still be said to have ended well; a command may not. */
const CLEAN_DAEMON_SIGNALS: readonly number[] = [SIGHUP, SIGINT, SIGTERM, SIGPIPE];

export function isInSet(set: ExitStatusSet, ended: Ended): boolean {
  return ended.code === 'exited' ? set.codes.includes(ended.status) : (set.signals as readonly number[]).includes(ended.status);
}

/** The result that the end of a process gives, `as` a long-running daemon or as a command that is to finish. */
export function judgeExit(unit: Pick<ServiceUnit, 'successExitStatus'>, ended: Ended, as: 'daemon' | 'command', command: ExecCommand | undefined): ServiceResult {
  if (command?.ignoreFailure === true || isInSet(unit.successExitStatus, ended)) return 'success';
  switch (ended.code) {
    case 'exited': return ended.status === 0 ? 'success' : 'exit-code';
    case 'killed': return as === 'daemon' && CLEAN_DAEMON_SIGNALS.includes(ended.status) ? 'success' : 'signal';
    case 'dumped': return 'core-dump';
  }
}

/** Of a stage that has no status of its own. */
const EXEC_STATUS = 203;
/** Exit status that stands for a failure before execve, by stage. Source: systemd.exec(5), "Process Exit Codes". */
const STAGE_STATUS: Readonly<Record<string, number>> = {
  chdir: 200, nice: 201, fds: 202, exec: 203, memory: 204, limits: 205, oom: 206, signals: 207, stdin: 208, stdout: 209,
  chroot: 210, ioprio: 211, scheduler: 214, affinity: 215, group: 216, user: 217, credentials: 217, capabilities: 218,
  session: 220, tty: 208, stdio: 209, namespace: 226, 'no-new-privileges': 227, directories: 233, environment: 203,
};

/** Errors of execve(2) that say that there is no such program. */
const MISSING_PROGRAM = ['ENOENT', 'ENOTDIR', 'EACCES'];

/**
 * How a command ended that could not be run, as $EXIT_STATUS and ExecMainStatus= tell it: with the status of the stage; but a program with
 * `-` that is not there is left out as if it had done its work. Source: systemd.service(5), ExecStart=, and systemd 252's behaviour.
 */
export function endBeforeExec(failure: Pick<SpawnFailure, 'stage' | 'errno'>, command: ExecCommand | undefined): Ended {
  const isLeftOut = command?.ignoreFailure === true && failure.stage === 'exec' && MISSING_PROGRAM.includes(failure.errno);
  return { code: 'exited', status: isLeftOut ? 0 : STAGE_STATUS[failure.stage] ?? EXEC_STATUS };
}

/** How a process ended, where the executor may have told before that it could not run the command of `role`. */
export function endOf(run: { readonly spawnFailure: SpawnFailure | null }, role: string, ended: Ended, command: ExecCommand | undefined): Ended {
  return ended.code === 'exited' && run.spawnFailure?.role === role ? endBeforeExec(run.spawnFailure, command) : ended;
}
