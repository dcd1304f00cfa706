/** `run --scope`: the client goes into a scope of its own and becomes the command there. */
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { test } from 'node:test';
import { CHECKOUT_INSIDE, whyNoNamespaces, withRig, type Rig } from './rig.ts';

const skip = whyNoNamespaces() ?? false;
const UNITS = { 'default.target': '[Unit]\nDescription=Nothing\n' };
const INITCTL = `${CHECKOUT_INSIDE}/bin/initctl`;

async function isGone(rig: Rig, scope: string): Promise<void> {
  await rig.until(async () => (await rig.initctl('status', scope)).status === 4, { what: `the end of ${scope}` });
  assert.deepEqual(readdirSync(rig.path('/run/heartwood/transient')), []);
}

for (const cgroup of ['v2', 'none'] as const) {
  test(`a command in a scope is the caller itself, and the scope goes with it (control groups: ${cgroup})`, { skip, timeout: 120_000 }, async () => {
    await withRig({ units: UNITS, cgroup }, async (rig) => {
      await rig.booted();
      const said = await rig.run(['/bin/sh', '-c', `cd /usr; echo typed | FOO=1 ${INITCTL} run --scope --unit=job -E BAR="a b" /bin/sh -c 'read line; echo $line $FOO $BAR; pwd; cat /proc/self/cgroup; exit 7'`]);
      assert.equal(said.status, 7, said.stderr);
      assert.equal(said.stderr, 'Running scope as unit: job.scope\n');
      assert.match(said.stdout, /^typed 1 a b\n\/usr\n/);
      if (cgroup === 'v2') assert.match(said.stdout, /\/system\.slice\/job\.scope\n/);
      await isGone(rig, 'job.scope');

      // What it leaves behind belongs to the scope, a new engine knows it, and a stop ends it.
      await rig.run(['/bin/sh', '-c', `${INITCTL} run -q --scope --unit=long --slice=batch.slice sleep 7531 > /dev/null 2>&1 & sleep 0.1`]);
      await rig.until(async () => (await rig.property('long.scope', 'ActiveState')) === 'active', { what: 'the scope' });
      await rig.until(() => rig.processes().some(({ command }) => command === 'sleep 7531'), { what: 'the command' });
      assert.equal((await rig.initctl('daemon-reexec')).status, 0);
      assert.equal(await rig.property('long.scope', 'ActiveState'), 'active');
      assert.match((await rig.initctl('status', 'long.scope')).stdout, /sleep 7531/);
      assert.equal((await rig.initctl('stop', 'long.scope')).status, 0);
      assert.equal(rig.processes().some(({ command }) => command === 'sleep 7531'), false);
      await isGone(rig, 'long.scope');
    });
  });
}

test('a scope that lasts longer than it may is ended, and what cannot be had with one is refused', { skip, timeout: 120_000 }, async () => {
  await withRig({ units: UNITS }, async (rig) => {
    await rig.booted();
    const ended = await rig.run([INITCTL, 'run', '-q', '--scope', '--unit=brief', '-p', 'RuntimeMaxSec=300ms', 'sleep', '7532'], { timeoutMs: 60_000 });
    assert.notEqual(ended.status, 0);
    await rig.until(async () => (await rig.property('brief.scope', 'Result')) === 'timeout', { what: 'the failure' });
    assert.equal((await rig.initctl('reset-failed', 'brief.scope')).status, 0);
    await isGone(rig, 'brief.scope');
    const refused = await rig.initctl('run', '--scope', '--uid=1', 'true');
    assert.deepEqual([refused.status, refused.stderr], [2, '--uid is for services; with --scope the command is this one, as it was called.\n']);
    const missing = await rig.run([INITCTL, 'run', '-q', '--scope', '/nowhere/program']);
    assert.deepEqual([missing.status, missing.stderr], [1, 'Failed to execute /nowhere/program: No such file or directory\n']);
    assert.match((await rig.initctl('start', 'made-up.scope')).stderr, /made-up\.scope not found/);
  });
});
