/** A manager that is not process 1 can be killed by a signal nobody catches. The next one in the same control group goes on with its services. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { CHECKOUT_INSIDE, whyNoNamespaces, withRig } from './rig.ts';

const skip = whyNoNamespaces() ?? false;

const INNER_UNITS = '/etc/inner';
const SOCKET = '/run/inner/control';

const boot = {
  cgroup: 'v2',
  units: {
    'default.target': '[Unit]\nWants=inner.service\n',
    'inner.service': `[Service]\nDelegate=yes\nKillMode=process\nRestart=always\nRestartSec=0\nExecStart=${CHECKOUT_INSIDE}/bin/heartwood --user --unit-path ${INNER_UNITS} --runtime-dir /run/inner --log-target console --log-level notice\nEnvironment=XDG_STATE_HOME=/run/state HOME=/root\n`,
  },
  files: {
    [`${INNER_UNITS}/default.target`]: { text: '[Unit]\nWants=quiet.service talker.service\n' },
    // The first write into a pipe without a reader would be its end.
    [`${INNER_UNITS}/talker.service`]: { text: "[Service]\nIgnoreSIGPIPE=no\nExecStart=/bin/sh -c 'i=0; while :; do i=$((i+1)); echo line $i; sleep 0.01; done'\n" },
    [`${INNER_UNITS}/quiet.service`]: { text: `[Service]\nStandardOutput=null\nStandardError=null\nExecStart=/bin/sh -c 'echo quiet >> /run/starts; exec sleep 1000'\n` },
  },
  args: ['--log-target', 'console', '--log-level', 'notice'],
} as const;

test('after SIGKILL of a manager in a session the next one takes its services over, and none is started twice', { skip }, () => withRig(boot, async (rig) => {
  await rig.booted();
  const inner = async (...words: readonly string[]): Promise<string> => (await rig.initctl('--socket', SOCKET, ...words)).stdout.trim();
  await rig.until(async () => (await inner('is-active', 'quiet.service')) === 'active', { what: 'the session to be up' });
  const pid = await inner('show', '--property', 'MainPID', '--value', 'quiet.service');
  const manager = await rig.property('inner.service', 'MainPID');
  await rig.run(['kill', '-KILL', manager]);
  await rig.until(async () => ![manager, '0'].includes(await rig.property('inner.service', 'MainPID')), { what: 'the next manager' });
  await rig.until(async () => (await inner('is-active', 'quiet.service')) === 'active', { what: 'the session to be up again' });
  assert.equal(await inner('show', '--property', 'MainPID', '--value', 'quiet.service'), pid);
  assert.equal((await rig.run(['cat', '/run/starts'])).stdout, 'quiet\n');
  await inner('stop', 'quiet.service');
  assert.equal(await inner('is-active', 'quiet.service'), 'inactive');
  await rig.until(() => !rig.processes().some(({ command }) => command === 'sleep 1000'), { what: 'its process to end' });
}));

test('services that write to the log survive the SIGKILL of their manager, and no line of theirs is lost', { skip }, () => withRig(boot, async (rig) => {
  await rig.booted();
  const inner = async (...words: readonly string[]): Promise<string> => (await rig.initctl('--socket', SOCKET, ...words)).stdout.trim();
  await rig.until(async () => (await inner('is-active', 'talker.service')) === 'active', { what: 'the session to be up' });
  const pid = await inner('show', '--property', 'MainPID', '--value', 'talker.service');
  for (let kill = 0; kill < 3; kill++) {
    const manager = await rig.property('inner.service', 'MainPID');
    await rig.run(['kill', '-KILL', manager]);
    await rig.until(async () => ![manager, '0'].includes(await rig.property('inner.service', 'MainPID')), { what: 'the next manager' });
    await rig.until(async () => (await inner('is-active', 'talker.service')) === 'active', { what: 'the session to be up again' });
    await rig.run(['sleep', '0.5']);
  }
  assert.equal(await inner('show', '--property', 'MainPID', '--value', 'talker.service'), pid);
  await inner('restart', 'talker.service');
  await rig.run(['sleep', '0.5']);
  await inner('stop', 'talker.service');
  await rig.until(() => rig.processes().filter(({ command }) => command.includes('logd.js')).length === 2, { what: 'the logd of the first manager to end' });
  const lines = (await inner('log', '-o', 'cat', 'talker.service')).split('\n').flatMap((line) => /^line (\d+)$/.exec(line)?.[1] ?? []).map(Number);
  const second = lines.lastIndexOf(1);
  assert.ok(second > 100, `${String(second)} lines of the first run`);
  assert.deepEqual(lines.slice(0, second), Array.from({ length: second }, (_, index) => index + 1));
  assert.deepEqual(lines.slice(second), Array.from({ length: lines.length - second }, (_, index) => index + 1));
}));
