/** A process that somebody else put into a unit's control group. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { whyNoNamespaces, withRig } from './rig.ts';

const skip = whyNoNamespaces() ?? false;

test('a stop waits for a process that is not the manager’s to reap, and ends with it', { skip }, async () => {
  const unit = '[Service]\nExecStart=/bin/sleep infinity\nTimeoutStopSec=30\n';
  await withRig({ cgroup: 'v2', units: { 'host.service': unit } }, async (rig) => {
    await rig.booted();
    await rig.initctl('start', 'host');
    // Its parent is outside of the namespaces.
    const guest = rig.run(['sh', '-c', 'echo $$ > /sys/fs/cgroup/system.slice/host.service/cgroup.procs; trap "" TERM; : > /run/guest-is-in; while [ ! -e /run/guest-may-go ]; do sleep 0.1; done']);
    await rig.until(async () => (await rig.run(['test', '-e', '/run/guest-is-in'])).status === 0, { what: 'the guest to be in the group' });
    await rig.initctl('stop', '--no-block', 'host');
    await rig.until(async () => (await rig.property('host.service', 'MainPID')) === '0', { what: 'the main process to end' });
    assert.equal(await rig.property('host.service', 'ActiveState'), 'deactivating');
    await rig.run(['touch', '/run/guest-may-go']);
    await guest;
    await rig.until(async () => (await rig.property('host.service', 'ActiveState')) === 'inactive', { what: 'the stop to end', limitMs: 10_000 });
    assert.equal(await rig.property('host.service', 'Result'), 'success');
  });
});
