import assert from 'node:assert/strict';
import { appendFileSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import fc from 'fast-check';
import { OPEN_LENGTH } from '../../src/logd/frame.ts';
import { LINE_BYTES_MAX } from '../../src/logd/limits.ts';
import { readLevelPrefix, SegmentReader, type LogLine } from '../../src/logd/segment-reader.ts';
import { beginSegment, dataFrame, definitionOf, readSegment, record } from './segment-builder.ts';

const directory = mkdtempSync(join(tmpdir(), 'heartwood-segment-'));
after(() => { rmSync(directory, { recursive: true }); });
const path = join(directory, 'segment');

function textOf(lines: readonly LogLine[], stream: number): string[] {
  return lines.filter((line) => line.origin.stream === stream).map((line) => line.text.toString('latin1'));
}

/** What a stream's lines are: split at newlines, and a last one without. */
function split(bytes: Buffer): string[] {
  const lines = bytes.toString('latin1').split('\n');
  if (lines.at(-1) === '') lines.pop();
  return lines;
}

interface Chunk { readonly stream: number; readonly bytes: Buffer }
/** Few distinct bytes, so that newlines, markers and empty lines are frequent. */
const chunkBytes = fc.array(fc.constantFrom(10, 0, 0xf5, 0x48, 0x57, 0x46, 65), { maxLength: 40 }).map((bytes) => Buffer.from(bytes));
const chunks: fc.Arbitrary<Chunk[]> = fc.array(fc.record({ stream: fc.integer({ min: 1, max: 3 }), bytes: chunkBytes }), { maxLength: 30 });

function segmentOf(all: readonly Chunk[]): Buffer {
  return Buffer.concat([beginSegment(3), ...all.map((chunk, index) => dataFrame(chunk.stream, chunk.bytes, index + 1))]);
}

test('however streams are cut into frames and mixed, each gives the lines that were written to it', () => {
  fc.assert(fc.property(chunks, (all) => {
    writeFileSync(path, segmentOf(all));
    const lines = readSegment(path);
    for (const stream of [1, 2, 3]) {
      const written = Buffer.concat(all.filter((chunk) => chunk.stream === stream).map((chunk) => chunk.bytes));
      assert.deepEqual(textOf(lines, stream), split(written));
    }
  }), { numRuns: 200 });
});

test('a segment cut off at any byte gives a beginning of its lines, and never an error', () => {
  fc.assert(fc.property(chunks, fc.double({ min: 0, max: 1, noNaN: true }), (all, part) => {
    const segment = segmentOf(all);
    writeFileSync(path, segment);
    const whole = readSegment(path);
    truncateSync(path, Math.floor(segment.length * part));
    const torn = readSegment(path);
    for (const stream of [1, 2, 3]) {
      const expected = textOf(whole, stream);
      const found = textOf(torn, stream);
      const last = found.pop();
      assert.deepEqual(found, expected.slice(0, found.length));
      const next = expected[found.length] ?? '';
      if (last !== undefined) assert.ok(next.startsWith(last), `${last} begins ${next}`);
    }
  }), { numRuns: 200 });
});

test('a segment read while it grows gives the same lines as one read at its end', () => {
  fc.assert(fc.property(chunks, fc.array(fc.integer({ min: 1, max: 90 }), { minLength: 1 }), (all, steps) => {
    const segment = segmentOf(all);
    writeFileSync(path, segment);
    const atOnce = readSegment(path).map((line) => [line.origin.stream, line.text.toString('latin1'), line.offset]);
    writeFileSync(path, '');
    const reader = new SegmentReader({ path, unit: 'a.service', sequence: 1, fromUsec: 0 });
    const growing: LogLine[] = [];
    for (let at = 0, step = 0; at < segment.length; step++) {
      const size = steps[step % steps.length] ?? 1;
      appendFileSync(path, segment.subarray(at, at + size));
      at += size;
      growing.push(...reader.lines('keep'));
    }
    growing.push(...reader.lines('end'));
    reader.close();
    assert.deepEqual(growing.map((line) => [line.origin.stream, line.text.toString('latin1'), line.offset]), atOnce);
  }), { numRuns: 100 });
});

test('the bytes of an open frame are read up to the end of the file, and the rest when its length is known', () => {
  const head = beginSegment(1);
  writeFileSync(path, Buffer.concat([head, dataFrame(1, Buffer.from('one\ntw'), 1, OPEN_LENGTH)]));
  const reader = new SegmentReader({ path, unit: 'a.service', sequence: 1, fromUsec: 0 });
  assert.deepEqual(textOf([...reader.lines('keep')], 1), ['one']);
  writeFileSync(path, Buffer.concat([head, dataFrame(1, Buffer.from('one\ntwo\n'), 1), dataFrame(1, Buffer.from('three\n'), 2)]));
  assert.deepEqual(textOf([...reader.lines('keep')], 1), ['two', 'three']);
  reader.close();
});

test('an open header without bytes may be replaced by the header of another stream', () => {
  const head = beginSegment(2);
  writeFileSync(path, Buffer.concat([head, dataFrame(1, Buffer.alloc(0), 1, OPEN_LENGTH)]));
  const reader = new SegmentReader({ path, unit: 'a.service', sequence: 1, fromUsec: 0 });
  assert.deepEqual([...reader.lines('keep')], []);
  writeFileSync(path, Buffer.concat([head, dataFrame(2, Buffer.from('other\n'), 1)]));
  assert.deepEqual(textOf([...reader.lines('keep')], 2), ['other']);
  reader.close();
});

test('behind damaged bytes reading goes on with the next frame, and says how much was damaged', () => {
  const good = dataFrame(1, Buffer.from('good\n'), 2);
  const damage = Buffer.alloc(5000, 0);
  writeFileSync(path, Buffer.concat([beginSegment(1), dataFrame(1, Buffer.from('before\n'), 1), damage, good]));
  const reader = new SegmentReader({ path, unit: 'a.service', sequence: 1, fromUsec: 0 });
  assert.deepEqual(textOf([...reader.lines('end')], 1), ['before', 'good']);
  assert.equal(reader.damagedBytes, damage.length);
  reader.close();
});

test('a line longer than the limit comes in marked pieces that together are the line', () => {
  const long = Buffer.alloc(3 * LINE_BYTES_MAX + 17, 'x');
  writeFileSync(path, Buffer.concat([beginSegment(1), dataFrame(1, Buffer.concat([long, Buffer.from('\nshort\n')]), 1)]));
  const lines = readSegment(path);
  assert.deepEqual(lines.map((line) => [line.text.length, line.continues, line.ending]), [
    [LINE_BYTES_MAX, false, 'cut'], [LINE_BYTES_MAX, true, 'cut'], [LINE_BYTES_MAX, true, 'cut'], [17, true, 'newline'],
    [5, false, 'newline'],
  ]);
});

test('a line of exactly the limit is whole', () => {
  const line = Buffer.alloc(LINE_BYTES_MAX, 'y');
  writeFileSync(path, Buffer.concat([beginSegment(1), dataFrame(1, line, 1), dataFrame(1, Buffer.from('\n'), 2)]));
  assert.deepEqual(readSegment(path).map((found) => [found.text.length, found.ending]), [[LINE_BYTES_MAX, 'newline']]);
});

test('frames before the time asked for are passed over, but a line that ends later is whole', () => {
  const segment = [
    dataFrame(1, Buffer.from('old\nbegun '), 10), dataFrame(1, Buffer.from('earlier '), 20), dataFrame(1, Buffer.from('ends now\nnew\n'), 30),
  ];
  writeFileSync(path, Buffer.concat([beginSegment(1), ...segment]));
  assert.deepEqual(textOf(readSegment(path, 25), 1), ['begun earlier ends now', 'new']);
});

test('a line takes the time at which its end was read', () => {
  writeFileSync(path, Buffer.concat([beginSegment(1), dataFrame(1, Buffer.from('a'), 10), dataFrame(1, Buffer.from('b\nc\n'), 20)]));
  assert.deepEqual(readSegment(path).map((line) => line.realtimeUsec), [20, 20]);
});

test('a new definition of the same stream keeps its unfinished line; one of another boot does not', () => {
  const again = record('definition', 1, 2, definitionOf(1, { pid: 8 }));
  const otherBoot = record('definition', 1, 3, definitionOf(1, { bootId: 'c'.repeat(32) }));
  writeFileSync(path, Buffer.concat([
    beginSegment(1), dataFrame(1, Buffer.from('half '), 1), again, dataFrame(1, Buffer.from('whole\ncut off'), 2), otherBoot,
    dataFrame(1, Buffer.from('fresh\n'), 3),
  ]));
  assert.deepEqual(readSegment(path).map((line) => [line.text.toString(), line.origin.pid, line.ending]), [
    ['half whole', 8, 'newline'], ['cut off', 8, 'end'], ['fresh', 7, 'newline'],
  ]);
});

test('a loss record stands where the bytes are missing, and does not join what is around it', () => {
  writeFileSync(path, Buffer.concat([
    beginSegment(1), dataFrame(1, Buffer.from('one\ntw'), 1), record('lost', 1, 2, { lines: 5, bytes: 70, reason: 'ENOSPC' }),
    dataFrame(1, Buffer.from('ven\n'), 3),
  ]));
  const lines = readSegment(path);
  assert.deepEqual(lines.map((line) => line.text.toString()), ['one', 'tw', '5 lines (70 bytes) lost here: ENOSPC', 'ven']);
  assert.deepEqual(lines[2]?.loss, { lines: 5, bytes: 70, reason: 'ENOSPC' });
  assert.equal(lines[2].priority, 4);
});

test('the priority of a line is that of its prefix', () => {
  const withPrefix = record('definition', 1, 0, definitionOf(1, { levelPrefix: true }));
  const segment = Buffer.concat([beginSegment(1), withPrefix, dataFrame(1, Buffer.from('<3>bad\n<30>daemon\n<x>no\nplain\n<7>\n'), 1)]);
  writeFileSync(path, segment);
  assert.deepEqual(readSegment(path).map((line) => [line.priority, line.text.toString()]), [
    [3, 'bad'], [6, 'daemon'], [6, '<x>no'], [6, 'plain'], [7, ''],
  ]);
});

test('only up to three digits between angle brackets are a prefix', () => {
  for (const text of ['', '<', '<>', '<1', '<1234>x', 'x<1>', '< 1>', '<-1>']) assert.equal(readLevelPrefix(Buffer.from(text)), null, text);
  assert.deepEqual(readLevelPrefix(Buffer.from('<191>x')), { priority: 7, facility: 23, length: 5 });
});
