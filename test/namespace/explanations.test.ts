import assert from 'node:assert/strict';
import { test } from 'node:test';
import { whyNoNamespaces, withRig } from './rig.ts';

const skip = whyNoNamespaces() ?? false;

const UNITS = {
  'default.target': '[Unit]\nWants=base.service web.service broken.service\nAfter=base.service web.service broken.service\n',
  'base.service': '[Service]\nType=oneshot\nRemainAfterExit=yes\nExecStart=/bin/sleep 0.3\n',
  'web.service': '[Unit]\nRequires=base.service\nAfter=base.service\n[Service]\nExecStart=/bin/sleep 999\n',
  'client.service': '[Unit]\nRequires=web.service\nAfter=web.service\n[Service]\nExecStart=/bin/sleep 999\n',
  'broken.service': '[Unit]\nRequires=fails.service\nAfter=fails.service\n[Service]\nExecStart=/bin/sleep 999\n',
  'fails.service': '[Service]\nType=oneshot\nExecStart=/bin/false\n',
};

test('a booted manager tells what the boot took, what is down and why, and applies a plan only while it holds', { skip }, async () => {
  await withRig({ units: UNITS, args: ['--unit', 'default.target'] }, async (rig) => {
    await rig.booted();
    assert.match((await rig.initctl('blame')).stdout, /ms base\.service$/m);
    assert.match((await rig.initctl('critical-chain')).stdout, /default\.target @[^\n]*\n└─web\.service @[^\n]*\n {2}└─base\.service @[^\n]* \+/);
    const down = JSON.parse((await rig.initctl('list-units', '--not-started', '--json')).stdout) as { unit: string; origin: string | null; rootUnit: string | null }[];
    const broken = down.find((each) => each.unit === 'broken.service');
    assert.equal(broken?.rootUnit, 'fails.service');
    assert.equal(broken.origin, '/etc/heartwood/system/broken.service:2');
    const doctor = await rig.initctl('doctor');
    assert.equal(doctor.status, 1);
    assert.match(doctor.stdout, /1 unit failed\n {2}fails\.service/);
    assert.match((await rig.initctl('graph', 'web.service')).stdout, /"web\.service" -> "base\.service" \[color="black"/);
    assert.match((await rig.initctl('top')).stdout, /web\.service/);

    const verdict = await rig.initctl('verify', 'client.service');
    assert.equal(verdict.status, 0);
    assert.match(verdict.stdout + verdict.stderr, /client\.service:3.*After=web\.service waits for the start of its process only/);
    assert.doesNotMatch((await rig.initctl('verify', 'web.service')).stdout, /waits for the start/);

    assert.equal((await rig.initctl('plan', 'restart', 'base.service', '--save', '/tmp/plan')).status, 0);
    assert.equal((await rig.initctl('apply', '/tmp/plan')).status, 0);
    await rig.initctl('stop', 'web.service');
    const refused = await rig.initctl('apply', '/tmp/plan');
    assert.equal(refused.status, 1);
    assert.match(refused.stderr, /state has changed since the plan was made: it would no longer take web\.service\/restart/);
  });
});
