/**
 * apt installs, upgrades, removes and purges daemons in a Debian whose PID 1 is Heartwood: the packages' own scripts run without a
 * complaint, and start and stop what they should.
 */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Rig, whyNoNamespaces } from '../namespace/rig.ts';
import { aptRoot, INSTALLED, NEW } from './apt-root.ts';

const made = whyNoNamespaces() === null ? aptRoot() : { ok: false as const, why: whyNoNamespaces() ?? '' };
const skip = made.ok ? false : made.why;
let rig: Rig;

/** Unpacking is slow on a machine that is busy. */
const APT_LIMIT_MS = 300_000;

/** The units a package brings and its scripts start. */
const UNITS: Readonly<Record<string, readonly string[]>> = {
  'redis-server': ['redis-server.service'], 'nginx-light': ['nginx.service'], cron: ['cron.service'], 'openssh-server': ['ssh.service'],
  memcached: ['memcached.service'], lighttpd: ['lighttpd.service'], rsyslog: ['rsyslog.service'], apache2: ['apache2.service'],
  mosquitto: ['mosquitto.service'], haproxy: ['haproxy.service'], dnsmasq: ['dnsmasq.service'],
};

/** What a script that met something unexpected would say. */
const COMPLAINT = /could not execute|invoke-rc\.d: (?:WARNING|initscript)|deb-systemd-(?:helper|invoke)[: ].*(?:error|fail|unable|unknown)|not supported|unknown (?:option|command)|unrecognized option|invalid option|no verb|Failed to|dpkg: error|Job for/i;

before(async () => {
  if (!made.ok) return;
  rig = await Rig.boot({ root: made.path });
  assert.equal(await rig.booted(60_000), 'running', rig.console.slice(-3000));
});

after(async () => {
  if (made.ok) await rig.destroy();
});

async function apt(...args: string[]): Promise<void> {
  const command = ['env', 'DEBIAN_FRONTEND=noninteractive', 'apt-get', '-y', '--no-download', '--no-install-recommends', '-o', 'Dpkg::Use-Pty=0', ...args];
  const { status, stdout, stderr } = await rig.run(command, { timeoutMs: APT_LIMIT_MS });
  assert.equal(status, 0, `apt-get ${args.join(' ')}:\n${(stdout + stderr).slice(-4000)}`);
  const complaints = `${stdout}\n${stderr}`.split('\n').filter((line) => COMPLAINT.test(line));
  assert.deepEqual(complaints, [], (stdout + stderr).slice(-4000));
}

async function activeState(unit: string): Promise<string> {
  return (await rig.run(['systemctl', 'is-active', unit])).stdout.trim();
}

async function assertActive(packages: readonly string[]): Promise<void> {
  for (const unit of packages.flatMap((name) => UNITS[name] ?? [])) {
    assert.equal(await activeState(unit), 'active', `${unit}:\n${(await rig.initctl('status', unit)).stdout}`);
    assert.equal((await rig.run(['systemctl', 'is-enabled', unit])).stdout.trim(), 'enabled', unit);
  }
}

async function mainPids(packages: readonly string[]): Promise<ReadonlyMap<string, string>> {
  const pids = new Map<string, string>();
  for (const unit of packages.flatMap((name) => UNITS[name] ?? [])) pids.set(unit, await rig.property(unit, 'MainPID'));
  return pids;
}

test('programs are told that systemctl manages services here', { skip }, async () => {
  assert.equal((await rig.run(['test', '-d', '/run/systemd/system'])).status, 0);
});

test('installing a package again restarts its daemon', { skip }, async () => {
  const earlier = await mainPids(INSTALLED);
  await apt('install', '--reinstall', ...INSTALLED);
  await assertActive(INSTALLED);
  const now = await mainPids(INSTALLED);
  // nginx is upgraded on the fly by its own script, which is content with the same release; the others are restarted.
  for (const [unit, pid] of earlier) if (unit !== 'nginx.service') assert.notEqual(now.get(unit), pid, `${unit} has a new main process`);
});

test('removing a daemon stops it, and purging it forgets it', { skip }, async () => {
  await apt('remove', 'nginx-light', 'nginx', 'nginx-common');
  assert.equal(await activeState('nginx.service'), 'inactive');
  assert.equal(rig.processes().some(({ command }) => command.startsWith('nginx')), false);
  await apt('purge', 'nginx-light', 'nginx', 'nginx-common');
  assert.equal((await rig.run(['systemctl', 'is-enabled', 'nginx.service'])).status, 1);
  assert.equal((await rig.run(['systemctl', 'cat', 'nginx.service'])).status, 1);
});

test('installing daemons enables and starts them', { skip }, async () => {
  await apt('install', ...NEW);
  await assertActive(NEW);
});

test('service, invoke-rc.d and update-rc.d reach the daemon', { skip }, async () => {
  const { stdout: before } = await rig.run(['systemctl', 'show', '-p', 'MainPID', '--value', 'mosquitto']);
  assert.equal((await rig.run(['invoke-rc.d', 'mosquitto', 'restart'])).status, 0);
  const { stdout: now } = await rig.run(['systemctl', 'show', '-p', 'MainPID', '--value', 'mosquitto']);
  assert.notEqual(now, before);
  assert.equal((await rig.run(['service', 'mosquitto', 'stop'])).status, 0);
  assert.equal(await activeState('mosquitto.service'), 'inactive');
  assert.equal((await rig.run(['service', 'mosquitto', 'status'])).status, 3);
  assert.equal((await rig.run(['update-rc.d', 'mosquitto', 'disable'])).status, 0);
  assert.equal((await rig.run(['systemctl', 'is-enabled', 'mosquitto'])).stdout.trim(), 'disabled');
  assert.equal((await rig.run(['update-rc.d', 'mosquitto', 'enable'])).status, 0);
  assert.equal((await rig.run(['service', 'mosquitto', 'start'])).status, 0);
  await assertActive(['mosquitto']);
});

test('everything goes again, and nothing is left behind', { skip }, async () => {
  const packages = [...INSTALLED.filter((name) => name !== 'nginx-light'), ...NEW];
  await apt('remove', ...packages);
  for (const unit of packages.flatMap((name) => UNITS[name] ?? [])) assert.notEqual(await activeState(unit), 'active', unit);
  await apt('purge', ...packages);
  const { stdout } = await rig.run(['systemctl', 'list-unit-files', '--no-legend', ...packages.flatMap((name) => UNITS[name] ?? [])]);
  assert.equal(stdout, '');
  assert.equal((await rig.run(['systemctl', 'is-system-running'])).stdout.trim(), 'running');
});
