import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { dateOfDay, daysFromEpoch } from '../../../src/core/time/day-count.ts';

const MSEC_PER_DAY = 86_400_000;

test('days and dates are those of the Gregorian calendar', () => {
  fc.assert(fc.property(fc.integer({ min: -200_000, max: 2_000_000 }), (days) => {
    const date = new Date(days * MSEC_PER_DAY);
    const expected = { year: date.getUTCFullYear(), month: date.getUTCMonth() + 1, day: date.getUTCDate() };
    assert.deepEqual(dateOfDay(days), expected);
    assert.equal(daysFromEpoch(expected.year, expected.month, expected.day), days);
  }), { numRuns: 2000 });
});

test('months and days out of range count on into the next', () => {
  fc.assert(fc.property(fc.integer({ min: 1900, max: 2300 }), fc.integer({ min: -30, max: 30 }), fc.integer({ min: -400, max: 400 }), (year, month, day) => {
    assert.equal(daysFromEpoch(year, month, day), Date.UTC(year, month - 1, day) / MSEC_PER_DAY);
  }));
});
