/** Whether a file or directory is still what it was when it was read, told without reading it. */
import { statSync, type Stats } from 'node:fs';

/**
 * Two changes within one tick of a file system's clock leave the same times behind; the coarsest clocks in use tick every two seconds. What
 * changed as recently as that before it was read has no stamp.
 */
const CLOCK_TICK_MSEC = 2000;

/**
 * What changes when the file does: its identity, length, and the times of change of content and inode; of a directory when an entry comes
 * or goes. null: it changed so recently that a further change might not show.
 *
 * @param nowMsec the wall clock before the file was read
 */
export function stampOfStat(stat: Pick<Stats, 'dev' | 'ino' | 'size' | 'mtimeMs' | 'ctimeMs'>, nowMsec: number): string | null {
  if (Math.max(stat.mtimeMs, stat.ctimeMs) > nowMsec - CLOCK_TICK_MSEC) return null;
  return `${String(stat.dev)}:${String(stat.ino)}:${String(stat.size)}:${String(stat.mtimeMs)}:${String(stat.ctimeMs)}`;
}

/** Stamps of paths, each asked of the disk once; made for one load. null = no stamp, or no such file. */
export type StampReader = (path: string) => string | null;

export function cachingStampReader(root: string): StampReader {
  const nowMsec = Date.now();
  const cache = new Map<string, string | null>();
  return (path) => {
    let stamp = cache.get(path);
    if (stamp === undefined) cache.set(path, stamp = readStamp(root + path, nowMsec));
    return stamp;
  };
}

function readStamp(path: string, nowMsec: number): string | null {
  try {
    const stat = statSync(path, { throwIfNoEntry: false });
    return stat === undefined ? null : stampOfStat(stat, nowMsec);
  } catch {
    return null;
  }
}
