/** What has to work a second time: a group after a kill, logd after a crash, a start after the unit's own restart. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { whyNoNamespaces, withRig } from './rig.ts';

const skip = whyNoNamespaces() ?? false;
const BOOT = (unit: string): string => `[Unit]\nDefaultDependencies=no\nWants=${unit}\nAfter=${unit}\n`;

for (const cgroup of ['v2', 'none'] as const) {
  // Kernels around 6.18 kill at once whatever is born into a control group that cgroup.kill was used on.
  test(`a service whose processes had to be killed starts again and stays (control groups: ${cgroup})`, { skip, timeout: 60_000 }, async () => {
    const stubborn = '[Unit]\nDefaultDependencies=no\n[Service]\nTimeoutStopSec=100ms\nExecStart=/bin/sh -c \'trap "" TERM; while :; do sleep 0.1; done\'\n';
    await withRig({ cgroup, units: { 'boot.target': BOOT('stubborn.service'), 'stubborn.service': stubborn }, args: ['--unit', 'boot.target'] }, async (rig) => {
      assert.equal(await rig.booted(), 'running');
      for (let round = 0; round < 3; round++) {
        await rig.initctl('restart', 'stubborn.service');
        const pid = await rig.property('stubborn.service', 'MainPID');
        await rig.run(['sleep', '0.3']);
        assert.equal(await rig.property('stubborn.service', 'MainPID'), pid, 'it is not killed at once');
        assert.equal((await rig.initctl('is-active', 'stubborn.service')).stdout.trim(), 'active');
      }
    });
  });
}

test('a main process killed from outside is replaced, many times in a row, by exactly one other', { skip, timeout: 60_000 }, async () => {
  const unit = '[Unit]\nDefaultDependencies=no\nStartLimitIntervalSec=0\n[Service]\nRestart=always\nRestartSec=0\nExecStart=/bin/sleep 7531\n';
  await withRig({ units: { 'boot.target': BOOT('phoenix.service'), 'phoenix.service': unit }, args: ['--unit', 'boot.target'] }, async (rig) => {
    assert.equal(await rig.booted(), 'running');
    const mains = () => rig.processes().filter(({ command }) => command === '/bin/sleep 7531').map(({ pid }) => pid);
    for (let round = 0; round < 20; round++) {
      await rig.until(() => mains().length === 1, { what: 'the next life' });
      const [pid] = mains();
      process.kill(pid as number, 'SIGKILL');
      await rig.until(() => mains()[0] !== pid, { what: 'the death' });
    }
    await rig.until(() => mains().length === 1);
    assert.equal(Number(await rig.property('phoenix.service', 'NRestarts')), 20);
  });
});

test('logd killed again and again loses no line of a service that goes on writing', { skip, timeout: 90_000 }, async () => {
  const lines = 400;
  const writer = `[Unit]\nDefaultDependencies=no\n[Service]\nType=oneshot\nRemainAfterExit=yes\nExecStart=/bin/sh -c 'i=0; while [ $i -lt ${String(lines)} ]; do i=$((i+1)); echo "line $i"; sleep 0.005; done'\n`;
  await withRig({ units: { 'boot.target': '[Unit]\nDefaultDependencies=no\n', 'writer.service': writer }, args: ['--unit', 'boot.target'] }, async (rig) => {
    assert.equal(await rig.booted(), 'running');
    await rig.initctl('start', '--no-block', 'writer.service');
    const isDone = async (): Promise<boolean> => (await rig.property('writer.service', 'ActiveState')) === 'active';
    let kills = 0;
    while (!(await isDone())) {
      const logd = rig.processes().find(({ command }) => command.includes('logd.js'));
      if (logd !== undefined && kills < 5) {
        process.kill(logd.pid, 'SIGKILL');
        kills += 1;
      }
      await new Promise((resolve) => setTimeout(resolve, 250));
    }
    assert.ok(kills >= 3, `logd was there to be killed: ${String(kills)}`);
    const stored = async (): Promise<number[]> => (await rig.initctl('log', '-n', '1000', 'writer.service')).stdout.split('\n').flatMap((line) => {
      const match = /line (\d+)$/.exec(line);
      return match === null ? [] : [Number(match[1])];
    });
    await rig.until(async () => (await stored()).includes(lines), { what: 'the last line to be stored', limitMs: 30_000 });
    assert.deepEqual(await stored(), Array.from({ length: lines }, (_, index) => index + 1));
  });
});
