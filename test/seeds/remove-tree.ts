import { rmSync } from 'node:fs';

/** Two seconds in all, for writers that were killed a moment ago. */
const TRIES_MAX = 40;
const PAUSE_MS = 50;

/**
 * Removes a directory whose writers are being killed: a write that was under way still makes its file. The retries of rmSync itself do
 * not look for new files.
 *
 * @throws when something goes on writing
 */
export function removeTree(directory: string): void {
  for (let tries = 1; ; tries++) {
    try {
      rmSync(directory, { recursive: true, force: true });
      return;
    } catch (error) {
      if (tries === TRIES_MAX) throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, PAUSE_MS);
    }
  }
}
