/** Where fetched and built things are kept between runs, and how they get there whole or not at all. */
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** The checkout this file is in. */
export const checkoutRoot = dirname(import.meta.dirname);

/** Ignored by git; removing it costs a fetch and nothing else. */
export const cacheDirectory = join(checkoutRoot, '.cache/vm');

/**
 * Makes a file in the cache unless it is there. Two runs at the same time may both do the work; each puts a whole file in place.
 *
 * @param name path below the cache directory; everything that decides the content must be in it
 * @param make gets an empty directory to work in and returns the path of the finished file in it
 * @returns the absolute path of the cached file
 */
export function cached(name: string, make: (workDirectory: string) => string): string {
  const path = join(cacheDirectory, name);
  if (existsSync(path)) return path;
  mkdirSync(dirname(path), { recursive: true });
  // In the cache itself, because rename does not cross file systems.
  const workDirectory = mkdtempSync(join(cacheDirectory, 'making-'));
  try {
    renameSync(make(workDirectory), path);
  } finally {
    rmSync(workDirectory, { recursive: true, force: true });
  }
  return path;
}
