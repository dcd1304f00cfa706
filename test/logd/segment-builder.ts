/** Segments written frame by frame, for tests of what reads them. */
import {
  encodeRecord, encodeSegmentHeader, FRAME_HEADER_BYTES, writeFrameHeader, type Definition,
} from '../../src/logd/frame.ts';
import { SegmentReader, type LogLine } from '../../src/logd/segment-reader.ts';

export const BOOT_ID = 'b'.repeat(32);

export function definitionOf(stream: number, more: Partial<Definition> = {}): Definition {
  return {
    stream, unit: 'a.service', invocationId: null, pid: 7, identifier: 'a', output: 'stdout', priority: 6, levelPrefix: false, levelMax: 7,
    format: 'text', bootId: BOOT_ID, manager: 'm', continues: false, ...more,
  };
}

export function dataFrame(stream: number, payload: Buffer, timeUsec: number, length = payload.length): Buffer {
  const frame = Buffer.alloc(FRAME_HEADER_BYTES + payload.length);
  writeFrameHeader(frame, 0, { kind: 'data', length, stream, realtimeUsec: timeUsec, monotonicUsec: timeUsec });
  payload.copy(frame, FRAME_HEADER_BYTES);
  return frame;
}

export function record(kind: 'definition' | 'end' | 'lost', stream: number, timeUsec: number, payload: Parameters<typeof encodeRecord>[1]): Buffer {
  return encodeRecord({ kind, stream, realtimeUsec: timeUsec, monotonicUsec: timeUsec }, payload);
}

/** A segment that begins with the definitions of streams 1 to `streams`. */
export function beginSegment(streams: number): Buffer {
  const definitions = Array.from({ length: streams }, (_, index) => record('definition', index + 1, 0, definitionOf(index + 1)));
  return Buffer.concat([encodeSegmentHeader(0), ...definitions]);
}

export function readSegment(path: string, fromUsec = 0): LogLine[] {
  const reader = new SegmentReader({ path, unit: 'a.service', sequence: 1, fromUsec });
  try {
    return [...reader.lines('end')];
  } finally {
    reader.close();
  }
}
