/** What a unit writes, as logd knows it. */
import type { Fd } from '../base/brand.ts';
import type { StreamOrigin } from './protocol.ts';

/** Bytes of one origin in a unit's segments, wherever they come from. */
export interface WrittenStream {
  /** Replaced when it changes: by an `update`, or by a message of another process. */
  origin: StreamOrigin;
  /** Bytes stored, since logd took the stream over. */
  bytes: number;
  /** Lost since the last loss record; null when nothing is. */
  loss: { lines: number; bytes: number; reason: string } | null;
  /** The segment before ended in the middle of a line of this stream. */
  continues: boolean;
}

/** One pipe of a service. */
export interface OutputStream extends WrittenStream {
  /** The read end, logd's own duplicate. */
  readonly fd: Fd;
  readonly echo: boolean;
  /** The pipe has been made larger, or that was refused. */
  isGrown: boolean;
}
