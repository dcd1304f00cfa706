/** PIDFile= of systemd.service(5): a file a forking daemon writes its pid to. Anybody who can write it could name any process. */
import { statSync } from 'node:fs';
import type { Pid, UnitName } from '../../base/brand.ts';
import type { NativeBinding } from '../native.ts';

/** A pid and a newline; some daemons add lines of their own. */
const FILE_BYTES_MAX = 4096;

export interface PidFileResult {
  readonly pid: Pid | null;
  /** Why there is none, or ''. */
  readonly error: string;
}

/**
 * Reads the file and checks the pid: alive, not the manager, and a process of the unit; one of another unit only when
 * the file belongs to root, as in systemd.
 */
export function readPidFile(native: NativeBinding, path: string, unit: UnitName, unitOf: (pid: Pid) => UnitName | null): PidFileResult {
  const text = native.readSmallFile(path, FILE_BYTES_MAX);
  const first = text.trimStart().split(/\s/)[0] ?? '';
  if (!/^[1-9][0-9]{0,9}$/.test(first)) {
    // An errno looks like no pid: E and capitals.
    return { pid: null, error: /^E[A-Z0-9]+$/.test(text) ? `${path} cannot be read: ${text}` : `${path} does not contain a process id` };
  }
  const pid = Number(first) as Pid;
  if (pid === process.pid || pid === 1) return { pid: null, error: `${path} names the manager itself` };
  if (native.kill(pid, 0) === 'ESRCH') return { pid: null, error: `${path} names process ${first}, which does not exist` };
  if (unitOf(pid) !== unit && !isOwnedByRoot(path)) return { pid: null, error: `${path} names process ${first}, which does not belong to ${unit}` };
  return { pid, error: '' };
}

function isOwnedByRoot(path: string): boolean {
  try {
    return statSync(path).uid === 0;
  } catch {
    return false;
  }
}
