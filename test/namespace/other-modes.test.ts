/** The machine's manager in namespaces, a user's manager, and what the program says about itself. */
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { CHECKOUT, whyNoNamespaces, withRig } from './rig.ts';

const skip = whyNoNamespaces() ?? false;
const HEARTWOOD = join(CHECKOUT, 'bin/heartwood');

test('as PID 1 with --system the API file systems are mounted, the machine has an id, and power-off ends it through reboot(2)', { skip, timeout: 60_000 }, async () => {
  const units = {
    'boot.target': '[Unit]\nDefaultDependencies=no\nWants=look.service\nAfter=look.service\n',
    'look.service': '[Unit]\nDefaultDependencies=no\n[Service]\nType=oneshot\nRemainAfterExit=yes\nStandardOutput=file:/run/looked\nExecStart=/bin/sh -c "cut -d\\" \\" -f5 /proc/self/mountinfo; cat /etc/machine-id; hostname"\n',
  };
  await withRig({ units, files: { '/etc/hostname': { text: 'oak\n' }, '/etc/machine-id': { text: '' } }, args: ['--system', '--unit', 'boot.target'] }, async (rig) => {
    assert.equal(await rig.booted(), 'running');
    const looked = (await rig.run(['cat', '/run/looked'])).stdout;
    for (const target of ['/proc', '/sys', '/dev', '/dev/pts', '/dev/shm', '/run', '/tmp']) assert.ok(looked.split('\n').includes(target), `${target} in ${looked}`);
    assert.match(looked, /\b[0-9a-f]{32}\noak\n/);
    await rig.initctl('poweroff');
    // In a PID namespace reboot(2) ends its init by SIGINT, which unshare passes on.
    const { status, signal } = await rig.ended;
    assert.ok(signal === 'SIGINT' || status === 130 || status === 0, `${String(status)} ${String(signal)}`);
  });
});

/** A user's manager on this machine itself, in a directory of its own. */
async function withUserManager(files: Readonly<Record<string, string>>, body: (tools: { initctl: (...args: string[]) => { status: number | null; stdout: string }; pid: number }) => Promise<void>): Promise<void> {
  const home = mkdtempSync(join(tmpdir(), 'heartwood-user-'));
  const units = join(home, '.config/heartwood/user');
  mkdirSync(units, { recursive: true });
  mkdirSync(join(home, 'run'), { mode: 0o700 });
  for (const [name, text] of Object.entries(files)) writeFileSync(join(units, name), text);
  const env = { PATH: process.env['PATH'] ?? '', HOME: home, XDG_RUNTIME_DIR: join(home, 'run'), FLAVOUR: 'sweet' };
  const manager = spawn(HEARTWOOD, ['--user', '--unit', 'boot.target', '--unit-path', units], { env, stdio: ['ignore', 'ignore', 'inherit'] });
  const ended = new Promise((resolve) => manager.on('close', resolve));
  try {
    const initctl = (...args: string[]) => spawnSync(join(CHECKOUT, 'bin/initctl'), ['--user', ...args], { env, encoding: 'utf8' });
    for (let tries = 0; initctl('is-system-running').stdout.trim() !== 'running'; tries++) {
      assert.ok(tries < 200, 'the user manager comes up');
      await sleep(25);
    }
    await body({ initctl, pid: manager.pid as number });
    manager.kill('SIGTERM');
    assert.equal(await ended, 0);
  } finally {
    manager.kill('SIGKILL');
    await ended;
    rmSync(home, { recursive: true, force: true });
  }
}

test('a user\'s manager starts services with the user\'s environment, and stops what they forked although it is not PID 1', { timeout: 60_000, skip }, async () => {
  await withUserManager({
    'boot.target': '[Unit]\nDefaultDependencies=no\nWants=a.service\nAfter=a.service\n',
    'a.service': '[Unit]\nDefaultDependencies=no\n[Service]\nExecStart=/bin/sh -c "test $FLAVOUR = sweet || exit 1; setsid sh -c \\"sleep 98765 & \\" ; exec sleep 98766"\n',
  }, async ({ initctl }) => {
    const sleeps = (): number => Number(spawnSync('pgrep', ['-c', '-f', '^sleep 9876[56]'], { encoding: 'utf8' }).stdout);
    for (let tries = 0; sleeps() < 2 && tries < 200; tries++) await sleep(25);
    assert.equal(sleeps(), 2);
    assert.equal(initctl('stop', 'a.service').status, 0);
    assert.equal(sleeps(), 0, 'the orphan that left its session went too');
  });
});

test('a second manager does not take over the runtime directory of a living one', { skip, timeout: 60_000 }, async () => {
  await withRig({ units: { 'boot.target': '[Unit]\nDefaultDependencies=no\n' }, args: ['--unit', 'boot.target'] }, async (rig) => {
    assert.equal(await rig.booted(), 'running');
    const second = await rig.run(['/opt/heartwood/bin/heartwood', '--container', '--unit', 'boot.target']);
    assert.equal(second.status, 2);
    assert.match(second.stderr, /another manager is running/);
    assert.equal((await rig.initctl('is-system-running')).stdout.trim(), 'running');
  });
});

test('an outer manager is told when all is up, and not by the services', { skip, timeout: 60_000 }, async () => {
  const units = {
    'boot.target': '[Unit]\nDefaultDependencies=no\nWants=inner.service\nAfter=inner.service\n',
    'inner.service': '[Unit]\nDefaultDependencies=no\n[Service]\nType=notify\nNotifyAccess=all\nExecStart=/bin/sh -c "test \\"$NOTIFY_SOCKET\\" = /run/inner/notify && exec sh /run/inner.sh"\n',
  };
  const heartwood = '/opt/heartwood/bin/heartwood';
  const outer = {
    'boot.target': '[Unit]\nDefaultDependencies=no\nWants=nested.service\nAfter=nested.service\n',
    'nested.service': `[Unit]\nDefaultDependencies=no\n[Service]\nType=notify\nExecStart=${heartwood} --container --runtime-dir /run/inner --unit boot.target --unit-path /run/inner-units\n`,
  };
  const files = Object.fromEntries(Object.entries(units).map(([name, text]) => [`/etc/inner-units/${name}`, { text }]));
  const script = { '/etc/inner.sh': { text: '/opt/heartwood/dist/native/heartwood-notify READY=1\nexec sleep 100\n' } };
  const fixed = { ...outer, 'nested.service': (outer['nested.service']).replace('/run/inner-units', '/etc/inner-units') };
  const inner = { ...files, '/etc/inner-units/inner.service': { text: (units['inner.service']).replace('/run/inner.sh', '/etc/inner.sh') } };
  await withRig({ units: fixed, files: { ...inner, ...script }, args: ['--unit', 'boot.target'] }, async (rig) => {
    assert.equal(await rig.booted(), 'running');
    assert.equal((await rig.initctl('is-active', 'nested.service')).stdout.trim(), 'active');
    assert.equal((await rig.run(['env', 'HEARTWOOD_SOCKET=/run/inner/control', '/opt/heartwood/bin/initctl', 'is-active', 'inner.service'])).stdout.trim(), 'active');
  });
});

test('--version, --help and wrong usage answer without starting anything', () => {
  const run = (...args: string[]) => spawnSync(HEARTWOOD, args, { encoding: 'utf8', env: { PATH: process.env['PATH'] } });
  assert.match(run('--version').stdout, /^heartwood \d+\.\d+\.\d+$/m);
  assert.match(run('--help').stdout, /--exit-with UNIT/);
  const wrong = run('--nonsense');
  assert.equal(wrong.status, 2);
  assert.match(wrong.stderr, /unknown option --nonsense/);
});

test('--test prints the boot and what is wrong with it, and starts nothing', () => {
  const directory = mkdtempSync(join(tmpdir(), 'heartwood-test-'));
  try {
    writeFileSync(join(directory, 'boot.target'), '[Unit]\nDefaultDependencies=no\nWants=a.service\n');
    writeFileSync(join(directory, 'a.service'), '[Unit]\nDefaultDependencies=no\n[Service]\nExecStart=/bin/touch /nonexistent/started\nRestrat=always\n');
    const { stdout, status } = spawnSync(HEARTWOOD, ['--container', '--test', '--unit', 'boot.target', '--unit-path', directory, '--runtime-dir', join(directory, 'run')], { encoding: 'utf8', env: { PATH: process.env['PATH'] } });
    assert.match(stdout, /a\.service:5: .*Restrat/);
    assert.match(stdout, /start.* a\.service/);
    assert.equal(status, 0);
  } finally {
    rmSync(directory, { recursive: true });
  }
});
