import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { SegmentRef } from '../../src/logd/catalog.ts';
import { formatSegmentName, parseSegmentName } from '../../src/logd/catalog.ts';
import { fitTotal } from '../../src/logd/directory-place.ts';
import { Retention } from '../../src/logd/retention.ts';

function ref(unit: string, sequence: number, createdUsec: number): SegmentRef {
  return { sequence, createdUsec, path: `${unit}/${String(sequence)}` };
}

test('caps hold after every step, the newest segment of the writing unit is never removed, and the oldest go first', () => {
  const step = fc.record({ unit: fc.constantFrom('a', 'b', 'c', 'd'), bytes: fc.integer({ min: 1, max: 40 }), isNew: fc.boolean() });
  fc.assert(fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
    const alive = new Map<string, { unit: string; bytes: number; createdUsec: number }>();
    const removed: number[] = [];
    let clock = 0;
    const retention = new Retention({
      caps: () => ({ unitBytesMax: 100, totalBytesMax: 200 }),
      remove: (_unit, gone) => {
        assert.ok(alive.delete(gone.path), `${gone.path} is removed once`);
        removed.push(gone.createdUsec);
      },
      emptied: () => undefined,
      newestRemoved: () => undefined,
    });
    for (const { unit, bytes, isNew } of steps) {
      const newest = retention.newest(unit);
      if (isNew || newest === null) {
        clock += 1;
        const made = ref(unit, (newest?.sequence ?? 0) + 1, clock);
        alive.set(made.path, { unit, bytes: 0, createdUsec: clock });
        retention.add(unit, made);
      }
      const present = retention.newest(unit);
      assert.ok(present !== null, 'the writing unit keeps its newest segment');
      const kept = alive.get(present.path);
      assert.ok(kept !== undefined);
      kept.bytes += bytes;
      retention.grew(unit, bytes);
      const total = [...alive.values()].reduce((sum, segment) => sum + segment.bytes, 0);
      assert.equal(retention.totalBytes, total);
      const others = [...alive.values()].some((segment) => segment.unit !== unit) || retention.segments(unit).length > 1;
      if (others) assert.ok(total <= 200, `${total} bytes are kept`);
    }
  }));
});

test('a unit above its own cap loses its own oldest segments, not those of others', () => {
  const removed: string[] = [];
  const retention = new Retention({
    caps: () => ({ unitBytesMax: 100, totalBytesMax: 1000 }), remove: (_unit, gone) => { removed.push(gone.path); },
    emptied: () => undefined, newestRemoved: () => undefined,
  });
  retention.add('quiet', ref('quiet', 1, 1));
  retention.grew('quiet', 50);
  for (let sequence = 1; sequence <= 5; sequence++) {
    retention.add('noisy', ref('noisy', sequence, 1 + sequence));
    retention.grew('noisy', 40);
  }
  retention.add('noisy', ref('noisy', 6, 7));
  assert.deepEqual(removed, ['noisy/1', 'noisy/2', 'noisy/3']);
});

test('when a unit loses its last segment, whoever writes to it is told', () => {
  const told: string[] = [];
  const retention = new Retention({
    caps: () => ({ unitBytesMax: 100, totalBytesMax: 100 }), remove: () => undefined,
    emptied: (unit) => { told.push(`emptied ${unit}`); }, newestRemoved: (unit) => { told.push(`newest of ${unit}`); },
  });
  retention.add('old', ref('old', 1, 1));
  retention.grew('old', 90);
  retention.add('new', ref('new', 1, 2));
  retention.grew('new', 20);
  assert.deepEqual(told, ['newest of old', 'emptied old']);
  assert.equal(retention.removeOldest('new'), false);
});

test('the total is the smallest of the cap, a tenth of the file system and half of what is free', () => {
  const gib = 1 << 30;
  assert.equal(fitTotal(gib, { bytes: 100 * gib, availableBytes: 50 * gib }, 0), gib);
  assert.equal(fitTotal(gib, { bytes: 5 * gib, availableBytes: 4 * gib }, 0), gib / 2);
  assert.equal(fitTotal(gib, { bytes: 100 * gib, availableBytes: 100 }, 900), 500);
});

test('segment names sort by sequence and read back', () => {
  fc.assert(fc.property(fc.integer({ min: 1, max: 9_999_999_999 }), fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER }), (sequence, createdUsec) => {
    const name = { sequence, createdUsec };
    assert.deepEqual(parseSegmentName(formatSegmentName(name)), name);
  }));
  for (const other of ['', 'x.log', '0000000001.log', '0000000001-00000000000000zz.log', '0000000001-0000000000000000.log.gz']) {
    assert.equal(parseSegmentName(other), null, other);
  }
});
