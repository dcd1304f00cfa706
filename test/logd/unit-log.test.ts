import assert from 'node:assert/strict';
import { copyFileSync, mkdtempSync, openSync, readFileSync, rmSync, truncateSync, writeFileSync, writeSync, closeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import type { Fd } from '../../src/base/brand.ts';
import { loadNative } from '../../src/host/load-native.ts';
import { listSegments, type SegmentRef } from '../../src/logd/catalog.ts';
import { DirectoryPlace } from '../../src/logd/directory-place.ts';
import { OPEN_LENGTH } from '../../src/logd/frame.ts';
import type { OutputStream } from '../../src/logd/output-stream.ts';
import { recoverSegment } from '../../src/logd/segment-recovery.ts';
import { UnitLog } from '../../src/logd/unit-log.ts';
import { BOOT_ID, beginSegment, dataFrame, readSegment, record } from './segment-builder.ts';

const native = loadNative();
const base = mkdtempSync(join(tmpdir(), 'heartwood-unit-log-'));
after(() => { rmSync(base, { recursive: true }); });
const writer = { bootId: BOOT_ID, manager: 'm' };
let places = 0;

function pipe(): readonly [Fd, Fd] {
  const ends = native.pipe(true);
  if (typeof ends === 'string') throw new Error(ends);
  return ends;
}

interface Bench {
  readonly place: DirectoryPlace;
  readonly log: UnitLog;
  readonly streams: Map<number, OutputStream>;
  /** A new stream; what is written to the fd can be taken. */
  readonly stream: (number: number) => { readonly stream: OutputStream; readonly fd: Fd };
  readonly segments: () => SegmentRef[];
}

/** Small segments: an eighth of the cap. */
function bench(unitBytesMax: number): Bench {
  const directory = join(base, String(places++));
  const streams = new Map<number, OutputStream>();
  const place = new DirectoryPlace(directory, { unitBytesMax, totalBytesMax: 1 << 30 }, () => undefined);
  const log = new UnitLog('a.service', {
    native, place, writer, scratchPipe: pipe(), streamOf: (number) => streams.get(number), onStored: () => undefined,
  });
  return {
    place, log, streams,
    stream(number) {
      const [readEnd, fd] = pipe();
      const stream: OutputStream = {
        origin: {
          stream: number, unit: 'a.service', invocationId: null, pid: 1, identifier: 'a', output: 'stdout', priority: 6, levelPrefix: false,
          levelMax: 7, format: 'text',
        },
        fd: readEnd, echo: false, bytes: 0, loss: null, isGrown: false, continues: false,
      };
      streams.set(number, stream);
      return { stream, fd };
    },
    segments: () => listSegments(join(directory, 'a.service')),
  };
}

function textsOf(segments: readonly SegmentRef[]): string[] {
  return segments.flatMap((segment) => readSegment(segment.path).map((line) => line.text.toString()));
}

test('an empty pipe writes no frame, and a closed one is reported as ended', () => {
  const { log, stream, segments } = bench(1 << 20);
  const { stream: one, fd } = stream(1);
  assert.deepEqual(log.take(one), { kind: 'empty' });
  native.close(fd);
  assert.deepEqual(log.take(one), { kind: 'ended' });
  assert.deepEqual(textsOf(segments()), []);
});

test('a full segment ends with the end of a line when the rest of the line is in the pipe', () => {
  const { log, stream, segments } = bench(512 * 1024); // segments of 64 KiB
  const { stream: one, fd } = stream(1);
  const half = `${'x'.repeat(59_999)}\n`;
  for (let round = 0; round < 6; round++) {
    writeSync(fd, `${half}${String(round)} begins`);
    log.take(one);
    writeSync(fd, ' and ends\n');
    // The next intake finds the segment full at some point: then the end of the line goes into the old one.
  }
  log.take(one);
  log.take(one);
  const files = segments();
  assert.ok(files.length >= 3, `${files.length} segments`);
  for (const file of files) {
    for (const line of readSegment(file.path)) {
      assert.equal(line.ending, 'newline');
      assert.equal(line.continues, false);
    }
  }
  const short = textsOf(files).filter((text) => text.length < 100);
  assert.deepEqual(short, [0, 1, 2, 3, 4, 5].map((round) => `${round} begins and ends`));
});

test('a line that is still unfinished when its segment is full is cut, and both halves say so', () => {
  const { log, stream, segments } = bench(512 * 1024);
  const prompt = stream(1);
  const flood = stream(2);
  writeSync(prompt.fd, 'password: ');
  assert.equal(log.take(prompt.stream).kind, 'stored');
  for (let round = 0; round < 3; round++) {
    writeSync(flood.fd, `${'y'.repeat(59_999)}\n`);
    assert.equal(log.take(flood.stream).kind, 'stored');
  }
  writeSync(prompt.fd, 'secret\n');
  assert.equal(log.take(prompt.stream).kind, 'stored');
  const files = segments();
  const halves = files.flatMap((file) => readSegment(file.path)).filter((line) => line.origin.stream === 1);
  assert.deepEqual(halves.map((line) => [line.text.toString(), line.continues]), [['password: ', false], ['secret', true]]);
});

test('the end of a stream ends its unfinished line', () => {
  const { log, stream, segments } = bench(1 << 20);
  const one = stream(1);
  writeSync(one.fd, 'no newline');
  log.take(one.stream);
  assert.deepEqual(log.end(one.stream), { kind: 'ended' });
  const [segment] = segments();
  assert.ok(segment !== undefined);
  assert.deepEqual(readSegment(segment.path).map((line) => [line.text.toString(), line.ending]), [['no newline', 'end']]);
});

test('a segment cut off at any byte is continued without a trace, or left alone', () => {
  const { log, stream, segments } = bench(1 << 20);
  const one = stream(1);
  const two = stream(2);
  for (let round = 0; round < 4; round++) {
    writeSync(one.fd, `one ${String(round)}\npartial `);
    log.take(one.stream);
    writeSync(two.fd, `two ${String(round)}\n`);
    log.take(two.stream);
  }
  const [segment] = segments();
  assert.ok(segment !== undefined);
  const size = readFileSync(segment.path).length;
  const copy = join(base, 'cut');
  for (let length = 0; length <= size; length++) {
    copyFileSync(segment.path, copy);
    truncateSync(copy, length);
    const before = length < 32 ? [] : readSegment(copy).map((line) => line.text.toString());
    const fd = openSync(copy, 'r+');
    const recovered = recoverSegment(fd, writer);
    // A whole frame with a known length that is cut short cannot come from a killed writer: that segment is not continued.
    if (recovered !== null) {
      const frame = Buffer.concat([record('end', 1, 9, null), dataFrame(1, Buffer.from('next\n'), 9)]);
      writeSync(fd, frame, 0, frame.length, recovered.end);
    }
    closeSync(fd);
    const found = readSegment(copy).map((line) => line.text.toString());
    if (recovered !== null) assert.ok(found.includes('next') || length < 600, `at ${length}: ${found.join('|')}`);
    for (const text of before) assert.ok(found.includes(text), `at ${length}: ${text} is kept`);
  }
});

test('an open frame, as a killed writer leaves it, gets its length and its stream is known to be in the middle of a line', () => {
  const path = join(base, 'open');
  writeFileSync(path, Buffer.concat([beginSegment(1), dataFrame(1, Buffer.from('done\nhal'), 1, OPEN_LENGTH)]));
  const fd = openSync(path, 'r+');
  const size = readFileSync(path).length;
  assert.deepEqual(recoverSegment(fd, writer), { end: size, streamEnds: new Map([[1, size]]) });
  // Once repaired there is nothing left to repair.
  assert.deepEqual(recoverSegment(fd, writer), { end: size, streamEnds: new Map([[1, size]]) });
  const frame = dataFrame(1, Buffer.from('f\n'), 2);
  writeSync(fd, frame, 0, frame.length, size);
  closeSync(fd);
  assert.deepEqual(readSegment(path).map((line) => line.text.toString()), ['done', 'half']);
});

test("a segment of another boot or another manager is not touched, even when it ends in the middle of a frame", () => {
  const path = join(base, 'others');
  for (const ending of [dataFrame(1, Buffer.from('writing'), 1, OPEN_LENGTH), Buffer.from([0xf5, 0x48])]) {
    const segment = Buffer.concat([beginSegment(1), ending]);
    writeFileSync(path, segment);
    const fd = openSync(path, 'r+');
    assert.equal(recoverSegment(fd, { ...writer, manager: 'another' }), null);
    assert.equal(recoverSegment(fd, { ...writer, bootId: 'c'.repeat(32) }), null);
    closeSync(fd);
    assert.deepEqual(readFileSync(path), segment);
  }
});

test('a log put to sleep goes on in the same segment; one whose file was removed begins another', () => {
  const { log, stream, segments } = bench(1 << 20);
  const one = stream(1);
  const say = (text: string): void => {
    writeSync(one.fd, `${text}\n`);
    assert.equal(log.take(one.stream).kind, 'stored');
  };
  say('first');
  log.sleep();
  assert.equal(log.isOpen, false);
  say('second');
  assert.deepEqual(textsOf(segments()), ['first', 'second']);
  log.sleep();
  for (const segment of segments()) rmSync(segment.path);
  say('third');
  assert.deepEqual(textsOf(segments()), ['third']);
});
