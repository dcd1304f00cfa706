import assert from 'node:assert/strict';
import { test } from 'node:test';
import { writeGoals } from '../../bench/goals.ts';
import type { Outcomes } from '../../bench/tournament.ts';

function stopTimes(heartwoodMs: number, systemdMs: number): Outcomes {
  const measured = (ms: number): { kind: 'measured'; samples: Map<string, number[]> } => ({ kind: 'measured', samples: new Map([['gone', [ms]]]) });
  return new Map([['heartwood', measured(heartwoodMs)], ['systemd', measured(systemdMs)]]);
}

test('a goal is reached up to its limit and missed beyond it', () => {
  const verdict = (heartwoodMs: number): string | undefined => writeGoals((load) => (load === 'stop' ? stopTimes(heartwoodMs, 100) : undefined)).at(-1);
  assert.match(verdict(25) ?? '', /0\.25 x systemd \| yes \|$/);
  assert.match(verdict(26) ?? '', /0\.26 x systemd \| \*\*no\*\* \|$/);
});

test('a run that measured nothing judges nothing', () => {
  assert.deepEqual(writeGoals(() => undefined), []);
});
