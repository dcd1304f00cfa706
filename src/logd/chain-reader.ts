/** Reads one unit's chain of segments: forwards, the last lines only, and on as it grows. */
import { lastWrittenUsec, type Chain, type SegmentRef } from './catalog.ts';
import { SegmentReader, type LogLine } from './segment-reader.ts';

/** The time of the last write as the file system keeps it may lag behind the clock by a tick. */
const WRITE_TIME_SLACK_USEC = 1_000_000;

export interface ChainReaderOptions {
  readonly chain: Chain;
  /** Lines before this instant are not wanted; whole segments are passed over. 0 = all. */
  readonly fromUsec: number;
  readonly accepts: (line: LogLine) => boolean;
}

/** Owns at most one open segment between calls. */
export class ChainReader {
  readonly #options: ChainReaderOptions;
  #current: SegmentReader | null = null;
  /** Segments up to this sequence number are done with. */
  #doneSequence = 0;
  #damagedBytes = 0;

  constructor(options: ChainReaderOptions) {
    this.#options = options;
  }

  get unit(): string {
    return this.#options.chain.unit;
  }

  /** Bytes that could not be understood, so far. */
  get damagedBytes(): number {
    return this.#damagedBytes + (this.#current?.damagedBytes ?? 0);
  }

  close(): void {
    this.#leave();
  }

  /**
   * Lines from where the last call stopped to the present end, oldest first.
   *
   * @param final give out a last line without end too, because nobody will wait for its end
   */
  *forward(final: boolean): Generator<LogLine> {
    const { chain, fromUsec, accepts } = this.#options;
    const segments = chain.segments();
    for (const [index, segment] of segments.entries()) {
      if (segment.sequence <= this.#doneSequence) continue;
      const next = segments[index + 1];
      if (this.#current === null && next !== undefined && isBefore(segment, next, fromUsec)) {
        this.#doneSequence = segment.sequence;
        continue;
      }
      const reader = this.#enter(segment);
      if (reader === null) continue;
      // A newer segment exists, so this one has got all it will ever get.
      for (const line of reader.lines(next !== undefined ? 'cut' : final ? 'end' : 'keep')) {
        if (line.realtimeUsec >= fromUsec && accepts(line)) yield line;
      }
      if (next !== undefined) this.#leave();
    }
  }

  /**
   * The last `count` lines, oldest first; then `forward` goes on behind them.
   *
   * @param final as in `forward`
   */
  last(count: number, final: boolean): LogLine[] {
    const { chain, fromUsec, accepts } = this.#options;
    const segments = chain.segments();
    let found: LogLine[] = [];
    for (const [behind, segment] of [...segments].reverse().entries()) {
      const next = segments[segments.length - behind];
      // The newest is entered in any case, so that `forward` goes on behind it.
      if (next !== undefined && (found.length >= count || isBefore(segment, next, fromUsec))) break;
      const reader = openSegment(this.#options, segment);
      if (reader === null) break;
      const kept: LogLine[] = [];
      for (const line of reader.lines(next !== undefined ? 'cut' : final ? 'end' : 'keep')) {
        if (line.realtimeUsec < fromUsec || !accepts(line)) continue;
        kept.push(line);
        // Twice the count before old ones are dropped: a shift for each line would cost more than the lines.
        if (kept.length >= 2 * count + 1024) kept.splice(0, kept.length - count);
      }
      found = [...lastOf(kept, count - found.length), ...found];
      if (next === undefined) {
        this.#leave();
        this.#current = reader;
        this.#doneSequence = segment.sequence - 1;
      } else {
        this.#damagedBytes += reader.damagedBytes;
        reader.close();
      }
    }
    return found;
  }

  #enter(segment: SegmentRef): SegmentReader | null {
    if (this.#current?.sequence === segment.sequence) return this.#current;
    this.#leave();
    this.#current = openSegment(this.#options, segment);
    this.#doneSequence = segment.sequence - 1;
    return this.#current;
  }

  #leave(): void {
    if (this.#current === null) return;
    this.#damagedBytes += this.#current.damagedBytes;
    this.#doneSequence = this.#current.sequence;
    this.#current.close();
    this.#current = null;
  }
}

function lastOf(lines: readonly LogLine[], count: number): readonly LogLine[] {
  return lines.slice(Math.max(0, lines.length - count));
}

function openSegment(options: ChainReaderOptions, segment: SegmentRef): SegmentReader | null {
  try {
    return new SegmentReader({ path: segment.path, unit: options.chain.unit, sequence: segment.sequence, fromUsec: options.fromUsec });
  } catch (error) {
    // Removed between the listing and now, to stay within the caps.
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

/** Everything in the segment is older than `fromUsec`: by the time it was last written, which a stepped clock does not spoil. */
function isBefore(segment: SegmentRef, next: SegmentRef, fromUsec: number): boolean {
  return next.createdUsec < fromUsec && lastWrittenUsec(segment.path) + WRITE_TIME_SLACK_USEC < fromUsec;
}
