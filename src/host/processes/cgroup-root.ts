/**
 * Finding a place in a cgroup2 hierarchy where the manager may make groups.
 *
 * Candidates, the first that lets us make a directory wins:
 * 1. a cgroup2 mount that shows our own group (/sys/fs/cgroup; /sys/fs/cgroup/unified on hosts with v1 controllers);
 * 2. as PID 1 only, a mount made by ourselves: on /sys/fs/cgroup when nothing is there, else inside the runtime directory.
 *
 * A mount that was made in another cgroup namespace shows our group under a path we cannot compute (its root reads
 * `/../..`); such a mount is passed over.
 */
import { readFileSync, readdirSync } from 'node:fs';
import type { NativeBinding } from '../native.ts';
import { MS_NODEV, MS_NOEXEC, MS_NOSUID } from '../storage/mount-flags.ts';

/** A folder made and removed to find out whether we may. */
const PROBE_NAME = '.heartwood-probe';

/** The group a manager moves itself into, so that its other groups may have controllers. */
export const MANAGER_LEAF = 'init.scope';

interface CgroupMount {
  readonly mountPoint: string;
  /** The group shown at the mount point, as seen from our cgroup namespace. */
  readonly root: string;
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

/** Mounts of type cgroup2 from the text of /proc/self/mountinfo (proc(5)), in its order. */
export function parseCgroupMounts(mountInfo: string): readonly CgroupMount[] {
  const mounts: CgroupMount[] = [];
  for (const line of mountInfo.split('\n')) {
    const [before, after] = line.split(' - ');
    if (after === undefined || !after.startsWith('cgroup2 ')) continue;
    const fields = (before as string).split(' ');
    mounts.push({ root: unescapeOctal(fields[3] ?? ''), mountPoint: unescapeOctal(fields[4] ?? '') });
  }
  return mounts;
}

function unescapeOctal(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_, digits: string) => String.fromCharCode(parseInt(digits, 8)));
}

/** Our group's path in the unified hierarchy, from the text of /proc/self/cgroup; null when there is no such hierarchy. */
export function parseOwnGroup(cgroupText: string): string | null {
  const line = cgroupText.split('\n').find((candidate) => candidate.startsWith('0::'));
  return line === undefined ? null : line.slice('0::'.length);
}

/** Where our group is seen below a mount; null when it is not. */
export function locateGroup(mount: CgroupMount, ownGroup: string): string | null {
  if (mount.root.includes('/..') || ownGroup.includes('/..')) return null;
  const root = mount.root === '/' ? '' : mount.root;
  if (ownGroup !== root && !ownGroup.startsWith(`${root}/`)) return null;
  const rest = ownGroup.slice(root.length);
  return rest === '/' || rest === '' ? mount.mountPoint : `${mount.mountPoint}${rest}`;
}

function isWritable(native: NativeBinding, directory: string): boolean {
  const probe = `${directory}/${PROBE_NAME}`;
  const made = native.makeDirectory(probe, 0o755);
  if (made !== 0 && made !== 'EEXIST') return false;
  native.removeDirectory(probe);
  return true;
}

function isEmptyDirectory(path: string): boolean {
  try {
    return readdirSync(path).length === 0;
  } catch {
    return false;
  }
}

/**
 * The directory of our own group in a hierarchy that can be written.
 *
 * @param mayMount the manager is PID 1, so that a mount of its own is nobody else's business
 * @param mayBeInLeaf the process was a manager before and may have moved into its leaf
 * @returns null and why there is none
 */
export function findCgroupRoot(native: NativeBinding, options: { readonly runtimeDirectory: string; readonly mayMount: boolean; readonly mayBeInLeaf: boolean }): { readonly root: string } | { readonly root: null; readonly why: string } {
  const group = parseOwnGroup(readText('/proc/self/cgroup'));
  const ownGroup = group !== null && options.mayBeInLeaf && group.endsWith(`/${MANAGER_LEAF}`) ? group.slice(0, -MANAGER_LEAF.length - 1) : group;
  if (ownGroup === null) return { root: null, why: 'the kernel has no unified control group hierarchy' };
  for (const mount of parseCgroupMounts(readText('/proc/self/mountinfo'))) {
    const directory = locateGroup(mount, ownGroup);
    if (directory !== null && isWritable(native, directory)) return { root: directory };
  }
  if (!options.mayMount) return { root: null, why: 'no control group may be written' };
  const mountPoints = isEmptyDirectory('/sys/fs/cgroup') ? ['/sys/fs/cgroup'] : [];
  mountPoints.push(`${options.runtimeDirectory}/cgroup`);
  let why = 'no control group may be written';
  for (const mountPoint of mountPoints) {
    native.makeDirectory(mountPoint, 0o755);
    const mounted = native.mount('cgroup2', mountPoint, 'cgroup2', MS_NOSUID | MS_NODEV | MS_NOEXEC, '');
    if (mounted !== 0) {
      why = `cgroup2 cannot be mounted: ${mounted}`;
      continue;
    }
    // In our own cgroup namespace the mount's root is our group; in the host's it may lie deeper.
    const directory = locateGroup({ mountPoint, root: '/' }, ownGroup);
    if (directory !== null && isWritable(native, directory)) return { root: directory };
    native.umount(mountPoint, 0);
    why = 'no control group may be written';
  }
  return { root: null, why };
}
