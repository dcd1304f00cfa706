/** `daemon-reexec` goes over to what is on the disk now; a build that could not go on is not gone over to, and the old one says why. */
import assert from 'node:assert/strict';
import test from 'node:test';
import type { Rig } from './rig.ts';
import { NODE_INSIDE, whyNoNamespaces, withRig } from './rig.ts';
import { deaths } from './ways-to-die.ts';

const skip = whyNoNamespaces() ?? false;

/** Stands for the build on the disk: Node as it is, or whatever the test puts in its place meanwhile. */
const WRAPPER = `#!/bin/sh\n[ -e /run/new-build ] && . /run/new-build\nexec ${NODE_INSIDE}/node "$@"\n`;

const boot = {
  units: { 'default.target': '[Unit]\nWants=steady.service\n', 'steady.service': '[Service]\nExecStart=/bin/sleep 1000\n' },
  files: { '/etc/node-wrapper': { text: WRAPPER, mode: 0o755 } },
  env: { HEARTWOOD_NODE: '/etc/node-wrapper' },
  args: ['--log-target', 'console', '--log-level', 'notice'],
} as const;

async function putOnDisk(rig: Rig, newBuild: string): Promise<void> {
  await rig.run(['tee', '/run/new-build'], { input: newBuild });
}

test('a build that does not start, crashes, hangs or answers something else is not gone over to, and the old one goes on', { skip }, () => withRig(boot, async (rig) => {
  await rig.booted();
  const pid = await rig.property('steady.service', 'MainPID');
  for (const [newBuild, reason] of [
    ['echo this build is broken; exit 1\n', /the new build says: this build is broken/],
    ['kill -SEGV $$\n', /the new build ended without an answer/],
    ['exec sleep 1000\n', /the new build did not answer within 20 s/],
    ['exit 0\n', /the new build ended without an answer/],
    ['exec /no/such/node\n', /the new build says: .*no\/such\/node/],
  ] as const) {
    await putOnDisk(rig, newBuild);
    const refused = await rig.initctl('daemon-reexec');
    assert.equal(refused.status, 1);
    assert.match(refused.stderr, /is not executed anew, and stays what it is/);
    assert.match(refused.stderr, reason);
    assert.equal(await rig.property('steady.service', 'MainPID'), pid, 'the old build answers');
  }
  assert.equal(deaths(rig.console), 0);
  await rig.run(['rm', '/run/new-build']);
  const done = await rig.initctl('daemon-reexec');
  assert.equal(done.status, 0, done.stderr);
  await rig.until(() => deaths(rig.console) === 1, { what: 'the new build to be at work' });
  assert.equal(await rig.property('steady.service', 'MainPID'), pid);
}));
