import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import type { Fd, MonotonicUsec } from '../../src/base/brand.ts';
import { addonPath, native, nodeEnvironment, ok, plainSpawn, run, started } from './native-under-test.ts';

const EPOLLIN = 1;
const EPOLLOUT = 4;
const EPOLLHUP = 16;

let wakeUps: (readonly (readonly [token: number, events: number])[])[] = [];
ok(native.pollStart((ready) => {
  const pairs: (readonly [number, number])[] = [];
  for (let index = 0; index < ready.length; index += 2) pairs.push([ready[index] as number, ready[index + 1] as number]);
  wakeUps.push(pairs);
}));
after(() => { ok(native.pollStop()); });

const sleep = (msec: number): Promise<void> => new Promise((resolve) => { setTimeout(resolve, msec); });

async function nextWakeUp(): Promise<readonly (readonly [number, number])[]> {
  for (let tries = 0; wakeUps.length === 0 && tries < 2000; tries++) await sleep(1);
  return wakeUps.shift() ?? [];
}

function newPipe(): readonly [Fd, Fd] {
  wakeUps = [];
  return ok(native.pipe(true));
}

test('a ready descriptor is reported with its token as long as it is ready', async () => {
  const [read, write] = newPipe();
  ok(native.pollAdd(read, 2 ** 40, EPOLLIN));
  await sleep(20);
  assert.deepEqual(wakeUps, []);
  native.write(write, Buffer.from('x'));
  assert.deepEqual(await nextWakeUp(), [[2 ** 40, EPOLLIN]]);
  assert.deepEqual(await nextWakeUp(), [[2 ** 40, EPOLLIN]], 'level-triggered: again, because nobody read');
  native.read(read, Buffer.alloc(8));
  ok(native.close(write));
  await sleep(5);
  wakeUps = [];
  assert.deepEqual(await nextWakeUp(), [[2 ** 40, EPOLLHUP]]);
  ok(native.pollRemove(read));
  await sleep(5);
  wakeUps = [];
  await sleep(20);
  assert.deepEqual(wakeUps, []);
  ok(native.close(read));
});

test('the events waited for can be changed', async () => {
  const [left, right] = ok(native.socketPair('stream'));
  wakeUps = [];
  ok(native.pollAdd(left, 5, EPOLLIN));
  ok(native.pollModify(left, 6, EPOLLOUT));
  assert.deepEqual(await nextWakeUp(), [[6, EPOLLOUT]]);
  ok(native.pollModify(left, 6, 0));
  await sleep(5);
  wakeUps = [];
  await sleep(20);
  assert.deepEqual(wakeUps, []);
  ok(native.close(left));
  ok(native.close(right));
});

test('many ready descriptors come in one wake-up, more than 256 in several', async () => {
  const pipes = Array.from({ length: 300 }, () => ok(native.pipe(true)));
  pipes.forEach(([read], index) => ok(native.pollAdd(read, 1000 + index, EPOLLIN)));
  for (const [, write] of pipes) native.write(write, Buffer.from('x'));
  wakeUps = [];
  const first = await nextWakeUp();
  assert.equal(first.length, 256);
  const seen = new Set<number>();
  for (let turn = 0; seen.size < 300 && turn < 20; turn++) for (const [token] of await nextWakeUp()) seen.add(token);
  assert.equal(seen.size, 300, 'the kernel takes turns, so nobody starves');
  for (const [read, write] of pipes) {
    ok(native.close(read));
    ok(native.close(write));
  }
});

test('the timer fires once, as token 0, not before it is due, and can be disarmed', async () => {
  await sleep(5);
  wakeUps = [];
  const due = native.clock()[0] + 30_000;
  ok(native.pollTimer(due));
  assert.deepEqual(await nextWakeUp(), [[0, EPOLLIN]]);
  assert.ok(native.clock()[0] >= due);
  await sleep(20);
  assert.deepEqual(wakeUps, []);
  ok(native.pollTimer(native.clock()[0] + 5_000));
  ok(native.pollTimer(null));
  await sleep(20);
  assert.deepEqual(wakeUps, []);
  for (const past of [0, 1, native.clock()[0] - 1]) {
    ok(native.pollTimer(past as MonotonicUsec));
    assert.deepEqual(await nextWakeUp(), [[0, EPOLLIN]], 'an instant in the past is due now');
  }
});

test('the errors of epoll_ctl(2) come back by name', () => {
  const [read, write] = newPipe();
  ok(native.pollAdd(read, 1, EPOLLIN));
  assert.equal(native.pollAdd(read, 1, EPOLLIN), 'EEXIST');
  assert.equal(native.pollModify(write, 1, EPOLLIN), 'ENOENT');
  assert.equal(native.pollAdd(9999 as Fd, 1, EPOLLIN), 'EBADF');
  const file = ok(native.memfd('regular'));
  assert.equal(native.pollAdd(file, 1, EPOLLIN), 'EPERM');
  assert.throws(() => native.pollAdd(read, 0, EPOLLIN), TypeError, 'token 0 is the timer');
  assert.equal(native.pollStart(() => {}), 'EALREADY');
  for (const fd of [read, write, file]) ok(native.close(fd));
});

test('the clocks are those of the kernel, in microseconds', () => {
  const [monotonic, realtime] = native.clock();
  assert.ok(Math.abs(realtime / 1000 - Date.now()) < 1000);
  assert.ok(Math.abs(monotonic - Number(process.hrtime.bigint() / 1000n)) < 1_000_000);
  const fd = ok(native.clockChangeFd());
  assert.equal(native.read(fd, Buffer.alloc(8)), 'EAGAIN', 'nobody has set the clock');
  ok(native.close(fd));
});

test('the set keeps the process alive, and an exception in the callback is an uncaught one', async () => {
  const script = `
    const native = require(${JSON.stringify(addonPath)});
    process.on('uncaughtException', (error) => { console.log('caught', error.message); native.pollStop(); });
    native.pollStart(() => { Promise.resolve().then(() => console.log('microtask')); throw new Error('from the callback'); });
    native.pollTimer(native.clock()[0] + 50000);`;
  const { exit, output } = await run([process.execPath, '-e', script], { env: nodeEnvironment });
  assert.equal(output, 'caught from the callback\nmicrotask\n');
  assert.equal(exit.status, 0);
});

test('strangers are reaped within the poll set, without a wake-up, when that is asked for; expected children are told', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'heartwood-poll-'));
  const fifo = join(directory, 'fifo');
  assert.equal((await run(['/usr/bin/mkfifo', fifo])).exit.status, 0);
  ok(native.signalOpen([]));
  ok(native.setChildSubreaper(true));
  ok(native.pollChildren(77));
  assert.equal(native.pollChildren(78), 'EALREADY');
  native.reapStrangersQuietly(true);
  wakeUps = [];
  // The shell is nobody's stranger; the forty orphans it leaves behind are.
  const script = 'i=0; while [ $i -lt 40 ]; do ( ( read x < "$1"; exit 3 ) & ) ; i=$((i+1)); done';
  const { pid, pidfd } = started(native.spawn(plainSpawn(['/bin/sh', '-c', script, 'sh', fifo])));
  ok(native.close(pidfd));
  assert.deepEqual(await nextWakeUp(), [[77, EPOLLIN]]);
  assert.deepEqual(native.reap(8192).map((exit) => exit.pid), [pid]);
  const orphans = childrenOf(process.pid);
  assert.equal(orphans.length, 40);
  const [adopted] = orphans;
  assert.ok(adopted !== undefined);
  native.expectExit(adopted);
  writeFileSync(fifo, 'x\n'.repeat(40));
  const told: number[] = [];
  for (let tries = 0; tries < 2000 && childrenOf(process.pid).length > 0; tries++) await sleep(1);
  for (const pairs of wakeUps) {
    assert.deepEqual(pairs, [[77, EPOLLIN]]);
    for (const exit of native.reap(8192)) {
      assert.deepEqual([exit.code, exit.status], ['exited', 3]);
      told.push(exit.pid);
    }
  }
  assert.deepEqual(told, [adopted], 'forty have ended, and one of them was told');
  native.reapStrangersQuietly(false);
  ok(native.setChildSubreaper(false));
  rmSync(directory, { recursive: true });
});

/** Pids of the children, zombies among them. */
function childrenOf(parent: number): number[] {
  return readFileSync(`/proc/${String(parent)}/task/${String(parent)}/children`, 'utf8').split(' ').filter((word) => word !== '').map(Number);
}
