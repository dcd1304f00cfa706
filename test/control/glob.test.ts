import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { matchesGlob } from '../../src/control/glob.ts';

test('patterns match unit names as a shell would', () => {
  const cases: readonly (readonly [string, string, boolean])[] = [
    ['*', '', true], ['*', 'a.service', true], ['a*', 'a.service', true], ['a*', 'b.service', false], ['*.service', 'a.service', true],
    ['*.service', 'a.socket', false], ['a?c', 'abc', true], ['a?c', 'ac', false], ['[ab]c', 'bc', true], ['[ab]c', 'cc', false],
    ['[!ab]c', 'cc', true], ['[!ab]c', 'ac', false], ['[a-c]x', 'bx', true], ['[a-c]x', 'dx', false], ['[]]x', ']x', true],
    ['[abc', '[abc', true], ['a\\*b', 'a*b', true], ['a\\*b', 'axb', false], ['*a*b*', 'xxaxxbxx', true], ['', '', true], ['', 'a', false],
    ['getty@*.service', 'getty@tty1.service', true], ['a**b', 'ab', true],
  ];
  for (const [pattern, name, expected] of cases) assert.equal(matchesGlob(pattern, name), expected, `${pattern} on ${name}`);
});

test('a name without special characters matches itself only', () => {
  fc.assert(fc.property(fc.stringMatching(/^[a-z0-9:_.@-]{0,20}$/), fc.stringMatching(/^[a-z0-9:_.@-]{0,20}$/), (pattern, name) => {
    assert.equal(matchesGlob(pattern, name), pattern === name);
  }));
});

test('a hostile pattern takes no exponential time', () => {
  const started = performance.now();
  matchesGlob('*a'.repeat(200) + 'b', 'a'.repeat(2000));
  assert.ok(performance.now() - started < 500);
});
