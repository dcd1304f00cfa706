import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { firstOf, mergeJobTypes } from '../../../src/core/job/job-type.ts';
import type { JobType } from '../../../src/core/manager/state.ts';

const TYPES: readonly JobType[] = ['start', 'verify-active', 'stop', 'reload', 'restart', 'try-restart', 'reload-or-start', 'nop'];
const type = fc.constantFrom(...TYPES);

test('merging is commutative', () => {
  fc.assert(fc.property(type, type, (a, b) => mergeJobTypes(a, b) === mergeJobTypes(b, a)));
});

test('merging is associative: the order in which jobs arrive does not matter', () => {
  const merge = (a: JobType | null, b: JobType | null): JobType | null => (a === null || b === null ? null : mergeJobTypes(a, b));
  for (const a of TYPES) for (const b of TYPES) for (const c of TYPES) assert.equal(merge(merge(a, b), c), merge(a, merge(b, c)), `${a}, ${b}, ${c}`);
});

test('a type merges with itself, nop changes nothing, and stop goes with nothing else', () => {
  for (const a of TYPES) {
    assert.equal(mergeJobTypes(a, a), a);
    assert.equal(mergeJobTypes(a, 'nop'), a);
    if (a !== 'stop' && a !== 'nop') assert.equal(mergeJobTypes(a, 'stop'), null);
  }
});

test('of two ordered units the stop goes first, and among stops the later unit', () => {
  assert.equal(firstOf('start', 'start'), 'before');
  assert.equal(firstOf('stop', 'start'), 'before');
  assert.equal(firstOf('start', 'stop'), 'after');
  assert.equal(firstOf('stop', 'stop'), 'after');
  assert.equal(firstOf('start', 'restart'), 'after');
});
