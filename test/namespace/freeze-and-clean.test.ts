/** freeze, thaw and clean on the real kernel. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { whyNoNamespaces, withRig, type Rig } from './rig.ts';

const skip = whyNoNamespaces() ?? false;

const TICKS = '[Service]\nExecStart=/bin/sh -c "while true; do echo x >> /tmp/ticks; sleep 0.01; done"\n';

async function ticks(rig: Rig): Promise<number> {
  return Number((await rig.run(['sh', '-c', 'wc -l < /tmp/ticks'])).stdout);
}

async function isFrozen(rig: Rig): Promise<boolean> {
  const group = (await rig.run(['sh', '-c', 'cat /sys/fs/cgroup/system.slice/ticks.service/cgroup.events'])).stdout;
  return /^frozen 1$/m.test(group);
}

test('a frozen service does nothing until it is thawed, and is thawed when it is stopped', { skip }, async () => {
  await withRig({ cgroup: 'v2', units: { 'ticks.service': TICKS } }, async (rig) => {
    await rig.booted();
    assert.equal((await rig.initctl('freeze', 'ticks.service')).status === 0, false, 'it is not active');
    await rig.initctl('start', 'ticks.service');
    await rig.until(async () => (await ticks(rig)) > 0, { what: 'the first tick' });
    assert.equal((await rig.initctl('freeze', 'ticks.service')).status, 0);
    await rig.until(() => isFrozen(rig), { what: 'the kernel to have frozen it' });
    assert.equal(await rig.property('ticks.service', 'FreezerState'), 'frozen');
    const before = await ticks(rig);
    await rig.run(['sleep', '0.2']);
    assert.equal(await ticks(rig), before);
    assert.equal((await rig.initctl('thaw', 'ticks')).status, 0);
    await rig.until(async () => (await ticks(rig)) > before, { what: 'another tick' });
    await rig.initctl('freeze', 'ticks');
    await rig.until(() => isFrozen(rig), { what: 'the kernel to have frozen it again' });
    assert.equal((await rig.initctl('daemon-reexec')).status, 0);
    assert.equal(await rig.property('ticks.service', 'FreezerState'), 'frozen', 'the next engine knows');
    assert.equal((await rig.initctl('stop', 'ticks')).status, 0);
    assert.deepEqual([await rig.property('ticks.service', 'Result'), await rig.property('ticks.service', 'FreezerState')], ['success', 'running']);
    const target = await rig.initctl('freeze', 'default.target');
    assert.match(target.stderr, /does not support freezing/);
  });
});

test('clean removes the directories of a unit that is down, the kinds that are asked for', { skip }, async () => {
  const unit = '[Service]\nExecStart=/bin/sleep infinity\nStateDirectory=tidy\nCacheDirectory=tidy\nRuntimeDirectory=tidy\nRuntimeDirectoryPreserve=yes\n';
  await withRig({ units: { 'tidy.service': unit, 'plain.service': '[Service]\nExecStart=/bin/true\n' } }, async (rig) => {
    await rig.booted();
    await rig.initctl('start', 'tidy');
    const busy = await rig.initctl('clean', 'tidy');
    assert.notEqual(busy.status, 0);
    assert.match(busy.stderr, /tidy\.service is not inactive/);
    await rig.initctl('stop', 'tidy');
    const left = async (): Promise<string> => (await rig.run(['sh', '-c', 'ls -d /run/tidy /var/cache/tidy /var/lib/tidy 2>/dev/null'])).stdout.trim().replaceAll('\n', ' ');
    assert.equal(await left(), '/run/tidy /var/cache/tidy /var/lib/tidy');
    assert.equal((await rig.initctl('clean', 'tidy')).status, 0);
    assert.equal(await left(), '/var/lib/tidy');
    assert.equal((await rig.initctl('clean', '--what=state', 'tidy')).status, 0);
    assert.equal(await left(), '');
    assert.match((await rig.initctl('clean', 'plain')).stderr, /has no such directories/);
    assert.match((await rig.initctl('clean', '--what=everything', 'tidy')).stderr, /cannot be cleaned/);
  });
});
