/**
 * Where segments are written: a directory, or memory when there is none. A place keeps the caps; `UnitLog` keeps the format.
 */
import type { Catalog, SegmentRef } from './catalog.ts';

/** A segment open for writing. The fd belongs to whoever asked for it. */
export interface OpenSegment {
  readonly ref: SegmentRef;
  readonly fd: number;
}

export interface SegmentPlace extends Catalog {
  /** null = memory. */
  readonly directory: string | null;
  /** A segment of this length is closed. */
  readonly segmentBytes: number;
  /** The newest segment of a unit, to go on writing in it; null when there is none. @throws the error of open(2) */
  openNewest(unit: string): OpenSegment | null;
  /** Opens a segment that was closed to save fds; null when it is gone. */
  openAgain(ref: SegmentRef): number | null;
  /** Starts a new segment, after making room for it within the caps. @throws the error of open(2) or mkdir(2) */
  create(unit: string, createdUsec: number): OpenSegment;
  /** `bytes` more are in the newest segment of `unit`; older segments of any unit may go to stay within the caps. */
  grew(unit: string, bytes: number): void;
  /** The disk is full: removes the oldest segment there is, but not the newest of `unit`. False when there is none to remove. */
  makeRoom(unit: string): boolean;
}

/** Told when a newest segment was removed to stay within the caps: whoever writes to it must start another. */
export type NewestRemoved = (unit: string) => void;

export interface Caps {
  readonly unitBytesMax: number;
  readonly totalBytesMax: number;
}
