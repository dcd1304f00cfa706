/** One pipe of a service, as logd knows it. */
import type { Fd } from '../base/brand.ts';
import type { StreamOrigin } from './protocol.ts';

export interface OutputStream {
  /** Replaced by an `update`. */
  origin: StreamOrigin;
  /** The read end, logd's own duplicate. */
  readonly fd: Fd;
  readonly echo: boolean;
  /** Bytes stored, since logd took the stream over. */
  bytes: number;
  /** Lost since the last loss record; null when nothing is. */
  loss: { lines: number; bytes: number; reason: string } | null;
  /** The pipe has been made larger, or that was refused. */
  isGrown: boolean;
  /** The segment before ended in the middle of a line of this stream. */
  continues: boolean;
}
