import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RealtimeUsec, UnitName } from '../../src/base/brand.ts';
import type { CrashReport } from '../../src/control/crash-record.ts';
import type { CrashFacts } from '../../src/core/manager/explain/crash-facts.ts';
import { CrashRecorder } from '../../src/host/crash-recorder.ts';
import type { NativeBinding } from '../../src/host/native.ts';

const UNIT = 'a.service' as UnitName;

test('a record tells the changes that came before, each at the time of the work it was part of', () => {
  const reports: CrashReport[] = [];
  const recorder = new CrashRecorder({ native: {} as NativeBinding, version: '', bootId: '', groupOf: () => null, send: (report) => { reports.push(report); } });
  recorder.beginBatch([], 1000 as RealtimeUsec);
  recorder.noteChange({ change: 'unit', unit: UNIT, activeState: 'activating', subState: 'start' });
  recorder.noteChange({ change: 'unit', unit: UNIT, activeState: 'active', subState: 'running' });
  recorder.endBatch();
  recorder.beginBatch([], 2000 as RealtimeUsec);
  recorder.noteChange({ change: 'unit', unit: UNIT, activeState: 'failed', subState: 'failed' });
  recorder.record(UNIT, { unit: UNIT, process: null } as CrashFacts);
  assert.deepEqual(reports[0]?.before, [
    { atUsec: 1000, unit: UNIT, activeState: 'activating', subState: 'start' },
    { atUsec: 1000, unit: UNIT, activeState: 'active', subState: 'running' },
    { atUsec: 2000, unit: UNIT, activeState: 'failed', subState: 'failed' },
  ]);
});
