/** Running `unit-executor` by itself, for the tests beside this file. */
import assert from 'node:assert/strict';
import type { Fd } from '../../src/base/brand.ts';
import { parseExecReport, type ExecReport } from '../../src/host/spawn/exec-report.ts';
import { serialiseExecSpec, type ExecSpec } from '../../src/host/spawn/exec-spec.ts';
import type { ProcessExit, SpawnSpec } from '../../src/host/native.ts';
import { plain, SPEC_FD } from './plain-exec-spec.ts';
import { executorPath, exitOf, memfdWith, native, nodeEnvironment, nullFd, ok, outputPipe, plainSpawn, readToEnd, started } from './native-under-test.ts';

export interface Outcome {
  readonly exit: ProcessExit;
  readonly output: string;
  readonly report: ExecReport;
}

/** Runs the executor with the bytes of a specification. */
export async function execute(bytes: Uint8Array, passed: readonly Fd[] = [], changes: Partial<SpawnSpec> = {}): Promise<Outcome> {
  const specFd = memfdWith(bytes);
  const [outputRead, outputWrite] = outputPipe();
  const [reportRead, reportWrite] = outputPipe();
  const { pid, pidfd } = started(native.spawn(plainSpawn([executorPath, String(SPEC_FD)], {
    env: nodeEnvironment.filter((assignment) => !assignment.startsWith('LD_PRELOAD=')),
    stdio: [nullFd, outputWrite, outputWrite], extraFds: [specFd, reportWrite, ...passed], ...changes,
  })));
  for (const fd of [specFd, outputWrite, reportWrite, pidfd]) ok(native.close(fd));
  const output = (await readToEnd(outputRead)).toString();
  const report = parseExecReport(await readToEnd(reportRead));
  return { exit: await exitOf(pid), output, report };
}

/** Runs a program by a specification that asks for nothing but `changes`. */
export const run = (argv: readonly string[], changes: Partial<ExecSpec> = {}, passed: readonly Fd[] = []): Promise<Outcome> =>
  execute(serialiseExecSpec(plain(argv, changes)), passed);

/** The same for a shell script. */
export const shell = (script: string, changes: Partial<ExecSpec> = {}): Promise<Outcome> => run(['/bin/sh', '-c', script], changes);

/** Runs a script that must be reached, without any note; gives its trimmed output. */
export async function outputOf(script: string, changes: Partial<ExecSpec> = {}): Promise<string> {
  const { exit, output, report } = await shell(script, changes);
  assert.deepEqual(report, { failure: null, notes: [] });
  assert.equal(exit.status, 0, output);
  return output.trim();
}
