import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CrashRecord } from '../../src/control/crash-record.ts';
import { whyNoNamespaces, withRig, type Rig } from './rig.ts';

const skip = whyNoNamespaces() ?? false;

type Shown = CrashRecord & { readonly id: string };

const UNITS = {
  'default.target': '[Unit]\nWants=steady.service\n',
  'steady.service': '[Service]\nExecStart=/bin/sleep 999\n',
  'talker.service': '[Service]\nExecStart=/bin/sh -c "echo one; echo last words; kill -SEGV $$$$"\n',
  'restarting.service': '[Service]\nExecStart=/bin/sh -c "echo again; exit 7"\nRestart=on-failure\nRestartSec=100ms\n[Unit]\nStartLimitBurst=3\n',
  'missing.service': '[Service]\nExecStart=/no/such/program\n',
  'slow.service': '[Service]\nType=notify\nExecStart=/bin/sleep 999\nTimeoutStartSec=1s\n',
  'well.service': '[Service]\nType=oneshot\nExecStart=/bin/true\n',
  'flood.service': '[Unit]\nStartLimitIntervalSec=0\n[Service]\nExecStart=/bin/false\nRestart=always\nRestartSec=0\n',
};

async function recordsOf(rig: Rig, unit: string): Promise<readonly Shown[]> {
  return JSON.parse((await rig.initctl('crash', 'list', unit, '--json')).stdout) as Shown[];
}

async function awaitRecords(rig: Rig, unit: string, count: number): Promise<readonly Shown[]> {
  await rig.until(async () => (await recordsOf(rig, unit)).length >= count, { what: `${String(count)} records of ${unit}` });
  return recordsOf(rig, unit);
}

test('each failure of a unit is kept with process, reason, resources, what came before and the last lines; success is not', { skip }, async () => {
  await withRig({ units: UNITS }, async (rig) => {
    await rig.booted();
    await rig.initctl('start', 'well.service');
    await rig.initctl('start', 'talker.service', '--no-block');
    const [record] = await awaitRecords(rig, 'talker', 1);
    assert.equal(record?.result, 'signal');
    assert.equal(record.process?.code === 'exited', false);
    assert.equal(record.process?.status, 11);
    assert.equal(record.willRestart, false);
    const shown = JSON.parse((await rig.initctl('crash', 'show', record.id, '--json')).stdout) as Shown;
    assert.equal(shown.id, record.id, 'the list names records as they are asked for');
    assert.deepEqual(shown.lines.filter((line) => /: (one|last words)$/.test(line)).length, 2);
    assert.ok((shown.peaks.processUserUsec ?? -1) >= 0);
    // The control group is gone by now: it was asked before it went.
    if ((await rig.run(['test', '-e', '/sys/fs/cgroup/cgroup.procs'])).status === 0) assert.equal(typeof shown.peaks.cpuUsec, 'number');
    assert.ok(shown.before.some(({ unit, activeState }) => unit === 'steady.service' && activeState === 'active'));
    assert.deepEqual(shown.files, ['/etc/heartwood/system/talker.service']);
    assert.match(shown.revision, /./);
    const text = await rig.initctl('crash', 'show', 'talker');
    assert.match(text.stdout, /Why: its ExecStart= process was killed by SIGSEGV/);
    assert.match(text.stdout, /last words/);
    assert.equal((await recordsOf(rig, 'well')).length, 0);
    assert.equal((await rig.initctl('crash', 'show', 'well')).status, 1);
    assert.equal((await rig.initctl('crash', 'explode')).status, 2);

    assert.equal((await rig.initctl('crash', 'export', shown.id, '/tmp/record.json')).status, 0);
    assert.deepEqual(JSON.parse((await rig.run(['cat', '/tmp/record.json'])).stdout), shown);
  });
});

test('automatic restarts, programs that cannot be run and time-outs leave records; a service that fails without a pause leaves few', { skip }, async () => {
  await withRig({ units: UNITS }, async (rig) => {
    await rig.booted();
    for (const unit of ['restarting', 'missing', 'slow', 'flood']) await rig.initctl('start', unit, '--no-block');
    const restarting = await awaitRecords(rig, 'restarting', 3);
    assert.deepEqual([...restarting].reverse().map(({ result, restarts }) => [result, restarts]).slice(0, 3), [['exit-code', 0], ['exit-code', 1], ['exit-code', 2]]);
    assert.equal(restarting.at(-1)?.willRestart, true);
    assert.equal(restarting.at(-1)?.process?.status, 7);
    assert.match((await awaitRecords(rig, 'missing', 1))[0]?.why ?? '', /could not be run|status 203/);
    assert.equal((await awaitRecords(rig, 'slow', 1))[0]?.result, 'timeout');
    await awaitRecords(rig, 'flood', 8);
    assert.ok(Number(await rig.property('flood.service', 'NRestarts')) > 20);
    assert.equal((await recordsOf(rig, 'flood')).length, 8);
    await rig.initctl('stop', 'flood');
    assert.match((await rig.initctl('crash')).stdout, /slow\.service +timeout/);
  });
});

test('a record outlives the engine that died right after the failure, and there is only one of it', { skip }, async () => {
  await withRig({ units: UNITS, env: { HEARTWOOD_FAULTS: '1' } }, async (rig) => {
    await rig.booted();
    // When the effect after the next one is in hand: in the middle of the failure's effects.
    for (const passes of ['2', '6', '9']) {
      await rig.initctl('fault', 'segv', 'at', 'in-effect', passes);
      await rig.initctl('start', 'missing', '--no-block');
      await rig.until(async () => (await rig.property('missing.service', 'ActiveState')) === 'failed', { what: 'the failure' });
      await rig.initctl('reset-failed', 'missing');
    }
    await rig.until(async () => (await recordsOf(rig, 'missing')).length === 3, { what: 'three records' });
  });
});
