import assert from 'node:assert/strict';
import { pbkdf2 } from 'node:crypto';
import { readFileSync, readdirSync } from 'node:fs';
import { test } from 'node:test';
import { exitOf, native, ok, plainSpawn, started } from './native-under-test.ts';

const [HUP, INT, USR1, USR2, TERM, CHLD, PWR, RTMIN] = [1, 2, 10, 12, 15, 17, 30, 34] as const;
const SIGNALS = [HUP, INT, USR1, USR2, TERM, CHLD, PWR, ...Array.from({ length: 8 }, (_, index) => RTMIN + index)];
const wanted = SIGNALS.reduce((mask, signal) => mask | (1n << BigInt(signal - 1)), 0n);

/** Threads of this process that could still take one of the signals themselves. */
function unblockedThreads(): string[] {
  return readdirSync('/proc/self/task').filter((task) => {
    const blocked = /^SigBlk:\s*([0-9a-f]+)$/m.exec(readFileSync(`/proc/self/task/${task}/status`, 'utf8'))?.[1] ?? '0';
    return (BigInt(`0x${blocked}`) & wanted) !== wanted;
  });
}

assert.notDeepEqual(unblockedThreads(), [], 'Node starts with threads that take signals: else this test shows nothing');
const signalFd = ok(native.signalOpen(SIGNALS));

test('every thread blocks the set, those made later too', async () => {
  assert.deepEqual(unblockedThreads(), []);
  // The first use of the thread pool makes four more threads.
  await new Promise((resolve) => { pbkdf2('a', 'b', 10, 16, 'sha1', resolve); });
  assert.deepEqual(unblockedThreads(), []);
});

test('each of thousands of ordinary signals is there at once, one by one', () => {
  // A signal blocked everywhere is pending when kill returns. One that any thread took is gone: Node would even end, or open its debugger.
  for (let round = 0; round < 500; round++) {
    for (const signal of [HUP, INT, USR1, USR2, TERM, PWR]) {
      ok(native.kill(process.pid, signal));
      const records = ok(native.signalRead(signalFd));
      assert.deepEqual(records.map((record) => record.signal), [signal]);
    }
  }
});

test('a flood of real-time signals arrives complete, in order for each signal, with sender and value', () => {
  const flood = 6000;
  const kinds = 3;
  const values = new Map<number, number[]>();
  let received = 0;
  const take = (): void => {
    for (;;) {
      const records = ok(native.signalRead(signalFd));
      if (records.length === 0) return;
      for (const { signal, value, pid } of records) {
        assert.equal(pid, process.pid);
        values.set(signal, [...(values.get(signal) ?? []), value]);
        received++;
      }
    }
  };
  for (let index = 0; index < flood; index++) {
    ok(native.sigqueue(process.pid, RTMIN + (index % kinds), index));
    if (index % 500 === 499) take();
  }
  take();
  assert.equal(received, flood);
  for (let kind = 0; kind < kinds; kind++) {
    assert.deepEqual(values.get(RTMIN + kind), Array.from({ length: flood / kinds }, (_, index) => index * kinds + kind));
  }
});

test('signals from another process are not lost either', async () => {
  const rounds = 200;
  const script = `i=0; while [ $i -lt ${String(rounds)} ]; do kill -34 ${String(process.pid)}; i=$((i+1)); done`;
  const { pid, pidfd } = started(native.spawn(plainSpawn(['/bin/sh', '-c', script])));
  ok(native.close(pidfd));
  await exitOf(pid);
  let received = 0;
  for (;;) {
    const records = ok(native.signalRead(signalFd));
    if (records.length === 0) break;
    received += records.filter((record) => record.signal === RTMIN && record.pid === pid).length;
  }
  assert.equal(received, rounds);
});

test('a second set may be added later', () => {
  const more = ok(native.signalOpen([RTMIN + 20]));
  ok(native.kill(process.pid, RTMIN + 20));
  assert.deepEqual(ok(native.signalRead(more)).map((record) => record.signal), [RTMIN + 20]);
  assert.deepEqual(native.signalRead(signalFd), []);
  ok(native.close(more));
});

test('wrong sets are refused', () => {
  assert.throws(() => native.signalOpen([0]), TypeError);
  assert.throws(() => native.signalOpen([65]), TypeError);
  assert.throws(() => native.signalOpen('TERM' as unknown as number[]), TypeError);
  assert.equal(native.signalRead(9999 as never), 'EBADF');
});
