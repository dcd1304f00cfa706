import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { CRASH_FOLDER, type CrashRecord, type CrashReport } from '../../src/control/crash-record.ts';
import { CrashRecords } from '../../src/logd/crash-records.ts';
import { CRASH_LINE_CHARACTERS_MAX, CRASH_RATE_COUNT, CRASH_RATE_MSEC, CRASH_RECORDS_MAX, CRASHES_OF_UNIT_MAX } from '../../src/logd/limits.ts';
import { decodeToLogd, encodeReport, MESSAGE_BYTES_MAX } from '../../src/logd/protocol.ts';

function reportOf(unit: string, failedUsec: number): CrashReport {
  return {
    version: 1, heartwood: '0', bootId: 'b', unit, invocationId: null, result: 'exit-code', why: 'w', process: null, willRestart: false, restarts: 0, statusText: '',
    times: { startingUsec: 0, activeUsec: 0, failedUsec }, revision: 'r', files: [], before: [],
    peaks: { memoryPeakBytes: null, tasksPeak: null, cpuUsec: null, oomKills: null, processMaxRssBytes: null, processUserUsec: null, processSystemUsec: null },
  };
}

async function withRecords(use: (records: CrashRecords, read: () => readonly CrashRecord[]) => Promise<void>, lines: readonly string[] = []): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'heartwood-crashes-'));
  try {
    const records = new CrashRecords({ directory: () => directory, lastLines: () => Promise.resolve(lines), onError: (message) => { assert.fail(message); } });
    const folder = join(directory, CRASH_FOLDER);
    await use(records, () => readdirSync(folder).sort().map((name) => JSON.parse(readFileSync(join(folder, name), 'utf8')) as CrashRecord));
  } finally {
    rmSync(directory, { recursive: true });
  }
}

test('the oldest records of a unit go first, and no unit pushes out those of another before the whole is full', async () => {
  await withRecords(async (records, read) => {
    records.add(reportOf('quiet.service', 1), 0);
    for (let index = 0; index < CRASHES_OF_UNIT_MAX + 5; index++) {
      records.add(reportOf('noisy.service', 1000 + index), index * CRASH_RATE_MSEC);
      await records.finish();
    }
    const noisy = read().filter(({ unit }) => unit === 'noisy.service');
    assert.equal(noisy.length, CRASHES_OF_UNIT_MAX);
    assert.equal(noisy[0]?.times.failedUsec, 1005);
    assert.equal(read().filter(({ unit }) => unit === 'quiet.service').length, 1);
    for (let index = 0; index < CRASH_RECORDS_MAX; index++) {
      records.add(reportOf(`u${String(index)}.service`, 5000 + index), 0);
      await records.finish();
    }
    assert.equal(read().length, CRASH_RECORDS_MAX);
    assert.equal(read()[0]?.unit, 'u0.service');
  });
});

test('failures that come too fast are counted in the next record of the unit, and long lines are cut', async () => {
  await withRecords(async (records, read) => {
    for (let index = 0; index < CRASH_RATE_COUNT + 3; index++) records.add(reportOf('fast.service', 1 + index), index);
    await records.finish();
    assert.equal(read().length, CRASH_RATE_COUNT);
    records.add(reportOf('fast.service', 500), CRASH_RATE_MSEC * 2);
    await new Promise((resolve) => setTimeout(resolve, 400));
    await records.finish();
    assert.equal(read().at(-1)?.skipped, 3);
    assert.equal(read()[0]?.lines[0]?.length, CRASH_LINE_CHARACTERS_MAX);
  }, ['x'.repeat(100_000)]);
});

test('the same failure told twice is one record', async () => {
  await withRecords(async (records, read) => {
    records.add(reportOf('a.service', 7), 0);
    records.add(reportOf('a.service', 7), 1);
    records.add(reportOf('b.service', 7), 1);
    await records.finish();
    assert.deepEqual(read().map(({ unit }) => unit), ['a.service', 'b.service']);
  });
});

test('a report too long for one message goes without what is least needed, and logd refuses one that names no unit', () => {
  const long = { ...reportOf('a.service', 1), before: Array.from({ length: 24 }, () => ({ atUsec: 1, unit: 'u'.repeat(2000), activeState: 'active', subState: 'running' })) };
  const bytes = encodeReport(long);
  assert.ok(bytes.length <= MESSAGE_BYTES_MAX);
  const message = decodeToLogd(bytes);
  assert.equal(message?.type === 'crash' && message.report.unit, 'a.service');
  assert.equal(decodeToLogd(new TextEncoder().encode(JSON.stringify({ type: 'crash', report: { ...long, before: [], unit: '../x' } }))), null);
});
