/** Reads the unit files of a directory, and waits for them to change. */
import { readdirSync, readFileSync, statSync, watch, type FSWatcher } from 'node:fs';
import { join, resolve } from 'node:path';
import { unitNameForm } from '../../core/unit/unit-name.ts';
import type { UnitDirectory } from '../verb.ts';

/** Who writes several files is to be done with them. */
const SETTLE_MSEC = 100;
/** Some file systems tell nobody of what happens to them from elsewhere. */
const LOOK_AGAIN_MSEC = 2_000;

export function readUnitDirectory(given: string): UnitDirectory {
  const path = resolve(given);
  try {
    const names = readdirSync(path).filter((name) => unitNameForm(name) !== null && statSync(join(path, name)).isFile()).sort();
    return { path, files: names.map((name) => ({ name, text: readFileSync(join(path, name), 'utf8') })), problem: '' };
  } catch (error) {
    return { path, files: [], problem: error instanceof Error ? error.message : String(error) };
  }
}

/** The directory as it is when it is not any more as it was. */
export async function awaitOtherFiles(before: UnitDirectory, signal: AbortSignal): Promise<UnitDirectory> {
  const known = JSON.stringify(before);
  for (;;) {
    await oneChange(before.path, signal);
    const now = readUnitDirectory(before.path);
    if (signal.aborted || JSON.stringify(now) !== known) return now;
  }
}

function oneChange(path: string, signal: AbortSignal): Promise<void> {
  return new Promise((done) => {
    let watcher: FSWatcher | null = null;
    const settle = (): void => {
      clearTimeout(timer);
      watcher?.close();
      signal.removeEventListener('abort', settle);
      done();
    };
    let timer = setTimeout(settle, LOOK_AGAIN_MSEC);
    signal.addEventListener('abort', settle, { once: true });
    try {
      watcher = watch(path, () => {
        clearTimeout(timer);
        timer = setTimeout(settle, SETTLE_MSEC);
      });
      watcher.on('error', settle);
    } catch {
      // It is not there; whether it has come is looked for after a while.
    }
  });
}
