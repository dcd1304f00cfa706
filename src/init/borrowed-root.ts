/**
 * Is this the root directory of a system that runs already?
 *
 * `unshare --pid --fork --mount-proc heartwood` makes a PID 1, but no container: its files are the machine's. Booted from the built-in load path it
 * would start the machine's own units a second time, and among them are some that empty /tmp. A container has a root of its own, and
 * with it one /proc; whoever shares the machine's has mounted another one over it, or none.
 */
import { readFileSync, readlinkSync } from 'node:fs';
import { parseMountInfo } from '../host/storage/mount-info.ts';

export interface RootEvidence {
  readonly pid: number;
  /** The target of /proc/self; null without /proc. */
  readonly procSelf: string | null;
  /** /proc/self/mountinfo */
  readonly mountInfo: string;
}

/** Pure: why the root is somebody else's, or null when nothing speaks for it. */
export function whyRootIsBorrowed({ pid, procSelf, mountInfo }: RootEvidence): string | null {
  if (pid !== 1 || procSelf === null) return null;
  if (procSelf !== '1') return '/proc is that of another PID 1';
  const count = parseMountInfo(mountInfo).filter(({ where, type }) => where === '/proc' && type === 'proc').length;
  return count > 1 ? 'one /proc is mounted over another' : null;
}

/** Reads what the rule needs. */
export function readRootEvidence(): RootEvidence {
  try {
    return { pid: process.pid, procSelf: readlinkSync('/proc/self'), mountInfo: readFileSync('/proc/self/mountinfo', 'utf8') };
  } catch {
    return { pid: process.pid, procSelf: null, mountInfo: '' };
  }
}
