/** A container as people run it: as root or not, with little or nothing writable, with and without control groups. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { whyNoNamespaces, withRig } from './rig.ts';
import type { RigOptions } from './rig.ts';

const skip = whyNoNamespaces() ?? false;

/** A service that leaves a daemon behind which has cut every tie it can: own session, no parent. */
const DOUBLE_FORK = `[Unit]
DefaultDependencies=no
[Service]
ExecStart=/bin/sh -c 'setsid sh -c "sleep 4321 & exec sleep 4322" & exec sleep 4323'
`;

const WANTS = (...units: string[]): string => `[Unit]\nDefaultDependencies=no\nWants=${units.join(' ')}\nAfter=${units.join(' ')}\n`;

const UNITS: RigOptions['units'] = {
  'boot.target': WANTS('plain.service', 'forker.service', 'once.service'),
  'plain.service': '[Unit]\nDefaultDependencies=no\n[Service]\nExecStart=/bin/sleep 1234\n',
  'forker.service': DOUBLE_FORK,
  'once.service': '[Unit]\nDefaultDependencies=no\n[Service]\nType=oneshot\nRemainAfterExit=yes\nExecStart=/bin/sh -c "id -u"\n',
};

const WAYS: readonly (readonly [string, RigOptions])[] = [
  ['as root', {}],
  ['as root without control groups', { cgroup: 'none' }],
  ['as an ordinary uid', { uid: 1234 }],
  ['as an ordinary uid without control groups', { uid: 1234, cgroup: 'none' }],
  ['with a read-only root', { readOnlyRoot: true }],
  ['with a read-only root, an ordinary uid and no /run of its own', { readOnlyRoot: true, uid: 1234, run: 'root', cgroup: 'none' }],
];

for (const [way, options] of WAYS) {
  test(`a container ${way} boots, answers, stops a service with everything it forked, and ends in order`, { skip, timeout: 60_000 }, async () => {
    await withRig({ ...options, units: UNITS, args: ['--unit', 'boot.target'] }, async (rig) => {
      // Where nothing below /run can be written the socket is in a private directory.
      const socket = options.run === 'root' ? ['env', 'HEARTWOOD_SOCKET=/tmp/heartwood-1234/control'] : [];
      const initctl = (...args: string[]) => rig.run([...socket, '/opt/heartwood/bin/initctl', ...args]);
      await rig.until(async () => (await initctl('is-system-running')).stdout.trim() === 'running', { what: 'the boot to end' });
      const sleeps = (): number[] => rig.processes().map(({ command }) => Number(/^sleep (43\d\d)$/.exec(command)?.[1])).filter((number) => number > 0).sort();
      await rig.until(() => sleeps().length === 3, { what: 'the forks' });
      const stop = await initctl('stop', 'forker.service');
      assert.equal(stop.status, 0, stop.stderr);
      assert.deepEqual(sleeps(), [], 'nothing a service forked outlives its stop');
      assert.equal((await initctl('is-active', 'plain.service')).stdout.trim(), 'active');
      rig.signal('SIGTERM');
      assert.equal((await rig.ended).status, 0);
      assert.match(rig.console, new RegExp(`once: ${String(options.uid ?? 0)}`), 'lines of services reach the container\'s output');
    });
  });
}

for (const signal of ['SIGTERM', 'SIGINT', 'SIGPWR', 37] as const) {
  test(`signal ${String(signal)} ends a container in order`, { skip, timeout: 60_000 }, async () => {
    const units = {
      'boot.target': WANTS('last-words.service'),
      'last-words.service': `[Unit]\nDefaultDependencies=no\n[Service]\nType=oneshot\nRemainAfterExit=yes\nExecStart=/bin/true\nExecStop=/bin/sh -c 'sleep 0.2; echo stopped in order'\n`,
    };
    await withRig({ units, args: ['--unit', 'boot.target'] }, async (rig) => {
      assert.equal(await rig.booted(), 'running');
      rig.signal(signal);
      assert.equal((await rig.ended).status, 0);
      assert.match(rig.console, /last-words: stopped in order/);
    });
  });
}

test('a second SIGINT does not wait for a service that ignores the first', { skip, timeout: 60_000 }, async () => {
  const units = {
    'boot.target': WANTS('stubborn.service'),
    'stubborn.service': `[Unit]\nDefaultDependencies=no\n[Service]\nTimeoutStopSec=50\nExecStart=/bin/sh -c 'trap "" TERM; while :; do sleep 1; done'\n`,
  };
  await withRig({ units, args: ['--unit', 'boot.target'] }, async (rig) => {
    assert.equal(await rig.booted(), 'running');
    const start = performance.now();
    rig.signal('SIGINT');
    await new Promise((resolve) => setTimeout(resolve, 300));
    rig.signal('SIGINT');
    assert.equal((await rig.ended).status, 0);
    assert.ok(performance.now() - start < 10_000, 'the second signal hurries');
    assert.match(rig.console, /stubborn\.service/, 'who was late is said');
  });
});

test('--exit-with ends the container with the status of that unit', { skip, timeout: 60_000 }, async () => {
  const units = { 'boot.target': WANTS('job.service'), 'job.service': '[Unit]\nDefaultDependencies=no\n[Service]\nExecStart=/bin/sh -c "sleep 0.2; exit 42"\n' };
  await withRig({ units, args: ['--unit', 'boot.target', '--exit-with', 'job.service'] }, async (rig) => {
    assert.equal((await rig.ended).status, 42);
  });
});
