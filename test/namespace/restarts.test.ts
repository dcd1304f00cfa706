/** Settings of a service that make it begin anew, with real processes and files. */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { whyNoNamespaces, withRig, type Rig } from './rig.ts';

const limit = { timeout: 240_000, skip: whyNoNamespaces() ?? false };
const NOTIFY = '/opt/heartwood/dist/native/heartwood-notify';

/** A shell with a child, as a server with a worker, that notes its process id; told to by a file, it ends at once. */
const SERVER = `/bin/sh -c 'echo $$$$ >> /tmp/starts; [ -e /tmp/broken ] && exit 1; sleep 7583 & wait'`;

const units = {
  'default.target': '[Unit]\nDescription=Nothing\n',
  'overlap.service': `[Service]\nExecStart=${SERVER}\nRestartOverlap=yes\nRestartOverlapSec=1s\n`,
  'ready.service': `[Service]\nType=notify\nNotifyAccess=all\nTimeoutStartSec=3s\nRestartOverlap=yes\nExecStart=/bin/sh -c '[ -e /tmp/mute ] || ${NOTIFY} READY=1; exec sleep 7584'\n`,
  'stubborn.service': `[Service]\nExecStart=/bin/sh -c 'trap "" TERM; while :; do sleep 1; done'\nRestartOverlap=yes\nTimeoutStopSec=1s\n`,
  'file.service': '[Service]\nExecStart=/bin/sleep 7585\nRestartOnChange=/tmp/file.conf\n',
  'reload.service': `[Service]\nExecStart=/bin/sleep 7586\nExecReload=/bin/sh -c 'echo reloaded >> /tmp/reloads'\nReloadOnChange=/tmp/conf.d\n`,
  'clock.service': `[Service]\nExecStart=/bin/sleep 7587\nRestartEverySec=1s\n`,
  'often.service': `[Unit]\nStartLimitIntervalSec=0\n[Service]\nRestart=always\nRestartSec=0\nRestartSpacingSec=1s\nRestartLimit=3\nExecStart=/bin/sh -c 'cut -d" " -f1 /proc/uptime >> /tmp/often'\n`,
};

const lines = (rig: Rig, path: string): readonly string[] => readFileSync(rig.path(path), 'utf8').trim().split('\n');
const pid = (rig: Rig, unit: string): Promise<string> => rig.property(unit, 'MainPID');
const isGone = async (rig: Rig, process: string): Promise<boolean> => (await rig.run(['test', '-e', `/proc/${process}`])).status !== 0;

test('a restart with RestartOverlap= starts the new process first, ends the old one with its children, and keeps it when the new one fails', limit, async () => {
  await withRig({ units }, async (rig) => {
    await rig.booted();
    await rig.initctl('start', 'overlap');
    const first = await pid(rig, 'overlap');
    const { status, stderr } = await rig.initctl('restart', 'overlap');
    assert.deepEqual([status, stderr], [0, '']);
    const second = await pid(rig, 'overlap');
    assert.deepEqual(lines(rig, '/tmp/starts'), [first, second]);
    assert.equal(await isGone(rig, first), true);
    await rig.until(() => rig.processes().filter(({ command }) => command === 'sleep 7583').length === 1);

    writeFileSync(rig.path('/tmp/broken'), '');
    const failed = await rig.initctl('restart', 'overlap');
    assert.equal(failed.status, 1);
    assert.match(failed.stderr, /overlap\.service/);
    assert.deepEqual([await pid(rig, 'overlap'), await rig.property('overlap', 'ActiveState')], [second, 'active']);
    assert.match((await rig.initctl('log', 'overlap')).stdout, /ended too soon, exit status 1; PID \d+ stays/);

    assert.equal((await rig.initctl('stop', 'overlap')).status, 0);
    assert.equal(await isGone(rig, second), true);
  });
});

test('a notify service overlaps until the new process is ready; a manager that is executed anew meanwhile goes on with both', limit, async () => {
  await withRig({ units }, async (rig) => {
    await rig.booted();
    await rig.initctl('start', 'ready', 'stubborn');
    const first = await pid(rig, 'ready');
    assert.equal((await rig.initctl('restart', 'ready')).status, 0);
    const second = await pid(rig, 'ready');
    assert.notEqual(second, first);

    writeFileSync(rig.path('/tmp/mute'), '');
    const restart = rig.initctl('restart', '--no-block', 'ready');
    await rig.until(async () => (await rig.property('ready', 'SubState')) === 'replace-start');
    await rig.initctl('daemon-reexec');
    await restart;
    await rig.until(async () => (await rig.property('ready', 'SubState')) === 'running');
    assert.equal(await pid(rig, 'ready'), second);

    const stubborn = await pid(rig, 'stubborn');
    assert.equal((await rig.initctl('restart', 'stubborn')).status, 0);
    assert.equal(await isGone(rig, stubborn), true);
  });
});

test('services begin anew when their files change and when their time is over, and start no faster than they may', limit, async () => {
  await withRig({ units }, async (rig) => {
    await rig.booted();
    writeFileSync(rig.path('/tmp/file.conf'), 'one\n');
    await rig.run(['mkdir', '/tmp/conf.d']);
    await rig.initctl('start', 'file', 'reload', 'clock', 'often');

    const file = await pid(rig, 'file');
    writeFileSync(rig.path('/tmp/file.conf'), 'two\n');
    await rig.until(async () => !['0', file].includes(await pid(rig, 'file')));
    // As editors and packages do it.
    const again = await pid(rig, 'file');
    await rig.run(['sh', '-c', 'echo three > /tmp/file.new; mv /tmp/file.new /tmp/file.conf']);
    await rig.until(async () => !['0', again].includes(await pid(rig, 'file')));
    assert.match((await rig.initctl('why', 'file')).stdout, /RestartOnChange=\/tmp\/file\.conf/);

    const reload = await pid(rig, 'reload');
    writeFileSync(rig.path('/tmp/conf.d/new.conf'), '');
    await rig.until(async () => (await rig.run(['test', '-s', '/tmp/reloads'])).status === 0);
    assert.equal(await pid(rig, 'reload'), reload);

    const clock = await pid(rig, 'clock');
    await rig.until(async () => !['0', clock].includes(await pid(rig, 'clock')));

    await rig.until(async () => (await rig.property('often', 'ActiveState')) === 'failed');
    const starts = lines(rig, '/tmp/often').map(Number);
    assert.equal(starts.length, 4, 'the first one and RestartLimit=3');
    for (const [i, at] of starts.entries()) if (i > 0) assert.ok(at - (starts[i - 1] ?? 0) > 0.9, String(starts));
    assert.match((await rig.initctl('why', 'often')).stdout, /restarted 3 times in a row/);
  });
});
