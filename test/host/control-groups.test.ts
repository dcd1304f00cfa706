import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Errno, UnitName } from '../../src/base/brand.ts';
import type { CgroupContext } from '../../src/core/unit/exec-context.ts';
import type { NativeBinding } from '../../src/host/native.ts';
import type { PollSet } from '../../src/host/poll-set.ts';
import { ControlGroups } from '../../src/host/processes/control-groups.ts';

const CONTEXT: CgroupContext = { slice: null, delegate: false, tasksMax: null, memoryMin: null, memoryLow: null, memoryHigh: null, memoryMax: null, memorySwapMax: null, oomGroup: false, cpuWeight: null, cpuQuotaUsecPerSec: null, ioWeight: null, access: null };
const UNIT = 'a.service' as UnitName;

// The end of a stop hung on one inotify instance, of which all programs and containers of a user share 128.
test('a group that nobody can watch is looked at again and again until it is empty, and then no longer', (t) => {
  t.mock.timers.enable({ apis: ['setTimeout', 'setImmediate'] });
  const root = mkdtempSync(join(tmpdir(), 'heartwood-groups-'));
  try {
    mkdirSync(join(root, UNIT));
    let populated = true;
    let looks = 0;
    const emptied: UnitName[] = [];
    const native = {
      // No memory controller.
      readSmallFile: () => 'ENOENT' as Errno,
      inotifyOpen: () => 'EMFILE' as Errno,
      isGroupPopulated: () => { looks += 1; return populated; },
    } as unknown as NativeBinding;
    const groups = new ControlGroups({ native, poll: {} as unknown as PollSet, root, onEmpty: (unit) => { emptied.push(unit); }, onOomKill: () => undefined, onNotEffective: () => undefined, contextOf: () => null, defaultTasksMax: null });
    groups.restore(UNIT, CONTEXT, { pids: [], invocationId: '', mayBeKilled: false });
    groups.watchEmpty(UNIT);
    t.mock.timers.tick(500);
    assert.deepEqual(emptied, []);
    // Its last process was an orphan: it is reaped without a word to anybody.
    populated = false;
    t.mock.timers.tick(2000);
    assert.deepEqual(emptied, [UNIT]);
    const after = looks;
    t.mock.timers.tick(60_000);
    assert.equal(looks, after, 'nothing is waited for, and nobody wakes up');
  } finally {
    rmSync(root, { recursive: true });
  }
});

test('who reaps the last process of a group learns that, and nobody is told of it a second time', (t) => {
  t.mock.timers.enable({ apis: ['setTimeout', 'setImmediate'] });
  const root = mkdtempSync(join(tmpdir(), 'heartwood-groups-'));
  try {
    mkdirSync(join(root, UNIT));
    let populated = true;
    const emptied: UnitName[] = [];
    const native = {
      readSmallFile: () => 'ENOENT' as Errno,
      isGroupPopulated: () => populated,
    } as unknown as NativeBinding;
    const groups = new ControlGroups({ native, poll: {} as unknown as PollSet, root, onEmpty: (unit) => { emptied.push(unit); }, onOomKill: () => undefined, onNotEffective: () => undefined, contextOf: () => null, defaultTasksMax: null });
    assert.equal(groups.wasLast(UNIT), false, 'of a unit without a group nothing is known');
    groups.restore(UNIT, CONTEXT, { pids: [], invocationId: '', mayBeKilled: false });
    groups.watchEmpty(UNIT);
    assert.equal(groups.wasLast(UNIT), false);
    populated = false;
    assert.equal(groups.wasLast(UNIT), true);
    groups.recheck(new Set([UNIT]));
    t.mock.timers.tick(2000);
    assert.deepEqual(emptied, []);
  } finally {
    rmSync(root, { recursive: true });
  }
});

// The second process of a start, such as ExecStart= after ExecStartPre=, once took back what the first one had found out.
test('what a group could not be given is told for each process that is born in it', () => {
  const native = { makeDirectory: () => 0, readSmallFile: () => '', openDirectory: () => 3 } as unknown as NativeBinding;
  const groups = new ControlGroups({ native, poll: {} as unknown as PollSet, root: '/nowhere', onEmpty: () => undefined, onOomKill: () => undefined, onNotEffective: () => undefined, contextOf: () => null, defaultTasksMax: null });
  const told = [1, 2].map(() => groups.prepare(UNIT, { ...CONTEXT, memoryMax: 1024 }, 'main').notEffective);
  const expected = [{ directive: 'MemoryMax', why: 'the control group hierarchy has no memory controller here' }];
  assert.deepEqual(told, [expected, expected]);
});
