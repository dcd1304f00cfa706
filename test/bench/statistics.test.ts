import assert from 'node:assert/strict';
import { test } from 'node:test';
import { summarise } from '../../bench/statistics.ts';

test('the median of an odd number of samples is the one in the middle', () => {
  assert.deepEqual(summarise([9, 1, 4]), { median: 4, min: 1, max: 9, count: 3 });
});

test('the median of an even number of samples lies between the two in the middle', () => {
  assert.deepEqual(summarise([10, 1, 2, 4]), { median: 3, min: 1, max: 10, count: 4 });
});

test('no samples have no summary', () => {
  assert.equal(summarise([]), null);
});
