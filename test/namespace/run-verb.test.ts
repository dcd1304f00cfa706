import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { test } from 'node:test';
import { CHECKOUT_INSIDE, whyNoNamespaces, withRig, type Rig } from './rig.ts';

const skip = whyNoNamespaces() ?? false;
const OPTIONS = { units: { 'default.target': '[Unit]\nDescription=Nothing\n', 'there.service': '[Service]\nExecStart=/bin/true\n' } };

function transientFiles(rig: Rig): readonly string[] {
  return readdirSync(rig.path('/run/heartwood/transient')).sort();
}

test('run gives the command the streams, directory, variables and exit status of its caller, whatever the streams are', { skip, timeout: 60_000 }, async () => {
  await withRig(OPTIONS, async (rig) => {
    await rig.booted();
    // The test's own streams are sockets; those of a shell are files and pipes.
    const direct = await rig.run([`${CHECKOUT_INSIDE}/bin/initctl`, 'run', '-q', '--pipe', '/bin/sh', '-c', 'tr a-z A-Z; echo to-err >&2; exit 4'], { input: 'hello\n' });
    assert.deepEqual([direct.status, direct.stdout, direct.stderr], [4, 'HELLO\n', 'to-err\n']);
    const shell = await rig.run(['/bin/sh', '-c', 'cd /usr; FOO="a b" initctl run -qPd -E FOO -E BAR=%c /bin/sh -c "pwd; env | grep -E ^FOO\\|^BAR | sort" < /dev/null | cat > /tmp/out; cat /tmp/out']);
    assert.equal(shell.stdout, '/usr\nBAR=%c\nFOO=a b\n');
    const user = await rig.run([`${CHECKOUT_INSIDE}/bin/initctl`, 'run', '-qP', '--uid=65534', 'id', '-u']);
    assert.equal(user.stdout, '65534\n');
    // The first one failed, and stays to be looked at.
    assert.equal(transientFiles(rig).length, 1);
    await rig.initctl('reset-failed');
    await rig.until(() => transientFiles(rig).length === 0);
  });
});

test('transient units live through a re-exec, are seen by every verb, and leave nothing behind', { skip, timeout: 60_000 }, async () => {
  await withRig(OPTIONS, async (rig) => {
    await rig.booted();
    assert.equal((await rig.initctl('run', '--unit=long', '--description=A long one', 'sleep', '7532')).stderr, 'Running as unit: long.service\n');
    const pid = await rig.property('long.service', 'MainPID');
    assert.equal((await rig.initctl('daemon-reexec')).status, 0);
    assert.equal((await rig.initctl('daemon-reload')).status, 0);
    assert.equal(await rig.property('long.service', 'MainPID'), pid);
    assert.match((await rig.initctl('status', 'long')).stdout, /A long one\n +Loaded: loaded \(\/run\/heartwood\/transient\/long\.service; transient\)\n +Transient: yes\n/);
    const twice = await rig.initctl('run', '--unit=long', 'true');
    assert.equal(twice.status, 1);
    assert.match(twice.stderr, /long\.service was already loaded/);
    assert.match((await rig.initctl('run', '--unit=there', 'true')).stderr, /there\.service was already loaded or has a fragment file/);
    await rig.initctl('stop', 'long');
    await rig.until(async () => (await rig.initctl('status', 'long')).status === 4);
    assert.deepEqual(transientFiles(rig), []);
    const bad = await rig.initctl('run', '--unit=bad', '-p', 'Nice=abc', 'true');
    assert.notEqual(bad.status, 0);
    assert.match(bad.stderr, /'abc' is not a whole number/);
    assert.equal((await rig.initctl('run', '--unit=bad', '--wait', '-q', 'true')).status, 0);
    assert.deepEqual(transientFiles(rig), []);
  });
});

test('many at once get names of their own, and all of them run', { skip, timeout: 60_000 }, async () => {
  await withRig(OPTIONS, async (rig) => {
    await rig.booted();
    const { stdout } = await rig.run(['/bin/sh', '-c', 'for i in $(seq 20); do initctl run -q --wait touch /tmp/ran-$i & done; wait; ls /tmp | grep -c ran-']);
    assert.equal(stdout.trim(), '20');
    assert.deepEqual(transientFiles(rig), []);
  });
});

test('a command runs by a timer, and a kept unit has a file that stays', { skip, timeout: 60_000 }, async () => {
  await withRig(OPTIONS, async (rig) => {
    await rig.booted();
    const timed = await rig.initctl('run', '--unit=later', '--on-active=200ms', '--timer-property=AccuracySec=1ms', 'touch', '/tmp/later');
    assert.equal(timed.stderr, 'Running timer as unit: later.timer\nWill run service as unit: later.service\n');
    await rig.until(async () => (await rig.run(['test', '-e', '/tmp/later'])).status === 0);
    await rig.until(() => transientFiles(rig).length === 0);
    await rig.initctl('run', '--keep', '--unit=kept', 'sleep', '7533');
    await rig.initctl('stop', 'kept');
    assert.equal((await rig.initctl('start', 'kept')).status, 0);
    assert.equal(await rig.property('kept.service', 'FragmentPath'), '/etc/heartwood/system/kept.service');
  });
});

test('nobody but the administrator may run a command', { skip, timeout: 60_000 }, async () => {
  await withRig(OPTIONS, async (rig) => {
    await rig.booted();
    const { status, stderr } = await rig.run([`${CHECKOUT_INSIDE}/bin/initctl`, 'run', 'true'], { uid: 65_534 });
    assert.notEqual(status, 0);
    assert.match(stderr, /Failed to start transient service unit/);
    assert.equal((await rig.run(['test', '-e', '/run/heartwood/transient'])).status, 1);
  });
});
