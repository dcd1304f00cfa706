/** Verbs that change the running manager, and the view of a unit's environment, on the real kernel. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { whyNoNamespaces, withRig } from './rig.ts';

const skip = whyNoNamespaces() ?? false;

test('level and target of the log are shown and changed, and a new engine goes on with them', { skip }, async () => {
  await withRig({ args: ['--log-target', 'console', '--log-level', 'warning'] }, async (rig) => {
    await rig.booted();
    const ask = async (...words: readonly string[]): Promise<string> => {
      const { status, stdout, stderr } = await rig.initctl(...words);
      assert.equal(status, 0, stderr);
      return stdout;
    };
    assert.equal(await ask('log-level'), 'warning\n');
    assert.equal(await ask('log-target'), 'console\n');
    await ask('log-level', 'debug');
    await ask('log-target', 'file:/run/manager.log');
    assert.equal(await ask('log-level'), 'debug\n');
    assert.equal((await rig.initctl('daemon-reexec')).status, 0);
    assert.equal(await ask('show', '-p', 'LogLevel', '-p', 'LogTarget'), 'LogLevel=debug\nLogTarget=file:/run/manager.log\n');
    // The new engine says so in the file that only the state could tell it of.
    await rig.until(async () => (await rig.run(['grep', '-c', 'executed itself anew', '/run/manager.log'])).stdout !== '0\n', { what: 'the line of the new engine' });
    const wrong = await rig.initctl('log-level', 'loud');
    assert.equal(wrong.status, 2);
    assert.match(wrong.stderr, /"loud" is no log level: emerg, alert/);
    assert.match((await rig.initctl('log-target', 'journald')).stderr, /is no log target: auto, console/);
    assert.equal(await ask('service-watchdogs'), 'yes\n');
    await ask('service-watchdogs', 'off');
    assert.equal(await ask('service-watchdogs'), 'no\n');
  });
});

test('the environment of a service is what it gets when it starts, each variable with where it is from', { skip }, async () => {
  const units = {
    'web.service': '[Service]\nType=oneshot\nEnvironment=WORD=one "TEXT=two words" GONE=1\nEnvironmentFile=/etc/web.env\nUnsetEnvironment=GONE\nRuntimeDirectory=web\nExecStart=/bin/sh -c "env > /run/seen"\n',
    'broken.service': '[Service]\nEnvironmentFile=/etc/nowhere\nExecStart=/bin/true\n',
  };
  await withRig({ units, files: { '/etc/web.env': { text: 'SECRET=abc\n' } } }, async (rig) => {
    await rig.booted();
    assert.equal((await rig.initctl('set-environment', 'FROM=manager')).status, 0);
    const shown = await rig.initctl('env', 'web');
    assert.equal(shown.status, 0, shown.stderr);
    assert.match(shown.stdout, /^FROM=manager$/m);
    assert.match(shown.stdout, /^TEXT=\$'two words'$/m);
    assert.doesNotMatch(shown.stdout, /GONE/);
    const { variables } = JSON.parse((await rig.initctl('env', 'web', '--json')).stdout) as { variables: { name: string; value: string; source: string }[] };
    const sourceOf = (name: string): string | undefined => variables.find((each) => each.name === name)?.source;
    assert.deepEqual(['FROM', 'WORD', 'SECRET', 'RUNTIME_DIRECTORY'].map(sourceOf), ['manager', 'Environment', 'EnvironmentFile', 'own']);
    assert.equal((await rig.initctl('start', 'web')).status, 0);
    const seen = (await rig.run(['cat', '/run/seen'])).stdout.split('\n');
    for (const { name, value } of variables) assert.ok(seen.includes(`${name}=${value}`), `${name}=${value} is what it got`);
    const broken = await rig.initctl('env', 'broken');
    assert.equal(broken.status, 1);
    assert.match(broken.stderr, /EnvironmentFile=\/etc\/nowhere cannot be read \(ENOENT\)/);
    assert.match((await rig.initctl('env', 'default.target')).stderr, /Only a service has an environment/);
    assert.match((await rig.initctl('env', 'wbe')).stderr, /not found/);
  });
});
