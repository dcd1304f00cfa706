/**
 * Runs beside a terminal (see terminal.test.ts), in a session without one, and starts services on it: one that takes it from the
 * session that holds it, and one that fails because it is held.
 */
import { parseExecReport, type ExecReport } from '../../src/host/spawn/exec-report.ts';
import { serialiseExecSpec } from '../../src/host/spawn/exec-spec.ts';
import { plain, SPEC_FD } from './plain-exec-spec.ts';
import { executorPath, exitOf, memfdWith, native, nodeEnvironment, nullFd, ok, outputPipe, plainSpawn, readToEnd, started } from './native-under-test.ts';

const terminal = process.argv[2] ?? '';

async function serve(kind: 'tty-force' | 'tty-fail'): Promise<ExecReport> {
  // ps knows a process's controlling terminal from the kernel, not from its descriptors.
  const script = `echo "SERVICE ${kind} $(tty) $([ "$(ps -o tty= -p $$)" != '?' ] && echo controlling) $(stty -a | grep -ow -e '-\\?icanon')"; echo ERROR stream >&2`;
  const spec = plain(['/bin/sh', '-c', script], { stdin: { kind }, stdout: { kind: 'tty' }, stderr: { kind: 'duplicate', of: 1 }, ttyPath: terminal, ttyReset: true });
  const [read, write] = outputPipe();
  const { pid } = started(native.spawn(plainSpawn([executorPath, String(SPEC_FD)], {
    env: nodeEnvironment.filter((assignment) => !assignment.startsWith('LD_PRELOAD=')), stdio: [nullFd, nullFd, nullFd], extraFds: [memfdWith(serialiseExecSpec(spec)), write],
  })));
  ok(native.close(write));
  const report = parseExecReport(await readToEnd(read));
  await exitOf(pid);
  return report;
}

// The shell on the terminal still holds it.
const held = await serve('tty-fail');
console.log(`HELD ${JSON.stringify(held.failure)}`);
console.log(`REPORT ${JSON.stringify(await serve('tty-force'))}`);
