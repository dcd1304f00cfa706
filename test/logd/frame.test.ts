import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  decodeDefinition, decodeLoss, decodeSegmentHeader, encodeRecord, encodeSegmentHeader, FRAME_HEADER_BYTES, OPEN_LENGTH, readFrameHeader,
  writeFrameHeader, type FrameHeader,
} from '../../src/logd/frame.ts';
import { definitionOf } from './segment-builder.ts';

const usec = fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER });
const dataHeader: fc.Arbitrary<FrameHeader> = fc.record({
  kind: fc.constant('data' as const), length: fc.integer({ min: 0, max: OPEN_LENGTH }), stream: fc.integer({ min: 0, max: 0xffff_ffff }),
  realtimeUsec: usec, monotonicUsec: usec,
});

test('every frame header reads back as it was written, at any offset', () => {
  fc.assert(fc.property(dataHeader, fc.nat(100), (header, offset) => {
    const bytes = Buffer.alloc(offset + FRAME_HEADER_BYTES, 0xaa);
    writeFrameHeader(bytes, offset, header);
    assert.deepEqual(readFrameHeader(bytes, offset), { ...header });
  }));
});

test('a header with any one byte changed is no header, but for its length, which is rewritten in place', () => {
  fc.assert(fc.property(dataHeader, fc.nat(FRAME_HEADER_BYTES - 1), fc.integer({ min: 1, max: 255 }), (header, at, flip) => {
    const bytes = Buffer.alloc(FRAME_HEADER_BYTES);
    writeFrameHeader(bytes, 0, header);
    bytes[at] = (bytes[at] ?? 0) ^ flip;
    const isLength = at >= 8 && at < 12;
    assert.equal(readFrameHeader(bytes, 0) !== null, isLength);
  }));
});

test('the checked part of a header does not depend on the length', () => {
  const open = Buffer.alloc(FRAME_HEADER_BYTES);
  const header = { kind: 'data', length: OPEN_LENGTH, stream: 3, realtimeUsec: 5, monotonicUsec: 6 } as const;
  writeFrameHeader(open, 0, header);
  open.writeUInt32LE(77, 8);
  assert.deepEqual(readFrameHeader(open, 0), { ...header, length: 77 });
});

test('zeros, as a file system leaves them after a power cut, are neither a segment nor a frame', () => {
  assert.equal(decodeSegmentHeader(Buffer.alloc(64)), null);
  assert.equal(readFrameHeader(Buffer.alloc(64), 0), null);
});

test('a segment header reads back', () => {
  fc.assert(fc.property(usec, (createdUsec) => {
    assert.deepEqual(decodeSegmentHeader(encodeSegmentHeader(createdUsec)), { createdUsec });
  }));
});

test('definitions and loss records read back', () => {
  const stamp = { stream: 9, realtimeUsec: 1, monotonicUsec: 2 };
  const definition = definitionOf(9, { identifier: 'ünïcode "quoted"', invocationId: 'c'.repeat(32) as never });
  const written = encodeRecord({ ...stamp, kind: 'definition' }, definition);
  assert.deepEqual(decodeDefinition(written.subarray(FRAME_HEADER_BYTES)), definition);
  const loss = { lines: 3, bytes: 99, reason: 'ENOSPC' };
  assert.deepEqual(decodeLoss(encodeRecord({ ...stamp, kind: 'lost' }, loss).subarray(FRAME_HEADER_BYTES)), loss);
  assert.equal(decodeDefinition(Buffer.from('{"unit":1}')), null);
  assert.equal(decodeLoss(Buffer.from('not json')), null);
});
