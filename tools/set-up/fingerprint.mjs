/** Content fingerprints: what decides whether a built thing is current. */
import { createHash } from 'node:crypto';
import { readFileSync, readdirSync, renameSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { checkoutRoot } from './checkout.mjs';

/**
 * @param {readonly string[]} files absolute paths; one that is gone counts as absent, not as an error
 * @param {string} more whatever else decides the result: versions, options
 * @returns {string} 16 hexadecimal digits over the names (relative to the checkout) and contents
 */
export function fingerprint(files, more = '') {
  const hash = createHash('sha256').update(more);
  for (const file of [...files].sort()) {
    hash.update(`\0${relative(checkoutRoot, file)}\0`);
    try {
      hash.update(readFileSync(file));
    } catch (error) {
      if (error.code !== 'ENOENT') throw error;
      hash.update('absent');
    }
  }
  return hash.digest('hex').slice(0, 16);
}

/**
 * All regular files under a directory, but for the named sub-directories.
 *
 * @param {string} directory absolute
 * @param {ReadonlySet<string>} skipped directory names left out at any depth
 * @returns {string[]} absolute paths; empty when there is no such directory
 */
export function filesUnder(directory, skipped = new Set()) {
  const found = [];
  let entries;
  try {
    entries = readdirSync(directory, { withFileTypes: true });
  } catch (error) {
    if (error.code === 'ENOENT') return found;
    throw error;
  }
  for (const entry of entries) {
    const path = join(directory, entry.name);
    if (entry.isDirectory()) {
      if (!skipped.has(entry.name)) found.push(...filesUnder(path, skipped));
    } else if (entry.isFile()) {
      found.push(path);
    }
  }
  return found;
}

/** Replaces a file whole: a reader sees the old or the new content and never a part. */
export function replaceFile(path, content, mode = 0o644) {
  const temporary = `${path}.${process.pid}.new`;
  writeFileSync(temporary, content, { mode });
  renameSync(temporary, path);
}

/** @returns {any} the parsed JSON file, or null when it is missing or damaged */
export function readJson(path) {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    return null;
  }
}
