import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { test } from 'node:test';
import { LineTally } from '../../bench/loads/line-tally.ts';

function line(number: number, prefix = ''): string {
  return `${prefix}....${String(number).padStart(10, '0')}\n`;
}

async function missing(expected: number, chunks: readonly string[]): Promise<number> {
  const tally = new LineTally(expected);
  await tally.add(Readable.from(chunks.map((chunk) => Buffer.from(chunk))));
  return tally.missing;
}

test('a line that is not there is missed, whatever stands in front of the others', async () => {
  assert.equal(await missing(4, [line(0, '@4000000037c219bf '), line(1), line(3, '2026-11-21_09:00:00 ')]), 1);
});

test('a line counts once however often it is stored', async () => {
  assert.equal(await missing(2, [line(0), line(0), line(0)]), 1);
});

test('a line cut in two by the stream is found', async () => {
  const text = line(0) + line(1) + line(2);
  for (let cut = 1; cut < text.length; cut++) assert.equal(await missing(3, [text.slice(0, cut), text.slice(cut)]), 0);
});

test('a last line without its newline was not stored whole and is missed', async () => {
  assert.equal(await missing(2, [line(0), line(1).trimEnd()]), 1);
});

test('numbers beyond the expected ones and other lines change nothing', async () => {
  assert.equal(await missing(1, ['-- no entries --\n', line(7), '\n', 'short\n']), 1);
});
