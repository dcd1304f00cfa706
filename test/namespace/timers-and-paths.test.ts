import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Rig, whyNoNamespaces } from './rig.ts';

const skip = whyNoNamespaces() ?? false;

const SAY = "ExecStart=/bin/sh -c 'set -f; echo $TRIGGER_UNIT $TRIGGER_PATH >> /tmp/said'\n";

function said(rig: Rig): string[] {
  try {
    return readFileSync(rig.path('/tmp/said'), 'utf8').split('\n').filter((line) => line !== '');
  } catch {
    return [];
  }
}

test('timers elapse in the real world, live through a re-exec, and leave a stamp', { skip }, async () => {
  const rig = await Rig.boot({
    units: {
      'default.target': '[Unit]\nWants=early.timer late.timer\n',
      'early.timer': '[Timer]\nOnActiveSec=200ms\nAccuracySec=1ms\nPersistent=yes\n', 'early.service': `[Service]\nType=oneshot\n${SAY}`,
      'late.timer': '[Timer]\nOnActiveSec=3s\nAccuracySec=1ms\n', 'late.service': `[Service]\nType=oneshot\n${SAY}`,
    },
  });
  try {
    await rig.booted();
    await rig.until(() => said(rig).includes('early.timer'));
    assert.ok(Date.now() - statSync(rig.path('/var/lib/systemd/timers/stamp-early.timer')).mtimeMs < 20_000);
    const next = await rig.property('late.timer', 'NextElapseUSecMonotonic');
    assert.equal((await rig.initctl('daemon-reexec')).status, 0);
    assert.equal(await rig.property('late.timer', 'NextElapseUSecMonotonic'), next);
    await rig.until(() => said(rig).includes('late.timer'));
    const { stdout } = await rig.initctl('list-timers', '--no-legend', '--all');
    assert.match(stdout, /^- +- .* late\.timer +late\.service$/m);
  } finally {
    await rig.destroy();
  }
});

test('path units see files below directories that do not exist yet, renames, links, patterns and changes', { skip }, async () => {
  const path = (lines: string): string => `[Path]\n${lines}\nUnit=said@%p.service\n`;
  const rig = await Rig.boot({
    units: {
      'default.target': '[Unit]\nWants=deep.path glob.path moved.path changed.path full.path\n',
      'said@.service': `[Unit]\nStartLimitBurst=1\nStartLimitIntervalSec=0\n[Service]\nType=oneshot\n${SAY}ExecStart=/bin/rm -rf /tmp/new /tmp/glob/b/x.job /tmp/there/it /tmp/spool/job\n`,
      'deep.path': path('PathExists=/tmp/new/deep/file'), 'glob.path': path('PathExistsGlob=/tmp/glob/*/*.job'),
      'moved.path': path('PathExists=/tmp/there/it'), 'changed.path': path('PathChanged=/tmp/watched'),
      'full.path': path('DirectoryNotEmpty=/tmp/spool\nMakeDirectory=yes\nDirectoryMode=0711'),
    },
    files: { '/tmp/.keep': { text: '' } },
  });
  const heard = async (unit: string, watched: string, times = 1): Promise<void> => {
    await rig.until(() => said(rig).filter((line) => line === `${unit} ${watched}`).length === times, { what: `${unit} to start its unit` });
  };
  try {
    await rig.booted();
    mkdirSync(rig.path('/tmp/new'));
    await sleep(50);
    mkdirSync(rig.path('/tmp/new/deep'));
    await sleep(50);
    writeFileSync(rig.path('/tmp/new/deep/file'), '');
    await heard('deep.path', '/tmp/new/deep/file');

    mkdirSync(rig.path('/tmp/glob/a'), { recursive: true });
    mkdirSync(rig.path('/tmp/glob/b'));
    writeFileSync(rig.path('/tmp/glob/a/x.other'), '');
    await sleep(50);
    writeFileSync(rig.path('/tmp/glob/b/x.job'), '');
    await heard('glob.path', '/tmp/glob/*/*.job');

    mkdirSync(rig.path('/tmp/elsewhere'));
    writeFileSync(rig.path('/tmp/elsewhere/it'), '');
    renameSync(rig.path('/tmp/elsewhere'), rig.path('/tmp/there'));
    await heard('moved.path', '/tmp/there/it');

    writeFileSync(rig.path('/tmp/watched'), 'one');
    await heard('changed.path', '/tmp/watched');
    await rig.until(async () => (await rig.property('changed.path', 'SubState')) === 'waiting');
    writeFileSync(rig.path('/tmp/watched.new'), 'two');
    renameSync(rig.path('/tmp/watched.new'), rig.path('/tmp/watched'));
    await heard('changed.path', '/tmp/watched', 2);

    assert.equal(statSync(rig.path('/tmp/spool')).mode & 0o777, 0o711);
    writeFileSync(rig.path('/tmp/spool/.hidden'), '');
    await sleep(200);
    assert.ok(!said(rig).some((line) => line.startsWith('full.path')));
    assert.equal((await rig.initctl('daemon-reexec')).status, 0);
    writeFileSync(rig.path('/tmp/spool/job'), '');
    await heard('full.path', '/tmp/spool');
    rmSync(rig.path('/tmp/watched'));
    await heard('changed.path', '/tmp/watched', 3);
  } finally {
    await rig.destroy();
  }
});

test('more path units than a user may have inotify instances watch the same file, each for itself', { skip }, async () => {
  // The kernel’s limit is 128 for all programs of a user.
  const count = 200;
  const names = Array.from({ length: count }, (_, index) => `many-${String(index)}`);
  const rig = await Rig.boot({
    units: {
      'default.target': `[Unit]\nWants=${names.map((name) => `${name}.path`).join(' ')}\n`,
      'many@.service': `[Unit]\nStartLimitIntervalSec=0\n[Service]\nType=oneshot\n${SAY}`,
      ...Object.fromEntries(names.map((name) => [`${name}.path`, `[Path]\nPathChanged=/tmp/common\nUnit=many@${name}.service\n`])),
    },
    files: { '/tmp/common': { text: '' } },
  });
  try {
    await rig.booted();
    const active = (await rig.initctl('is-active', ...names.map((name) => `${name}.path`))).stdout.trim().split('\n');
    assert.deepEqual([...new Set(active)], ['active']);
    assert.equal((await rig.initctl('stop', 'many-0.path')).status, 0);
    writeFileSync(rig.path('/tmp/common'), 'changed');
    await rig.until(() => said(rig).length >= count - 1, { what: 'all that still watch to start their units' });
    assert.deepEqual(said(rig).sort(), names.slice(1).map((name) => `${name}.path /tmp/common`).sort());
    await rig.initctl('stop', ...names.slice(2).map((name) => `${name}.path`));
    await rig.until(async () => (await rig.property('many-1.path', 'SubState')) === 'waiting');
    writeFileSync(rig.path('/tmp/common'), 'changed again');
    await rig.until(() => said(rig).length >= count, { what: 'the last one to start its unit again' });
  } finally {
    await rig.destroy();
  }
});

test('TriggerJob= restarts a daemon when its configuration changes and at intervals', { skip, timeout: 60_000 }, async () => {
  const rig = await Rig.boot({
    units: {
      'default.target': '[Unit]\nWants=front.path front.service back.timer back.service\n',
      'front.path': '[Path]\nPathChanged=/tmp/front.conf\nTriggerJob=restart\n', 'front.service': '[Service]\nExecStart=/bin/sleep 7561\n',
      'back.timer': '[Timer]\nOnUnitActiveSec=300ms\nAccuracySec=1ms\nTriggerJob=restart\n', 'back.service': '[Unit]\nStartLimitIntervalSec=0\n[Service]\nExecStart=/bin/sleep 7562\n',
    },
    files: { '/tmp/front.conf': { text: 'a' } },
  });
  const pid = async (unit: string): Promise<string> => rig.property(unit, 'MainPID');
  try {
    await rig.booted();
    for (const text of ['b', 'c']) {
      const before = await pid('front.service');
      writeFileSync(rig.path('/tmp/front.conf'), text);
      await rig.until(async () => { const now = await pid('front.service'); return now !== before && now !== '0'; }, { what: 'front.service to be restarted' });
    }
    assert.equal(await rig.property('front.path', 'SubState'), 'waiting');
    assert.equal(await rig.property('front.path', 'TriggerJob'), 'restart');
    const pids = new Set<string>();
    await rig.until(async () => pids.add(await pid('back.service')).size > 3, { what: 'back.service to be restarted again and again' });
    assert.match((await rig.initctl('run', '--unit=odd', '--path-property=PathExists=/x', '--path-property=TriggerJob=dance', 'true')).stderr, /dance/);
  } finally {
    await rig.destroy();
  }
});
