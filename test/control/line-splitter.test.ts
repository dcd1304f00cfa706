import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { LineSplitter } from '../../src/control/line-splitter.ts';
import { heldMemoryBytes } from './held-memory.ts';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

test('however the bytes are cut, the lines are the same', () => {
  const text = fc.array(fc.string({ unit: 'grapheme', maxLength: 40 }).map((line) => line.replaceAll('\n', '')), { maxLength: 20 });
  fc.assert(fc.property(text, fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1 }), (lines, cuts) => {
    const splitter = new LineSplitter();
    const whole = bytes(lines.map((line) => `${line}\n`).join(''));
    const got: string[] = [];
    for (let at = 0, turn = 0; at < whole.length; turn++) {
      const size = cuts[turn % cuts.length] as number;
      const split = splitter.push(whole.subarray(at, at + size));
      assert.equal(split.tooLong, false);
      got.push(...split.lines);
      at += size;
    }
    assert.deepEqual(got, lines);
    assert.equal(splitter.heldBytes, 0);
  }));
});

test('a line of exactly the bound passes, one byte more ends the stream', () => {
  const splitter = new LineSplitter(10);
  assert.deepEqual(splitter.push(bytes('0123456789\n')), { lines: ['0123456789'], tooLong: false });
  assert.deepEqual(splitter.push(bytes('ok\n01234567890')), { lines: ['ok'], tooLong: true });
  assert.equal(splitter.heldBytes, 0, 'what was held is let go');
  assert.deepEqual(splitter.push(bytes('more\n')), { lines: [], tooLong: true }, 'nothing after it is looked at');
});

test('the bytes of the caller may be reused after the call', () => {
  const splitter = new LineSplitter();
  const buffer = bytes('half');
  splitter.push(buffer);
  buffer.fill(0);
  assert.deepEqual(splitter.push(bytes(' line\n')).lines, ['half line']);
});

test('a line sent byte by byte is held in few pieces', () => {
  const splitter = new LineSplitter(1 << 20);
  const before = heldMemoryBytes();
  for (let i = 0; i < 200_000; i++) splitter.push(bytes('x'));
  assert.ok(heldMemoryBytes() - before < 10 << 20, 'a piece of one byte costs hundreds: they are joined');
  assert.equal(splitter.heldBytes, 200_000);
});
