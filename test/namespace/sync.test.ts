import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { CHECKOUT_INSIDE, whyNoNamespaces, withRig, type Rig } from './rig.ts';

const skip = whyNoNamespaces() ?? false;
const UNITS = {
  'default.target': '[Unit]\nDescription=Nothing\n', 'there.service': '[Service]\nExecStart=/bin/sleep 7579\n',
  'watch-app.service': `[Service]\nExecStart=${CHECKOUT_INSIDE}/bin/initctl sync --watch /tmp/app\n`,
};

function put(rig: Rig, name: string, text: string): void {
  mkdirSync(rig.path('/tmp/app'), { recursive: true });
  writeFileSync(rig.path(`/tmp/app/.${name}.new`), text);
  renameSync(rig.path(`/tmp/app/.${name}.new`), rig.path(`/tmp/app/${name}`));
}

const sleeper = (number: number): string => `[Service]\nExecStart=/bin/sleep ${String(number)}\n`;
const pid = (rig: Rig, unit: string): Promise<string> => rig.property(unit, 'MainPID');

test('sync starts what is new, restarts what changed, stops what is gone, and leaves the rest alone', { skip, timeout: 60_000 }, async () => {
  await withRig({ units: UNITS }, async (rig) => {
    await rig.booted();
    put(rig, 'a.service', sleeper(7571));
    put(rig, 'b.service', sleeper(7572));
    put(rig, 'job.timer', '[Timer]\nOnCalendar=*-*-* 03:00\n');
    put(rig, 'job.service', '[Service]\nType=oneshot\nExecStart=/bin/touch /tmp/job-ran\n');
    put(rig, 'notes.txt', 'no unit');
    const first = await rig.initctl('sync', '/tmp/app');
    assert.deepEqual([first.status, first.stdout, first.stderr], [0, 'a.service: new\nb.service: new\njob.service: new\njob.timer: new\n', '']);
    assert.equal((await rig.run(['test', '-e', '/tmp/job-ran'])).status, 1);
    assert.equal(await rig.property('job.timer', 'ActiveState'), 'active');
    const before = await pid(rig, 'a.service');
    put(rig, 'b.service', sleeper(7573));
    rmSync(rig.path('/tmp/app/job.timer'));
    rmSync(rig.path('/tmp/app/job.service'));
    const old = await pid(rig, 'b.service');
    const second = await rig.initctl('sync', '--json', '/tmp/app');
    assert.deepEqual((JSON.parse(second.stdout) as { readonly changes: unknown }).changes, [
      { unit: 'job.service', change: 'removed' }, { unit: 'job.timer', change: 'removed' }, { unit: 'b.service', change: 'changed' },
    ]);
    assert.equal(await pid(rig, 'a.service'), before);
    assert.notEqual(await pid(rig, 'b.service'), old);
    assert.equal((await rig.initctl('status', 'job.timer')).status, 4);
    assert.equal((await rig.initctl('sync', '/tmp/app')).stdout, '');
  });
});

test('a file that cannot be used, or has the name of another unit, changes nothing', { skip, timeout: 60_000 }, async () => {
  await withRig({ units: UNITS }, async (rig) => {
    await rig.booted();
    put(rig, 'a.service', sleeper(7574));
    await rig.initctl('sync', '/tmp/app');
    const before = await pid(rig, 'a.service');
    put(rig, 'a.service', sleeper(7575));
    put(rig, 'bad.service', '[Service]\nType=simple\n');
    const bad = await rig.initctl('sync', '/tmp/app');
    assert.equal(bad.status, 6);
    assert.match(bad.stderr, /^Nothing was changed: \/tmp\/app\/bad\.service: The service has no ExecStart=/);
    assert.equal(await pid(rig, 'a.service'), before);
    assert.match((await rig.initctl('cat', 'a')).stdout, /7574/);
    rmSync(rig.path('/tmp/app/bad.service'));
    put(rig, 'there.service', sleeper(7576));
    assert.match((await rig.initctl('sync', '/tmp/app')).stderr, /Nothing was changed: .*there\.service is /);
    assert.match((await rig.initctl('cat', 'there')).stdout, /7579/);
    assert.match((await rig.initctl('sync', '/tmp/none')).stderr, /Nothing was changed: ENOENT/);
    assert.equal(await pid(rig, 'a.service'), before);
  });
});

test('a watched directory is taken over at every change, and by a new watcher just the same', { skip, timeout: 60_000 }, async () => {
  await withRig({ units: UNITS }, async (rig) => {
    await rig.booted();
    put(rig, 'a.service', sleeper(7577));
    await rig.initctl('start', 'watch-app');
    const isUp = (unit: string) => async (): Promise<boolean> => (await rig.property(unit, 'ActiveState')) === 'active';
    await rig.until(isUp('a.service'));
    put(rig, 'b.service', sleeper(7578));
    await rig.until(isUp('b.service'));
    const before = await pid(rig, 'b.service');
    await rig.initctl('restart', 'watch-app');
    rmSync(rig.path('/tmp/app/a.service'));
    await rig.until(async () => (await rig.initctl('status', 'a')).status === 4);
    assert.equal(await pid(rig, 'b.service'), before);
    assert.ok(readdirSync(rig.path('/tmp/app')).includes('b.service'));
  });
});
