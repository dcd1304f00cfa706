/**
 * The manager dies between two steps of which the next engine must know whether they were done: nothing is started twice, no process is
 * forgotten, no exit is lost. And what it dies of again and again is left out, and said to be.
 */
import assert from 'node:assert/strict';
import test from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Rig } from './rig.ts';
import { CHECKOUT_INSIDE, whyNoNamespaces, withRig } from './rig.ts';

const skip = whyNoNamespaces() ?? false;

/** Each start leaves a line behind, so that a start too many is seen whatever the manager says. */
const UNITS: Readonly<Record<string, string>> = {
  'default.target': '[Unit]\n',
  'plain.service': `[Service]\nExecStart=/bin/sh -c 'echo $$$$ >> /run/starts; exec sleep 1000'\n`,
  // Needs the executor, which reports to the manager through a pipe.
  'by-executor.service': `[Service]\nType=exec\nPrivateTmp=yes\nExecStart=/bin/sh -c 'echo $$$$ >> /run/starts; exec sleep 1000'\n`,
  // Ends before anybody can look: only the record of its birth tells that it was there.
  'short.service': `[Service]\nType=oneshot\nExecStart=/bin/sh -c 'echo $$$$ >> /run/starts; exit 5'\nExecStart=/bin/sh -c 'echo never >> /run/starts'\n`,
  'pair.target': '[Unit]\nWants=plain.service by-executor.service\n',
  'mortal.service': `[Service]\nExecStart=/bin/sh -c 'while [ ! -e /run/die ]; do sleep 0.01; done; exit 7'\n`,
  'storing.service': '[Service]\nFileDescriptorStoreMax=4\nExecStart=/usr/bin/python3 /srv/store.py\n',
  'ready.service': `[Service]\nType=notify\nNotifyAccess=all\nTimeoutStartSec=15s\nExecStart=/bin/sh -c '${CHECKOUT_INSIDE}/dist/native/heartwood-notify READY=1; exec sleep 1000'\n`,
  'broken.service': '[Service]\nExecStart=/run/no-such-program\n',
};

/** Gives the reading end of a pipe away when it is told to, and writes down when nobody has it any more. */
const STORE = `import array, os, select, signal, socket, time
# Its unit fails, and it is told to end.
signal.signal(signal.SIGTERM, signal.SIG_IGN)
r, w = os.pipe()
while not os.path.exists('/run/store'): time.sleep(0.01)
with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as s:
    s.connect(os.environ['NOTIFY_SOCKET'])
    s.sendmsg([b'FDSTORE=1\\nFDNAME=lost'], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array('i', [r]))])
os.close(r)
waits = select.poll(); waits.register(w, 0); waits.poll()
open('/run/let-go', 'w').close()
time.sleep(1000)
`;

const boot = { units: UNITS, args: ['--log-target', 'console', '--log-level', 'notice'], env: { HEARTWOOD_FAULTS: '1', HEARTWOOD_HANG_MSEC: '2000' } } as const;

function deaths(rig: Rig): number {
  return [...rig.console.matchAll(/the manager died of signal/g)].length;
}

async function arm(rig: Rig, ...words: readonly string[]): Promise<void> {
  const armed = await rig.initctl('fault', ...words);
  assert.equal(armed.status, 0, armed.stderr);
}

async function starts(rig: Rig): Promise<readonly string[]> {
  return (await rig.run(['cat', '/run/starts'])).stdout.split('\n').filter((line) => line !== '');
}

/** More than half a second lies between two deaths, as between any that are not in a row. */
async function reset(rig: Rig): Promise<void> {
  await rig.run(['rm', '-f', '/run/starts', '/run/die']);
  await rig.initctl('stop', 'plain.service', 'by-executor.service', 'short.service', 'mortal.service');
  await rig.initctl('reset-failed');
  await rig.run(['rm', '-f', '/run/starts']);
}

const PLACES = ['after-poll', 'after-journal', 'in-step', 'in-effect', 'between-effects', 'after-spawn', 'in-snapshot'] as const;

for (const place of PLACES) {
  test(`a start goes through once, whichever time the manager dies ${place}`, { skip }, () => withRig(boot, async (rig) => {
    await rig.booted();
    for (const passes of place === 'in-snapshot' ? ['0'] : place === 'after-spawn' ? ['0', '1'] : ['0', '1', '3', '7']) {
      const before = deaths(rig);
      await arm(rig, 'segv', 'at', place, passes);
      // Definitions are read: that makes a snapshot due.
      if (place === 'in-snapshot') assert.equal((await rig.initctl('daemon-reload')).status, 0);
      const started = await rig.initctl('start', 'pair.target', 'plain.service', 'by-executor.service');
      assert.equal(started.status, 0, started.stderr);
      const pids = [await rig.property('plain.service', 'MainPID'), await rig.property('by-executor.service', 'MainPID')];
      await rig.until(async () => (await starts(rig)).length >= 2, { what: 'both services to run' });
      assert.deepEqual([...(await starts(rig))].sort(), [...pids].sort(), `each service was started once (${place} ${passes})`);
      // A place that a start does not come to so often is come to now at the latest.
      for (let i = 0; i < 10 && deaths(rig) === before; i++) await rig.initctl('set-environment', 'A=B');
      await rig.until(() => deaths(rig) > before, { what: `the death ${place} ${passes}` });
      assert.equal(await rig.property('plain.service', 'MainPID'), pids[0]);
      await reset(rig);
    }
  }));
}

test('a process that has ended before the next engine looks is not started again', { skip }, () => withRig(boot, async (rig) => {
  await rig.booted();
  for (const place of ['after-spawn', 'between-effects', 'in-effect']) {
    await arm(rig, 'segv', 'at', place);
    const started = await rig.initctl('start', 'short.service');
    assert.notEqual(started.status, 0);
    assert.equal((await starts(rig)).length, 1, place);
    assert.equal(await rig.property('short.service', 'ExecMainStatus'), '5');
    assert.equal(await rig.property('short.service', 'Result'), 'exit-code');
    await reset(rig);
  }
}));

test('a program that cannot be executed is a failure, not a start, whenever the manager dies', { skip }, () => withRig(boot, async (rig) => {
  await rig.booted();
  for (const place of ['after-spawn', 'between-effects']) {
    await arm(rig, 'segv', 'at', place);
    await rig.initctl('start', 'broken.service');
    assert.equal(await rig.property('broken.service', 'ActiveState'), 'failed', place);
    assert.equal(await rig.property('broken.service', 'ExecMainStatus'), '203', place);
    await rig.initctl('reset-failed');
  }
}));

for (const place of ['after-reap', 'after-record', 'after-journal'] as const) {
  test(`the exit of a service is known with its status when the manager dies ${place}`, { skip }, () => withRig(boot, async (rig) => {
    await rig.booted();
    assert.equal((await rig.initctl('start', 'mortal.service')).status, 0);
    await arm(rig, 'segv', 'at', place);
    await rig.run(['touch', '/run/die']);
    await rig.until(async () => (await rig.property('mortal.service', 'ActiveState')) === 'failed', { what: 'the exit to be seen' });
    await rig.until(() => deaths(rig) === 1);
    assert.equal(await rig.property('mortal.service', 'ExecMainStatus'), '7');
    assert.doesNotMatch(rig.console, /how it ended was lost/);
  }));
}

test('a request that two managers died of is refused, and they live on', { skip }, () => withRig(boot, async (rig) => {
  await rig.booted();
  // Its files are read, so that the request is the next event.
  await rig.initctl('show', 'plain.service');
  await arm(rig, 'segv', 'at', 'in-step', '0', '2');
  const refused = await rig.initctl('start', 'plain.service');
  assert.notEqual(refused.status, 0);
  assert.match(refused.stderr, /failed at this request and leaves it alone/);
  assert.match(rig.console, /the manager died twice of the event "request"; it is left out/);
  assert.equal((await rig.initctl('start', 'plain.service')).status, 0);
  await rig.until(async () => (await starts(rig)).length === 1, { what: 'the service to run, once' });
}));

test('a service whose exit two managers died of has failed, with the reason', { skip }, () => withRig(boot, async (rig) => {
  await rig.booted();
  assert.equal((await rig.initctl('start', 'mortal.service')).status, 0);
  await arm(rig, 'segv', 'at', 'in-step', '0', '2');
  await rig.run(['touch', '/run/die']);
  await rig.until(async () => (await rig.property('mortal.service', 'ActiveState')) === 'failed', { what: 'the unit to fail' });
  assert.match((await rig.initctl('why', 'mortal.service')).stdout, /the manager failed at "exited" and left it out/);
  // What was left out stays left out: the journal is gone through again.
  rig.signal('SIGSEGV');
  await rig.until(() => deaths(rig) === 2);
  assert.equal(await rig.property('mortal.service', 'ActiveState'), 'failed');
}));

test('fds in a message that two managers died of are closed', { skip }, () => withRig({ ...boot, files: { 'srv/store.py': { text: STORE } } }, async (rig) => {
  await rig.booted();
  assert.equal((await rig.initctl('start', 'storing.service')).status, 0);
  await arm(rig, 'segv', 'at', 'in-step', '0', '2');
  await rig.run(['touch', '/run/store']);
  await rig.until(() => rig.console.includes('died twice of the event "notify"'), { what: 'the message to be left out' });
  assert.match(rig.console, /closed what no unit knows any more: store:storing\.service:lost:1/);
  await rig.until(async () => (await rig.run(['test', '-e', '/run/let-go'])).status === 0, { what: 'the pipe to have no reader' });
}));

test('what a service said and a signal that was sent are not lost with the manager that received them', { skip }, () => withRig({ ...boot, files: { 'srv/store.py': { text: STORE } } }, async (rig) => {
  await rig.booted();
  for (const place of ['after-receive', 'after-journal', 'after-poll'] as const) {
    const before = deaths(rig);
    await arm(rig, 'segv', 'at', place);
    const started = await rig.initctl('start', 'ready.service');
    assert.equal(started.status, 0, `${place}: ${started.stderr}`);
    assert.ok(deaths(rig) > before, place);
    assert.equal((await rig.initctl('stop', 'ready.service')).status, 0);
  }
  // An fd that came with a message is stored once, before and after the event is written down.
  for (const place of ['after-receive', 'after-journal'] as const) {
    assert.equal((await rig.initctl('start', 'storing.service')).status, 0);
    const before = deaths(rig);
    await arm(rig, 'segv', 'at', place);
    await rig.run(['touch', '/run/store']);
    await rig.until(() => deaths(rig) > before, { what: `the death ${place}` });
    await rig.until(async () => (await rig.property('storing.service', 'NFileDescriptorStore')) === '1', { what: `the fd to be stored (${place})` });
    assert.notEqual((await rig.run(['test', '-e', '/run/let-go'])).status, 0, place);
    await rig.run(['rm', '/run/store']);
    await rig.initctl('kill', '--signal=KILL', 'storing.service');
    await rig.until(async () => (await rig.property('storing.service', 'ActiveState')) === 'failed', { what: 'the end of the storing service' });
    assert.equal((await rig.initctl('reset-failed')).status, 0);
    await rig.until(async () => (await rig.property('storing.service', 'NFileDescriptorStore')) === '0', { what: 'the store to be empty' });
  }
  await arm(rig, 'segv', 'at', 'after-receive');
  rig.signal('SIGTERM');
  await rig.ended;
  assert.equal(deaths(rig), 6, 'it died before it could obey');
}));

test('a spawn that two managers died of is a failed start, with the reason', { skip }, () => withRig(boot, async (rig) => {
  await rig.booted();
  // The first effect of a start is a line of the log or a word to subscribers; the spawn is found by trying.
  for (let passes = 0; passes < 14; passes++) {
    await arm(rig, 'segv', 'at', 'in-effect', String(passes), '2');
    await rig.initctl('start', 'plain.service');
    if (/died twice of the effect "spawn"/.test(rig.console)) break;
    await reset(rig);
    // Long enough for the deaths not to be in a row.
    await sleep(600);
  }
  assert.match(rig.console, /the manager died twice of the effect "spawn"; it is left out/);
  assert.equal(await rig.property('plain.service', 'ActiveState'), 'failed');
}));

test('a death in the middle of a recovery is survived like any other', { skip }, () => withRig(boot, async (rig) => {
  await rig.booted();
  assert.equal((await rig.initctl('start', 'plain.service')).status, 0);
  const pid = await rig.property('plain.service', 'MainPID');
  await arm(rig, 'segv', 'at', 'in-recovery', '0', '3');
  rig.signal('SIGSEGV');
  await rig.until(async () => deaths(rig) > 0 && (await rig.property('plain.service', 'MainPID')) === pid);
  assert.doesNotMatch(rig.console, /is left out/);
}));
