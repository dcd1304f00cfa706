import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Usec } from '../../../src/base/brand.ts';
import { formatTimeSpan, parseTimeSpan } from '../../../src/core/time/time-span.ts';

type Case = readonly [input: string, answer: string, formatted: string | null];
const cases = readFileSync(new URL('time-span-cases.jsonl', import.meta.url), 'utf8')
  .split('\n').filter((line) => line !== '' && !line.startsWith('#')).map((line) => JSON.parse(line) as Case);

test('time spans read and print as in systemd', () => {
  assert.ok(cases.length > 60);
  for (const [input, answer, formatted] of cases) {
    const span = parseTimeSpan(input);
    if (formatted === null) assert.deepEqual(span, { ok: false, problem: answer }, input);
    else {
      assert.ok(span.ok, input);
      assert.equal(span.value === 'infinity' ? '18446744073709551615' : String(span.value), answer, input);
      assert.equal(formatTimeSpan(span.value), formatted, input);
    }
  }
});

test('what is printed reads back as the same span', () => {
  fc.assert(fc.property(fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER }), (usec) => {
    const back = parseTimeSpan(formatTimeSpan(usec as Usec));
    // Units are exact multiples, so nothing is lost; only sums above 2^53 could be.
    assert.deepEqual(back, { ok: true, value: usec });
  }));
});

test('no text makes it throw or answer with less than nothing', () => {
  fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => {
    const span = parseTimeSpan(text);
    assert.ok(!span.ok || span.value === 'infinity' || span.value >= 0);
  }));
});

test('a number without unit counts in the unit of the directive', () => {
  assert.deepEqual(parseTimeSpan('3', 1000 as Usec), { ok: true, value: 3000 });
  assert.deepEqual(parseTimeSpan('1.5', 1 as Usec), { ok: true, value: 1 });
});

test('a coarser accuracy leaves out what is smaller', () => {
  assert.equal(formatTimeSpan(3_723_004_005 as Usec, 1_000_000 as Usec), '1h 2min 3s');
  assert.equal(formatTimeSpan(12_345_678 as Usec, 1000 as Usec), '12.345s');
});
