/** A manager that is not process 1, of a session: it dies in every way that can be survived, and stays the process that it is. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { CHECKOUT_INSIDE, whyNoNamespaces, withRig, type Rig } from './rig.ts';
import { deaths } from './ways-to-die.ts';

const skip = whyNoNamespaces() ?? false;

const INNER_UNITS = '/etc/inner';
const SOCKET = '/run/inner/control';
const SIGNALS = ['SEGV', 'ABRT', 'BUS', 'FPE', 'ILL', 'TRAP', 'SYS'] as const;
const MISTAKES = ['abort', 'exit', 'throw', 'reject', 'loop', 'native-loop', 'recursion', 'native-recursion', 'out-of-memory'] as const;
/** More than what counts as living in between. */
const LIFE_MSEC = 600;

const UNITS = {
  'default.target': '[Unit]\nWants=inner.service\n',
  'inner.service': `[Service]\nDelegate=yes\nExecStart=${CHECKOUT_INSIDE}/bin/heartwood --user --unit-path ${INNER_UNITS} --runtime-dir /run/inner --log-target console --log-level notice\nEnvironment=XDG_STATE_HOME=/run/state HOME=/root HEARTWOOD_FAULTS=1 HEARTWOOD_HANG_MSEC=1000\n`,
};
const FILES = {
  [`${INNER_UNITS}/default.target`]: { text: '[Unit]\nWants=quiet.service talker.service\n' },
  [`${INNER_UNITS}/quiet.service`]: { text: '[Service]\nExecStart=/bin/sleep 1000\n' },
  // The first write into a pipe without a reader would be its end.
  [`${INNER_UNITS}/talker.service`]: { text: "[Service]\nIgnoreSIGPIPE=no\nExecStart=/bin/sh -c 'while :; do echo line; sleep 0.01; done'\n" },
};

function inner(rig: Rig, ...words: readonly string[]): Promise<{ readonly status: number | null; readonly stdout: string; readonly stderr: string }> {
  return rig.initctl('--socket', SOCKET, ...words);
}

async function pidsOf(rig: Rig): Promise<readonly string[]> {
  const services = ['quiet.service', 'talker.service'].map(async (unit) => (await inner(rig, 'show', '--property', 'MainPID', '--value', unit)).stdout.trim());
  return Promise.all([rig.property('inner.service', 'MainPID'), ...services]);
}

for (const cgroup of ['v2', 'none'] as const) {
  test(`a manager of a session survives every death but SIGKILL as the process it is, and so do its services (control groups: ${cgroup})`, { skip, timeout: 300_000 }, async () => {
    await withRig({ units: UNITS, files: FILES, cgroup, args: ['--log-target', 'console', '--log-level', 'notice'] }, async (rig) => {
      await rig.booted();
      await rig.until(async () => (await inner(rig, 'is-active', 'quiet.service', 'talker.service')).stdout === 'active\nactive\n', { what: 'the session to be up' });
      const before = await pidsOf(rig);
      const manager = before[0] as string;
      const ways = [
        ...SIGNALS.map((signal) => [`kill -${signal}`, () => rig.run(['kill', `-${signal}`, manager])] as const),
        ['daemon-reexec', () => inner(rig, 'daemon-reexec')] as const,
        ...MISTAKES.map((how) => [`fault ${how}`, () => inner(rig, 'fault', how)] as const),
      ];
      for (const [name, happen] of ways) {
        const so = deaths(rig.console);
        assert.equal((await happen()).status, 0, name);
        await rig.until(() => deaths(rig.console) > so, { what: `the manager to come back after ${name}` });
        assert.deepEqual(await pidsOf(rig), before, `nothing changed by ${name}`);
        await sleep(LIFE_MSEC);
      }
      assert.equal(await rig.property('inner.service', 'NRestarts'), '0');
      assert.equal((await inner(rig, 'stop', 'quiet.service')).status, 0);
    });
  });
}
