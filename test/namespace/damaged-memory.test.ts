/**
 * The memory that outlives the engine is damaged before the engine dies. Whatever is left of it: no service runs twice, none that can be
 * taken over is touched, and what was lost is said.
 */
import assert from 'node:assert/strict';
import { closeSync, openSync, readSync, readdirSync, readlinkSync, writeSync } from 'node:fs';
import test from 'node:test';
import { CHECKPOINT_PLACES } from '../../src/host/checkpoint/checkpoint-memory.ts';
import type { Rig } from './rig.ts';
import { whyNoNamespaces, withRig } from './rig.ts';
import { zombies } from './ways-to-die.ts';

const skip = whyNoNamespaces() ?? false;

/** Each start leaves a line behind, so that a second copy is seen whatever the manager says. */
const UNITS: Readonly<Record<string, string>> = {
  'default.target': '[Unit]\nWants=steady.service forking.service counting.service\n',
  'steady.service': `[Service]\nExecStart=/bin/sh -c 'echo steady >> /run/starts; exec sleep 1000'\n`,
  'later.service': `[Service]\nExecStart=/bin/sh -c 'echo later >> /run/starts; exec sleep 1000'\n`,
  // Two processes without a common parent: which of them is the main one cannot be told.
  'forking.service': `[Service]\nType=forking\nExecStart=/bin/sh -c 'echo forking >> /run/starts; sleep 1000 & sleep 1000 &'\n`,
  'counting.service': `[Service]\nExecStart=/bin/sh -c 'i=0; while :; do i=$((i+1)); echo "number $i"; sleep 0.02; done'\n`,
  'slow.service': `[Service]\nType=oneshot\nExecStart=/bin/sh -c 'echo slow >> /run/starts; exec sleep 1000'\n`,
};
const boot = { units: UNITS, args: ['--log-target', 'console', '--log-level', 'notice'] } as const;

/** Byte offsets of the generations of both snapshots; the higher is the newer. */
const GENERATIONS = [256, 268] as const;

function withMemory<T>(rig: Rig, body: (fd: number) => T): T {
  const directory = `/proc/${String(rig.pid)}/fd`;
  const number = readdirSync(directory).find((name) => readlinkSync(`${directory}/${name}`).includes('heartwood-checkpoint'));
  assert.ok(number !== undefined, 'the manager has its memory open');
  const fd = openSync(`${directory}/${number}`, 'r+');
  try {
    return body(fd);
  } finally {
    closeSync(fd);
  }
}

function invert(fd: number, position: number): void {
  const bytes = Buffer.alloc(64);
  readSync(fd, bytes, 0, bytes.length, position);
  writeSync(fd, bytes.map((byte) => byte ^ 0xff), 0, bytes.length, position);
}

function newest(fd: number): 0 | 1 {
  const words = GENERATIONS.map((position) => {
    const bytes = Buffer.alloc(4);
    readSync(fd, bytes, 0, 4, position);
    return bytes.readUInt32LE();
  });
  return (words[0] as number) > (words[1] as number) ? 0 : 1;
}

async function starts(rig: Rig): Promise<readonly string[]> {
  return (await rig.run(['cat', '/run/starts'])).stdout.split('\n').filter((line) => line !== '').sort();
}

async function dieAndAnswer(rig: Rig): Promise<void> {
  rig.signal('SIGSEGV');
  await rig.until(() => /going over to|the state of the former engine is lost|was executed again/.test(rig.console), { what: 'the death' });
  await rig.booted();
}

async function pids(rig: Rig): Promise<readonly string[]> {
  return Promise.all(['steady.service', 'counting.service'].map((unit) => rig.property(unit, 'MainPID')));
}

async function assertUndisturbed(rig: Rig, before: readonly string[], started: readonly string[]): Promise<void> {
  assert.deepEqual(await pids(rig), before);
  assert.deepEqual(await starts(rig), started);
  assert.equal(await rig.property('forking.service', 'SubState'), 'running');
  assert.deepEqual(zombies(rig), []);
  // What was taken over is in hand: it is stopped, and ends.
  assert.equal((await rig.initctl('stop', 'steady.service', 'forking.service')).status, 0);
  assert.equal(await rig.property('forking.service', 'ActiveState'), 'inactive');
  await rig.until(() => !rig.processes().some(({ command }) => command === 'sleep 1000'), { what: 'their processes to end' });
}

async function damaged(rig: Rig, damage: (fd: number) => void): Promise<void> {
  await rig.booted();
  await rig.until(async () => (await starts(rig)).length === 2);
  const before = await pids(rig);
  withMemory(rig, damage);
  await dieAndAnswer(rig);
  await assertUndisturbed(rig, before, ['forking', 'steady']);
}

test('with the newest snapshot damaged the one before it counts, and services that only the newest knew are taken over', { skip }, () => withRig(boot, async (rig) => {
  await rig.booted();
  // Reading definitions makes a snapshot due: one that knows the service as down, then one that knows it as running.
  await rig.initctl('daemon-reload');
  assert.equal((await rig.initctl('start', 'later.service')).status, 0);
  const later = await rig.property('later.service', 'MainPID');
  await rig.initctl('daemon-reload');
  await rig.until(async () => (await starts(rig)).length === 3);
  const before = await pids(rig);
  withMemory(rig, (fd) => { invert(fd, (CHECKPOINT_PLACES.snapshots[newest(fd)]) + 128); });
  await dieAndAnswer(rig);
  assert.match(rig.console, /the newest snapshot is damaged/);
  assert.equal(await rig.property('later.service', 'MainPID'), later);
  assert.equal((await rig.initctl('start', 'later.service')).status, 0);
  await rig.initctl('stop', 'later.service');
  await assertUndisturbed(rig, before, ['forking', 'later', 'steady']);
}));

test('with the journal damaged from its beginning a service started since is taken over, not started beside itself', { skip }, () => withRig(boot, async (rig) => {
  await rig.booted();
  await rig.initctl('show', 'later.service');
  await rig.initctl('daemon-reload');
  assert.equal((await rig.initctl('start', 'later.service')).status, 0);
  const later = await rig.property('later.service', 'MainPID');
  await rig.until(async () => (await starts(rig)).length === 3);
  const before = await pids(rig);
  // Behind the head of the first entry.
  withMemory(rig, (fd) => { invert(fd, CHECKPOINT_PLACES.ring + 16); });
  await dieAndAnswer(rig);
  assert.match(rig.console, /the journal is damaged after 0 entries/);
  assert.equal(await rig.property('later.service', 'MainPID'), later);
  assert.equal((await rig.initctl('start', 'later.service')).status, 0);
  await rig.initctl('stop', 'later.service');
  await assertUndisturbed(rig, before, ['forking', 'later', 'steady']);
}));

test('with both snapshots damaged everything that runs is found in its control group and taken over', { skip }, () => withRig(boot, async (rig) => {
  await damaged(rig, (fd) => { for (const position of CHECKPOINT_PLACES.snapshots) invert(fd, position + 128); });
  assert.match(rig.console, /the state of the former engine is lost, and what runs is looked for: the checkpoint holds no whole snapshot/);
  assert.match(rig.console, /steady\.service is running already \(PID \d+\), and is taken over/);
}));

test('the memory of a build with another layout is not read, and everything that runs is taken over all the same', { skip }, () => withRig(boot, async (rig) => {
  await damaged(rig, (fd) => { writeSync(fd, Buffer.from([0xff]), 0, 1, CHECKPOINT_PLACES.layout); });
  assert.match(rig.console, /its build kept it in another layout/);
}));

test('what cannot be taken over is ended before anything is started beside it', { skip }, () => withRig(boot, async (rig) => {
  await rig.booted();
  await rig.initctl('start', '--no-block', 'slow.service');
  await rig.until(async () => (await starts(rig)).includes('slow'));
  withMemory(rig, (fd) => { for (const position of CHECKPOINT_PLACES.snapshots) invert(fd, position + 128); });
  await dieAndAnswer(rig);
  assert.match(rig.console, /slow\.service: 1 processes? of a former manager cannot be taken over, and are ended/);
  assert.equal((await starts(rig)).filter((line) => line === 'slow').length, 1);
  assert.equal(await rig.property('slow.service', 'ActiveState'), 'inactive');
}));

test('without control groups all is ended in order and started afresh, once', { skip }, () => withRig({ ...boot, cgroup: 'none', uid: 1234 }, async (rig) => {
  await rig.booted();
  await rig.until(async () => (await starts(rig)).length === 2);
  const before = await rig.property('steady.service', 'MainPID');
  withMemory(rig, (fd) => { for (const position of CHECKPOINT_PLACES.snapshots) invert(fd, position + 128); });
  await dieAndAnswer(rig);
  await rig.until(async () => (await starts(rig)).length === 4, { what: 'the second start' });
  assert.notEqual(await rig.property('steady.service', 'MainPID'), before);
  assert.equal(rig.processes().filter(({ command }) => command === 'sleep 1000').length, 3, 'each runs once');
}));
