import assert from 'node:assert/strict';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Errno, Pid, UnitName } from '../../src/base/brand.ts';
import type { CgroupContext } from '../../src/core/unit/exec-context.ts';
import { Drills } from '../../src/host/faults/drills.ts';
import type { NativeBinding } from '../../src/host/native.ts';
import type { PollSet } from '../../src/host/poll-set.ts';
import { ControlGroups } from '../../src/host/processes/control-groups.ts';

const UNIT = 'a.service' as UnitName;
const CONTEXT: CgroupContext = { slice: 'system.slice' as UnitName, delegate: false, tasksMax: null, memoryMin: null, memoryLow: null, memoryHigh: null, memoryMax: null, memorySwapMax: null, oomGroup: false, cpuWeight: null, cpuQuotaUsecPerSec: null, ioWeight: null, access: null };

/** A tree of files in the place of the kernel's control groups, and drills on the unit in it. */
function withTree(controllers: string, body: (drills: Drills, read: (path: string) => string) => void): void {
  const root = mkdtempSync(join(tmpdir(), 'heartwood-groups-'));
  try {
    const group = join(root, 'system.slice', UNIT);
    mkdirSync(group, { recursive: true });
    writeFileSync(join(group, 'memory.stat'), 'anon 1000000\nfile 123\n');
    for (const directory of [root, join(root, 'system.slice')]) {
      writeFileSync(join(directory, 'cgroup.controllers'), controllers);
      writeFileSync(join(directory, 'cgroup.subtree_control'), '');
    }
    const native = {
      readSmallFile: (path: string) => (existsSync(path) ? readFileSync(path, 'utf8') : 'ENOENT'),
      writeAttribute: (path: string, text: string): Errno | 0 => {
        writeFileSync(path, text);
        return 0;
      },
    } as unknown as NativeBinding;
    const groups = new ControlGroups({ native, poll: {} as unknown as PollSet, root, onEmpty: () => undefined, onOomKill: () => undefined, onNotEffective: () => undefined, contextOf: () => null, defaultTasksMax: null });
    groups.restore(UNIT, CONTEXT, { pids: [], invocationId: '', mayBeKilled: false });
    const drills = new Drills({ signal: () => 0, mainPidOf: () => 7 as Pid, processesOf: () => [7], logdPid: () => null, limitMemory: (unit, isTight) => groups.limitMemory(unit, isTight) });
    body(drills, (path) => readFileSync(join(root, path), 'utf8'));
  } finally {
    rmSync(root, { recursive: true });
  }
}

const oom = { how: 'oom', unit: UNIT, count: 1, durationMsec: 5000 } as const;

test('a unit may have half of its memory until one of its processes has ended, or the time is over', (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  withTree('cpu memory pids\n', (drills, read) => {
    const limit = (): string => read(`system.slice/${UNIT}/memory.max`);
    assert.equal(drills.commit(oom), null);
    assert.equal(limit(), '500000');
    assert.equal(read('cgroup.subtree_control') + read('system.slice/cgroup.subtree_control'), '+memory+memory', 'the controller is enabled on the way down');
    drills.onExited(UNIT);
    assert.equal(limit(), 'max', 'what is started next begins as always');
    assert.equal(drills.commit(oom), null);
    t.mock.timers.tick(4999);
    assert.equal(limit(), '500000');
    t.mock.timers.tick(1);
    assert.equal(limit(), 'max');
  });
});

test('without a memory controller the drill says that it cannot be', () => {
  withTree('pids\n', (drills) => {
    assert.equal(drills.commit(oom), `the memory of ${UNIT} cannot be limited: the control group hierarchy has no memory controller here`);
  });
});
