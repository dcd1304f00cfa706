import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import fc from 'fast-check';
import type { RealtimeUsec } from '../../../src/base/brand.ts';
import { formatCalendar, parseCalendar, type CalendarSpec } from '../../../src/core/time/calendar.ts';
import { nextElapse } from '../../../src/core/time/calendar-elapse.ts';
import { UTC_ZONE, type TimeZone } from '../../../src/core/time/time-zone.ts';
import { calendarSurroundings, readZone } from '../../../src/host/unit-loader/time-zones.ts';

type Case = readonly [expression: string, zone: string, baseSeconds: number, answer: string, elapses: readonly number[] | null];
const cases = readFileSync(new URL('calendar-cases.jsonl', import.meta.url), 'utf8')
  .split('\n').filter((line) => line !== '' && !line.startsWith('#')).map((line) => JSON.parse(line) as Case);

function zoneOf(name: string): TimeZone {
  const zone = readZone(name);
  assert.ok(zone !== null, `the time zone database has ${name}`);
  return zone;
}

function elapses(spec: CalendarSpec, local: TimeZone, fromUsec: number, count: number): readonly number[] {
  const zone = spec.zone.kind === 'named' ? zoneOf(spec.zone.name) : local;
  const found: number[] = [];
  for (let at: RealtimeUsec | null = fromUsec as RealtimeUsec; found.length < count;) {
    at = nextElapse(spec, at, zone);
    if (at === null) break;
    found.push(at);
  }
  return found;
}

const UTC = calendarSurroundings(UTC_ZONE);

function specOf(text: string): CalendarSpec {
  const spec = parseCalendar(text, UTC);
  assert.ok(spec.ok, text);
  return spec.value;
}

test('calendar expressions mean and elapse as in systemd, around changes of the clock too', () => {
  assert.ok(cases.length > 700);
  for (const [expression, zone, baseSeconds, answer, expected] of cases) {
    const local = zoneOf(zone);
    const spec = parseCalendar(expression, calendarSurroundings(local));
    if (expected === null) {
      assert.deepEqual(spec, { ok: false, problem: answer }, expression);
      continue;
    }
    assert.ok(spec.ok, expression);
    assert.equal(formatCalendar(spec.value), answer, expression);
    const found = elapses(spec.value, local, baseSeconds * 1_000_000, Math.max(1, expected.length));
    assert.deepEqual(found.map((usec) => Math.floor(usec / 1_000_000)), expected, `${expression} in ${zone} from ${String(baseSeconds)}`);
  }
});

test('the normal form reads back as itself', () => {
  for (const [expression] of cases) {
    const spec = parseCalendar(expression, UTC);
    if (!spec.ok) continue;
    const again = parseCalendar(formatCalendar(spec.value), UTC);
    // Days counted from the end of the month lose three days of room with every further part, also when sorting has moved it.
    if (again.ok) assert.equal(formatCalendar(again.value), formatCalendar(spec.value), expression);
    else assert.ok(spec.value.fromMonthEnd, expression);
  }
});

test('an elapse is always later than the time it was asked for', () => {
  const specs = cases.flatMap(([expression]) => {
    const spec = parseCalendar(expression, UTC);
    return spec.ok ? [spec.value] : [];
  });
  const zones = ['Europe/Berlin', 'Europe/Dublin', 'Pacific/Apia', 'Asia/Kolkata', 'Antarctica/Troll'].map(zoneOf);
  fc.assert(fc.property(fc.constantFrom(...specs), fc.constantFrom(...zones), fc.integer({ min: 0, max: 4_000_000_000_000_000 }), (spec, zone, fromUsec) => {
    const at = nextElapse(spec, fromUsec as RealtimeUsec, spec.zone.kind === 'named' ? UTC_ZONE : zone);
    assert.ok(at === null || at > fromUsec);
  }));
});

test('no text makes the parser throw', () => {
  fc.assert(fc.property(fc.string({ unit: fc.constantFrom(...'Mon*-,./:~@0123456789 UTC'.split('')) }), (text) => {
    const spec = parseCalendar(text, UTC);
    assert.ok(spec.ok || typeof spec.problem === 'string');
  }), { numRuns: 2000 });
});

/** systemd 252 reports an endless loop here: 00:00 does not exist on the day summer time begins in the Azores. */
test('a change of the clock at midnight does not end the search', () => {
  const found = elapses(specOf('4/10,3:41/1'), zoneOf('Atlantic/Azores'), Date.UTC(2024, 2, 30, 20, 59, 15) * 1000, 1);
  assert.deepEqual(found, [Date.UTC(2024, 2, 31, 3, 41) * 1000]);
});

test('a zone given as a POSIX rule has the same changes as the database', () => {
  const berlin = zoneOf('Europe/Berlin');
  const byRule: TimeZone = { ...berlin, transitions: [], afterTransition: [] };
  assert.ok(berlin.rule !== null);
  const spec = specOf('*-*-* 0/1:30');
  const from = Date.UTC(2026, 2, 28, 12) * 1000;
  assert.deepEqual(elapses(spec, byRule, from, 6000), elapses(spec, berlin, from, 6000));
});
