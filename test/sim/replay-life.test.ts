import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Pid, UnitName } from '../../src/base/brand.ts';
import { valuesOf } from '../../src/base/persistent-map.ts';
import type { ClockReading } from '../../src/base/time.ts';
import type { UnstampedEvent } from '../../src/core/manager/event.ts';
import type { JournalEntry } from '../../src/core/manager/survival/journal-entry.ts';
import { formatLifeRecord, parseLifeRecord, type LifeRecord } from '../../src/core/manager/survival/life-record.ts';
import { NOWHERE } from '../../src/core/manager/survival/replay.ts';
import { serialise } from '../../src/core/manager/survival/serialise.ts';
import { replayLife } from '../../src/sim/replay-life.ts';
import { SimulatedKernel } from '../../src/sim/kernel.ts';
import { service, target } from '../../src/sim/definitions.ts';

const CLOCK = { monotonicUsec: 50_000_000, realtimeUsec: 1_700_000_050_000_000 } as ClockReading;

/** A manager with one running service, and what it hears then. */
function lifeWith(...events: readonly UnstampedEvent[]): LifeRecord {
  const kernel = new SimulatedKernel();
  kernel.boot([target('default.target', { Wants: ['a.service'] }), service('a.service', { restart: 'always' })]);
  kernel.run(1_000_000);
  const entries: JournalEntry[] = events.flatMap((event) => [{ queued: event } as JournalEntry, { batch: 1, clock: CLOCK }, { done: true } as const]);
  return {
    heartwood: '1.2.3', end: { signal: 11, position: { ...NOWHERE, stepping: 7 } }, head: { sequence: 7, queue: [] }, snapshot: serialise(kernel.state),
    loads: [[...valuesOf(kernel.state.units)].map(({ definition }) => definition)], entries,
  };
}

const EXIT: UnstampedEvent = { event: 'exited', pid: 100 as Pid, code: 'killed', status: 11, unitHint: 'a.service' as UnitName };

test('a record is the same after it was a file', () => {
  const record = lifeWith(EXIT);
  const read = parseLifeRecord(formatLifeRecord(record));
  assert.ok(read.ok);
  assert.deepEqual(read.value, JSON.parse(JSON.stringify(record)));
});

test('a replay takes the recorded steps and tells what followed from each', () => {
  const read = parseLifeRecord(formatLifeRecord(lifeWith(EXIT, { event: 'cgroup-empty', unit: 'a.service' as UnitName })));
  assert.ok(read.ok);
  const replay = replayLife(read.value, false);
  assert.ok(typeof replay !== 'string', typeof replay === 'string' ? replay : '');
  assert.equal(replay.steps, 2);
  assert.deepEqual(replay.defects, []);
  const told = replay.entries.map(({ unit, text }) => `${unit} ${text}`);
  assert.match(told[0] ?? '', /event 7, of which the manager died: exited/);
  assert.ok(told.includes('a.service activating (auto-restart, result signal)'), told.join('\n'));
});

test('a step that throws and a state that must not be are defects, also where the manager had left the event out', () => {
  // A process that two units own.
  const record = lifeWith(EXIT);
  const snapshot = JSON.parse(record.snapshot) as { readonly pids: unknown[] };
  const twisted: LifeRecord = { ...record, snapshot: JSON.stringify({ ...snapshot, pids: [] }), entries: [...record.entries, { leftOut: 7 }] };
  const replay = replayLife({ ...twisted, entries: [{ queued: { event: 'timer' } }, ...twisted.entries] }, false);
  assert.ok(typeof replay !== 'string');
  assert.match(replay.defects[0]?.what ?? '', /a main process is filed under its unit \(a\.service\)/);
  const thrown = replayLife(lifeWith({ event: 'nonsense' } as unknown as UnstampedEvent), false);
  assert.ok(typeof thrown !== 'string');
  assert.equal(thrown.defects[0]?.sequence, 7);
});

test('what is no record is refused with its line', () => {
  const refused = (text: string): string => {
    const read = parseLifeRecord(text);
    assert.ok(!read.ok);
    return read.problem;
  };
  assert.match(refused('hello\n'), /^line 1: /);
  assert.match(refused('{"format":"other"}\n'), /^line 1: this is no record of a manager's life/);
  assert.match(refused('{"format":"heartwood-life","version":2}\n'), /version 2 of the format is not known/);
  assert.match(refused(formatLifeRecord(lifeWith(EXIT)).split('\n').slice(0, 3).join('\n')), /ends too early/);
  assert.match(refused(`${formatLifeRecord(lifeWith(EXIT))}{"batch":`), /^line 9: /);
});

test('a state of another format is said to be one', () => {
  const record = lifeWith(EXIT);
  const replay = replayLife({ ...record, snapshot: '{"format":999}' }, false);
  assert.match(typeof replay === 'string' ? replay : '', /snapshot format 999/);
});

