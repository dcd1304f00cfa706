/** What the end of a process says about its service. Source: systemd.service(5), SuccessExitStatus= and ExecStart=. */
import type { ExecCommand } from '../../unit/exec-context.ts';
import type { ExitStatusSet, ServiceUnit } from '../../unit/service.ts';
import type { ServiceResult } from '../../manager/state.ts';
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

/** Exit status that stands for a failure before execve, by stage. Source: systemd.exec(5), "Process Exit Codes". */
const STAGE_STATUS: Readonly<Record<string, number>> = {
  chdir: 200, nice: 201, fds: 202, exec: 203, memory: 204, limits: 205, oom: 206, signals: 207, stdin: 208, stdout: 209,
  chroot: 210, ioprio: 211, scheduler: 214, affinity: 215, group: 216, user: 217, credentials: 217, capabilities: 218,
  session: 220, tty: 208, stdio: 209, namespace: 226, 'no-new-privileges': 227, directories: 233, environment: 203,
};

export function statusOfStage(stage: string): number {
  return STAGE_STATUS[stage] ?? 203;
}
