/**
 * Where segments are and what they are called:
 *
 *     DIRECTORY/UNIT/SSSSSSSSSS-TTTTTTTTTTTTTTTT.log
 *
 * S is the sequence number within the unit (decimal, from 1, never reused), T the realtime of creation in microseconds
 * (hexadecimal). So the order of names is the order of writing, whatever the wall clock did, and a search by time opens only what
 * can match.
 */
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { isUnitDirectoryName } from './protocol.ts';

const SEGMENT_NAME = /^(\d{10})-([0-9a-f]{16})\.log$/;

export interface SegmentName {
  readonly sequence: number;
  readonly createdUsec: number;
}

export interface SegmentRef extends SegmentName {
  readonly path: string;
}

/** All segments of one unit in one place. */
export interface Chain {
  readonly unit: string;
  /** The directory to watch for changes; null when the chain lives in memory. */
  readonly directory: string | null;
  /** Oldest first, as they are now. */
  segments(): readonly SegmentRef[];
}

/** The places readers search, in one view. */
export interface Catalog {
  /** Directories in which new units appear. */
  readonly roots: readonly string[];
  chains(): readonly Chain[];
}

/** The file name of a segment. */
export function formatSegmentName(name: SegmentName): string {
  return `${String(name.sequence).padStart(10, '0')}-${name.createdUsec.toString(16).padStart(16, '0')}.log`;
}

/** The parts of a segment's file name; null for any other file. */
export function parseSegmentName(file: string): SegmentName | null {
  const [, sequence, created] = SEGMENT_NAME.exec(file) ?? [];
  if (sequence === undefined || created === undefined) return null;
  return { sequence: Number(sequence), createdUsec: Number.parseInt(created, 16) };
}

/** The segments in a unit's directory, oldest first; none when it does not exist or may not be read. */
export function listSegments(directory: string): SegmentRef[] {
  const found: SegmentRef[] = [];
  for (const file of namesIn(directory)) {
    const name = parseSegmentName(file);
    if (name !== null) found.push({ ...name, path: join(directory, file) });
  }
  return found.sort((a, b) => a.sequence - b.sequence);
}

/** The units that have a directory below `root`, sorted. */
export function listUnits(root: string): string[] {
  return namesIn(root).filter(isUnitDirectoryName).sort();
}

/** A view of several log directories: a unit that has segments in two of them (before and after /var was mounted) has two chains. */
export function directoryCatalog(roots: readonly string[]): Catalog {
  return {
    roots,
    chains: () => roots.flatMap((root) => listUnits(root).map((unit): Chain => {
      const directory = join(root, unit);
      return { unit, directory, segments: () => listSegments(directory) };
    })),
  };
}

/** When the last byte of a file was written, realtime usec; 0 when it is gone. */
export function lastWrittenUsec(path: string): number {
  return Math.ceil((statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0) * 1000);
}

function namesIn(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch {
    // Missing or closed to us: there is nothing we could list either way. `isReadable` of the query tells the user.
    return [];
  }
}
