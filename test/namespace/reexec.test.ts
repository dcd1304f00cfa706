/**
 * The manager dies in every way it can, and nobody notices: the same processes, no restart, no line of the log lost, no zombie, and an
 * answer to everybody who waits.
 */
import assert from 'node:assert/strict';
import test from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Rig} from './rig.ts';
import { whyNoNamespaces, withRig } from './rig.ts';
import { WAYS_TO_DIE, survive, zombies } from './ways-to-die.ts';

const skip = whyNoNamespaces() ?? false;

/** Lines a second of the chatty service: a death takes some 60 ms, so each falls between its lines. */
const LINE_PAUSE = '0.005';

const UNITS: Readonly<Record<string, string>> = {
  'default.target': '[Unit]\nWants=steady.service counting.service moody.service\n',
  'steady.service': '[Service]\nExecStart=/bin/sleep 1000\n',
  'counting.service': `[Service]\nExecStart=/bin/sh -c 'i=0; while :; do i=$((i+1)); echo "number $i"; sleep ${LINE_PAUSE}; done'\n`,
  // Waits for a file before it is ready.
  'late.service': `[Service]\nType=notify\nNotifyAccess=all\nTimeoutStartSec=60\nExecStart=/bin/sh -c 'while [ ! -e /run/go ]; do sleep 0.02; done; /opt/heartwood/dist/native/heartwood-notify READY=1; exec sleep 1000'\n`,
  // Ends with a status of its own as soon as it is told to.
  'mortal.service': `[Service]\nExecStart=/bin/sh -c 'while [ ! -e /run/die ]; do sleep 0.005; done; exit 7'\n`,
  'moody.service': '[Service]\nExecStart=/bin/sh -c "exit 3"\nRestart=on-failure\nRestartSec=15\n',
  // Needs a while to stop.
  'slow-stop.service': `[Service]\nExecStart=/bin/sh -c 'trap "sleep 15; exit 0" TERM; : > /run/is-slow; while :; do sleep 0.1; done'\nTimeoutStopSec=60\n`,
};

interface Seen {
  readonly pids: readonly string[];
  readonly restarts: readonly string[];
}

const WATCHED = ['steady.service', 'counting.service'];

async function look(rig: Rig): Promise<Seen> {
  return {
    pids: await Promise.all(WATCHED.map((unit) => rig.property(unit, 'MainPID'))),
    restarts: await Promise.all(WATCHED.map((unit) => rig.property(unit, 'NRestarts'))),
  };
}

/** The numbers must follow one another, from the first to the last that arrived. */
function assertNoLineLost(console: string): number {
  const numbers = [...console.matchAll(/^counting: number (\d+)$/gm)].map((match) => Number(match[1]));
  assert.deepEqual(numbers, numbers.map((_, index) => index + 1), 'each line arrived once, in order');
  return numbers.length;
}

const boot = { units: UNITS, args: ['--log-target', 'console', '--log-level', 'notice'], env: { HEARTWOOD_FAULTS: '1', HEARTWOOD_HANG_MSEC: '1000' } } as const;

test('services run on through every death of the manager, and no line of their logs is lost', { skip }, () => withRig(boot, async (rig) => {
  await rig.booted();
  const before = await look(rig);
  for (const way of WAYS_TO_DIE) {
    await survive(rig, way);
    assert.deepEqual(await look(rig), before, `nothing changed by ${way.name}`);
    // Longer than what counts as living in between.
    await sleep(600);
  }
  assert.ok(assertNoLineLost(rig.console) > 100, 'there were lines at all');
  assert.deepEqual(zombies(rig), []);
}));

test('a start, a stop and the pause before a restart go on, and who waits for them is answered', { skip }, () => withRig(boot, async (rig) => {
  await rig.booted();
  assert.equal((await rig.initctl('start', 'slow-stop.service')).status, 0);
  await rig.until(async () => (await rig.run(['test', '-e', '/run/is-slow'])).status === 0, { what: 'slow-stop.service to be deaf to SIGTERM' });
  const starting = rig.initctl('start', 'late.service');
  const stopping = rig.initctl('stop', 'slow-stop.service');
  await rig.until(async () => (await rig.property('late.service', 'ActiveState')) === 'activating' && (await rig.property('slow-stop.service', 'ActiveState')) === 'deactivating');
  assert.equal(await rig.property('moody.service', 'SubState'), 'auto-restart');
  const pid = await rig.property('late.service', 'MainPID');
  await survive(rig, { name: 'kill -SEGV', happen: () => { rig.signal('SIGSEGV'); } });
  await survive(rig, { name: 'daemon-reexec', happen: () => rig.initctl('daemon-reexec') });
  assert.equal(await rig.property('late.service', 'ActiveState'), 'activating');
  await rig.run(['touch', '/run/go']);
  const started = await starting;
  assert.equal(started.status, 0, started.stderr);
  assert.equal(await rig.property('late.service', 'MainPID'), pid);
  const stopped = await stopping;
  assert.equal(stopped.status, 0, stopped.stderr);
  assert.equal(await rig.property('slow-stop.service', 'ActiveState'), 'inactive');
  await rig.until(async () => Number(await rig.property('moody.service', 'NRestarts')) >= 1, { what: 'the restart after its pause', limitMs: 60_000 });
}));

test('a process that ends while there is no manager is accounted for', { skip }, () => withRig(boot, async (rig) => {
  await rig.booted();
  for (const signal of ['SIGSEGV', 'SIGABRT'] as const) {
    await rig.run(['rm', '-f', '/run/die']);
    assert.equal((await rig.initctl('start', 'mortal.service')).status, 0);
    await survive(rig, { name: signal, happen: async () => {
      rig.signal(signal);
      await rig.run(['touch', '/run/die']);
    } });
    await rig.until(async () => (await rig.property('mortal.service', 'ActiveState')) === 'failed', { what: 'the exit to be seen' });
    assert.equal(await rig.property('mortal.service', 'ExecMainStatus'), '7');
    assert.deepEqual(zombies(rig), []);
    await sleep(600);
  }
}));

test('as manager of a machine SIGTERM executes it anew', { skip }, () => withRig({ ...boot, args: ['--system', ...boot.args] }, async (rig) => {
  await rig.booted();
  const before = await look(rig);
  await survive(rig, { name: 'SIGTERM', happen: () => { rig.signal('SIGTERM'); } });
  assert.deepEqual(await look(rig), before);
}));
