import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseLivesOptions, type LivesOptions } from '../../src/sim/lives-options.ts';

function optionsOf(...argv: readonly string[]): LivesOptions {
  const parsed = parseLivesOptions(argv);
  assert.ok(parsed.ok && !('replay' in parsed.value), parsed.ok ? '' : parsed.problem);
  return parsed.value;
}

test('a million events from seed 1 on are lived when nothing is said', () => {
  const { first, last, stride, eventsMax, msecMax, jobs } = optionsOf();
  assert.deepEqual({ first, last, stride, eventsMax, msecMax, jobs }, { first: 1, last: Infinity, stride: 1, eventsMax: 1_000_000, msecMax: Infinity, jobs: 1 });
});

test('a long batch ends by the clock and not by the number of events', () => {
  const { eventsMax, msecMax } = optionsOf('--long', '--hours', '0.25');
  assert.deepEqual({ eventsMax, msecMax }, { eventsMax: Infinity, msecMax: 900_000 });
});

test('seeds from one to another are all lived, however many events that takes', () => {
  const { first, last, eventsMax } = optionsOf('--seeds', '7-9');
  assert.deepEqual({ first, last, eventsMax }, { first: 7, last: 9, eventsMax: Infinity });
});

/** Words that ask for nothing, or for what cannot be, and what is said about them. */
const REFUSED: readonly (readonly [readonly string[], string])[] = [
  [['--events', '0'], '--events takes a whole number from 1 on, not "0"'],
  [['--events', '-5'], "Option '--events' argument is ambiguous"],
  [['--events=-5'], '--events takes a whole number from 1 on, not "-5"'],
  [['--events', '1e6'], '--events takes a whole number from 1 on, not "1e6"'],
  [['--events', '99999999999999999999'], '--events takes a whole number from 1 on'],
  [['--seed', '1234567890'], '--seed takes a whole number from 0 to 999999999, not "1234567890"'],
  [['--jobs', '0'], '--jobs takes a whole number from 1 to 1024, not "0"'],
  [['--jobs', '2000'], '--jobs takes a whole number from 1 to 1024, not "2000"'],
  [['--long', '--hours', '0'], '--hours takes a number above 0, as 8 or 0.25, not "0"'],
  [['--hours', '8'], '--hours is for --long, which is missing'],
  [['--seeds', '9-7'], '--seeds takes the smaller number first: "7-9", not "9-7"'],
  [['--seeds', '9'], '--seeds takes two numbers of at most nine digits, as 1-500, not "9"'],
  [['--seeds', '1-9', '--events', '100'], '--seeds and --events contradict each other: leave one away'],
  [['--long', '--events', '100'], '--long and --events contradict each other: leave one away'],
  [['--replay', 'x.json', '--seed', '3'], '--replay and --seed contradict each other: leave one away'],
  [['--checks', 'most'], '--checks takes full, light, end, not "most"'],
  [['17'], "Unexpected argument '17'"],
];

for (const [words, said] of REFUSED) {
  test(`simulate ${words.join(' ')} is refused, for it makes no sense`, () => {
    const parsed = parseLivesOptions(words);
    assert.ok(!parsed.ok && parsed.problem.startsWith(said), parsed.ok ? 'it is accepted' : parsed.problem);
  });
}
