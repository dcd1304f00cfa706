/** `soft-reboot`: user space ends and begins anew, with the same first process. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { whyNoNamespaces, withRig, type Rig } from './rig.ts';

const skip = whyNoNamespaces() ?? false;
const UNITS = {
  'default.target': '[Unit]\nWants=boot.service web.service\nAfter=boot.service\n',
  'boot.service': '[Service]\nType=oneshot\nRemainAfterExit=yes\nExecStart=/bin/sh -c "echo up >> /tmp/lives"\nExecStop=/bin/sh -c "echo down >> /tmp/lives"\n',
  'web.service': '[Service]\nKillMode=process\nExecStart=/bin/sh -c "setsid sleep 7541 & exec sleep 7542"\n',
};

/** Nobody answers while it goes on. */
async function secondLife(rig: Rig): Promise<void> {
  await rig.until(async () => (await rig.run(['cat', '/tmp/lives'])).stdout === 'up\ndown\nup\n', { what: 'the second life' });
  await rig.until(async () => (await rig.initctl('is-active', 'web.service')).status === 0, { what: 'the service of the second life' });
}

test('soft-reboot stops units in order, kills what is left, and the same process boots again', { skip, timeout: 180_000 }, async () => {
  await withRig({ units: UNITS }, async (rig) => {
    await rig.booted();
    const before = await rig.property('web.service', 'MainPID');
    const left = rig.processes().find(({ command }) => command === 'sleep 7541')?.pid;
    assert.equal((await rig.initctl('soft-reboot')).status, 0);
    await secondLife(rig);
    assert.notEqual(await rig.property('web.service', 'MainPID'), before);
    assert.equal(rig.processes().some(({ pid, command }) => pid === left && command === 'sleep 7541'), false);
    const { manager } = JSON.parse(`{"manager":${(await rig.initctl('status', '--json')).stdout}}`) as { manager: { pid: number; state: string; failedUnits: readonly string[] } };
    assert.deepEqual([manager.pid, manager.state, manager.failedUnits], [1, 'running', []]);
    // The new life can be executed anew like any other.
    assert.equal((await rig.initctl('daemon-reexec')).status, 0);
    assert.equal((await rig.initctl('is-active', 'web.service')).status, 0);
  });
});

test('a root at /run/nextroot becomes the root, and one without the manager in it does not', { skip, timeout: 180_000 }, async () => {
  await withRig({ units: UNITS }, async (rig) => {
    await rig.booted();
    assert.equal((await rig.run(['/bin/sh', '-c', 'mkdir -p /run/nextroot && mount --make-rprivate / && mount --rbind / /run/nextroot && mount -t tmpfs tmpfs /run/nextroot/mnt && touch /run/nextroot/mnt/next'])).status, 0);
    assert.equal((await rig.initctl('soft-reboot')).status, 0);
    await secondLife(rig);
    assert.equal((await rig.run(['ls', '/proc/1/root/mnt/next'])).status, 0);
  });
  await withRig({ units: UNITS }, async (rig) => {
    await rig.booted();
    assert.equal((await rig.run(['mkdir', '-p', '/run/nextroot/usr'])).status, 0);
    assert.equal((await rig.initctl('soft-reboot')).status, 0);
    await secondLife(rig);
    assert.match(rig.console, /\/run\/nextroot does not become the root: there is no \//);
  });
});
