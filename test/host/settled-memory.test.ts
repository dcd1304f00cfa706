import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SettledMemory } from '../../src/host/memory/settled-memory.ts';

/** A process with clocks of its own. */
function makeProcess() {
  const seen = { nowMsec: 0, cpuMsec: 0, collections: 0, trims: 0, timersSet: 0 };
  let timers: { readonly due: number; readonly callback: () => void }[] = [];
  const memory = new SettledMemory({
    cpuUsec: () => seen.cpuMsec * 1000,
    nowMsec: () => seen.nowMsec,
    setTimer: (callback, msec) => {
      seen.timersSet += 1;
      timers.push({ due: seen.nowMsec + msec, callback });
    },
    collect: () => {
      seen.collections += 1;
      seen.cpuMsec += 5;
      return true;
    },
    trim: () => { seen.trims += 1; },
  });
  /** Time passes; timers go off in it. */
  const pass = (msec: number): void => {
    const end = seen.nowMsec + msec;
    for (let next = timers.sort((a, b) => a.due - b.due)[0]; next !== undefined && next.due <= end; next = timers.sort((a, b) => a.due - b.due)[0]) {
      timers = timers.filter((timer) => timer !== next);
      seen.nowMsec = Math.max(seen.nowMsec, next.due);
      next.callback();
    }
    seen.nowMsec = end;
  };
  /** Wakes up, works, and waits for a while. */
  const work = (cpuMsec: number, pauseMsec: number): void => {
    seen.cpuMsec += cpuMsec;
    memory.noteWork();
    pass(pauseMsec);
  };
  return { seen, memory, pass, work };
}

test('after a burst memory is given back once, when it is quiet, and then no timer is left', () => {
  const { seen, pass, work } = makeProcess();
  for (let i = 0; i < 400; i++) work(1, 5);
  assert.deepEqual([seen.collections, seen.trims], [0, 0], 'not in the midst of it');
  pass(10_000);
  assert.equal(seen.trims, 1);
  assert.ok(seen.collections > 6, 'compiled code is old only after six collections');
  const { timersSet } = seen;
  pass(3_600_000);
  assert.equal(seen.timersSet, timersSet);
  assert.equal(seen.trims, 1);
});

test('each later burst is cleared up after', () => {
  const { seen, pass, work } = makeProcess();
  for (let burst = 1; burst <= 5; burst++) {
    for (let i = 0; i < 300; i++) work(1, 2);
    pass(60_000);
    assert.equal(seen.trims, burst);
  }
});

test('a word now and then sets no timer', () => {
  const { seen, work } = makeProcess();
  for (let i = 0; i < 200; i++) work(1, 10_000);
  assert.equal(seen.timersSet, 0);
});

test('little by little there is something to give back all the same', () => {
  const { seen, work } = makeProcess();
  for (let i = 0; i < 1000; i++) work(1, 10_000);
  assert.ok(seen.trims >= 2 && seen.trims <= 4, `${String(seen.trims)} times`);
});

test('what the boot has left is given back even when it was little', () => {
  const { seen, memory, pass, work } = makeProcess();
  work(20, 5);
  memory.settle();
  pass(10_000);
  assert.equal(seen.trims, 1);
});

test('work that never pauses is collected after in its midst, and the share of time that takes is small', () => {
  const { seen, work } = makeProcess();
  for (let i = 0; i < 120_000; i++) work(1, 5);
  assert.equal(seen.trims, 0);
  assert.ok(seen.collections >= 10 && seen.collections <= 20, `${String(seen.collections)} collections in ten minutes`);
});

test('when steady work ends soon after it was collected in its midst, memory is given back all the same', () => {
  const { seen, pass, work } = makeProcess();
  while (seen.collections === 0) work(1, 5);
  work(1, 5);
  pass(10_000);
  assert.equal(seen.trims, 1);
});

test('a word every second does not put off the end of a burst for ever', () => {
  const { seen, work } = makeProcess();
  for (let i = 0; i < 300; i++) work(1, 5);
  for (let i = 0; i < 20; i++) work(1, 1000);
  assert.equal(seen.trims, 1);
});

test('where no collection can be asked for, pages are trimmed', () => {
  let trims = 0;
  let collections = 0;
  const memory = new SettledMemory({
    cpuUsec: () => 0, nowMsec: () => 10_000 * collections, setTimer: (callback) => { collections += 1; callback(); },
    collect: () => false, trim: () => { trims += 1; },
  });
  memory.settle();
  assert.equal(trims, 1);
});
