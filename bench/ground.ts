import { accessSync, constants, existsSync, mkdtempSync, readFileSync, rmSync, statfsSync } from 'node:fs';
import { join } from 'node:path';
import { tmpdir } from 'node:os';
import type { Ground } from './arena.ts';
import { compilePrograms } from './programs.ts';

/** f_type of a tmpfs. Source: statfs(2). */
const TMPFS_MAGIC = 0x01021994;

/**
 * Prepares the ground: a directory on a tmpfs (where there is one), the compiled programs, and the control group in
 * which containers get theirs.
 */
export function prepareGround(): Ground {
  const directory = mkdtempSync(join(isTmpfs('/dev/shm') ? '/dev/shm' : tmpdir(), 'heartwood-bench-'));
  const programs = join(directory, 'bin');
  compilePrograms(programs);
  return { directory, programs, controlGroup: ownControlGroup() };
}

/** Removes what {@link prepareGround} made. */
export function leaveGround(ground: Ground): void {
  rmSync(ground.directory, { recursive: true, force: true });
}

function isTmpfs(path: string): boolean {
  return existsSync(path) && statfsSync(path).type === TMPFS_MAGIC;
}

/** The directory of this process's own control group (v2), or `null` where none can be written. */
function ownControlGroup(): string | null {
  const mount = /^(?:\S+ ){4}(\S+) .* - cgroup2 /m.exec(readFileSync('/proc/self/mountinfo', 'utf8'))?.[1];
  const own = /^0::(.*)$/m.exec(readFileSync('/proc/self/cgroup', 'utf8'))?.[1];
  if (mount === undefined || own === undefined) return null;
  const path = join(mount, own);
  try {
    accessSync(path, constants.W_OK);
    return path;
  } catch {
    return null;
  }
}
