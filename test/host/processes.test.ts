import assert from 'node:assert/strict';
import { test } from 'node:test';
import { locateGroup, parseCgroupMounts, parseOwnGroup } from '../../src/host/processes/cgroup-root.ts';
import { attributesOf } from '../../src/host/processes/group-attributes.ts';
import { sliceGroupPath } from '../../src/host/processes/group-paths.ts';
import { needsContinue } from '../../src/host/processes/process-tracker.ts';
import { parseDataMounts, parseSwaps } from '../../src/host/shutdown/detach-storage.ts';
import { parseRemoteMounts } from '../../src/host/spawn/remote-mounts.ts';
import type { CgroupContext } from '../../src/core/unit/exec-context.ts';
import type { Signal } from '../../src/base/brand.ts';

test('slices nest by the dashes in their names', () => {
  assert.equal(sliceGroupPath('-.slice'), '');
  assert.equal(sliceGroupPath('system.slice'), '/system.slice');
  assert.equal(sliceGroupPath('a-b-c.slice'), '/a.slice/a-b.slice/a-b-c.slice');
});

test('our own group is found below a mount that shows it, on hybrid hosts too', () => {
  const info = '30 1 0:5 / /sys/fs/cgroup rw - tmpfs t rw\n31 30 0:6 / /sys/fs/cgroup/unified rw,nosuid shared:9 - cgroup2 cgroup2 rw\n32 30 0:7 /../.. /odd\\040place rw - cgroup2 c rw\n';
  const mounts = parseCgroupMounts(info);
  assert.deepEqual(mounts, [{ root: '/', mountPoint: '/sys/fs/cgroup/unified' }, { root: '/../..', mountPoint: '/odd place' }]);
  assert.equal(locateGroup({ root: '/', mountPoint: '/m' }, '/'), '/m');
  assert.equal(locateGroup({ root: '/', mountPoint: '/m' }, '/a/b'), '/m/a/b');
  assert.equal(locateGroup({ root: '/a', mountPoint: '/m' }, '/a/b'), '/m/b');
  assert.equal(locateGroup({ root: '/a', mountPoint: '/m' }, '/ab'), null, 'a name that only begins alike is another group');
  assert.equal(locateGroup({ root: '/../..', mountPoint: '/m' }, '/'), null);
});

test('a host without the unified hierarchy has no own group', () => {
  assert.equal(parseOwnGroup('4:memory:/x\n'), null);
  assert.equal(parseOwnGroup('4:memory:/x\n0::/user.slice\n'), '/user.slice');
});

test('resource directives become attributes of the control group', () => {
  const none: CgroupContext = { slice: null, delegate: false, tasksMax: null, memoryMin: null, memoryLow: null, memoryHigh: null, memoryMax: null, memorySwapMax: null, oomGroup: false, cpuWeight: null, cpuQuotaUsecPerSec: null, ioWeight: null, access: null };
  assert.deepEqual(attributesOf(none), []);
  const written = attributesOf({ ...none, memoryMax: 1024, tasksMax: 'infinity', cpuQuotaUsecPerSec: 200_000, ioWeight: 50, cpuWeight: 20, oomGroup: true });
  assert.deepEqual(written.map(({ file, value }) => `${file} ${value}`), ['pids.max max', 'memory.max 1024', 'memory.oom.group 1', 'cpu.weight 20', 'cpu.max 20000 100000', 'io.weight default 50']);
});

test('SIGCONT follows every signal a stopped process could not obey', () => {
  assert.deepEqual([1, 2, 9, 15, 18].map((signal) => needsContinue(signal as Signal)), [false, true, false, true, false]);
});

test('storage goes out of use newest mount first, kernel interfaces stay', () => {
  const info = '1 0 8:1 / / rw - ext4 a rw\n2 1 0:3 / /proc rw - proc p rw\n3 1 8:2 / /home rw - xfs b rw\n4 3 8:3 / /home/my\\040disk rw - ext4 c rw\n';
  assert.deepEqual(parseDataMounts(info).map(({ point }) => point), ['/home/my disk', '/home']);
  assert.deepEqual(parseSwaps('Filename Type Size Used Priority\n/swap\\040file file 1 0 -2\n/dev/vdb partition 1 0 -3\n'), ['/swap file', '/dev/vdb']);
});

test('paths below network and user-space file systems may hang; a root on one counts not', () => {
  const info = '1 0 0:1 / / rw - nfs4 s:/r rw\n2 1 0:2 / /srv rw - nfs s:/x rw\n3 1 0:3 / /mnt/s rw - fuse.sshfs y rw\n4 1 8:1 / /var rw - ext4 z rw\n';
  assert.deepEqual(parseRemoteMounts(info), ['/srv', '/mnt/s']);
});
