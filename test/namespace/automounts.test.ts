/** Automount units on the real kernel: the kernel's autofs, and doing without it. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { whyNoNamespaces, withRig, type Rig } from './rig.ts';

const skip = whyNoNamespaces() ?? (existsSync('/dev/autofs') && readFileSync('/proc/filesystems', 'utf8').includes('autofs') ? false : 'this kernel has no autofs');

const MOUNT = '[Mount]\nWhat=tmpfs\nWhere=/srv/data\nType=tmpfs\nOptions=size=1M\n';

function typesAt(rig: Rig, where: string): readonly string[] {
  return readFileSync(rig.path('/proc/1/mountinfo'), 'utf8').split('\n').filter((line) => line.split(' ')[4] === where).map((line) => line.split(' - ')[1]?.split(' ')[0] ?? '');
}

async function state(rig: Rig, unit: string): Promise<string> {
  return `${await rig.property(unit, 'ActiveState')} ${await rig.property(unit, 'SubState')}`;
}

const DEVICE = ['sh', '-c', 'mknod /dev/autofs c 10 235'];

test('who goes to the place has it mounted and waits for that; the stop takes both away; a new engine goes on listening', { skip }, async () => {
  await withRig({ units: { 'srv-data.mount': MOUNT, 'srv-data.automount': '[Automount]\nWhere=/srv/data\n' } }, async (rig) => {
    await rig.booted();
    await rig.run(DEVICE);
    const start = await rig.initctl('start', 'srv-data.automount');
    assert.equal(start.status, 0, start.stdout + start.stderr);
    assert.equal(await state(rig, 'srv-data.automount'), 'active waiting');
    assert.deepEqual(typesAt(rig, '/srv/data'), ['autofs']);
    assert.equal(await state(rig, 'srv-data.mount'), 'inactive dead');
    const use = await rig.run(['sh', '-c', 'echo hello > /srv/data/file && cat /srv/data/file'], { timeoutMs: 20_000 });
    assert.equal(use.stdout, 'hello\n', use.stderr + rig.console);
    assert.deepEqual(typesAt(rig, '/srv/data'), ['autofs', 'tmpfs']);
    assert.equal(await state(rig, 'srv-data.mount'), 'active mounted');
    assert.equal(await state(rig, 'srv-data.automount'), 'active running');
    assert.equal((await rig.initctl('stop', 'srv-data.mount')).status, 0);
    assert.equal(await state(rig, 'srv-data.automount'), 'active waiting');
    assert.equal((await rig.initctl('daemon-reexec')).status, 0);
    assert.equal((await rig.run(['ls', '/srv/data/'], { timeoutMs: 20_000 })).status, 0);
    assert.equal(await state(rig, 'srv-data.mount'), 'active mounted');
    assert.equal((await rig.initctl('stop', 'srv-data.automount')).status, 0);
    await rig.until(async () => (await state(rig, 'srv-data.mount')) === 'inactive dead', { what: 'the mount to go' });
    assert.deepEqual(typesAt(rig, '/srv/data'), []);
  });
});

test('a mount that cannot be is an error for who goes there, not a wait without end', { skip }, async () => {
  await withRig({ units: { 'srv-bad.mount': '[Mount]\nWhat=/no/such\nWhere=/srv/bad\nType=ext4\n', 'srv-bad.automount': '[Automount]\nWhere=/srv/bad\n' } }, async (rig) => {
    await rig.booted();
    await rig.run(DEVICE);
    assert.equal((await rig.initctl('start', 'srv-bad.automount')).status, 0);
    const use = await rig.run(['ls', '/srv/bad/'], { timeoutMs: 20_000 });
    assert.match(use.stderr, /No such device/);
    assert.equal(await state(rig, 'srv-bad.automount'), 'active waiting');
  });
});

test('what is not used is unmounted after TimeoutIdleSec=, and what is used is not', { skip }, async () => {
  await withRig({ units: { 'srv-data.mount': MOUNT, 'srv-data.automount': '[Automount]\nWhere=/srv/data\nTimeoutIdleSec=2\n' } }, async (rig) => {
    await rig.booted();
    await rig.run(DEVICE);
    assert.equal((await rig.initctl('start', 'srv-data.automount')).status, 0);
    await rig.run(['sh', '-c', 'exec 3> /srv/data/open && sleep 4 && test "$(stat -f -c %T /srv/data)" = tmpfs'], { timeoutMs: 30_000 }).then(({ status }) => { assert.equal(status, 0, 'it stays while a file is open'); });
    await rig.until(async () => (await state(rig, 'srv-data.mount')) === 'inactive dead', { what: 'the mount to go' });
    assert.equal(await state(rig, 'srv-data.automount'), 'active waiting');
  });
});

test('where there is no autofs the file system is mounted at once, and the unit says why', { skip }, async () => {
  await withRig({ units: { 'srv-data.mount': MOUNT, 'srv-data.automount': '[Automount]\nWhere=/srv/data\n' } }, async (rig) => {
    await rig.booted();
    await rig.run(['rm', '-f', '/dev/autofs']);
    assert.equal((await rig.initctl('start', 'srv-data.automount')).status, 0);
    await rig.until(async () => (await state(rig, 'srv-data.mount')) === 'active mounted', { what: 'the mount' });
    assert.equal(await state(rig, 'srv-data.automount'), 'active running');
    assert.match((await rig.initctl('status', 'srv-data.automount')).stdout, /Where/);
    assert.equal((await rig.initctl('stop', 'srv-data.mount')).status, 0);
    assert.equal(await state(rig, 'srv-data.automount'), 'inactive dead');
  });
});
