/** Swap and device units on the real kernel. Swap is the machine's own: these tests use one MiB of it and give it back. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { whyNoNamespaces, withRig, type Rig } from './rig.ts';
import { giveSwapDevice, makeSwapDevice } from './swap-device.ts';

const skip = whyNoNamespaces() ?? false;

async function state(rig: Rig, unit: string): Promise<string> {
  return `${await rig.property(unit, 'ActiveState')} ${await rig.property(unit, 'SubState')}`;
}

test('a swap unit is turned on with its priority, seen when others turn it off and on, and turned off at the end', { skip }, async (t) => {
  const device = makeSwapDevice();
  if (device === null) {
    t.skip('this machine has no loop device for a swap area');
    return;
  }
  try {
    const name = 'dev-swaparea.swap';
    await withRig({ units: { [name]: '[Swap]\nWhat=/dev/swaparea\nPriority=3\n' } }, async (rig) => {
      await rig.booted();
      await giveSwapDevice(rig, device, '/dev/swaparea');
      const start = await rig.initctl('start', name);
      assert.equal(start.status, 0, start.stdout + start.stderr);
      assert.equal(await state(rig, name), 'active active');
      assert.equal(await rig.property(name, 'Priority'), '3');
      assert.equal(await rig.property(name, 'What'), device.path);
      assert.match(await rig.property(name, 'ExecActivate'), /argv\[\]=\/sbin\/swapon --fixpgsz -o pri=3 \/dev\/swaparea/);
      assert.equal((await rig.run(['swapoff', device.path])).status, 0);
      await rig.until(async () => (await state(rig, name)) === 'inactive dead', { what: 'the swap to be seen going' });
      assert.equal((await rig.run(['swapon', device.path])).status, 0);
      await rig.until(async () => (await state(rig, name)) === 'active active', { what: 'the swap to be seen coming' });
      assert.equal((await rig.initctl('daemon-reexec')).status, 0);
      assert.equal(await state(rig, name), 'active active');
      rig.signal('SIGTERM');
      const { status, stdout } = await rig.ended;
      assert.equal(status, 0, stdout);
    });
    assert.notEqual(spawnSync('swapoff', [device.path]).status, 0, 'the swap is off already');
  } finally {
    device.remove();
  }
});

test('a swap that cannot be fails with the status of swapon(8)', { skip }, async () => {
  await withRig({ units: { 'etc-hostname.swap': '[Swap]\nWhat=/etc/hostname\n' } }, async (rig) => {
    await rig.booted();
    assert.equal((await rig.initctl('start', 'etc-hostname.swap')).status, 1);
    assert.equal(await rig.property('etc-hostname.swap', 'Result'), 'exit-code');
  });
});

const BOUND = '[Unit]\nBindsTo=dev-card.device\nAfter=dev-card.device\n[Service]\nExecStart=/bin/sleep infinity\n';
const ON_LINK = '[Unit]\nRequires=sys-subsystem-net-devices-lo.device\nAfter=sys-subsystem-net-devices-lo.device\n[Service]\nType=oneshot\nExecStart=/bin/true\n';

test('a machine\'s manager waits for a device, starts what is bound to it when it comes, and stops it when it goes', { skip }, async () => {
  await withRig({ units: { 'bound.service': BOUND, 'net.service': ON_LINK }, sys: 'rw', args: ['--system', '--unit', 'basic.target'] }, async (rig) => {
    await rig.booted();
    assert.equal((await rig.initctl('start', 'net.service')).status, 0);
    assert.equal((await rig.initctl('start', '--no-block', 'bound.service')).status, 0);
    await rig.until(async () => (await rig.initctl('list-jobs')).stdout.includes('dev-card.device'), { what: 'the job that waits' });
    // A plain file of that name is no device.
    await rig.run(['sh', '-c', 'touch /dev/card && sleep 0.2']);
    assert.equal(await state(rig, 'dev-card.device'), 'inactive dead');
    await rig.run(['sh', '-c', 'rm /dev/card && mknod /dev/card.0 c 1 3 && ln -s card.0 /dev/card']);
    await rig.until(async () => (await state(rig, 'bound.service')) === 'active running', { what: 'the service to start' });
    assert.equal(await state(rig, 'dev-card.device'), 'active plugged');
    assert.equal((await rig.initctl('daemon-reexec')).status, 0);
    await rig.run(['rm', '/dev/card']);
    await rig.until(async () => (await state(rig, 'bound.service')) === 'inactive dead', { what: 'the service to stop' });
  });
});

test('in a container nobody waits for a device, and a mount does not need one', { skip }, async () => {
  const units = {
    'wants.service': '[Unit]\nRequires=dev-card.device\nAfter=dev-card.device\n[Service]\nExecStart=/bin/sleep infinity\n',
    'srv.mount': '[Mount]\nWhere=/srv\nWhat=/dev/nothing\nType=ext4\n',
  };
  await withRig({ units }, async (rig) => {
    await rig.booted();
    assert.equal((await rig.initctl('start', 'wants.service')).status, 0);
    assert.equal(await rig.property('srv.mount', 'Requires'), 'system.slice');
    // At once, for the reason mount(8) has.
    assert.equal((await rig.initctl('start', 'srv.mount')).status, 1);
    assert.equal(await rig.property('srv.mount', 'Result'), 'exit-code');
  });
});
