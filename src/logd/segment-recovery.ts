/**
 * Making a segment writable again whose writer may have been killed at any instant.
 *
 * What can be found at the end, and what is done:
 * - a data frame that is still open: its bytes reach to the end of the file; its length is written now;
 * - half a header, or half a record (definition, end, lost): cut off. Nothing is lost with it: the bytes it was to introduce are
 *   still in the pipe, and the record is written again;
 * - anything else (the machine lost power): the segment is left alone, and a new one is begun.
 *
 * A segment of another boot or another manager is left alone, whatever its state: should two managers be given the same directory,
 * each writes only to its own segments.
 */
import { fstatSync, ftruncateSync, readSync, writeSync } from 'node:fs';
import {
  decodeDefinition, decodeSegmentHeader, FRAME_HEADER_BYTES, FRAME_LENGTH_OFFSET, OPEN_LENGTH, readFrameHeader, SEGMENT_HEADER_BYTES,
  type Definition,
} from './frame.ts';

export interface Recovered {
  /** Where the next frame goes. */
  readonly end: number;
  /** For each stream of this boot: where its newest payload ends. */
  readonly streamEnds: ReadonlyMap<number, number>;
}

/** Whose segments may be continued. */
export type Writer = Pick<Definition, 'bootId' | 'manager'>;

/** @returns null when the segment must not be continued: it is damaged, or another's */
export function recoverSegment(fd: number, writer: Writer): Recovered | null {
  const { size } = fstatSync(fd);
  const file = Buffer.allocUnsafe(size);
  if (readSync(fd, file, 0, size, 0) !== size || decodeSegmentHeader(file) === null) return null;
  const streamEnds = new Map<number, number>();
  let at = SEGMENT_HEADER_BYTES;
  let isOurs = false;
  while (at < size) {
    const header = readFrameHeader(file, at);
    const payloadAt = at + FRAME_HEADER_BYTES;
    if (header === null) {
      // Less than a header at the end was never finished; anything longer is damage.
      return isOurs && size < payloadAt ? cutAt(fd, at, streamEnds) : null;
    }
    // A definition comes before all else, so nothing has been changed yet when it turns out to be another's.
    if (!isOurs && header.kind !== 'definition') return null;
    const isOpen = header.length === OPEN_LENGTH;
    if (!isOpen && payloadAt + header.length > size) return isOurs && header.kind !== 'data' ? cutAt(fd, at, streamEnds) : null;
    if (header.kind === 'definition') {
      const definition = decodeDefinition(file.subarray(payloadAt, payloadAt + header.length));
      if (definition?.bootId !== writer.bootId || definition.manager !== writer.manager) return null;
      isOurs = true;
    }
    if (isOpen) {
      const length = size - payloadAt;
      if (length === 0) return cutAt(fd, at, streamEnds);
      const bytes = Buffer.alloc(4);
      bytes.writeUInt32LE(length);
      writeSync(fd, bytes, 0, 4, at + FRAME_LENGTH_OFFSET);
      streamEnds.set(header.stream, size);
      return { end: size, streamEnds };
    }
    at = payloadAt + header.length;
    if (header.kind === 'data' && header.length > 0) streamEnds.set(header.stream, at);
    // What comes next does not go on with an unfinished line.
    if (header.kind === 'end' || header.kind === 'lost') streamEnds.delete(header.stream);
  }
  return isOurs ? { end: size, streamEnds } : null;
}

function cutAt(fd: number, at: number, streamEnds: ReadonlyMap<number, number>): Recovered {
  ftruncateSync(fd, at);
  return { end: at, streamEnds };
}
