/** A Debian that has the package systemd itself, set up for Heartwood as docs/debian.md says, boots without a failed unit. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { whyNoNamespaces, withRig, type Rig, type RigOptions } from '../namespace/rig.ts';
import type { DebianRoot } from './debian-root.ts';
import { aptInstall, derivedRoot } from './derived-root.ts';

const made: DebianRoot = whyNoNamespaces() === null ? derivedRoot({
  name: 'systemd',
  file: import.meta.filename,
  commands: [
    ['apt-get', 'update'],
    aptInstall('systemd', 'systemd-sysv', 'systemd-timesyncd', 'libpam-systemd', 'udev', 'dbus'),
    ['dpkg-divert', '--rename', '--divert', '/usr/bin/systemctl.systemd', '--add', '/usr/bin/systemctl'],
    ['dpkg-divert', '--rename', '--divert', '/usr/sbin/init.systemd', '--add', '/usr/sbin/init'],
    ['apt-get', 'clean'],
  ],
}) : { ok: false, why: whyNoNamespaces() ?? '' };
const skip = made.ok ? false : made.why;
const root = made.ok ? made.path : '';

async function boots(options: RigOptions, look: (rig: Rig) => Promise<void>): Promise<void> {
  await withRig({ root, ...options }, async (rig) => {
    const state = await rig.booted(60_000);
    const { stdout } = await rig.initctl('list-units', '--failed', '--plain', '--no-legend');
    const failed = stdout.split('\n').map((line) => line.split(' ')[0] ?? '').filter((name) => name !== '');
    assert.equal(state, 'running', failed.length === 0 ? rig.console.slice(-3000) : (await rig.initctl('status', ...failed)).stdout);
    await look(rig);
  });
}

/** Asks systemd's own bus, which only systemd serves. */
async function isSkippedWithReason(rig: Rig): Promise<void> {
  assert.match((await rig.initctl('why', 'systemd-update-utmp.service')).stdout, /was skipped: ConditionPathExists=\/run\/systemd\/private does not hold \(\S+\/systemd-update-utmp\.service\.d\/\S+\.conf:\d+\)/);
}

test('as a container', { skip, timeout: 120_000 }, () => boots({}, isSkippedWithReason));

test('as a machine', { skip, timeout: 120_000 }, () => boots({ args: ['--system'], env: { container: '' } }, async (rig) => {
  await isSkippedWithReason(rig);
  // Its ExecStart= has !!, and it gives up as root.
  assert.equal((await rig.initctl('is-active', 'systemd-timesyncd.service')).stdout.trim(), 'active');
}));
