/** `initctl replace`: a new unit beside the old one, which goes when the new one lives. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { whyNoNamespaces, withRig } from './rig.ts';

const limit = { timeout: 120_000, skip: whyNoNamespaces() ?? false };
const units = {
  'default.target': '[Unit]\nDescription=Nothing\n',
  'app@.service': '[Service]\nExecStart=/bin/sh -c "[ %i = short ] && exec sleep 0.5; [ %i = broken ] && exit 1; exec sleep 1000"\n',
  'slow@.service': '[Service]\nType=notify\nNotifyAccess=all\nExecStart=/bin/sh -c "sleep 1; /opt/heartwood/dist/native/heartwood-notify READY=1; exec sleep 1000"\n',
};

test('the new unit is started beside the old one, which is stopped when the new one has lived for its time', limit, async () => {
  await withRig({ units }, async (rig) => {
    await rig.booted();
    await rig.initctl('start', 'app@a');
    const started = Date.now();
    const { stdout, status } = await rig.initctl('replace', 'app@a', 'app@b', '--survive=1s');
    assert.equal(stdout, 'app@b.service lives; app@a.service is stopped.\n');
    assert.equal(status, 0);
    assert.ok(Date.now() - started >= 1_000);
    assert.equal((await rig.initctl('is-active', 'app@a', 'app@b')).stdout, 'inactive\nactive\n');
  });
});

test('a new unit that ends too soon is stopped, and the old one stays', limit, async () => {
  await withRig({ units }, async (rig) => {
    await rig.booted();
    await rig.initctl('start', 'app@a');
    const { stderr, status } = await rig.initctl('replace', 'app@a', 'app@short', '--survive=2s');
    assert.match(stderr, /app@short\.service did not live for 2s; app@a\.service stays\./);
    assert.equal(status, 1);
    assert.match((await rig.initctl('is-active', 'app@a', 'app@short')).stdout, /^active\n(inactive|failed)\n$/);
    const masked = await rig.initctl('replace', 'app@a', 'none@x');
    assert.match(masked.stderr, /none@x\.service did not start; app@a\.service stays\./);
    assert.equal((await rig.initctl('is-active', 'app@a')).stdout, 'active\n');
  });
});

test('with a unit that tells when it is ready, the old one goes then', limit, async () => {
  await withRig({ units }, async (rig) => {
    await rig.booted();
    await rig.initctl('start', 'slow@a');
    const replacing = rig.initctl('replace', 'slow@a', 'slow@b');
    await new Promise((resolve) => { setTimeout(resolve, 300); });
    assert.equal((await rig.initctl('is-active', 'slow@a', 'slow@b')).stdout, 'active\nactivating\n');
    assert.equal((await replacing).status, 0);
    assert.equal((await rig.initctl('is-active', 'slow@a', 'slow@b')).stdout, 'inactive\nactive\n');
    assert.equal((await rig.initctl('replace', 'slow@b')).status, 2);
    assert.equal((await rig.initctl('replace', 'slow@b', 'slow@c', '--survive=soon')).status, 2);
  });
});
