/** Segments as files below a directory. */
import { accessSync, constants, mkdirSync, openSync, rmdirSync, statfsSync, statSync, unlinkSync } from 'node:fs';
import { freemem, totalmem } from 'node:os';
import { dirname, join } from 'node:path';
import { formatSegmentName, listSegments, listUnits, type Chain, type SegmentRef } from './catalog.ts';
import { FILE_SYSTEM_SHARE, SEGMENT_BYTES } from './limits.ts';
import { Retention } from './retention.ts';
import type { Caps, NewestRemoved, OpenSegment, SegmentPlace } from './segment-place.ts';

/** root and its group: logs may hold what services should not have printed. */
const DIRECTORY_MODE = 0o750;
const FILE_MODE = 0o640;
/** So many segments at least share the caps, so that making room takes away a small part. */
const SEGMENTS_PER_CAP = 8;
/** Below this a segment is mostly definitions. */
const SEGMENT_BYTES_MIN = 64 * 1024;

/**
 * Makes the directory when it is missing and tells whether it can be written.
 *
 * @returns null when it can, else the errno
 */
export function prepareDirectory(directory: string): string | null {
  try {
    makeDirectories(directory);
    accessSync(directory, constants.W_OK | constants.X_OK);
    return null;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? 'EIO';
  }
}

/**
 * mkdir -p. Not Node's own `recursive`, which never returns when mkdir(2) says ENOENT although the parent exists, as /proc does.
 *
 * @throws the error of mkdir(2)
 */
function makeDirectories(directory: string): void {
  for (const isLast of [false, true]) {
    try {
      mkdirSync(directory, { mode: DIRECTORY_MODE });
      return;
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'EEXIST') return;
      if (code !== 'ENOENT' || isLast || dirname(directory) === directory) throw error;
      makeDirectories(dirname(directory));
    }
  }
}

/** All logs together may take this much: the cap, a share of the file system, and half of what is free when they are not counted. */
export function fitTotal(wanted: number, fileSystem: { readonly bytes: number; readonly availableBytes: number }, ownBytes: number): number {
  return Math.floor(Math.min(wanted, fileSystem.bytes * FILE_SYSTEM_SHARE, (fileSystem.availableBytes + ownBytes) / 2));
}

export class DirectoryPlace implements SegmentPlace {
  readonly directory: string;
  readonly roots: readonly string[];
  readonly #retention: Retention;
  #wanted: Caps;
  #totalBytesMax: number;

  /** Reads what is there. `caps` are upper bounds; the file system may allow less. */
  constructor(directory: string, caps: Caps, newestRemoved: NewestRemoved) {
    this.directory = directory;
    this.roots = [directory];
    this.#wanted = caps;
    this.#totalBytesMax = caps.totalBytesMax;
    this.#retention = new Retention({
      caps: () => ({ unitBytesMax: this.#wanted.unitBytesMax, totalBytesMax: this.#totalBytesMax }),
      remove: (_unit, ref) => { ignoreMissing(() => { unlinkSync(ref.path); }); },
      emptied: (unit) => { ignoreMissing(() => { rmdirSync(join(directory, unit)); }); },
      newestRemoved,
    });
    for (const unit of listUnits(directory)) {
      for (const ref of listSegments(join(directory, unit))) {
        this.#retention.restore(unit, ref, statSync(ref.path, { throwIfNoEntry: false })?.size ?? 0);
      }
    }
    this.setCaps(caps);
  }

  get segmentBytes(): number {
    const share = Math.min(this.#wanted.unitBytesMax, this.#totalBytesMax) / SEGMENTS_PER_CAP;
    return Math.max(SEGMENT_BYTES_MIN, Math.min(SEGMENT_BYTES, Math.floor(share)));
  }

  /** In force at once. */
  setCaps(caps: Caps): void {
    this.#wanted = caps;
    this.#fitTotal();
    this.#retention.enforce(null);
  }

  chains(): readonly Chain[] {
    return this.#retention.units().sort().map((unit) => ({
      unit, directory: join(this.directory, unit), segments: () => this.#retention.segments(unit),
    }));
  }

  openNewest(unit: string): OpenSegment | null {
    const ref = this.#retention.newest(unit);
    if (ref === null) return null;
    const fd = this.openAgain(ref);
    return fd === null ? null : { ref, fd };
  }

  openAgain(ref: SegmentRef): number | null {
    try {
      return openSync(ref.path, 'r+');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
      throw error;
    }
  }

  create(unit: string, createdUsec: number): OpenSegment {
    this.#fitTotal();
    const directory = join(this.directory, unit);
    makeDirectories(directory);
    // Asked of the directory and not of the table: another manager may have been given the same one.
    const newest = Math.max(this.#retention.newest(unit)?.sequence ?? 0, listSegments(directory).at(-1)?.sequence ?? 0);
    const name = { sequence: newest + 1, createdUsec };
    const ref = { ...name, path: join(directory, formatSegmentName(name)) };
    // Not opened for appending: splice(2) refuses that.
    const fd = openSync(ref.path, 'wx+', FILE_MODE);
    this.#retention.add(unit, ref);
    return { ref, fd };
  }

  grew(unit: string, bytes: number): void {
    this.#retention.grew(unit, bytes);
  }

  makeRoom(unit: string): boolean {
    return this.#retention.removeOldest(unit);
  }

  #fitTotal(): void {
    try {
      const { bsize, blocks, bavail } = statfsSync(this.directory);
      // ramfs, the root of an initramfs, has no size: what it holds is memory.
      const fileSystem = blocks > 0 ? { bytes: blocks * bsize, availableBytes: bavail * bsize } : { bytes: totalmem(), availableBytes: freemem() };
      this.#totalBytesMax = Math.max(SEGMENT_BYTES_MIN, fitTotal(this.#wanted.totalBytesMax, fileSystem, this.#retention.totalBytes));
    } catch {
      this.#totalBytesMax = this.#wanted.totalBytesMax;
    }
  }
}

/** Somebody else may have removed it, or put a file of their own into the directory: neither is worth a failure. */
function ignoreMissing(remove: () => void): void {
  try {
    remove();
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'ENOENT' && code !== 'ENOTEMPTY' && code !== 'EROFS' && code !== 'EACCES') throw error;
  }
}
