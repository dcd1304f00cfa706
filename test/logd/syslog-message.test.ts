import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseSyslogMessage } from '../../src/logd/syslog-message.ts';

function parse(text: string): unknown[] {
  const { facility, level, identifier, pid, text: rest } = parseSyslogMessage(Buffer.from(text));
  return [facility, level, identifier, pid, rest.toString()];
}

test('what syslog(3) and logger send is taken apart', () => {
  assert.deepEqual(parse('<30>Nov 21 15:04:05 sshd[812]: Server listening on :: port 22.'), [3, 6, 'sshd', 812, 'Server listening on :: port 22.']);
  assert.deepEqual(parse('<13>Nov  1 05:04:05 root: hello world\n'), [1, 5, 'root', null, 'hello world']);
  assert.deepEqual(parse('<78>Nov 21 15:05:01 CRON[77]: (root) CMD (true)\0'), [9, 6, 'CRON', 77, '(root) CMD (true)']);
  assert.deepEqual(parse('<86>Nov 21 15:04:05 pam_unix(sshd:session): opened'), [10, 6, 'pam_unix(sshd:session)', null, 'opened']);
  assert.deepEqual(parse('<191>x:'), [23, 7, 'x', null, '']);
});

test('every part may be missing', () => {
  assert.deepEqual(parse('<11>daemon[5]: no time'), [1, 3, 'daemon', 5, 'no time']);
  assert.deepEqual(parse('tag: no priority'), [1, 6, 'tag', null, 'no priority']);
  assert.deepEqual(parse('just words: and more'), [1, 6, null, null, 'just words: and more']);
  assert.deepEqual(parse('<14>'), [1, 6, null, null, '']);
  assert.deepEqual(parse(''), [1, 6, null, null, '']);
  assert.deepEqual(parse('\n \0'), [1, 6, null, null, '']);
});

test('what only looks like a part of the head is text', () => {
  assert.deepEqual(parse('<192>x: y'), [1, 6, '<192>x', null, 'y']);
  assert.deepEqual(parse('<1a>y'), [1, 6, null, null, '<1a>y']);
  assert.deepEqual(parse('<>'), [1, 6, null, null, '<>']);
  assert.deepEqual(parse('<14>http://example.org is up'), [1, 6, null, null, 'http://example.org is up']);
  assert.deepEqual(parse('<14>x[abc]: y'), [1, 6, 'x[abc]', null, 'y']);
  assert.deepEqual(parse('<14>x[0]: y'), [1, 6, 'x', null, 'y']);
  assert.deepEqual(parse('<14>: y'), [1, 6, null, null, ': y']);
  assert.deepEqual(parse(`<14>${'n'.repeat(300)}: y`), [1, 6, null, null, `${'n'.repeat(300)}: y`]);
  assert.deepEqual(parse('<14>Nov 21 15:04 x: y'), [1, 6, null, null, 'Nov 21 15:04 x: y']);
});

test('any bytes whatever come through, and the text is always the end of what was sent', () => {
  let seed = 1;
  const next = (): number => (seed = (seed * 48_271) % 0x7fff_ffff);
  const pieces = ['<', '>', '13', '<13>', 'Nov 21 15:04:05 ', 'a', '[', ']', '7', ':', ' ', '\n', '\0', '\xff', '\u00e9'];
  for (let round = 0; round < 20_000; round++) {
    const datagram = Buffer.concat(Array.from({ length: next() % 9 }, () => Buffer.from(pieces[next() % pieces.length] ?? '', next() % 2 === 0 ? 'latin1' : 'utf8')));
    const { level, facility, text, identifier } = parseSyslogMessage(datagram);
    assert.ok(level >= 0 && level <= 7 && facility >= 0 && facility <= 23, datagram.toString('latin1'));
    assert.ok(identifier === null || identifier.length > 0);
    const trimmed = datagram.toString('latin1').replace(/[\0\t-\r ]+$/, '');
    assert.ok(trimmed.endsWith(text.toString('latin1')), JSON.stringify(trimmed));
  }
});
