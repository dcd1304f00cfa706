import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync, writeFileSync, chmodSync } from 'node:fs';
import { getPriority, tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Fd } from '../../src/base/brand.ts';
import type { SpawnSpec } from '../../src/host/native.ts';
import { exitOf, isRoot, memfdWith, native, nullFd, ok, plainSpawn, run, started } from './native-under-test.ts';

const NOFILE = 7;
const bareStatus = ['/bin/cat', '/proc/self/status'];

function statusField(output: string, name: string): string {
  return new RegExp(`^${name}:\\s*(.*)$`, 'm').exec(output)?.[1]?.trim() ?? '';
}

function countFds(): number {
  return readdirSync('/proc/self/fd').length;
}

test('a child gets its arguments, environment, directory and umask, and nothing of ours', async () => {
  const script = 'printf "%s|" "$0" "$@"; pwd; umask; env';
  const { exit, output } = await run(['/bin/sh', '-c', script, 'zero', 'größe', 'a b'], { cwd: '/usr', umask: 0o027, env: ['A=1', 'LONG=x y'] });
  assert.equal(exit.status, 0);
  const [first, mask, ...environment] = output.trim().split('\n');
  assert.equal(first, 'zero|größe|a b|/usr');
  assert.equal(mask, '0027');
  assert.deepEqual(environment.filter((line) => !/^(PWD|OLDPWD|SHLVL|_)=/.test(line)).sort(), ['A=1', 'LONG=x y']);
});

test('a child is born with default dispositions and an empty mask, although Node ignores and blocks signals', async () => {
  const { output } = await run(bareStatus);
  for (const field of ['SigIgn', 'SigBlk', 'SigCgt']) assert.equal(statusField(output, field), '0000000000000000', field);
  const ignoring = await run(bareStatus, { ignoreSigpipe: true });
  assert.equal(statusField(ignoring.output, 'SigIgn'), '0000000000001000');
});

test('a child has exactly the descriptors it was given, each in its place, whatever their numbers were', async () => {
  const files = Array.from({ length: 6 }, (_, index) => memfdWith(`file ${String(index)}`));
  // Descending numbers: every source lies where another one has to go.
  const reversed = [...files].sort((a, b) => b - a);
  const expected = reversed.map((fd) => `file ${String(files.indexOf(fd))}`);
  const { output } = await run(['/bin/sh', '-c', 'for fd in 3 4 5 6 7 8; do cat <&$fd; echo; done; ls /proc/self/fd | tr "\\n" " "'], { extraFds: reversed });
  const lines = output.trim().split('\n');
  assert.deepEqual(lines.slice(0, 6), expected);
  // ls itself opens one more, the directory.
  assert.equal(lines[6], '0 1 2 3 4 5 6 7 8 9');
  for (const fd of files) ok(native.close(fd));
});

test('standard streams may be given crosswise', async () => {
  const input = memfdWith('from memory');
  const [read, write] = ok(native.pipe(false));
  // 1 and 0 as sources of 2 and 1 would be lost if they were copied in the order of their targets.
  const result = started(native.spawn(plainSpawn(['/bin/cat'], { stdio: [input, write, 0 as Fd] })));
  ok(native.close(write));
  assert.equal((await exitOf(result.pid)).status, 0);
  const buffer = Buffer.alloc(64);
  assert.equal(buffer.toString('utf8', 0, ok(native.read(read, buffer))), 'from memory');
  for (const fd of [read, input, result.pidfd]) ok(native.close(fd));
});

test('limits, niceness, OOM score and no-new-privileges take effect', { skip: !isRoot && getPriority() > 7 && 'needs root to become less nice than it is' }, async () => {
  const { output } = await run(['/bin/sh', '-c', 'ulimit -Sn; ulimit -Hn; nice; cat /proc/self/oom_score_adj; grep NoNewPrivs /proc/self/status'], {
    limits: [[NOFILE, 123, 456]], nice: 7, oomScoreAdjust: 321, noNewPrivileges: true,
  });
  assert.deepEqual(output.split(/\s+/).slice(0, 6), ['123', '456', '7', '321', 'NoNewPrivs:', '1']);
});

test('a variable can hold the pid of the child', async () => {
  const { exit, output } = await run(['/bin/sh', '-c', 'echo $LISTEN_PID $WATCHDOG_PID $OTHER'], {
    env: ['LISTEN_PID=', 'OTHER=kept', 'WATCHDOG_PID='], pidEnvIndexes: [0, 2],
  });
  assert.equal(output.trim(), `${String(exit.pid)} ${String(exit.pid)} kept`);
});

test('a child leads its own session, or only its own process group', async () => {
  const script = 'cut -d" " -f5,6 /proc/$$/stat';
  const session = await run(['/bin/sh', '-c', script]);
  assert.equal(session.output.trim(), `${String(session.exit.pid)} ${String(session.exit.pid)}`);
  const group = await run(['/bin/sh', '-c', script], { newSession: false });
  const [pgrp, sid] = group.output.trim().split(' ').map(Number);
  assert.equal(pgrp, group.exit.pid);
  assert.notEqual(sid, group.exit.pid);
});

test('credentials are dropped for good: ids, groups and capabilities', { skip: !isRoot && 'needs root' }, async () => {
  const { output } = await run(bareStatus, { credentials: { uid: 65534, gid: 65533, groups: [4, 24, 27] } });
  assert.equal(statusField(output, 'Uid'), '65534\t65534\t65534\t65534');
  assert.equal(statusField(output, 'Gid'), '65533\t65533\t65533\t65533');
  assert.equal(statusField(output, 'Groups'), '4 24 27');
  assert.equal(statusField(output, 'CapEff'), '0000000000000000');
  assert.equal(statusField(output, 'CapPrm'), '0000000000000000');
});

test('a failure names its stage and errno, and leaves nothing to reap and no descriptor', () => {
  const directory = mkdtempSync(join(tmpdir(), 'heartwood-spawn-'));
  const plainFile = join(directory, 'plain');
  writeFileSync(plainFile, 'not a program\n');
  chmodSync(plainFile, 0o644);
  const directoryFd = ok(native.openDirectory(directory));
  const cases: readonly (readonly [Partial<SpawnSpec>, string, string])[] = [
    [{ path: '/no/such/program' }, 'exec', 'ENOENT'],
    [{ path: plainFile }, 'exec', 'EACCES'],
    [{ path: '/' }, 'exec', 'EACCES'],
    [{ cwd: '/no/such/directory' }, 'chdir', 'ENOENT'],
    [{ stdio: [nullFd, nullFd, 9999 as Fd] }, 'stdio', 'EBADF'],
    [{ extraFds: [9999 as Fd] }, 'stdio', 'EBADF'],
    [{ limits: [[NOFILE, 10, 5]] }, 'limits', 'EINVAL'],
    [{ controllingTty: nullFd }, 'tty', 'ENOTTY'],
    // A directory that is no control group: not at birth, and not by writing cgroup.procs either.
    [{ cgroupFd: directoryFd }, 'cgroup', 'ENOENT'],
    [{ argv: ['sh', 'x'.repeat(7 << 20)] }, 'exec', 'E2BIG'],
  ];
  const before = countFds();
  for (const [changes, stage, errno] of cases) {
    assert.deepEqual(native.spawn(plainSpawn(['/bin/true'], changes)), { errno, stage });
  }
  assert.equal(countFds(), before);
  assert.deepEqual(native.reap(10), []);
  ok(native.close(directoryFd));
  rmSync(directory, { recursive: true });
});

test('long arguments and environments arrive whole', async () => {
  const long = 'ä'.repeat(40_000);
  const environment = Array.from({ length: 300 }, (_, index) => `V${String(index)}=${'v'.repeat(500)}`);
  const { output } = await run(['/bin/sh', '-c', 'echo ${#1}; env | grep -c ^V; printf %s "$1" | md5sum', 'sh', long], {
    env: [...environment, 'PATH=/usr/bin:/bin', 'LC_ALL=C'],
  });
  const { createHash } = await import('node:crypto');
  const [length, count, sum] = output.trim().split('\n');
  assert.equal(length, '80000');
  assert.equal(count, '300');
  assert.equal(sum?.split(' ')[0], createHash('md5').update(long).digest('hex'));
});

test('wrong specifications throw a TypeError that names the member', () => {
  const cases: readonly (readonly [Record<string, unknown>, RegExp])[] = [
    [{ path: 7 }, /path must be a string/],
    [{ path: '/bin/\0true' }, /path must be a string without NUL/],
    [{ argv: [] }, /argv/],
    [{ argv: 'true' }, /argv must be an array/],
    [{ env: [3] }, /env must be a string/],
    [{ stdio: [0, 1] }, /stdio/],
    [{ stdio: [0, 1, -1] }, /stdio/],
    [{ umask: 0o1000 }, /umask/],
    [{ nice: 20 }, /nice/],
    [{ nice: undefined }, /nice/],
    [{ limits: [[1, 2]] }, /limits/],
    [{ limits: [[99, 2, 3]] }, /limits/],
    [{ limits: [[1, -2, 3]] }, /limits/],
    [{ credentials: { uid: 4294967295, gid: 0, groups: [] } }, /credentials\.uid/],
    [{ pidEnvIndexes: [5] }, /pidEnvIndexes/],
    [{ newSession: 1 }, /newSession/],
  ];
  for (const [changes, message] of cases) {
    assert.throws(() => native.spawn({ ...plainSpawn(['/bin/true']), ...changes }), { name: 'TypeError', message });
  }
  assert.throws(() => native.spawn('x' as unknown as SpawnSpec), TypeError);
});

test('two thousand children leave no descriptor and no zombie behind', async (context) => {
  const before = countFds();
  const children = 2000;
  let reaped = 0;
  const startedAt = process.hrtime.bigint();
  for (let count = 0; count < children; count++) {
    const { pidfd } = started(native.spawn(plainSpawn(['/bin/true'])));
    ok(native.close(pidfd));
    if (count % 50 === 0) reaped += native.reap(1000).length;
  }
  context.diagnostic(`${String(Math.round(Number(process.hrtime.bigint() - startedAt) / 1000 / children))} us each`);
  const deadline = Date.now() + 20_000;
  while (reaped < children && Date.now() < deadline) {
    reaped += native.reap(1000).length;
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  assert.equal(reaped, children);
  // Fewer may be left: what a test before this one let go of may be closed by now.
  assert.ok(countFds() <= before, `${String(countFds())} descriptors, ${String(before)} before`);
});

test('a pidfd signals its process and no other', async () => {
  const { pid, pidfd } = started(native.spawn(plainSpawn(['/bin/sleep', '100'])));
  assert.equal(native.pidfdSendSignal(pidfd, 0), 0);
  assert.equal(native.pidfdSendSignal(pidfd, 15), 0);
  const exit = await exitOf(pid);
  assert.deepEqual([exit.code, exit.status], ['killed', 15]);
  assert.equal(native.pidfdSendSignal(pidfd, 15), 'ESRCH');
  ok(native.close(pidfd));
  assert.equal(native.pidfdOpen(pid), 'ESRCH');
});

test('many children on their way at once each get their own, and failures among them keep their place', async () => {
  // More than there are buffers for, so that some have to be waited for in between.
  const count = 100;
  const missing = (index: number): boolean => index % 7 === 3;
  const fdsBefore = countFds();
  for (let index = 0; index < count; index++) {
    native.spawnBegin(plainSpawn(missing(index) ? ['/nowhere/to/be/found'] : ['/bin/sh', '-c', `exit ${String(index)}`]));
  }
  const results = native.spawnFinish();
  assert.equal(results.length, count);
  for (const [index, result] of results.entries()) {
    if (missing(index)) {
      assert.deepEqual(result, { errno: 'ENOENT', stage: 'exec' });
      continue;
    }
    const { pid, pidfd } = started(result);
    assert.equal((await exitOf(pid)).status, index);
    ok(native.close(pidfd));
  }
  assert.deepEqual(native.spawnFinish(), [], 'nothing is left to ask for');
  assert.deepEqual(native.reap(10), [], 'a child that failed is not seen by anybody else');
  assert.equal(countFds(), fdsBefore);
});

test('a specification that is refused takes no place among those on their way', async () => {
  native.spawnBegin(plainSpawn(['/bin/true']));
  assert.throws(() => { native.spawnBegin({ ...plainSpawn(['/bin/true']), umask: -1 }); }, TypeError);
  native.spawnBegin(plainSpawn(['/bin/sh', '-c', 'exit 3']));
  const [first, second, ...others] = native.spawnFinish().map(started);
  assert.equal(others.length, 0);
  assert.equal((await exitOf(first!.pid)).status, 0);
  assert.equal((await exitOf(second!.pid)).status, 3);
  for (const { pidfd } of [first!, second!]) ok(native.close(pidfd));
});

/** Serial number of the session keyring of whoever prints it; -1 where the kernel has none to give. */
const printKeyring = ['/usr/bin/python3', '-c', 'import ctypes; print(ctypes.CDLL(None).syscall(250, 0, -3, 0))'];

test('a child has a session keyring of its own when that is asked for, and otherwise ours', { skip: process.arch !== 'x64' && 'the number of keyctl(2) is that of x86-64' }, async () => {
  const keyring = async (changes: Partial<SpawnSpec>): Promise<number> => Number((await run(printKeyring, changes)).output);
  const ours = await keyring({});
  if (ours === -1) return;
  assert.equal(await keyring({}), ours);
  const [first, second] = [await keyring({ ownKeyring: true }), await keyring({ linksUserKeyring: true })];
  assert.notEqual(first, ours);
  assert.notEqual(second, ours);
  assert.notEqual(first, second);
});
