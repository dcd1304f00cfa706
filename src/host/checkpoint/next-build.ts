/**
 * Before the manager is executed anew: the program that would be executed runs once as a child, is given the state, and says whether it
 * could go on with it. A build that does not start, crashes, hangs or knows nothing of the question is not gone over to either.
 */
import { readSync, writeFileSync } from 'node:fs';
import type { Fd, Pid } from '../../base/brand.ts';
import { SIGKILL } from '../../base/signals.ts';
import type { NativeBinding } from '../native.ts';
import { managerCommand } from '../program-paths.ts';

/** Ten times what a thousand units take on a busy machine. */
const ANSWER_LIMIT_MSEC = 20_000;
const ANSWER_BYTES_MAX = 4096;

export interface NextBuildOptions {
  readonly native: NativeBinding;
  readonly mode: string;
  /** checkpoint/state-question */
  readonly question: string;
  /** The process is one of the manager's own; `onExit` is to be called when it has ended. */
  readonly onSpawned: (pid: Pid, onExit: () => void) => void;
}

/** What it says when it could go on; anything else is the reason why not. */
export const NEXT_BUILD_CONSENT = 'this build can go on';

/** @param done gets null, or why not; may be called before this returns */
export function verifyNextBuild(options: NextBuildOptions, done: (why: string | null) => void): void {
  const { native } = options;
  const question = native.memfd('heartwood-question');
  const answer = native.memfd('heartwood-answer');
  if (typeof question === 'string' || typeof answer === 'string') {
    for (const fd of [question, answer]) if (typeof fd !== 'string') native.close(fd);
    done(`the new build could not be asked: ${[question, answer].find((each) => typeof each === 'string') ?? ''}`);
    return;
  }
  const end = (why: string | null): void => {
    native.close(question);
    native.close(answer);
    done(why);
  };
  writeFileSync(question, options.question);
  const command = managerCommand([`--check-state=${options.mode}`, ...process.argv.slice(2)]);
  const result = native.spawn({
    path: command.path, argv: command.argv,
    env: Object.entries(process.env).flatMap(([name, value]) => (value === undefined ? [] : [`${name}=${value}`])),
    stdio: [question, answer, answer], extraFds: [], cwd: '/', umask: 0o022, credentials: null, limits: [], nice: null, oomScoreAdjust: null,
    noNewPrivileges: false, ignoreSigpipe: true, newSession: true, cgroupFd: -1, pidEnvIndexes: [], controllingTty: -1,
  });
  if ('errno' in result) {
    end(`the new build could not be started: ${result.stage}: ${result.errno}`);
    return;
  }
  native.close(result.pidfd);
  const { pid } = result;
  let isLate = false;
  const limit = setTimeout(() => {
    isLate = true;
    native.kill(pid, SIGKILL);
  }, ANSWER_LIMIT_MSEC);
  options.onSpawned(pid, () => {
    clearTimeout(limit);
    const text = readAnswer(answer);
    if (isLate) end(`the new build did not answer within ${String(ANSWER_LIMIT_MSEC / 1000)} s`);
    else end(text === NEXT_BUILD_CONSENT ? null : `the new build ${text === '' ? 'ended without an answer' : `says: ${text}`}`);
  });
}

function readAnswer(fd: Fd): string {
  const bytes = Buffer.alloc(ANSWER_BYTES_MAX);
  return bytes.toString('utf8', 0, readSync(fd, bytes, 0, bytes.length, 0)).trim();
}
