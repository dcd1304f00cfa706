import assert from 'node:assert/strict';
import { test } from 'node:test';
import { exitOf, native, ok, plainSpawn, run, started } from './native-under-test.ts';

test('exit status, signal and core dump are told apart', async () => {
  const exited = (await run(['/bin/sh', '-c', 'exit 42'])).exit;
  assert.deepEqual([exited.code, exited.status], ['exited', 42]);
  const killed = (await run(['/bin/sh', '-c', 'kill -TERM $$'])).exit;
  assert.deepEqual([killed.code, killed.status], ['killed', 15]);
  assert.ok(killed.maxRssBytes > 100_000, 'the resource use comes with it');
  const busy = (await run(['/bin/sh', '-c', 'i=0; while [ $i -lt 100000 ]; do i=$((i+1)); done'])).exit;
  assert.ok(busy.userUsec + busy.systemUsec > 1000);
});

test('reap takes at most as many as asked, and none when there are none', async () => {
  const pids = Array.from({ length: 5 }, () => {
    const { pid, pidfd } = started(native.spawn(plainSpawn(['/bin/true'])));
    ok(native.close(pidfd));
    return pid;
  });
  await new Promise((resolve) => setTimeout(resolve, 500));
  const first = native.reap(2);
  assert.equal(first.length, 2);
  const rest = native.reap(100);
  assert.deepEqual([...first, ...rest].map(({ pid }) => pid).sort(), [...pids].sort());
  assert.deepEqual(native.reap(100), []);
});

test('a subreaper gets every one of two thousand orphans', async () => {
  ok(native.setChildSubreaper(true));
  const orphans = 2000;
  const script = `i=0; while [ $i -lt ${String(orphans)} ]; do ( : & ); i=$((i+1)); done`;
  const { pid, pidfd } = started(native.spawn(plainSpawn(['/bin/sh', '-c', script])));
  ok(native.close(pidfd));
  let reaped = 0;
  let shellEnded = false;
  const deadline = Date.now() + 60_000;
  while ((reaped < orphans || !shellEnded) && Date.now() < deadline) {
    for (const end of native.reap(1000)) {
      if (end.pid === pid) shellEnded = true;
      else reaped++;
    }
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  ok(native.setChildSubreaper(false));
  assert.equal(reaped, orphans);
});

test('kill refuses the pids that would reach everybody', async () => {
  assert.equal(native.kill(0, 0), 'EINVAL');
  assert.equal(native.kill(-1, 0), 'EINVAL');
  const { pid, pidfd } = started(native.spawn(plainSpawn(['/bin/sh', '-c', 'sleep 100 & wait'])));
  ok(native.close(pidfd));
  assert.equal(native.kill(-pid, 9), 0);
  assert.equal((await exitOf(pid)).status, 9);
});
