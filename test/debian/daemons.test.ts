/**
 * Debian's own daemons under Debian's own unit files, enabled by their packages, with Heartwood as PID 1.
 *
 * Each answers a real client, comes back after its main process was killed as its Restart= says, reloads, stops without
 * leaving a process, and starts again.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { Rig, whyNoNamespaces } from '../namespace/rig.ts';
import { answers, httpClient, memcachedClient, redisClient, sshClient, type Client } from './clients.ts';
import { debianRoot, LIGHTTPD_PORT } from './debian-root.ts';

interface Daemon {
  readonly unit: string;
  /** Name of its processes, as in /proc/PID/comm; all of them are gone after a stop. */
  readonly process: string;
  /** null: it speaks no protocol; tests of its own follow. */
  readonly client: Client | null;
  /** What its unit file's Restart= makes of a kill -9. */
  readonly afterKill: 'comes back' | 'stays failed';
  readonly reloads: boolean;
  /** A socket that is served at any time, and would start it again. */
  readonly socket?: string;
}

const DAEMONS: readonly Daemon[] = [
  { unit: 'redis-server.service', process: 'redis-server', client: redisClient, afterKill: 'comes back', reloads: false },
  { unit: 'nginx.service', process: 'nginx', client: httpClient(80, /Server: nginx/), afterKill: 'stays failed', reloads: true },
  { unit: 'ssh.service', process: 'sshd', client: sshClient, afterKill: 'comes back', reloads: true },
  { unit: 'memcached.service', process: 'memcached', client: memcachedClient, afterKill: 'comes back', reloads: false },
  { unit: 'lighttpd.service', process: 'lighttpd', client: httpClient(LIGHTTPD_PORT, /Server: lighttpd/), afterKill: 'comes back', reloads: true },
  { unit: 'cron.service', process: 'cron', client: null, afterKill: 'comes back', reloads: false },
  { unit: 'rsyslog.service', process: 'rsyslogd', client: null, afterKill: 'comes back', reloads: false, socket: 'syslog.socket' },
];

/** cron looks at its tables once a minute. */
const CRON_LIMIT_MS = 130_000;

const made = whyNoNamespaces() === null ? debianRoot() : { ok: false as const, why: whyNoNamespaces() ?? '' };
const skip = made.ok ? false : made.why;
let rig: Rig;

before(async () => {
  if (!made.ok) return;
  rig = await Rig.boot({
    root: made.path,
    run: 'root',
    files: { '/etc/cron.d/probe': { text: '* * * * * root echo ran >> /tmp/cron-ran\n' } },
  });
});

after(async () => {
  if (made.ok) await rig.destroy();
});

async function mainPid(unit: string): Promise<number> {
  return Number(await rig.property(unit, 'MainPID'));
}

/** Processes of a daemon by their comm name. */
function processesNamed(name: string): number[] {
  return rig.processes().map(({ pid }) => pid).filter((pid) => {
    try {
      return readFileSync(`/proc/${String(pid)}/comm`, 'utf8').trim() === name;
    } catch {
      return false;
    }
  });
}

/** Active, and answering where it can be asked. */
async function assertServes({ unit, client }: Daemon): Promise<void> {
  await rig.until(async () => (await rig.initctl('is-active', unit)).stdout.trim() === 'active', { what: `${unit} to be active` });
  if (client !== null) await rig.until(() => answers(rig, client), { what: `${unit} to answer` });
}

test('the boot ends with nothing failed', { skip }, async () => {
  const state = await rig.booted(60_000);
  const failed = (await rig.initctl('list', '--failed', '--no-legend')).stdout;
  assert.equal(state, 'running', `failed units:\n${failed}\n${rig.console.slice(-3000)}`);
});

for (const daemon of DAEMONS) {
  const { unit } = daemon;

  test(`${unit} was started because its package enabled it, and answers`, { skip }, async () => {
    await assertServes(daemon);
    assert.equal(await rig.property(unit, 'UnitFileState'), 'enabled');
    assert.match(await rig.property(unit, 'FragmentPath'), /^(\/usr)?\/lib\/systemd\/system\//);
  });

  test(`${unit} ${daemon.afterKill} after kill -9 of its main process`, { skip }, async () => {
    const before = await mainPid(unit);
    assert.ok(before > 1);
    await rig.run(['kill', '-KILL', String(before)]);
    if (daemon.afterKill === 'comes back') {
      await rig.until(async () => ![0, before].includes(await mainPid(unit)), { what: `${unit} to be restarted` });
      await assertServes(daemon);
      return;
    }
    await rig.until(async () => (await rig.initctl('is-failed', unit)).stdout.trim() === 'failed', { what: `${unit} to fail` });
    assert.equal(await rig.property(unit, 'Result'), 'signal');
    await rig.until(() => processesNamed(daemon.process).length === 0, { what: 'its workers to be gone' });
    assert.match((await rig.initctl('why', unit)).stdout, /KILL/);
    assert.equal((await rig.initctl('start', unit)).status, 0);
    await assertServes(daemon);
  });

  test(`${unit} ${daemon.reloads ? 'reloads without a new main process' : 'refuses a reload its unit file does not provide for'}`, { skip }, async () => {
    const before = await mainPid(unit);
    const { status, stderr } = await rig.initctl('reload', unit);
    if (daemon.reloads) {
      assert.equal(status, 0, stderr);
      await assertServes(daemon);
    } else {
      assert.notEqual(status, 0);
      assert.match(stderr, /reload/i);
    }
    assert.equal(await mainPid(unit), before);
  });

  test(`${unit} stops leaving no process, and starts again`, { skip }, async () => {
    assert.equal((await rig.initctl('stop', unit, ...(daemon.socket === undefined ? [] : [daemon.socket]))).status, 0);
    assert.equal((await rig.initctl('is-active', unit)).stdout.trim(), 'inactive');
    assert.deepEqual(processesNamed(daemon.process), []);
    if (daemon.client !== null) assert.equal(await answers(rig, daemon.client), false);
    const { status, stderr } = await rig.initctl('start', unit);
    assert.equal(status, 0, stderr);
    await assertServes(daemon);
  });
}

test('what logger sends arrives in the files of rsyslog', { skip }, async () => {
  await rig.run(['logger', '--tag', 'probe', 'heard by rsyslog']);
  await rig.until(async () => (await rig.run(['cat', '/var/log/syslog'])).stdout.includes('heard by rsyslog'), { what: 'the line to be in the file' });
});

test('cron runs a job', { skip }, async () => {
  await rig.until(async () => (await rig.run(['cat', '/tmp/cron-ran'])).stdout.includes('ran'), { limitMs: CRON_LIMIT_MS, what: 'the job to run' });
});

test('systemctl and service managers’ own scripts get the answers they know', { skip }, async () => {
  const { status, stdout } = await rig.run(['systemctl', 'is-active', 'nginx', 'redis']);
  assert.equal(status, 0);
  assert.equal(stdout, 'active\nactive\n');
  const gone = await rig.run(['systemctl', 'status', 'no-such-unit']);
  assert.equal(gone.status, 4);
});

test('ssh.socket listens in place of ssh.service, and a client starts it', { skip }, async () => {
  await rig.initctl('stop', 'ssh.service');
  const started = await rig.initctl('start', 'ssh.socket');
  assert.equal(started.status, 0, started.stderr);
  assert.equal((await rig.initctl('is-active', 'ssh.service')).stdout.trim(), 'inactive');
  assert.ok(await answers(rig, sshClient), 'the client whose connection started it is answered');
  assert.equal((await rig.initctl('is-active', 'ssh.service')).stdout.trim(), 'active');
  assert.equal(await rig.property('ssh.service', 'TriggeredBy'), 'ssh.socket');
  const stopped = await rig.initctl('stop', 'ssh.service');
  assert.match(stopped.stderr, /can still be activated by:\n\s+ssh\.socket/);
  assert.ok(await answers(rig, sshClient), 'and so is the next one');
  await rig.initctl('stop', 'ssh.socket', 'ssh.service');
  assert.ok(!await answers(rig, sshClient));
  await rig.initctl('start', 'ssh.service');
});

test('a daemon of Type=dbus is up with its name on the bus, and goes when it has lost it', { skip }, async () => {
  await rig.until(async () => (await rig.initctl('is-active', 'avahi-daemon.service')).stdout.trim() === 'active', { what: 'avahi to have its name' });
  const call = ['dbus-send', '--system', '--print-reply', '--dest=org.freedesktop.Avahi', '/', 'org.freedesktop.Avahi.Server.GetVersionString'];
  assert.match((await rig.run(call)).stdout, /avahi/);
  const pid = await mainPid('avahi-daemon.service');
  await rig.initctl('restart', 'avahi-daemon.service');
  assert.match((await rig.run(call)).stdout, /avahi/, 'a restart ends when the name is served again');
  assert.notEqual(await mainPid('avahi-daemon.service'), pid);
  // A new bus knows no names.
  await rig.initctl('restart', 'dbus.service');
  await rig.until(async () => await rig.property('avahi-daemon.service', 'ActiveState') !== 'active', { what: 'avahi to be stopped' });
});

test('the first client of the bus starts dbus.service, which serves at the socket of dbus.socket', { skip }, async () => {
  assert.equal((await rig.initctl('is-active', 'dbus.socket')).stdout.trim(), 'active');
  await rig.initctl('stop', 'dbus.service');
  const call = ['dbus-send', '--system', '--print-reply', '--dest=org.freedesktop.DBus', '/org/freedesktop/DBus', 'org.freedesktop.DBus.GetId'];
  const first = await rig.run(call);
  assert.equal(first.status, 0, first.stderr);
  const pid = await mainPid('dbus.service');
  assert.ok(pid > 0);
  assert.equal(await rig.property('dbus.socket', 'SubState'), 'running');
  await rig.initctl('kill', '--signal=KILL', 'dbus.service');
  await rig.until(async () => await rig.property('dbus.socket', 'SubState') === 'listening');
  assert.equal((await rig.run(call)).status, 0, 'after a crash the next client starts it again');
  assert.notEqual(await mainPid('dbus.service'), pid);
});

test('poweroff stops all of them in order and leaves nothing', { skip }, async () => {
  await rig.initctl('poweroff');
  const { status } = await rig.ended;
  assert.equal(status, 0);
});
