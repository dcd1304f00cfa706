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
    [`${INNER_UNITS}/default.target`]: { text: '[Unit]\nWants=quiet.service\n' },
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
