/**
 * The writing end of one unit's chain of segments.
 *
 * The promise to lose no line to a SIGKILL rests on one order of three system calls, none of which brings a service's bytes into
 * this process: an open frame header at the end of the file, splice(2) from the pipe to behind it, the length into the header. Before
 * the splice the bytes are in the pipe, which the manager keeps; after it they are in the file; and splice takes out of the pipe
 * exactly what it has put into the file, even when the process is killed while in it. `segment-recovery.ts` is the other half.
 */
import { closeSync, fdatasync, ftruncateSync, readSync, writeSync } from 'node:fs';
import type { Fd } from '../base/brand.ts';
import type { NativeBinding } from '../host/native.ts';
import type { SegmentRef } from './catalog.ts';
import {
  encodeRecord, encodeSegmentHeader, FRAME_HEADER_BYTES, FRAME_LENGTH_OFFSET, OPEN_LENGTH, SEGMENT_HEADER_BYTES, writeFrameHeader,
  type Definition, type FrameHeader,
} from './frame.ts';
import { INTAKE_BYTES, LINE_BYTES_MAX } from './limits.ts';
import type { OutputStream, WrittenStream } from './output-stream.ts';
import { recoverSegment, type Writer } from './segment-recovery.ts';
import type { OpenSegment, SegmentPlace } from './segment-place.ts';

const NEWLINE = 10;
const ASLEEP = -1;

/** What one intake did. */
export type Intake =
  | { readonly kind: 'stored'; readonly bytes: number }
  /** The pipe is empty. */
  | { readonly kind: 'empty' }
  /** The pipe is empty and every writer has closed. */
  | { readonly kind: 'ended' }
  /** Nothing was taken out of the pipe: the disk is full, … */
  | { readonly kind: 'failed'; readonly errno: string };

/** Where bytes are that were just stored. */
export interface StoredBytes {
  readonly fd: number;
  readonly offset: number;
  readonly bytes: number;
}

/** What all unit logs share. */
export interface UnitLogShared {
  readonly native: Pick<NativeBinding, 'splice' | 'tee' | 'read' | 'clock'>;
  readonly place: SegmentPlace;
  /** Goes into every definition. */
  readonly writer: Writer;
  /** A pipe of our own, to look at the bytes of another without taking them: [read end, write end]. */
  readonly scratchPipe: readonly [Fd, Fd];
  /** The stream of that number, if it is still open. */
  streamOf(number: number): OutputStream | undefined;
  /** Told of all bytes that were stored, also of the ends of lines that go to a segment before it is closed. */
  onStored(stream: WrittenStream, where: StoredBytes): void;
}

interface Segment {
  readonly ref: SegmentRef;
  /** `ASLEEP` while closed to save fds. */
  fd: number;
  /** End of the last whole frame. */
  size: number;
  /** Streams whose newest definition in this segment is still right. */
  readonly defined: Set<number>;
  /** Where the newest payload of each stream ends. */
  readonly ends: Map<number, number>;
  isDirty: boolean;
}

export class UnitLog {
  readonly unit: string;
  readonly #shared: UnitLogShared;
  readonly #header = Buffer.alloc(FRAME_HEADER_BYTES);
  readonly #length = Buffer.alloc(4);
  #segment: Segment | null = null;
  /** The file system cannot splice (some network and user-space ones): bytes pass through this process, see `#copy`. */
  #mustCopy = false;

  constructor(unit: string, shared: UnitLogShared) {
    this.unit = unit;
    this.#shared = shared;
  }

  get isOpen(): boolean {
    return this.#segment !== null && this.#segment.fd !== ASLEEP;
  }

  /**
   * Moves what is in the stream's pipe into the newest segment: at most `INTAKE_BYTES`, and never more than a segment is long. Segments are
   * removed whole, so that one intake of many times their length would, under a small cap, take all of the unit's history with it.
   */
  take(stream: OutputStream): Intake {
    const clock = this.#shared.native.clock();
    return this.#guarded(() => {
      const segment = this.#writable(clock);
      this.#introduce(segment, stream, clock);
      return this.#move(segment, stream, clock, Math.min(INTAKE_BYTES, this.#shared.place.segmentBytes));
    });
  }

  /** Stores whole lines that did not come through a pipe. When that fails, they are still the caller's. */
  append(stream: WrittenStream, lines: Buffer): Intake {
    const clock = this.#shared.native.clock();
    return this.#guarded(() => {
      const segment = this.#writable(clock);
      this.#introduce(segment, stream, clock);
      const frame = Buffer.allocUnsafe(FRAME_HEADER_BYTES + lines.length);
      lines.copy(frame, FRAME_HEADER_BYTES);
      return this.#writeFrame(segment, stream, clock, frame);
    });
  }

  /** The stream will write no more: says so when its last line has no end. */
  end(stream: OutputStream): Intake {
    const clock = this.#shared.native.clock();
    return this.#guarded(() => {
      const segment = this.#segment;
      if (stream.loss !== null) this.#introduce(this.#writable(clock), stream, clock);
      else if (segment !== null && this.#isMidLine(segment, stream.origin.stream)) {
        this.#appendRecord(segment, encodeRecord(this.#stamp('end', stream, clock), null));
      }
      this.#segment?.defined.delete(stream.origin.stream);
      this.#segment?.ends.delete(stream.origin.stream);
      return { kind: 'ended' };
    });
  }

  /** Writes the loss record of the stream, when it has one. */
  noteLoss(stream: WrittenStream): Intake {
    const clock = this.#shared.native.clock();
    return this.#guarded(() => {
      this.#introduce(this.#writable(clock), stream, clock);
      return { kind: 'empty' };
    });
  }

  /** The stream's lines have another origin from now on. */
  redefine(stream: WrittenStream): void {
    this.#segment?.defined.delete(stream.origin.stream);
  }

  /** Ends the present segment as well as possible; the streams go on in another one. */
  seal(): void {
    const segment = this.#segment;
    if (segment === null) return;
    this.#guarded(() => {
      for (const number of [...segment.ends.keys()]) {
        const stream = this.#shared.streamOf(number);
        if (stream !== undefined && this.#isMidLine(segment, number)) stream.continues = !this.#finishLine(segment, stream);
      }
      return { kind: 'empty' };
    });
    this.forget();
  }

  /** Lets go of the segment without writing: it was removed. */
  forget(): void {
    this.sleep();
    this.#segment = null;
  }

  /** Closes the fd; the next intake opens the segment again. */
  sleep(): void {
    if (this.#segment === null || this.#segment.fd === ASLEEP) return;
    closeSync(this.#segment.fd);
    this.#segment.fd = ASLEEP;
  }

  /** Syncs what was written since the last time. `done` is called in any case, later or at once. */
  sync(done: () => void): void {
    const segment = this.#segment;
    if (segment === null || !segment.isDirty || segment.fd === ASLEEP) {
      done();
      return;
    }
    segment.isDirty = false;
    fdatasync(segment.fd, () => { done(); });
  }

  // --- segments

  #writable(clock: readonly [number, number]): Segment {
    let segment = this.#present();
    if (segment !== null && segment.size >= this.#shared.place.segmentBytes) {
      // A stream's line that is only half in this segment is finished here, when the rest of it is in the pipe.
      this.seal();
      segment = null;
    }
    if (segment !== null) return segment;
    const opened = this.#shared.place.create(this.unit, clock[1]);
    writeAll(opened.fd, encodeSegmentHeader(clock[1]), 0);
    this.#shared.place.grew(this.unit, SEGMENT_HEADER_BYTES);
    return this.#begin(opened, SEGMENT_HEADER_BYTES, new Map());
  }

  /** The segment in use, opened again when it was put to sleep, recovered when it was another process that wrote it. */
  #present(): Segment | null {
    const { place, writer } = this.#shared;
    if (this.#segment !== null) {
      if (this.#segment.fd === ASLEEP) this.#segment.fd = place.openAgain(this.#segment.ref) ?? ASLEEP;
      if (this.#segment.fd !== ASLEEP) return this.#segment;
      this.#segment = null; // somebody removed the file
    }
    const newest = place.openNewest(this.unit);
    if (newest === null) return null;
    const recovered = recoverSegment(newest.fd, writer);
    if (recovered !== null) return this.#begin(newest, recovered.end, new Map(recovered.streamEnds));
    closeSync(newest.fd);
    return null;
  }

  #begin(opened: OpenSegment, size: number, ends: Map<number, number>): Segment {
    this.#segment = { ref: opened.ref, fd: opened.fd, size, defined: new Set(), ends, isDirty: true };
    return this.#segment;
  }

  // --- frames

  /** Writes what must stand in front of the stream's bytes: its definition, and what was lost since the last ones. */
  #introduce(segment: Segment, stream: WrittenStream, clock: readonly [number, number]): void {
    const number = stream.origin.stream;
    if (!segment.defined.has(number)) {
      const definition: Definition = { ...stream.origin, ...this.#shared.writer, continues: stream.continues };
      this.#appendRecord(segment, encodeRecord(this.#stamp('definition', stream, clock), definition));
      segment.defined.add(number);
      stream.continues = false;
    }
    if (stream.loss !== null) {
      this.#appendRecord(segment, encodeRecord(this.#stamp('lost', stream, clock), { ...stream.loss }));
      stream.loss = null;
      segment.ends.delete(number);
    }
  }

  #appendRecord(segment: Segment, bytes: Buffer): void {
    writeAll(segment.fd, bytes, segment.size);
    this.#grow(segment, bytes.length);
  }

  #grow(segment: Segment, bytes: number): void {
    segment.size += bytes;
    segment.isDirty = true;
    this.#shared.place.grew(this.unit, bytes);
  }

  #move(segment: Segment, stream: OutputStream, clock: readonly [number, number], max: number): Intake {
    if (this.#mustCopy) return this.#copy(segment, stream, clock, max);
    const { native } = this.#shared;
    const { fd } = segment;
    const offset = segment.size + FRAME_HEADER_BYTES;
    writeFrameHeader(this.#header, 0, { ...this.#stamp('data', stream, clock), length: OPEN_LENGTH });
    writeAll(fd, this.#header, segment.size);
    const moved = native.splice(stream.fd, fd as Fd, offset, max);
    if (moved === 'EINVAL') {
      this.#mustCopy = true;
      return this.#copy(segment, stream, clock, max);
    }
    if (typeof moved === 'string' || moved === 0) {
      // The open header is taken back: a frame of another kind may come next.
      ftruncateSync(fd, segment.size);
      if (moved === 0) return { kind: 'ended' };
      return moved === 'EAGAIN' ? { kind: 'empty' } : { kind: 'failed', errno: moved };
    }
    this.#length.writeUInt32LE(moved);
    writeAll(fd, this.#length, segment.size + FRAME_LENGTH_OFFSET);
    return this.#stored(segment, stream, offset, moved);
  }

  /** The second best way: a process killed between its read and its write loses what it has read. */
  #copy(segment: Segment, stream: OutputStream, clock: readonly [number, number], max: number): Intake {
    const bytes = Buffer.allocUnsafe(FRAME_HEADER_BYTES + max);
    const length = this.#shared.native.read(stream.fd, bytes.subarray(FRAME_HEADER_BYTES));
    if (length === 0) return { kind: 'ended' };
    if (typeof length === 'string') return length === 'EAGAIN' ? { kind: 'empty' } : { kind: 'failed', errno: length };
    const frame = bytes.subarray(0, FRAME_HEADER_BYTES + length);
    try {
      return this.#writeFrame(segment, stream, clock, frame);
    } catch (error) {
      addLoss(stream, frame.subarray(FRAME_HEADER_BYTES), errnoOf(error));
      throw error;
    }
  }

  /** @param frame its payload, behind room for the header */
  #writeFrame(segment: Segment, stream: WrittenStream, clock: readonly [number, number], frame: Buffer): Intake {
    const length = frame.length - FRAME_HEADER_BYTES;
    writeFrameHeader(frame, 0, { ...this.#stamp('data', stream, clock), length });
    const offset = segment.size + FRAME_HEADER_BYTES;
    writeAll(segment.fd, frame, segment.size);
    return this.#stored(segment, stream, offset, length);
  }

  #stored(segment: Segment, stream: WrittenStream, offset: number, bytes: number): Intake {
    segment.ends.set(stream.origin.stream, offset + bytes);
    stream.bytes += bytes;
    this.#grow(segment, FRAME_HEADER_BYTES + bytes);
    this.#shared.onStored(stream, { fd: segment.fd, offset, bytes });
    return { kind: 'stored', bytes };
  }

  #stamp(kind: FrameHeader['kind'], stream: WrittenStream, clock: readonly [number, number]): Omit<FrameHeader, 'length'> {
    return { kind, stream: stream.origin.stream, monotonicUsec: clock[0], realtimeUsec: clock[1] };
  }

  // --- line ends

  #isMidLine(segment: Segment, stream: number): boolean {
    const end = segment.ends.get(stream);
    if (end === undefined) return false;
    const last = Buffer.alloc(1);
    return readSync(segment.fd, last, 0, 1, end - 1) === 1 && last[0] !== NEWLINE;
  }

  /** Looks into the pipe for the end of the unfinished line and stores that much. False when it is not there (yet). */
  #finishLine(segment: Segment, stream: OutputStream): boolean {
    const { native, scratchPipe } = this.#shared;
    const seen = native.tee(stream.fd, scratchPipe[1], LINE_BYTES_MAX);
    if (typeof seen === 'string' || seen === 0) return false;
    const bytes = Buffer.allocUnsafe(seen);
    for (let at = 0; at < seen;) {
      const got = native.read(scratchPipe[0], bytes.subarray(at));
      if (typeof got === 'string' || got === 0) throw new Error('the scratch pipe holds what tee has put there');
      at += got;
    }
    const newline = bytes.indexOf(NEWLINE);
    if (newline === -1) return false;
    for (let left = newline + 1; left > 0;) {
      const intake = this.#move(segment, stream, native.clock(), left);
      if (intake.kind !== 'stored') return false;
      left -= intake.bytes;
    }
    return true;
  }

  /** Storage errors become values, and leave the file as long as its whole frames. */
  #guarded(work: () => Intake): Intake {
    try {
      return work();
    } catch (error) {
      const errno = errnoOf(error);
      try {
        if (this.#segment !== null && this.#segment.fd !== ASLEEP) ftruncateSync(this.#segment.fd, this.#segment.size);
      } catch {
        // The device itself fails; the next intake will say so again.
      }
      return { kind: 'failed', errno };
    }
  }
}

/** Notes that bytes of the stream are thrown away. */
export function addLoss(stream: WrittenStream, bytes: Uint8Array, reason: string): void {
  let lines = 0;
  for (let at = bytes.indexOf(NEWLINE); at !== -1; at = bytes.indexOf(NEWLINE, at + 1)) lines++;
  stream.loss = { lines: (stream.loss?.lines ?? 0) + lines, bytes: (stream.loss?.bytes ?? 0) + bytes.length, reason };
}

function errnoOf(error: unknown): string {
  const { code } = error as NodeJS.ErrnoException;
  if (code === undefined) throw error; // not the system's but ours
  return code;
}

function writeAll(fd: number, bytes: Buffer, position: number): void {
  for (let at = 0; at < bytes.length;) at += writeSync(fd, bytes, at, bytes.length - at, position + at);
}
