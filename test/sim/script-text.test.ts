import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseScript, type WorldScript } from '../../src/sim/script/script-text.ts';

function scriptOf(text: string): WorldScript {
  const parsed = parseScript(text);
  assert.ok(parsed.ok, parsed.ok ? '' : JSON.stringify(parsed.problems));
  return parsed.script;
}

function problemOf(text: string): string {
  const parsed = parseScript(text);
  assert.ok(!parsed.ok, 'the script is refused');
  return parsed.problems.map(({ line, problem }) => `${String(line)}: ${problem}`).join('\n');
}

test('lines about one program are its runs in order', () => {
  const { programs } = scriptOf('program a.service: ready after 1s, exits 3 after 1min 30s\nprogram a.service: dies of SEGV after 20ms\nprogram /bin/x: stops in 2s, stops with 4, ignores TERM\nprogram a.service ExecStop: exits after 0');
  assert.deepEqual(programs.get('a.service ExecStart'), [{ readyAfterUsec: 1_000_000, exitAfterUsec: 90_000_000, exitStatus: 3 }, { exitAfterUsec: 20_000, exitSignal: 11 }]);
  assert.deepEqual(programs.get('/bin/x'), [{ termTakesUsec: 2_000_000, termStatus: 4, ignoresTerm: true }]);
  assert.deepEqual(programs.get('a.service ExecStop'), [{ exitAfterUsec: 0 }]);
});

test('times count from the beginning, with a plus from the line before, and comments are left out', () => {
  const { actions, untilUsec } = scriptOf('# a comment\nat 1min 10s start a.service # now\nat +200ms stop a.service\nat 5s touch /x#y\n');
  assert.deepEqual(actions.map(({ atUsec, line, text }) => [atUsec, line, text]), [[5_000_000, 4, 'touch /x#y'], [70_000_000, 2, 'start a.service'], [70_200_000, 3, 'stop a.service']]);
  assert.equal(untilUsec, 130_200_000, 'a minute after the last action');
});

test('expectations are of states, numbers and results', () => {
  const { actions } = scriptOf('at 0s expect a.service active running\nat 0s expect a.service restarts 2\nat 0s expect a.service runs 3\nat 0s expect a.service result timeout');
  assert.deepEqual(actions.map(({ action }) => (action.act === 'expect' ? action.expectation : null)), [
    { what: 'state', activeState: 'active', subState: 'running' }, { what: 'restarts', count: 2 }, { what: 'runs', count: 3 }, { what: 'result', result: 'timeout' },
  ]);
});

test('the wall clock is given in UTC', () => {
  assert.equal(scriptOf('clock 2026-03-29 00:59:30').clockUsec, Date.UTC(2026, 2, 29, 0, 59, 30) * 1000);
});

const REFUSED: readonly (readonly [string, RegExp])[] = [
  ['frob', /^1: "frob" begins no statement; known are boot/],
  ['\n\nat soon start a.service', /^3: after "at" comes a time/],
  ['at 1s', /"" is nothing that can happen; known are start/],
  ['at 1s start', /name of a unit is missing/],
  ['at 1s start web', /"web" is not the name of a unit/],
  ['at 1s kill a.service SIGFOO', /'SIGFOO' is not a signal/],
  ['at 1s exit a.service 256', /"256" is not an exit status from 0 to 255/],
  ['at 1s expect a.service up', /"up" is nothing to expect/],
  ['at 1s expect a.service restarts many', /after "restarts" comes a number/],
  ['at 1s connect a.service', /is not a socket/],
  ['at 1s touch x', /takes an absolute path/],
  ['at 1s notify a.service hello', /is no message of sd_notify/],
  ['program a.service exits 1', /comes a colon/],
  ['program a.service ExecFoo: runs', /"ExecFoo" is no command of a unit/],
  ['program a.service: exits one after 1s', /"one" is not an exit status/],
  ['program a.service: dances', /"dances" is nothing a program does/],
  ['condition PathExists', /should be as: condition/],
  ['clock tomorrow', /is not an instant in UTC/],
  ['clock 2026-02-30 00:00:00', /is not an instant in UTC/],
  ['until infinity', /is not a time span/],
  ['boot a.target b.target', /is too much/],
];
for (const [text, expected] of REFUSED) {
  test(`"${text.trim()}" is refused with its line and what to write instead`, () => { assert.match(problemOf(text), expected); });
}

test('everything that is wrong is told, each with its line', () => {
  assert.deepEqual(problemOf('frob\nat 0s start a.service\nfrob').split('\n').map((each) => each.slice(0, 2)), ['1:', '3:']);
});
