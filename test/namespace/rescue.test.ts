/**
 * A manager that dies again and again: while something gets done in between it goes on, else the rescue program takes its place, keeps
 * services and console, and gives the place back when it is told to.
 */
import assert from 'node:assert/strict';
import test from 'node:test';
import type { Outcome, Rig } from './rig.ts';
import { whyNoNamespaces, withRig } from './rig.ts';
import { deaths, zombies } from './ways-to-die.ts';

const skip = whyNoNamespaces() ?? false;

/** One more than are endured. Their pauses take six seconds. */
const DEATHS_TO_RESCUE = '11';
const RESCUE_LIMIT_MS = 60_000;

const UNITS: Readonly<Record<string, string>> = {
  'default.target': '[Unit]\nWants=steady.service polite.service\n',
  'steady.service': '[Service]\nRestart=always\nRestartSec=0\nExecStart=/bin/sleep 1000\n',
  'polite.service': `[Service]\nExecStart=/bin/sh -c 'trap "echo farewell; exit 0" TERM; while :; do sleep 0.1; done'\n`,
};
const boot = { units: UNITS, args: ['--log-target', 'console', '--log-level', 'notice'], env: { HEARTWOOD_FAULTS: '1' } } as const;

async function arm(rig: Rig, ...words: readonly string[]): Promise<void> {
  const armed = await rig.initctl('fault', ...words);
  assert.equal(armed.status, 0, armed.stderr);
}

/** Each engine dies while it restores the state, so that nothing ever gets done. */
async function reachRescue(rig: Rig): Promise<void> {
  await rig.booted();
  await arm(rig, 'segv', 'at', 'in-recovery', '0', DEATHS_TO_RESCUE);
  rig.signal('SIGSEGV');
  await rig.until(() => rig.console.includes('heartwood rescue: services run on'), { what: 'the rescue program', limitMs: RESCUE_LIMIT_MS });
}

test('in the rescue program services run on, what ends is reaped, and the manager can be started again where it was', { skip }, () => withRig(boot, async (rig) => {
  await rig.booted();
  const pid = await rig.property('polite.service', 'MainPID');
  const victim = await rig.property('steady.service', 'MainPID');
  await reachRescue(rig);
  const status = await rig.initctl('status');
  assert.equal(status.status, 1);
  assert.match(status.stderr, /the rescue program is in the manager's place.*died again and again without getting anything done.*daemon-reexec/);
  assert.equal((await rig.initctl('is-system-running')).stdout, 'maintenance\n');
  const start = await rig.initctl('start', 'steady.service');
  assert.equal(start.status, 1);
  await rig.run(['kill', '-KILL', victim]);
  await rig.until(() => zombies(rig).length === 0, { what: 'the killed process to be reaped' });
  const foreign = await rig.run(['/opt/heartwood/bin/initctl', 'poweroff'], { uid: 65534 });
  assert.notEqual(foreign.status, 0);
  assert.match(foreign.stderr, /only root may do that/);
  const before = deaths(rig.console);
  assert.equal((await rig.initctl('daemon-reexec')).status, 0);
  await rig.until(() => deaths(rig.console) > before, { what: 'the manager to come back' });
  assert.equal(await rig.property('polite.service', 'MainPID'), pid);
  await rig.until(async () => ![victim, '0'].includes(await rig.property('steady.service', 'MainPID')), { what: 'what died meanwhile to be restarted' });
  assert.equal(await rig.property('steady.service', 'NRestarts'), '1');
}));

// The demo of a hundred deaths had ten of them in half a second each on a busy machine, and ended in the rescue program.
test('deaths that are asked for one by one are no crash loop, however soon they follow each other', { skip }, () => withRig(boot, async (rig) => {
  await rig.booted();
  for (let death = 1; death <= Number(DEATHS_TO_RESCUE) + 1; death++) {
    const before = deaths(rig.console);
    await arm(rig, death % 2 === 0 ? 'abort' : 'segv');
    await rig.until(() => deaths(rig.console) > before, { what: `the manager to come back from death ${String(death)}` });
  }
  assert.equal((await rig.initctl('is-system-running')).stdout, 'running\n');
  assert.doesNotMatch(rig.console, /rescue/);
}));

test('the rescue program stops services in order when it is asked to power off', { skip }, () => withRig(boot, async (rig) => {
  await reachRescue(rig);
  // The client is one of the processes that are stopped.
  await rig.initctl('poweroff');
  await rig.ended;
  assert.match(rig.console, /stopping all services[^]*farewell/);
  assert.doesNotMatch(rig.console, /do not stop/);
}));

test('SIGTERM ends a container that has come to the rescue program', { skip }, async () => {
  // Not every runtime sets $container.
  for (const container of ['rig', '']) {
    await withRig({ ...boot, env: { ...boot.env, container } }, async (rig) => {
      await reachRescue(rig);
      rig.signal('SIGTERM');
      const { status } = await rig.ended;
      assert.notEqual(status, 0, 'whoever started it sees that it did not end well');
      assert.match(rig.console, /farewell/);
    });
  }
});

test('many poisons in quick succession are progress, each of them left out after its two deaths', { skip }, () => withRig(boot, async (rig) => {
  await rig.booted();
  const pid = await rig.property('steady.service', 'MainPID');
  await arm(rig, 'segv', 'at', 'in-step', '0', '40');
  await rig.initctl('set-environment', 'A=B');
  // An event of each life: with nothing to do nobody dies of doing it.
  for (let i = 0; i < 60 && deaths(rig.console) < 20; i++) await rig.initctl('set-environment', `A=${String(i)}`);
  assert.ok(deaths(rig.console) >= 20, rig.console);
  assert.doesNotMatch(rig.console, /rescue/);
  assert.equal(await rig.property('steady.service', 'MainPID'), pid);
}));

/** A container on a terminal of its own, within the rig's; what is written into the pipe is typed there. */
const ON_TERMINAL = `
  mkdir /tmp/units /tmp/run && mkfifo /tmp/keys && exec 3<>/tmp/keys
  printf '[Unit]\\nWants=steady.service\\n' > /tmp/units/default.target
  printf '[Service]\\nExecStart=/bin/sleep 1000\\n' > /tmp/units/steady.service
  exec script -qfec 'unshare --pid --fork --kill-child --mount --mount-proc env container=x HEARTWOOD_FAULTS=1 /opt/heartwood/bin/heartwood --container --unit-path /tmp/units --runtime-dir /tmp/run --log-target console' /tmp/screen </tmp/keys
`;

// The control socket that the rescue program had been given stayed open, and the manager that began afresh took it for another's.
test('on the console of the rescue program everything can be stopped and the manager begun afresh', { skip }, () => withRig({ units: { 'default.target': '' } }, async (rig) => {
  const container = rig.run(['/bin/sh', '-c', ON_TERMINAL], { timeoutMs: 120_000 });
  const inside = (...words: readonly string[]): Promise<Outcome> => rig.run(['/opt/heartwood/bin/initctl', '--socket', '/tmp/run/control', ...words]);
  const mainPid = async (): Promise<string> => (await inside('show', '--property', 'MainPID', '--value', 'steady.service')).stdout.trim();
  await rig.until(async () => (await inside('is-system-running')).stdout === 'running\n', { what: 'the container to boot' });
  const first = await mainPid();
  await inside('fault', 'segv', 'at', 'in-recovery', '0', DEATHS_TO_RESCUE);
  await inside('fault', 'segv');
  await rig.until(async () => /commands: start, fresh/.test((await rig.run(['cat', '/tmp/screen'])).stdout), { what: 'the rescue program', limitMs: RESCUE_LIMIT_MS });
  await rig.run(['/bin/sh', '-c', 'echo fresh > /tmp/keys']);
  await rig.until(async () => (await inside('is-system-running')).stdout === 'running\n', { what: 'the manager to boot again', limitMs: RESCUE_LIMIT_MS });
  const screen = (await rig.run(['cat', '/tmp/screen'])).stdout;
  assert.match(screen, /stopping all services[^]*starting the manager afresh/);
  // The log process does not end of SIGTERM, and was waited for in vain.
  assert.doesNotMatch(screen, /do not stop/);
  assert.notEqual(await mainPid(), first);
  await inside('exit');
  await container;
}));
