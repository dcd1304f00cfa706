import assert from 'node:assert/strict';
import { test } from 'node:test';
import { whyNoNamespaces, withRig } from './rig.ts';

const skip = whyNoNamespaces() ?? false;

const UNITS = {
  'default.target': '[Unit]\nWants=steady.service web.service watched.service\n',
  'steady.service': '[Service]\nExecStart=/bin/sleep 999\n',
  'web.service': '[Unit]\nStartLimitIntervalSec=0\n[Service]\nExecStart=/bin/sleep 999\nRestart=on-failure\nRestartSec=50ms\n',
  'watched.service': "[Service]\nType=notify\nNotifyAccess=all\nWatchdogSec=1s\nRestart=on-failure\nRestartSec=50ms\nExecStart=/bin/sh -c 'while :; do /opt/heartwood/dist/native/heartwood-notify READY=1 WATCHDOG=1; sleep 0.2; done'\n",
  'ready.service': "[Service]\nType=notify\nNotifyAccess=all\nExecStart=/bin/sh -c 'sleep 0.3; /opt/heartwood/dist/native/heartwood-notify READY=1; exec sleep 999'\n",
  'once.service': '[Service]\nType=oneshot\nExecStart=/bin/true\n',
};
const drilling = { units: UNITS, env: { HEARTWOOD_FAULTS: '1' }, args: ['--log-target', 'console', '--log-level', 'notice'] } as const;

test('drills of units bring what they say, and what is claimed of their end is judged', { skip }, async () => {
  await withRig(drilling, async (rig) => {
    await rig.booted();
    const killed = await rig.initctl('fault', 'kill', 'web', '--assert', 'web=active', '--assert', 'web.NRestarts=1', '--assert', 'undisturbed');
    assert.equal(killed.status, 0, killed.stdout + killed.stderr);
    assert.match(killed.stdout, /yes {2}web\.NRestarts=1 {2}\(1\)/);

    const hung = await rig.initctl('fault', 'hang', 'watched', '3s', '--assert', 'watched.NRestarts=1', '--assert', 'watched=active', '--assert', 'undisturbed', '--within', '20s');
    assert.equal(hung.status, 0, hung.stdout + hung.stderr);

    await rig.initctl('show', 'ready');
    assert.equal((await rig.initctl('fault', 'slow-start', 'ready', '1500ms')).status, 0);
    const begun = performance.now();
    assert.equal((await rig.initctl('start', 'ready')).status, 0);
    assert.ok(performance.now() - begun >= 1400);

    const failing = await rig.initctl('fault', 'spawn-failure', 'web', '2', '--assert', 'web=active');
    assert.equal(failing.status, 0);
    await rig.initctl('fault', 'kill', 'web');
    await rig.until(async () => (await rig.property('web.service', 'NRestarts')) === '4', { what: 'two starts that failed and one that went well' });
    assert.equal(await rig.property('web.service', 'ActiveState'), 'active');
    // logd writes records in its own time.
    await rig.until(async () => {
      const records = JSON.parse((await rig.initctl('crash', 'list', 'web', '--json')).stdout) as { readonly why: string }[];
      return records.some(({ why }) => /could not be run \(clone: EAGAIN\)/.test(why));
    }, { what: 'the failed start to be on record' });

    const wrong = await rig.initctl('fault', 'kill', 'web', '--assert', 'web=failed', '--assert', 'steady=active', '--within', '1500ms', '--json');
    // Looking again and again leaves no listeners behind, of which Node would warn.
    assert.equal(wrong.stderr, '');
    assert.equal(wrong.status, 1);
    const { assertions } = JSON.parse(wrong.stdout) as { readonly assertions: readonly { readonly holds: boolean; readonly found: string }[] };
    assert.deepEqual(assertions.map(({ holds, found }) => [holds, found]), [[false, 'active'], [true, 'active']]);
  });
});

test('a death of the engine and one of logd go by without anybody noticing, and a drill says so', { skip }, async () => {
  await withRig(drilling, async (rig) => {
    await rig.booted();
    for (const words of [['segv'], ['throw'], ['abort'], ['logd']]) {
      const drill = await rig.initctl('fault', ...words, '--assert', 'undisturbed', '--assert', 'web=active');
      assert.equal(drill.status, 0, `${words.join(' ')}: ${drill.stdout}${drill.stderr}`);
    }
    await rig.until(() => (rig.console.match(/the manager died/g) ?? []).length >= 2, { what: 'the deaths to be told' });
  });
});

test('drills are refused to a manager that was not started for them, to other users, and when they make no sense', { skip }, async () => {
  await withRig({ units: UNITS }, async (rig) => {
    await rig.booted();
    for (const words of [['segv'], ['kill', 'web'], ['logd']]) {
      const refused = await rig.initctl('fault', ...words);
      assert.notEqual(refused.status, 0);
      assert.match(refused.stderr, /not started with HEARTWOOD_FAULTS=1/);
    }
    assert.equal(await rig.property('web.service', 'NRestarts'), '0');
  });
  await withRig(drilling, async (rig) => {
    await rig.booted();
    for (const words of [['hang'], ['explode'], ['kill', 'web', '3'], ['hang', 'web', 'long'], ['spawn-failure', 'web', '0'], ['segv', '--assert', 'web=blue'], ['segv', '--assert', 'undisturbed', '--within', 'infinity']]) {
      assert.equal((await rig.initctl('fault', ...words)).status, 2, words.join(' '));
    }
    assert.match((await rig.initctl('fault', 'kill', 'nobody')).stderr, /nobody\.service is not loaded/);
    assert.match((await rig.initctl('fault', 'kill', 'steady', '--assert', 'undisturbed')).stdout, /yes/);
    const stranger = await rig.run(['/opt/heartwood/bin/initctl', 'fault', 'kill', 'web'], { uid: 65534 });
    assert.notEqual(stranger.status, 0);
    assert.equal(await rig.property('web.service', 'NRestarts'), '0');
  });
});

test('an engine that leaks past its ceiling executes itself anew, and nobody else notices', { skip }, async () => {
  const files = { '/etc/heartwood/system.conf': { text: '[Manager]\nEngineMemoryMax=160M\n' } };
  await withRig({ ...drilling, files }, async (rig) => {
    await rig.booted();
    const pid = await rig.property('steady.service', 'MainPID');
    assert.equal((await rig.initctl('fault', 'leak')).status, 0);
    await rig.until(async () => {
      await rig.initctl('is-active', 'steady');
      return /more than EngineMemoryMax=160M allows: it executes itself anew[\s\S]*the manager executed itself anew/.test(rig.console);
    }, { limitMs: 30_000, what: 'the ceiling to be noticed' });
    assert.equal(await rig.property('steady.service', 'MainPID'), pid);
    assert.equal(await rig.property('steady.service', 'NRestarts'), '0');
  });
});
