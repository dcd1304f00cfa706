/** How many engines have to die of an event or an effect before it is left out: two, for one death may be an accident. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { MonotonicUsec, Pid, RealtimeUsec, UnitName } from '../../../src/base/brand.ts';
import type { Effect } from '../../../src/core/manager/effect.ts';
import type { ManagerEvent, UnstampedEvent } from '../../../src/core/manager/event.ts';
import type { JournalEntry } from '../../../src/core/manager/survival/journal-entry.ts';
import { NOWHERE, Replay, type Position, type Replayed } from '../../../src/core/manager/survival/replay.ts';
import { initialState } from '../../../src/core/manager/step.ts';
import { SimulatedKernel } from '../../../src/sim/kernel.ts';

const CLOCK = { monotonicUsec: 1 as MonotonicUsec, realtimeUsec: 1 as RealtimeUsec };
const FIRST: UnstampedEvent = { event: 'collect', unit: 'first.service' as UnitName };
const SECOND: UnstampedEvent = { event: 'collect', unit: 'second.service' as UnitName };
/** Both events are in the batch in which the engine died. */
const JOURNAL: readonly JournalEntry[] = [{ queued: FIRST }, { queued: SECOND }, { batch: 2, clock: CLOCK }];

interface Recovery {
  readonly replayed: Replayed;
  /** Units of the events that were stepped. */
  readonly stepped: readonly string[];
  /** What the recovery wrote down. */
  readonly noted: readonly JournalEntry[];
}

/** @param deaths engines that died there in a row, this one included */
function recoverAfter(deaths: number, position: Position, journal = JOURNAL): Recovery {
  const stepped: string[] = [];
  const noted: JournalEntry[] = [];
  const state = initialState(new SimulatedKernel().state.config, CLOCK);
  const step = (before: typeof state, event: ManagerEvent): readonly [typeof state, readonly Effect[]] => {
    const unit = 'unit' in event ? event.unit : '' as UnitName;
    stepped.push(unit);
    return [before, [{ kind: 'collect', unit }]];
  };
  const witness = {
    position, wasKilled: true, births: new Map<number, Pid>(), suspect: () => deaths, note: (entry: JournalEntry) => { noted.push(entry); },
    setPosition: () => undefined, setStepping: () => undefined,
  };
  const replayed = new Replay({ witness, step, load: () => [], state, head: { sequence: 0, queue: [] } }).run(journal);
  return { replayed, stepped, noted };
}

const IN_SECOND_EVENT: Position = { ...NOWHERE, stepping: 1 };
const IN_SECOND_EFFECT: Position = { ...NOWHERE, performing: 1, sequence: 2 };

test('an event that one engine died of is stepped once more', () => {
  const { replayed, stepped, noted } = recoverAfter(1, IN_SECOND_EVENT);
  assert.deepEqual([replayed.poison, replayed.queue, stepped, noted], [null, [], ['first.service', 'second.service'], []]);
});

test('an event that two engines died of is left out, written down as left out, and its unit is told', () => {
  const { replayed, stepped, noted } = recoverAfter(2, IN_SECOND_EVENT);
  assert.deepEqual(replayed.poison, { event: SECOND });
  assert.deepEqual(stepped, ['first.service']);
  const report = { event: 'event-left-out', unit: 'second.service', what: 'collect', goneProcess: null };
  assert.deepEqual(replayed.queue, [report]);
  assert.deepEqual(noted, [{ leftOut: 1 }, { queued: report }]);
});

test('what was left out stays left out when an engine dies elsewhere', () => {
  const { stepped } = recoverAfter(1, NOWHERE, [...JOURNAL, { leftOut: 1 }]);
  assert.deepEqual(stepped, ['first.service']);
});

test('an effect that one engine died of is performed once more', () => {
  const { replayed } = recoverAfter(1, IN_SECOND_EFFECT);
  assert.deepEqual([replayed.poison, replayed.open?.from, replayed.open?.begun], [null, 1, true]);
});

test('an effect that two engines died of is left out, and what follows it is performed', () => {
  const { replayed, noted } = recoverAfter(2, IN_SECOND_EFFECT);
  assert.deepEqual(replayed.poison, { effect: { kind: 'collect', unit: 'second.service' } });
  assert.deepEqual([replayed.open?.from, replayed.open?.begun], [2, false]);
  assert.deepEqual(noted[0], { resume: 2, begun: false, answered: false });
  assert.deepEqual(replayed.queue, [{ event: 'event-left-out', unit: 'second.service', what: 'collect', goneProcess: null }]);
});
