/** Reads crash records for the Node client. */
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { CRASH_FILE, CRASH_FOLDER, CRASH_RECORD_VERSION, type CrashRecord } from '../../control/crash-record.ts';
import type { CrashFiles } from '../verb.ts';

/** @param directories where logs are */
export function readCrashes(directories: readonly string[]): CrashFiles {
  const records = new Map<string, CrashRecord>();
  const problems: string[] = [];
  for (const directory of directories) {
    const folder = join(directory, CRASH_FOLDER);
    for (const name of namesIn(folder, problems)) {
      if (!CRASH_FILE.test(name)) continue;
      const path = join(folder, name);
      try {
        const record = JSON.parse(readFileSync(path, 'utf8')) as CrashRecord;
        const version: unknown = record.version;
        if (version === CRASH_RECORD_VERSION) records.set(name.slice(0, -'.json'.length), record);
        else problems.push(`${path}: of version ${String(version)}, this program knows ${String(CRASH_RECORD_VERSION)}`);
      } catch (error) {
        // Removed in between: newer ones have taken its place.
        if ((error as NodeJS.ErrnoException).code !== 'ENOENT') problems.push(`${path}: ${error instanceof Error ? error.message : String(error)}`);
      }
    }
  }
  const newestFirst = [...records].sort(([a], [b]) => (a < b ? 1 : -1));
  return { records: newestFirst.map(([id, record]) => ({ id, record })), problems };
}

function namesIn(folder: string, problems: string[]): readonly string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EACCES') problems.push(`${folder}: not readable for you`);
    return [];
  }
}
