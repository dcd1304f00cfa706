/**
 * Which paths may hang: those below a mount of a file system that some other machine or program answers for.
 *
 * A process started straight from the manager suspends it until execve; a dead file server would suspend PID 1 for ever.
 * Such paths are left to the executor, which may wait. A symbolic link that leads from a local file system to a dead one is not seen.
 */
import { readFileSync } from 'node:fs';
import type { MonotonicUsec } from '../../base/brand.ts';

const REMOTE_TYPES = new Set([
  'nfs', 'nfs4', 'cifs', 'smb3', 'smbfs', '9p', 'virtiofs', 'ceph', 'afs', 'lustre', 'gpfs', 'coda', 'gfs2', 'ocfs2', 'beegfs', 'autofs',
]);
/** How long a reading of the mount table is good for: mounts change rarely, and a bunch of services starts within one reading. */
const FRESH_USEC = 1_000_000;

/** Mount points of remote file systems in the text of /proc/self/mountinfo. The root is none: what hangs there hangs us anyway. */
export function parseRemoteMounts(mountInfo: string): readonly string[] {
  const points: string[] = [];
  for (const line of mountInfo.split('\n')) {
    const [before, after] = line.split(' - ');
    const type = after?.split(' ')[0] ?? '';
    const point = before?.split(' ')[4];
    if (point === undefined || point === '/' || !(REMOTE_TYPES.has(type) || type.startsWith('fuse'))) continue;
    points.push(point.replace(/\\([0-7]{3})/g, (_, digits: string) => String.fromCharCode(parseInt(digits, 8))));
  }
  return points;
}

export class RemoteMounts {
  #points: readonly string[] = [];
  #readAtUsec = -Infinity;

  /** May looking at `path` (absolute) wait for somebody else? `now` tells how old the last look at the mounts is. */
  mayHang(path: string, now: MonotonicUsec): boolean {
    if (now - this.#readAtUsec > FRESH_USEC) {
      this.#points = readMounts();
      this.#readAtUsec = now;
    }
    return this.#points.some((point) => path === point || path.startsWith(`${point}/`));
  }
}

function readMounts(): readonly string[] {
  try {
    return parseRemoteMounts(readFileSync('/proc/self/mountinfo', 'utf8'));
  } catch {
    return [];
  }
}
