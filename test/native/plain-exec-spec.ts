/** A specification for the executor that asks for nothing, to be changed by each test in the one thing it is about. */
import type { ExecSpec } from '../../src/host/spawn/exec-spec.ts';

/** Where the executor finds its specification and the pipe to report to: the first two of `extraFds`. */
export const SPEC_FD = 3;
export const REPORT_FD = 4;

/** The specification that runs `argv` as we are. */
export function plain(argv: readonly string[], changes: Partial<ExecSpec> = {}): ExecSpec {
  return {
    sameGroup: false,
    reportFd: REPORT_FD, path: argv[0] ?? '', searchPath: ['/usr/bin', '/bin'], argv, expandVariables: false,
    baseEnvironment: ['PATH=/usr/bin:/bin'], environment: [], pidVariables: [], unsetEnvironment: [], passedFds: [],
    user: null, group: null, supplementaryGroups: [],
    stdin: { kind: 'inherit' }, stdout: { kind: 'inherit' }, stderr: { kind: 'inherit' }, stdinData: null,
    ttyPath: null, ttyReset: false, ttyHangup: false, ttyRows: null, ttyColumns: null,
    limits: [], nice: null, oomScoreAdjust: null, ioSchedulingClass: null, ioSchedulingPriority: null,
    cpuSchedulingPolicy: null, cpuSchedulingPriority: null, cpuAffinity: null, umask: 0o022,
    directories: [], madeDirectories: [], workingDirectory: null, rootDirectory: null,
    capabilityBoundingSet: null, ambientCapabilities: [], noNewPrivileges: false,
    privateTmp: null, confinement: null,
    ...changes,
  };
}
