/**
 * The layout of segment files: a header, then frames. `docs/log-format.md` is the description for people.
 *
 *     segment  = segment-header frame*
 *     frame    = frame-header payload
 *
 *     segment header, 32 bytes             frame header, 32 bytes (all numbers little-endian)
 *      0  8  "HWLOG\r\n\0"                  0  4  marker F5 'H' 'W' 'F' (F5 never occurs in UTF-8)
 *      8  4  version, 1                     4  1  kind: 1 data, 2 definition, 3 end, 4 lost
 *     12  4  size of this header            5  1  0
 *     16  8  created, realtime usec         6  2  check over everything but marker, length and itself
 *     24  8  0                              8  4  length of the payload; FFFFFFFF = open, it reaches to the end of the file
 *                                          12  4  stream
 *                                          16  8  realtime usec, when the bytes were taken from the pipe
 *                                          24  8  monotonic usec, the same instant
 *
 * A data frame holds bytes as the service wrote them, cut anywhere: the frames of one stream, one after another, are what went
 * through the pipe. It is written in three steps, so that a killed writer leaves a file that says what it holds: an open header at
 * the end of the file; the bytes, moved there by splice(2); then the length into the header.
 *
 * Versions: 1, the first.
 */
import type { StreamOrigin } from './protocol.ts';

export const FORMAT_VERSION = 1;
export const SEGMENT_HEADER_BYTES = 32;
export const FRAME_HEADER_BYTES = 32;
/** Where in a frame header the length stands: it alone is rewritten. */
export const FRAME_LENGTH_OFFSET = 8;
/** The length of a frame that reaches to the end of the file. */
export const OPEN_LENGTH = 0xffff_ffff;
/** The longest payload of a frame other than `data`: definitions and loss records are short. Longer ones are damage. */
export const RECORD_BYTES_MAX = 16 * 1024;

const SEGMENT_MAGIC = Buffer.from('HWLOG\r\n\0', 'latin1');
/** The four marker bytes as they stand in the file, to search for after damage. */
export const FRAME_MARKER = Buffer.from([0xf5, 0x48, 0x57, 0x46]);
const MARKER_NUMBER = FRAME_MARKER.readUInt32LE(0);

const KINDS = ['data', 'definition', 'end', 'lost'] as const;
export type FrameKind = (typeof KINDS)[number];

export interface FrameHeader {
  readonly kind: FrameKind;
  /** Bytes of payload, or `OPEN_LENGTH`. */
  readonly length: number;
  readonly stream: number;
  readonly realtimeUsec: number;
  readonly monotonicUsec: number;
}

/** Payload of a definition frame, as JSON: whose bytes the stream's frames are from here on in this segment. */
export interface Definition extends StreamOrigin {
  readonly bootId: string;
  /** Tells apart the managers that wrote here; see `managerIdentity`. Stream numbers are unique within one manager only. */
  readonly manager: string;
  /** The stream's first bytes in this segment are the rest of a line that had to be cut at the end of the segment before. */
  readonly continues: boolean;
}

/** Payload of a lost frame, as JSON: what was thrown away between the stream's frames around it. */
export interface Loss {
  /** Line ends among the lost bytes. */
  readonly lines: number;
  readonly bytes: number;
  /** For people: `ENOSPC`, … */
  readonly reason: string;
}

/** The first bytes of a new segment. */
export function encodeSegmentHeader(createdUsec: number): Buffer {
  const bytes = Buffer.alloc(SEGMENT_HEADER_BYTES);
  SEGMENT_MAGIC.copy(bytes, 0);
  bytes.writeUInt32LE(FORMAT_VERSION, 8);
  bytes.writeUInt32LE(SEGMENT_HEADER_BYTES, 12);
  writeUint64(bytes, 16, createdUsec);
  return bytes;
}

/** The time a segment was created; null when the bytes are no header of a version we can read. */
export function decodeSegmentHeader(bytes: Buffer): { readonly createdUsec: number } | null {
  if (bytes.length < SEGMENT_HEADER_BYTES || bytes.compare(SEGMENT_MAGIC, 0, 8, 0, 8) !== 0) return null;
  if (bytes.readUInt32LE(8) !== FORMAT_VERSION || bytes.readUInt32LE(12) !== SEGMENT_HEADER_BYTES) return null;
  return { createdUsec: readUint64(bytes, 16) };
}

/** Writes a frame header at `offset` of `into`; the hot path of logd reuses one buffer for all. */
export function writeFrameHeader(into: Buffer, offset: number, header: FrameHeader): void {
  into.writeUInt32LE(MARKER_NUMBER, offset);
  into[offset + 4] = KINDS.indexOf(header.kind) + 1;
  into[offset + 5] = 0;
  into.writeUInt32LE(header.length, offset + FRAME_LENGTH_OFFSET);
  into.writeUInt32LE(header.stream, offset + 12);
  writeUint64(into, offset + 16, header.realtimeUsec);
  writeUint64(into, offset + 24, header.monotonicUsec);
  into.writeUInt16LE(checkOf(into, offset), offset + 6);
}

/** Reads the frame header at `offset`; null when there is none (damage, or the end of what was written). */
export function readFrameHeader(bytes: Buffer, offset: number): FrameHeader | null {
  if (offset + FRAME_HEADER_BYTES > bytes.length || bytes.readUInt32LE(offset) !== MARKER_NUMBER) return null;
  const kind = KINDS[bytes.readUInt8(offset + 4) - 1];
  if (kind === undefined || bytes.readUInt16LE(offset + 6) !== checkOf(bytes, offset)) return null;
  const length = bytes.readUInt32LE(offset + FRAME_LENGTH_OFFSET);
  if (kind !== 'data' && length > RECORD_BYTES_MAX) return null;
  return {
    kind, length,
    stream: bytes.readUInt32LE(offset + 12),
    realtimeUsec: readUint64(bytes, offset + 16),
    monotonicUsec: readUint64(bytes, offset + 24),
  };
}

/** A whole frame whose payload is known: everything but service output. */
export function encodeRecord(header: Omit<FrameHeader, 'length'>, payload: Definition | Loss | null): Buffer {
  const body = payload === null ? Buffer.alloc(0) : Buffer.from(JSON.stringify(payload));
  const bytes = Buffer.alloc(FRAME_HEADER_BYTES + body.length);
  writeFrameHeader(bytes, 0, { ...header, length: body.length });
  body.copy(bytes, FRAME_HEADER_BYTES);
  return bytes;
}

/** The payload of a definition frame; null when it is damaged. */
export function decodeDefinition(payload: Buffer): Definition | null {
  const value = parseRecord(payload);
  return value !== null && typeof value['unit'] === 'string' && typeof value['bootId'] === 'string'
    && typeof value['manager'] === 'string' && typeof value['identifier'] === 'string' && typeof value['priority'] === 'number' && typeof value['levelMax'] === 'number'
    ? (value as unknown as Definition) : null;
}

/** The payload of a lost frame; null when it is damaged. */
export function decodeLoss(payload: Buffer): Loss | null {
  const value = parseRecord(payload);
  return value !== null && typeof value['lines'] === 'number' && typeof value['bytes'] === 'number'
    ? { lines: value['lines'], bytes: value['bytes'], reason: String(value['reason']) } : null;
}

function parseRecord(payload: Buffer): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(payload.toString('utf8'));
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : null;
  } catch {
    return null;
  }
}

/** A 16-bit sum that a shifted, zeroed or half-written header does not pass. The length is left out because it changes. */
function checkOf(bytes: Buffer, offset: number): number {
  let sum = 0x4857 ^ bytes.readUInt16LE(offset + 4);
  for (let at = offset + 12; at < offset + FRAME_HEADER_BYTES; at += 2) sum = (Math.imul(sum, 31) + bytes.readUInt16LE(at)) & 0xffff;
  return sum;
}

function writeUint64(bytes: Buffer, offset: number, value: number): void {
  bytes.writeUInt32LE(value >>> 0, offset);
  bytes.writeUInt32LE(Math.floor(value / 0x1_0000_0000), offset + 4);
}

function readUint64(bytes: Buffer, offset: number): number {
  return bytes.readUInt32LE(offset) + bytes.readUInt32LE(offset + 4) * 0x1_0000_0000;
}
