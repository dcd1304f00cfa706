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
  /** How many segments `last` walks back through at most; null = all. */
  readonly segmentsMax: number | null;
}

/** Owns at most one open segment between calls. */
export class ChainReader {
  readonly #options: ChainReaderOptions;
  #current: SegmentReader | null = null;
  /** Segments up to this sequence number are done with. */
  #doneSequence = 0;
  #damagedBytes = 0;
  #fromUsec: number;

  constructor(options: ChainReaderOptions) {
    this.#options = options;
    this.#fromUsec = options.fromUsec;
  }

  get unit(): string {
    return this.#options.chain.unit;
  }

  /** Bytes that could not be understood, so far. */
  get damagedBytes(): number {
    return this.#damagedBytes + (this.#current?.damagedBytes ?? 0);
  }

  /** When the chain was last written to, realtime usec, at the latest; 0 when it is empty. */
  lastWrittenUsec(): number {
    const newest = this.#options.chain.segments().at(-1);
    return newest === undefined ? 0 : lastWrittenUsec(newest.path) + WRITE_TIME_SLACK_USEC;
  }

  /** From now on nothing before this instant is given out: passes over what is known to be older, without reading it. */
  passOver(untilUsec: number): void {
    this.#fromUsec = Math.max(this.#fromUsec, untilUsec);
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
    const { chain, accepts } = this.#options;
    const fromUsec = this.#fromUsec;
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
    const { chain, accepts, segmentsMax } = this.#options;
    const fromUsec = this.#fromUsec;
    const segments = chain.segments();
    let found: LogLine[] = [];
    for (const [behind, segment] of [...segments].reverse().entries()) {
      const next = segments[segments.length - behind];
      // The newest is entered in any case, so that `forward` goes on behind it.
      const isEnough = found.length >= count || (segmentsMax !== null && behind >= segmentsMax);
      if (next !== undefined && (isEnough || isBefore(segment, next, fromUsec))) break;
      const reader = this.#open(segment);
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
    this.#current = this.#open(segment);
    this.#doneSequence = segment.sequence - 1;
    return this.#current;
  }

  #open(segment: SegmentRef): SegmentReader | null {
    try {
      const { path, sequence } = segment;
      return new SegmentReader({ path, sequence, unit: this.unit, fromUsec: this.#fromUsec });
    } catch (error) {
      // Removed between the listing and now, to stay within the caps.
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
      throw error;
    }
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

/** Everything in the segment is older than `fromUsec`: by the time it was last written, which a stepped clock does not spoil. */
function isBefore(segment: SegmentRef, next: SegmentRef, fromUsec: number): boolean {
  return next.createdUsec < fromUsec && lastWrittenUsec(segment.path) + WRITE_TIME_SLACK_USEC < fromUsec;
}
