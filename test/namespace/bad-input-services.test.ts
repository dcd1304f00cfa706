/**
 * Services that misbehave: they fork without end, ignore signals, write without end, fill the disk, or speak in another's name.
 * In each case the unit itself is dealt with, what is beside it runs on, and the manager neither grows nor slows down.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { withRig, whyNoNamespaces, CHECKOUT_INSIDE, type Rig } from './rig.ts';

const skip = whyNoNamespaces() ?? false;

const BYSTANDER = '[Service]\nExecStart=/bin/sleep infinity\n';
/** What an answer may take on a loaded machine while a service misbehaves; usual is a hundredth of it. */
const ANSWER_LIMIT_MS = 2000;
/** Growth that noise explains: V8 takes memory in steps of a few megabytes. */
const GROWTH_ALLOWED_KB = 24 << 10;

function rssKb(pid: number): number {
  return Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${String(pid)}/status`, 'utf8'))?.[1] ?? 0);
}

function logdPid(rig: Rig): number {
  const pid = rig.processes().find(({ command }) => /logd/.test(command))?.pid;
  assert.ok(pid !== undefined, 'logd runs');
  return pid;
}

/** The bystander lives, and an answer comes in time. */
async function assertUndisturbed(rig: Rig, mainPid: string): Promise<void> {
  const started = performance.now();
  assert.equal(await rig.property('bystander.service', 'MainPID'), mainPid);
  assert.ok(performance.now() - started < ANSWER_LIMIT_MS, `an answer took ${String(Math.round(performance.now() - started))} ms`);
}

// A chain of forks: each process starts its successor and is gone, so a list of pids is old before it has been read.
const FORKER = `#!/bin/sh
if [ "$1" = hop ]; then
    "$0" hop &
    exit 0
fi
for chain in 1 2 3 4; do "$0" hop & done
exec sleep infinity
`;

function forkers(rig: Rig): number[] {
  return rig.processes().filter(({ command }) => command.includes('forker')).map(({ pid }) => pid);
}

for (const cgroup of ['v2', 'none'] as const) {
  test(`a service that forks faster than it can be listed is stopped to the last process (control groups: ${cgroup})`, { skip }, async () => {
    await withRig({
      cgroup,
      args: ['--unit', 'bystander.service'],
      files: { '/opt/forker.sh': { text: FORKER, mode: 0o755 } },
      units: { 'bystander.service': BYSTANDER, 'forker.service': '[Service]\nExecStart=/opt/forker.sh\nTimeoutStopSec=3s\n' },
    }, async (rig) => {
      await rig.booted();
      const bystander = await rig.property('bystander.service', 'MainPID');
      assert.equal((await rig.initctl('start', 'forker.service')).status, 0);
      await sleep(500);
      const seen = new Set(forkers(rig));
      // A look may well miss all four: each process lives for a moment.
      await rig.until(() => forkers(rig).some((pid) => !seen.has(pid)), { limitMs: 5000, what: 'the chains to run' });
      await assertUndisturbed(rig, bystander);
      const stopped = performance.now();
      await rig.initctl('stop', 'forker.service');
      assert.ok(performance.now() - stopped < 15_000);
      await rig.until(() => forkers(rig).length === 0, { limitMs: 5000, what: 'every forker to be gone' });
      await assertUndisturbed(rig, bystander);
    });
  });
}

test('a service that ignores SIGTERM is killed when its stop time is over, and says so', { skip }, async () => {
  await withRig({
    args: ['--unit', 'bystander.service'],
    units: {
      'bystander.service': BYSTANDER,
      'deaf.service': `[Service]\nExecStart=/bin/sh -c 'trap "" TERM INT HUP; while :; do sleep 1; done'\nTimeoutStopSec=1s\n`,
    },
  }, async (rig) => {
    await rig.booted();
    const bystander = await rig.property('bystander.service', 'MainPID');
    await rig.initctl('start', 'deaf.service');
    await sleep(300);
    const started = performance.now();
    await rig.initctl('stop', 'deaf.service');
    const tookMs = performance.now() - started;
    assert.ok(tookMs > 900 && tookMs < 6000, `the stop took ${String(Math.round(tookMs))} ms`);
    assert.equal(await rig.property('deaf.service', 'Result'), 'timeout');
    assert.deepEqual(rig.processes().filter(({ command }) => command.includes('trap')), []);
    assert.match((await rig.initctl('why', 'deaf.service')).stdout, /time/i);
    await assertUndisturbed(rig, bystander);
  });
});

test('a service frozen by SIGSTOP obeys a stop, and does not sleep through its watchdog', { skip }, async () => {
  const notify = `${CHECKOUT_INSIDE}/dist/native/heartwood-notify`;
  await withRig({
    args: ['--unit', 'bystander.service'],
    units: {
      'bystander.service': BYSTANDER,
      'frozen.service': '[Service]\nExecStart=/bin/sleep infinity\n',
      'watched.service': `[Service]\nType=notify\nNotifyAccess=all\nWatchdogSec=500ms\nRestart=on-watchdog\nExecStart=/bin/sh -c '${notify} READY=1; exec sleep infinity'\n`,
    },
  }, async (rig) => {
    await rig.booted();
    await rig.initctl('start', 'frozen.service');
    await rig.initctl('kill', '--signal', 'STOP', 'frozen.service');
    const started = performance.now();
    assert.equal((await rig.initctl('stop', 'frozen.service')).status, 0);
    assert.ok(performance.now() - started < 5000, 'it did not take the KILL at the end of the stop time');
    assert.equal(await rig.property('frozen.service', 'Result'), 'success');
    await rig.initctl('start', 'watched.service');
    await rig.initctl('kill', '--signal', 'STOP', 'watched.service');
    await rig.until(async () => Number(await rig.property('watched.service', 'NRestarts')) > 0, { limitMs: 5000, what: 'the watchdog to bring it back' });
  });
});

test('a line without end costs no memory, in the manager or in logd', { skip }, async () => {
  await withRig({
    args: ['--unit', 'bystander.service'],
    units: {
      'bystander.service': BYSTANDER,
      'endless.service': `[Service]\nExecStart=/bin/sh -c 'exec tr "\\\\0" x < /dev/zero'\n`,
    },
  }, async (rig) => {
    await rig.booted();
    const bystander = await rig.property('bystander.service', 'MainPID');
    await rig.initctl('start', 'endless.service');
    await sleep(1000);
    const before = { manager: rssKb(rig.pid), logd: rssKb(logdPid(rig)) };
    await sleep(3000);
    // A line that were kept would never be given back, while a moment's garbage is.
    await rig.until(() => rssKb(rig.pid) - before.manager < GROWTH_ALLOWED_KB, { what: 'the memory of the manager to be as before' });
    await rig.until(() => rssKb(logdPid(rig)) - before.logd < GROWTH_ALLOWED_KB, { what: 'the memory of logd to be as before' });
    await assertUndisturbed(rig, bystander);
    assert.equal((await rig.initctl('stop', 'endless.service')).status, 0);
  });
});

test('a full disk stops neither the manager nor other services', { skip }, async () => {
  await withRig({
    diskBytes: 24 << 20,
    args: ['--unit', 'bystander.service'],
    units: {
      'bystander.service': BYSTANDER,
      'filler.service': `[Service]\nType=oneshot\nExecStart=-/bin/sh -c 'cat /dev/zero > /var/fill; cat /dev/zero > /run/fill; cat /dev/zero > /tmp/fill; cat /dev/zero > /var/log/fill'\n`,
      'talker.service': `[Service]\nExecStart=/bin/sh -c 'while :; do echo a line of the talker; sleep 0.01; done'\n`,
    },
  }, async (rig) => {
    await rig.booted();
    const bystander = await rig.property('bystander.service', 'MainPID');
    await rig.initctl('start', 'talker.service');
    await rig.initctl('start', 'filler.service');
    await sleep(1000);
    await assertUndisturbed(rig, bystander);
    assert.equal((await rig.initctl('is-active', 'talker.service')).stdout.trim(), 'active', 'who writes to a full log lives on');
    assert.equal((await rig.initctl('restart', 'bystander.service')).status, 0);
    assert.equal((await rig.initctl('stop', 'talker.service')).status, 0);
  });
});

test('nobody can speak for a service he does not belong to', { skip }, async () => {
  await withRig({
    args: ['--unit', 'bystander.service'],
    units: {
      'bystander.service': BYSTANDER,
      // Waits for a readiness it never sends itself.
      'victim.service': '[Service]\nType=notify\nTimeoutStartSec=60s\nExecStart=/bin/sleep infinity\n',
      'forger.service': `[Service]\nExecStart=/bin/sh -c 'NOTIFY_SOCKET=/run/heartwood/notify ${CHECKOUT_INSIDE}/dist/native/heartwood-notify READY=1 MAINPID=1; exec sleep infinity'\n`,
    },
  }, async (rig) => {
    await rig.booted();
    const bystander = await rig.property('bystander.service', 'MainPID');
    await rig.initctl('start', '--no-block', 'victim.service');
    await rig.until(async () => (await rig.property('victim.service', 'MainPID')) !== '0', { what: 'the victim to run' });
    const victim = await rig.property('victim.service', 'MainPID');
    const forge = ['env', 'NOTIFY_SOCKET=/run/heartwood/notify', `${CHECKOUT_INSIDE}/dist/native/heartwood-notify`, 'READY=1', 'MAINPID=1'];
    await rig.run(forge);
    await rig.run(forge, { uid: 65534 });
    await rig.until(() => /\(uid 0\) was dropped[^]*\(uid 65534\) was dropped/.test(rig.console), { what: 'the manager to tell of both' });
    await rig.initctl('start', 'forger.service');
    await sleep(500);
    assert.equal(await rig.property('victim.service', 'ActiveState'), 'activating');
    assert.equal(await rig.property('victim.service', 'MainPID'), victim);
    assert.notEqual(await rig.property('forger.service', 'MainPID'), '1', 'a service cannot name PID 1 as its own');
    await assertUndisturbed(rig, bystander);
  });
});

test('out of file descriptors, a start fails with the reason and later ones go through', { skip }, async () => {
  const many = Array.from({ length: 60 }, (_, index) => `many-${String(index)}.service`);
  await withRig({
    openFilesMax: 64,
    args: ['--unit', 'bystander.service'],
    units: {
      'bystander.service': BYSTANDER,
      ...Object.fromEntries(many.map((name) => [name, '[Service]\nExecStart=/bin/sleep infinity\n'])),
    },
  }, async (rig) => {
    await rig.booted();
    const bystander = await rig.property('bystander.service', 'MainPID');
    const { status } = await rig.initctl('start', ...many);
    const states = (await rig.initctl('is-active', ...many)).stdout.trim().split('\n');
    assert.equal(status, 1);
    assert.ok(states.includes('active') && states.includes('failed'), states.join(' '));
    const failed = many[states.indexOf('failed')] ?? '';
    assert.match((await rig.initctl('why', failed)).stdout, /EMFILE/);
    await assertUndisturbed(rig, bystander);
    assert.equal((await rig.initctl('stop', ...many)).status, 0);
    await rig.initctl('reset-failed');
    assert.equal((await rig.initctl('start', many[0] ?? '')).status, 0);
  });
});

test('a slice that is full refuses the next start with the reason; where slices cannot be limited, their status says so', { skip }, async () => {
  const service = '[Service]\nType=exec\nSlice=small.slice\nExecStart=/bin/sleep infinity\n';
  await withRig({ cgroup: 'v2', units: { 'small.slice': '[Slice]\nTasksMax=1\n', 'first.service': service, 'second.service': service } }, async (rig) => {
    await rig.booted();
    assert.equal((await rig.initctl('start', 'first.service')).status, 0);
    if (!/\bpids\b/.test((await rig.run(['cat', '/sys/fs/cgroup/cgroup.controllers'])).stdout)) {
      assert.match((await rig.initctl('status', 'small.slice')).stdout, /TasksMax=1 .*no pids controller/);
      return;
    }
    const first = await rig.property('first.service', 'MainPID');
    assert.equal((await rig.initctl('start', 'second.service')).status, 1);
    assert.match((await rig.initctl('why', 'second.service')).stdout, /EAGAIN/);
    assert.equal(await rig.property('first.service', 'MainPID'), first);
    await rig.initctl('stop', 'first.service');
    assert.equal((await rig.initctl('start', 'second.service')).status, 0);
  });
});

test('out of processes, a start fails with the reason and later ones go through', { skip }, async () => {
  // The limit is per user and does not bind root, so the manager is somebody who has nothing else running.
  const uid = 64_321;
  await withRig({
    uid,
    args: ['--unit', 'bystander.service'],
    units: {
      'bystander.service': BYSTANDER,
      'one-more.service': '[Service]\nType=exec\nExecStart=/bin/sleep infinity\n',
      'patient.service': '[Service]\nType=exec\nExecStart=/bin/sleep infinity\nRestart=on-failure\nRestartSec=200ms\nStartLimitIntervalSec=0\n',
    },
  }, async (rig) => {
    await rig.booted();
    const bystander = await rig.property('bystander.service', 'MainPID');
    const limit = async (processes: number): Promise<void> => {
      const { status, stderr } = await rig.run(['prlimit', '--pid', '1', `--nproc=${String(processes)}:`], { uid });
      assert.equal(status, 0, stderr);
    };
    await limit(1);
    assert.equal((await rig.initctl('start', 'one-more.service')).status, 1);
    assert.match((await rig.initctl('why', 'one-more.service')).stdout, /EAGAIN/);
    await rig.initctl('start', '--no-block', 'patient.service');
    await rig.until(async () => Number(await rig.property('patient.service', 'NRestarts')) > 1, { what: 'another try' });
    await assertUndisturbed(rig, bystander);
    await limit(1000);
    assert.equal((await rig.initctl('start', 'one-more.service')).status, 0);
    await rig.until(async () => (await rig.property('patient.service', 'ActiveState')) === 'active', { what: 'the restart that goes through' });
  });
});
