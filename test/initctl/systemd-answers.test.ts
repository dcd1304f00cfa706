/** Verbs that print what a tool of systemd prints, against answers recorded from it. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { runArguments } from './verb-rig.ts';

function recorded<T>(file: string): readonly T[] {
  const lines = readFileSync(new URL(file, import.meta.url), 'utf8').split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  assert.ok(lines.length > 50);
  return lines.map((line) => JSON.parse(line) as T);
}

test('escape does and prints what systemd-escape does', () => {
  for (const [options, words, exit, out, err] of recorded<[string[], string[], number, string, string]>('escape-answers.jsonl')) {
    const run = runArguments(['escape', ...options, '--', ...words]);
    assert.deepEqual([run.exit, run.out, run.err], [exit, out, err], JSON.stringify([options, words]));
  }
});

test('timespan prints what systemd-analyze prints', () => {
  for (const [words, exit, out, err] of recorded<[string[], number, string, string]>('timespan-answers.jsonl')) {
    const run = runArguments(['timespan', '--', ...words], { unicode: true });
    assert.deepEqual([run.exit, run.out, run.err], [exit, out, err], JSON.stringify(words));
  }
});

test('calendar prints normal form and elapses in local time and in UTC, and goes on after a mistake', () => {
  const run = runArguments(['calendar', '--iterations=2', '--base-time=2026-11-21 10:00:00 UTC', 'Mon..Fri 09:00 Europe/Berlin', 'foo', '5min', '2020-01-01']);
  assert.equal(run.out, [
    '  Original form: Mon..Fri 09:00 Europe/Berlin', 'Normalized form: Mon..Fri *-*-* 09:00:00 Europe/Berlin',
    '    Next elapse: Mon 2026-11-23 08:00:00 UTC', '       From now: 1 day 22h left',
    '       Iter. #2: Tue 2026-11-24 08:00:00 UTC', '       From now: 2 days left', '', '', '',
    '  Original form: 2020-01-01', 'Normalized form: 2020-01-01 00:00:00', '    Next elapse: never', '',
  ].join('\n'));
  assert.equal(run.err, [
    "Failed to parse calendar specification 'foo': Invalid argument", "Failed to parse calendar specification '5min': Invalid argument",
    "Hint: this expression is a valid timespan. Use 'initctl timespan \"5min\"' instead?", '',
  ].join('\n'));
  assert.equal(run.exit, 1);
});
