import assert from 'node:assert/strict';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { test } from 'node:test';
import { whyNoNamespaces, withRig } from './rig.ts';

const skip = whyNoNamespaces() ?? false;
const UNITS = { 'default.target': '[Unit]\nDescription=Nothing\n', 'worker.service': '[Service]\nExecStart=/bin/sleep 7541\n' };
const LASTING = '/etc/heartwood/system/worker.service.d';

test('set-property changes a unit that runs, keeps the setting in a drop-in, and takes it back', { skip, timeout: 60_000 }, async () => {
  await withRig({ units: UNITS }, async (rig) => {
    await rig.booted();
    await rig.initctl('start', 'worker');
    const pid = await rig.property('worker.service', 'MainPID');
    const answer = await rig.initctl('set-property', 'worker', 'MemoryMax=64M', 'CPUWeight=50');
    assert.deepEqual([answer.status, answer.stdout, answer.stderr], [0, '', '']);
    assert.equal(await rig.property('worker.service', 'MemoryMax'), String(64 << 20));
    assert.equal(await rig.property('worker.service', 'MainPID'), pid);
    assert.match(readFileSync(rig.path(`${LASTING}/50-MemoryMax.conf`), 'utf8'), /\[Service\]\nMemoryMax=64M\n$/);
    const group = await rig.property('worker.service', 'ControlGroup');
    const limit = async (): Promise<string> => (await rig.run(['/bin/sh', '-c', `cat /sys/fs/cgroup${group}/memory.max 2>/dev/null`])).stdout.trim();
    const hasGroups = (await limit()) !== '';
    if (hasGroups) assert.equal(await limit(), String(64 << 20));
    const { files } = JSON.parse((await rig.initctl('set-property', '--json', '--runtime', 'worker', 'MemoryMax=32M')).stdout) as { readonly files: readonly string[] };
    const passing = files[0] ?? '';
    assert.match(passing, /\/51-MemoryMax\.conf$/);
    assert.equal(await rig.property('worker.service', 'MemoryMax'), String(32 << 20));
    assert.ok(existsSync(rig.path(passing)));
    await rig.initctl('set-property', 'worker', 'MemoryMax=');
    assert.equal(await rig.property('worker.service', 'MemoryMax'), 'infinity');
    assert.ok(!existsSync(rig.path(passing)));
    if (hasGroups) assert.equal(await limit(), 'max');
    await rig.initctl('revert', 'worker');
    assert.ok(!existsSync(rig.path(LASTING)));
    assert.equal(await rig.property('worker.service', 'CPUWeight'), '[not set]');
  });
});

test('a value that is none, and what is not for set-property, changes nothing', { skip, timeout: 60_000 }, async () => {
  await withRig({ units: UNITS }, async (rig) => {
    await rig.booted();
    await rig.initctl('start', 'worker');
    await rig.initctl('set-property', 'worker', 'TasksMax=11');
    const bad = await rig.initctl('set-property', 'worker', 'TasksMax=many', 'MemoryMax=1G');
    assert.equal(bad.status, 1);
    assert.match(bad.stderr, /^Failed to set unit properties on worker\.service: .*many/);
    assert.equal(await rig.property('worker.service', 'TasksMax'), '11');
    assert.deepEqual(readdirSync(rig.path(LASTING)), ['50-TasksMax.conf']);
    for (const assignment of ['User=root', 'ExecStart=/bin/false', 'Slice=a.slice', 'NoSuch=1']) {
      assert.match((await rig.initctl('set-property', 'worker', assignment)).stderr, /Cannot set property \w+, or unknown property\./);
    }
    assert.match((await rig.initctl('set-property', 'absent', 'TasksMax=1')).stderr, /Unit absent\.service not found\./);
  });
});
