/**
 * Turns one segment into lines.
 *
 * The segment may be growing while it is read, may end in the middle of a frame (its writer was killed) and may be damaged (the
 * machine lost power). Two rules make the first two harmless without a lock:
 * - the size is taken before any header is read. A frame that is still open when its header is read was open when the size was
 *   taken, so all bytes up to that size are its payload;
 * - a header that is not valid, or a length that reaches past the end, is "not yet written" when nothing follows it, else damage:
 *   then the search for the next valid header begins one byte later.
 */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import {
  decodeDefinition, decodeLoss, decodeSegmentHeader, FRAME_HEADER_BYTES, FRAME_MARKER, OPEN_LENGTH, readFrameHeader,
  SEGMENT_HEADER_BYTES, type Definition, type FrameHeader, type Loss,
} from './frame.ts';
import { LINE_BYTES_MAX } from './limits.ts';

/** Read from the file at once. Many small frames or a part of a large one. */
const BLOCK_BYTES = 128 * 1024;

const NEWLINE = 10;

/** One line of a service, or the record that lines were lost. */
export interface LogLine {
  readonly origin: Definition;
  /** When the end of the line was taken from the pipe. */
  readonly realtimeUsec: number;
  readonly monotonicUsec: number;
  /** 0 (emerg) to 7 (debug): of the line's own `<N>` prefix, else of its stream. */
  readonly priority: number;
  /** Of its prefix, 0 (kern) to 23 (local7); null without one. */
  readonly facility: number | null;
  /** Without prefix and line end; raw otherwise. */
  readonly text: Buffer;
  /** It is the rest of a line whose beginning is the record before it. */
  readonly continues: boolean;
  /** How it ended: a newline; cut at `LINE_BYTES_MAX` or at the end of a segment; or the stream's end without a newline. */
  readonly ending: 'newline' | 'cut' | 'end';
  /** Not null: no line, but the fact that so much was thrown away here. */
  readonly loss: Loss | null;
  /** Unique within the chain, and ordered: sequence number of the segment, offset behind the line. */
  readonly sequence: number;
  readonly offset: number;
}

interface StreamState {
  definition: Definition;
  pending: Buffer[];
  pendingBytes: number;
  /** The next line of the stream is the rest of one already given out. */
  continues: boolean;
  /** Of the newest frame: the time of a line that never ends. */
  newest: FrameHeader | null;
}

export interface SegmentReaderOptions {
  readonly path: string;
  readonly unit: string;
  readonly sequence: number;
  /** Frames taken before this instant are passed over without looking for lines in them. */
  readonly fromUsec: number;
}

/** Owns the fd of the segment it reads. */
export class SegmentReader {
  readonly sequence: number;
  /** Bytes that were neither frames nor payload. */
  damagedBytes = 0;
  readonly #unit: string;
  readonly #fromUsec: number;
  readonly #fd: number;
  readonly #streams = new Map<number, StreamState>();
  /** Where the next frame header is expected. */
  #frameAt = 0;
  /** Payload bytes of the data frame at `#frameAt` that were handled while it was open or torn. */
  #consumed = 0;
  #headerSeen = false;
  #block: Buffer = Buffer.alloc(0);
  #blockAt = 0;
  #end = 0;
  #closed = false;

  /** @throws the error of open(2): ENOENT when the segment was removed meanwhile */
  constructor(options: SegmentReaderOptions) {
    this.sequence = options.sequence;
    this.#unit = options.unit;
    this.#fromUsec = options.fromUsec;
    this.#fd = openSync(options.path, 'r');
  }

  close(): void {
    if (!this.#closed) closeSync(this.#fd);
    this.#closed = true;
  }

  /**
   * The lines from where the last call stopped up to the present end of the file.
   *
   * @param rest what becomes of a line that has no end yet: `keep` waits for it; else it is given out, as `cut` (there is a newer segment,
   *             and the rest of the line in it) or as `end` (nobody waits for more)
   */
  *lines(rest: 'keep' | 'cut' | 'end'): Generator<LogLine> {
    this.#end = fstatSync(this.#fd).size;
    this.#block = Buffer.alloc(0);
    if (this.#enter()) yield* this.#frames();
    if (rest !== 'keep') yield* this.#leftovers(rest, this.#end);
  }

  /** Checks the segment header, once. A file without one (created, then the machine lost power) holds nothing. */
  #enter(): boolean {
    if (this.#headerSeen) return true;
    if (this.#end < SEGMENT_HEADER_BYTES) return false;
    const valid = decodeSegmentHeader(this.#view(0, SEGMENT_HEADER_BYTES)) !== null;
    this.#headerSeen = true;
    this.#frameAt = valid ? SEGMENT_HEADER_BYTES : this.#nextFrame(0);
    return true;
  }

  *#frames(): Generator<LogLine> {
    while (this.#frameAt + FRAME_HEADER_BYTES <= this.#end) {
      const header = readFrameHeader(this.#view(this.#frameAt, FRAME_HEADER_BYTES), 0);
      const payloadAt = this.#frameAt + FRAME_HEADER_BYTES;
      if (header === null) {
        if (payloadAt >= this.#end) return; // being written
        const next = this.#nextFrame(this.#frameAt + 1);
        this.damagedBytes += next - this.#frameAt;
        this.#frameAt = next;
        continue;
      }
      const isWhole = header.length !== OPEN_LENGTH && payloadAt + header.length <= this.#end;
      if (header.kind === 'data') {
        const stop = isWhole ? payloadAt + header.length : this.#end;
        yield* this.#data(header, payloadAt + this.#consumed, stop);
        this.#consumed = stop - payloadAt;
      } else {
        if (!isWhole) return;
        yield* this.#record(header, this.#view(payloadAt, header.length), payloadAt + header.length);
      }
      if (!isWhole) return;
      this.#frameAt = payloadAt + header.length;
      this.#consumed = 0;
    }
  }

  *#data(header: FrameHeader, from: number, stop: number): Generator<LogLine> {
    const stream = this.#stream(header.stream);
    stream.newest = header;
    for (let at = from; at < stop;) {
      const bytes = this.#view(at, stop - at);
      if (bytes.length === 0) return; // truncated under us
      if (header.realtimeUsec < this.#fromUsec) this.#skip(stream, bytes);
      else yield* this.#split(stream, header, bytes, at);
      at += bytes.length;
    }
  }

  *#split(stream: StreamState, header: FrameHeader, bytes: Buffer, at: number): Generator<LogLine> {
    let start = 0;
    while (start < bytes.length) {
      const newline = bytes.indexOf(NEWLINE, start);
      const stop = newline === -1 ? bytes.length : newline;
      if (stream.pendingBytes + stop - start > LINE_BYTES_MAX) {
        const cut = start + LINE_BYTES_MAX - stream.pendingBytes;
        yield this.#line(stream, header, bytes.subarray(start, cut), 'cut', at + cut);
        start = cut;
      } else if (newline === -1) {
        keep(stream, bytes.subarray(start));
        return;
      } else {
        yield this.#line(stream, header, bytes.subarray(start, newline), 'newline', at + newline + 1);
        start = newline + 1;
      }
    }
  }

  /** Before the time asked for: only the beginning of a line that may end later is kept. */
  #skip(stream: StreamState, bytes: Buffer): void {
    const newline = bytes.lastIndexOf(NEWLINE);
    if (newline !== -1) {
      stream.pending = [];
      stream.pendingBytes = 0;
      stream.continues = false;
    }
    keep(stream, bytes.subarray(newline + 1));
    if (stream.pendingBytes > LINE_BYTES_MAX) {
      stream.pending = [];
      stream.pendingBytes = 0;
      stream.continues = true;
    }
  }

  #line(stream: StreamState, header: FrameHeader, last: Buffer, ending: LogLine['ending'], offset: number): LogLine {
    const raw = stream.pending.length === 0 ? last : Buffer.concat([...stream.pending, last]);
    stream.pending = [];
    stream.pendingBytes = 0;
    const { continues, definition } = stream;
    stream.continues = ending === 'cut';
    const prefix = definition.levelPrefix && !continues ? readLevelPrefix(raw) : null;
    return {
      origin: definition, continues, ending, loss: null,
      realtimeUsec: header.realtimeUsec, monotonicUsec: header.monotonicUsec,
      priority: prefix?.priority ?? definition.priority,
      facility: prefix?.facility ?? null,
      text: prefix === null ? raw : raw.subarray(prefix.length),
      sequence: this.sequence, offset,
    };
  }

  *#record(header: FrameHeader, payload: Buffer, offset: number): Generator<LogLine> {
    const known = this.#streams.get(header.stream);
    switch (header.kind) {
      case 'definition': {
        const definition = decodeDefinition(payload);
        if (definition === null) return;
        if (known !== undefined && known.definition.bootId === definition.bootId && known.definition.manager === definition.manager) {
          // The same stream again: logd was started anew, or another process writes now. An unfinished line stays unfinished.
          known.definition = definition;
          return;
        }
        if (known !== undefined && known.pendingBytes > 0) yield this.#line(known, header, Buffer.alloc(0), 'end', offset);
        this.#streams.set(header.stream, { definition, pending: [], pendingBytes: 0, continues: definition.continues, newest: null });
        return;
      }
      case 'end':
        if (known !== undefined && known.pendingBytes > 0) yield this.#line(known, header, Buffer.alloc(0), 'end', offset);
        return;
      case 'lost': {
        const loss = decodeLoss(payload);
        if (loss === null) return;
        const stream = this.#stream(header.stream);
        if (stream.pendingBytes > 0) yield this.#line(stream, header, Buffer.alloc(0), 'cut', offset - 1);
        stream.continues = false;
        yield {
          ...this.#line(stream, header, Buffer.from(describeLoss(loss)), 'newline', offset), loss, priority: LOSS_PRIORITY,
        };
        return;
      }
      case 'data':
        return;
    }
  }

  /** Lines that will never end. */
  *#leftovers(ending: 'cut' | 'end', offset: number): Generator<LogLine> {
    for (const stream of this.#streams.values()) {
      if (stream.pendingBytes === 0 || stream.newest === null || stream.newest.realtimeUsec < this.#fromUsec) continue;
      yield this.#line(stream, stream.newest, Buffer.alloc(0), ending, offset);
    }
  }

  #stream(number: number): StreamState {
    const known = this.#streams.get(number);
    if (known !== undefined) return known;
    // Its definition was damaged. The bytes are still worth showing.
    const definition: Definition = {
      stream: number, unit: this.#unit, invocationId: null, pid: null, identifier: this.#unit, output: 'both', priority: 6,
      levelPrefix: true, levelMax: 7, format: 'text', bootId: '0'.repeat(32), manager: '', continues: true,
    };
    const made: StreamState = { definition, pending: [], pendingBytes: 0, continues: true, newest: null };
    this.#streams.set(number, made);
    return made;
  }

  /** Bytes at `offset`: at least one and at most `length`, never beyond the end taken at the start of the call. */
  #view(offset: number, length: number): Buffer {
    const wanted = Math.min(length, this.#end - offset);
    let from = offset - this.#blockAt;
    // Headers and records must come in one piece; payload may come in what is left of the block.
    const isPiece = wanted > BLOCK_BYTES / 2;
    if (from < 0 || from >= this.#block.length || (!isPiece && from + wanted > this.#block.length)) {
      // A new block each time: lines given out are views into it.
      const block = Buffer.allocUnsafeSlow(Math.min(BLOCK_BYTES, this.#end - offset));
      const filled = readSync(this.#fd, block, 0, block.length, offset);
      this.#block = block.subarray(0, filled);
      this.#blockAt = offset;
      // Shorter than its size said: somebody truncated it under us. What is missing counts as not written.
      if (filled < block.length) this.#end = offset + filled;
      from = 0;
    }
    return this.#block.subarray(from, from + wanted);
  }

  /** The offset of the next valid frame header at or behind `from`; the end when there is none. */
  #nextFrame(from: number): number {
    for (let at = from; at + FRAME_HEADER_BYTES <= this.#end;) {
      const bytes = this.#view(at, BLOCK_BYTES / 2);
      const found = bytes.indexOf(FRAME_MARKER);
      if (found === -1) {
        // The marker may begin in the last three bytes.
        at += Math.max(1, bytes.length - FRAME_MARKER.length + 1);
      } else if (readFrameHeader(this.#view(at + found, FRAME_HEADER_BYTES), 0) !== null) {
        return at + found;
      } else {
        at += found + 1;
      }
    }
    return this.#end;
  }
}

/** Lost lines are worth a warning. */
const LOSS_PRIORITY = 4;

/** The sentence shown in place of lines that were thrown away. */
export function describeLoss(loss: Loss): string {
  const what = loss.lines === 0 ? `${loss.bytes} bytes` : `${loss.lines} ${loss.lines === 1 ? 'line' : 'lines'} (${loss.bytes} bytes)`;
  return `${what} lost here: ${loss.reason}`;
}

/**
 * The `<N>` in front of a line, as sd-daemon(3) and syslog have it: up to three digits, facility * 8 + priority.
 * Null when the line has none.
 */
export function readLevelPrefix(line: Buffer): { readonly priority: number; readonly facility: number; readonly length: number } | null {
  if (line[0] !== 0x3c) return null;
  let value = 0;
  for (let at = 1; at <= 4; at++) {
    const byte = line[at];
    if (byte === 0x3e) return at === 1 ? null : { priority: value & 7, facility: value >> 3, length: at + 1 };
    if (byte === undefined || byte < 0x30 || byte > 0x39) return null;
    value = value * 10 + byte - 0x30;
  }
  return null;
}

function keep(stream: StreamState, bytes: Buffer): void {
  if (bytes.length === 0) return;
  stream.pending.push(bytes);
  stream.pendingBytes += bytes.length;
}
