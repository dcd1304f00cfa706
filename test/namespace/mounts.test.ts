/** Mount units on the real kernel: what mount(8) does, what others do, and what the end of the manager does. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { whyNoNamespaces, withRig, type Rig } from './rig.ts';

const skip = whyNoNamespaces() ?? false;

const DATA = '[Mount]\nWhat=tmpfs\nWhere=/srv/new/data\nType=tmpfs\nOptions=size=1M,mode=0750\nDirectoryMode=0711\n';

function isMounted(rig: Rig, where: string): boolean {
  return readFileSync(rig.path('/proc/1/mountinfo'), 'utf8').split('\n').some((line) => line.split(' ')[4] === where);
}

async function state(rig: Rig, unit: string): Promise<string> {
  return `${await rig.property(unit, 'ActiveState')} ${await rig.property(unit, 'SubState')} ${await rig.property(unit, 'Result')}`;
}

test('a mount unit is mounted, remounted and unmounted; the place is made for it', { skip }, async () => {
  await withRig({ units: { 'srv-new-data.mount': DATA } }, async (rig) => {
    await rig.booted();
    const start = await rig.initctl('start', 'srv-new-data.mount');
    assert.equal(start.status, 0, start.stdout + start.stderr);
    assert.ok(isMounted(rig, '/srv/new/data'));
    assert.equal(await state(rig, 'srv-new-data.mount'), 'active mounted success');
    assert.equal(await rig.property('srv-new-data.mount', 'What'), 'tmpfs');
    assert.match(await rig.property('srv-new-data.mount', 'Options'), /size=1024k/);
    await rig.run(['sh', '-c', `sed -i s/size=1M/size=2M/ /etc/heartwood/system/srv-new-data.mount`]);
    assert.equal((await rig.initctl('daemon-reload')).status, 0);
    const reload = await rig.initctl('reload', 'srv-new-data.mount');
    assert.equal(reload.status, 0, reload.stdout + reload.stderr);
    await rig.until(async () => /size=2048k/.test(await rig.property('srv-new-data.mount', 'Options')), { what: 'the new size' });
    assert.equal((await rig.initctl('stop', 'srv-new-data.mount')).status, 0);
    assert.ok(!isMounted(rig, '/srv/new/data'));
    const { stdout } = await rig.run(['stat', '-c', '%a', '/srv/new', '/srv/new/data']);
    assert.equal(stdout, '755\n711\n');
  });
});

test('a mount that cannot be fails with the status of mount(8), and so does what requires it', { skip }, async () => {
  const units = {
    'srv-bad.mount': '[Mount]\nWhat=/no/such/device\nWhere=/srv/bad\nType=ext4\n',
    'needs.service': '[Unit]\nRequires=srv-bad.mount\nAfter=srv-bad.mount\n[Service]\nExecStart=/bin/sleep infinity\n',
  };
  await withRig({ units }, async (rig) => {
    await rig.booted();
    assert.equal((await rig.initctl('start', 'needs.service')).status, 1);
    assert.equal(await state(rig, 'srv-bad.mount'), 'failed failed exit-code');
    assert.match((await rig.initctl('why', 'needs.service')).stdout, /srv-bad\.mount/);
  });
});

test('what others mount becomes a unit and goes away with it, and a service that binds to it stops', { skip }, async () => {
  const units = { 'bound.service': '[Unit]\nBindsTo=srv-usb.mount\nAfter=srv-usb.mount\n[Service]\nExecStart=/bin/sleep infinity\n' };
  await withRig({ units }, async (rig) => {
    await rig.booted();
    await rig.run(['sh', '-c', 'mkdir -p /srv/usb && mount -t tmpfs -o size=3M stick /srv/usb']);
    await rig.until(async () => (await rig.property('srv-usb.mount', 'ActiveState')) === 'active', { what: 'the mount to be seen' });
    assert.equal(await rig.property('srv-usb.mount', 'What'), 'stick');
    assert.equal(await rig.property('srv-usb.mount', 'LoadState'), 'loaded');
    assert.match((await rig.initctl('list-units', '--type=mount')).stdout, /srv-usb\.mount\s+loaded\s+active\s+mounted/);
    assert.equal((await rig.initctl('start', 'bound.service')).status, 0);
    await rig.run(['umount', '/srv/usb']);
    await rig.until(async () => (await rig.property('bound.service', 'ActiveState')) === 'inactive', { what: 'the service to stop with the mount' });
    assert.equal(await rig.property('srv-usb.mount', 'LoadState'), 'not-found');
  });
});

test('daemon-reload and daemon-reexec leave mounts that have no file as they are, and the root cannot be stopped', { skip }, async () => {
  await withRig({}, async (rig) => {
    await rig.booted();
    await rig.run(['mount', '-t', 'tmpfs', 'tmpfs', '/srv']);
    await rig.until(async () => (await rig.property('srv.mount', 'ActiveState')) === 'active', { what: 'the mount to be seen' });
    assert.equal((await rig.initctl('daemon-reload')).status, 0);
    assert.equal(`${await rig.property('srv.mount', 'LoadState')} ${await state(rig, 'srv.mount')}`, 'loaded active mounted success');
    assert.equal((await rig.initctl('daemon-reexec')).status, 0);
    assert.equal(`${await rig.property('srv.mount', 'LoadState')} ${await state(rig, 'srv.mount')}`, 'loaded active mounted success');
    await rig.run(['umount', '/srv']);
    await rig.until(async () => (await rig.property('srv.mount', 'ActiveState')) === 'inactive', { what: 'the next engine to see it go' });
    assert.equal((await rig.initctl('is-active', '--', '-.mount')).stdout, 'active\n');
    const stop = await rig.initctl('stop', '--', '-.mount');
    assert.notEqual(stop.status, 0);
    assert.equal(existsSync(rig.path('/etc')), true);
  });
});

test('at the end a mount is taken away after the service that uses it, and the container\'s own mounts are left alone', { skip }, async () => {
  const units = {
    'srv-new-data.mount': DATA,
    'user.service': '[Unit]\nRequiresMountsFor=/srv/new/data\n[Service]\nWorkingDirectory=/srv/new/data\nExecStart=/bin/sleep infinity\nExecStop=/bin/sh -c "touch /srv/new/data/still-there && echo the mount was there"\n[Install]\n',
  };
  await withRig({ units, args: ['--show-status', 'yes'] }, async (rig) => {
    await rig.booted();
    assert.equal((await rig.initctl('start', 'user.service')).status, 0);
    assert.ok(isMounted(rig, '/srv/new/data'), 'RequiresMountsFor= has mounted it');
    rig.signal('SIGTERM');
    const { status, stdout } = await rig.ended;
    assert.equal(status, 0, stdout);
    const stopped = (what: string): number => stdout.search(new RegExp(`(Stopped|Unmounted|Stopping|Unmounting).*${what}`));
    assert.ok(stopped('user') >= 0 && stopped('srv/new/data') > stopped('user'), stdout);
    assert.doesNotMatch(stdout, /could not be|timed out/);
  });
});
