/**
 * Spawning where clone3(2) and close_range(2) are not to be had: old kernels, and containers whose seccomp filter answers for
 * calls it does not know. A filter of our own plays them. perl, which every Debian has, puts it in force.
 */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { test } from 'node:test';
import { addonPath, nodeEnvironment, run } from './native-under-test.ts';

const PERL = '/usr/bin/perl';
/** prctl(2) by architecture; the two numbers below are the same on all. */
const PRCTL: Readonly<Record<string, number>> = { x64: 157, arm64: 167 };
const prctl = PRCTL[process.arch];
const CLONE3 = 435;
const CLOSE_RANGE = 436;
/** The only answer for clone3 that glibc's own threads, and so Node, live with. */
const ENOSYS = 38;

/** A perl program that refuses the calls and executes its arguments. */
function refusing(calls: readonly number[]): string {
  // BPF: load the call's number; for each refused one, return SECCOMP_RET_ERRNO; else SECCOMP_RET_ALLOW.
  const steps = [[0x20, 0, 0, 0], ...calls.flatMap((call) => [[0x15, 0, 1, call], [0x06, 0, 0, 0x50000 | ENOSYS]]), [0x06, 0, 0, 0x7fff0000]];
  return `
    my $filter = ${steps.map((step) => `pack("SCCL", ${step.join(', ')})`).join(' . ')};
    my $program = pack("S x6 P", ${String(steps.length)}, $filter);
    syscall(${String(prctl)}, 38, 1, 0, 0, 0) == 0 or die "no_new_privs: $!";
    syscall(${String(prctl)}, 22, 2, $program, 0, 0) == 0 or die "seccomp: $!";
    exec @ARGV or die;`;
}

const script = `
  const native = require(${JSON.stringify(addonPath)});
  const spec = (changes) => ({ path: '/bin/sh', argv: ['sh', '-c', 'ls /proc/self/fd | tr "\\\\n" " "; exit 5'], env: ['PATH=/bin'], stdio: [0, 1, 2], extraFds: [],
    cwd: '/', umask: 18, credentials: null, limits: [], nice: null, oomScoreAdjust: null, noNewPrivileges: false, ignoreSigpipe: false, newSession: true,
    cgroupFd: -1, pidEnvIndexes: [], controllingTty: -1, ...changes });
  native.setCloexec(native.memfd('left open by whoever started us'), false);
  console.log(JSON.stringify(native.spawn(spec({ path: '/no/such' }))), JSON.stringify(native.spawn(spec({ cgroupFd: native.openDirectory('/') }))));
  const child = native.spawn(spec({}));
  setTimeout(() => { const [end] = native.reap(5); console.log(end.pid === child.pid, end.status, native.pidfdSendSignal(child.pidfd, 0)); }, 1000);`;

test('without clone3 and close_range children start, fail with their stage, and inherit nothing', {
  skip: (prctl === undefined || !existsSync(PERL)) && 'needs perl, and to know the number of prctl',
}, async () => {
  const { output } = await run([PERL, '-e', refusing([CLONE3, CLOSE_RANGE]), process.execPath, '-e', script], { env: nodeEnvironment });
  assert.deepEqual(output.split('\n'), [
    '{"errno":"ENOENT","stage":"exec"} {"errno":"ENOENT","stage":"cgroup"}',
    // Three for the standard streams and one for the directory that ls reads.
    '0 1 2 3 true 5 ESRCH', '',
  ]);
});
