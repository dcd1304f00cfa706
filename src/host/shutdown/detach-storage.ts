/** Takes swap and file systems out of use at the end of a system's life, so that nothing written is lost. */
import { readFileSync } from 'node:fs';
import type { ManagerLog } from '../engine.ts';
import { parseMountInfo, unescapeOctal } from '../storage/mount-info.ts';
import type { NativeBinding } from '../native.ts';
import { MS_RDONLY, MS_REMOUNT } from '../storage/mount-flags.ts';

/** A mount that is busy because of another one below it goes in a later round. */
const ROUNDS_MAX = 8;
/** Kernel interfaces hold no data; unmounting them only takes away what the rest of the shutdown reads. */
const API_TYPES = new Set(['proc', 'sysfs', 'devtmpfs', 'devpts', 'cgroup', 'cgroup2', 'securityfs', 'debugfs', 'tracefs', 'bpf', 'pstore', 'efivarfs', 'configfs', 'fusectl', 'mqueue', 'hugetlbfs', 'tmpfs', 'ramfs', 'rootfs']);

interface Mount {
  readonly point: string;
  readonly type: string;
}

/** Mounts that hold data, newest first, without the root. */
export function parseDataMounts(mountInfo: string): readonly Mount[] {
  const mounts = parseMountInfo(mountInfo).filter(({ where, type }) => where !== '/' && !API_TYPES.has(type)).map(({ where, type }) => ({ point: where, type }));
  return mounts.reverse();
}

/** Files and devices in use as swap, from the text of /proc/swaps. */
export function parseSwaps(text: string): readonly string[] {
  return text.split('\n').slice(1).map((line) => unescapeOctal(line.split(/\s/)[0] ?? '')).filter((path) => path !== '');
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

/** Swap off, unmount what can be unmounted, the rest and the root read-only, and everything on disk. */
export function detachStorage(native: NativeBinding, log: ManagerLog): void {
  native.sync();
  for (const path of parseSwaps(readText('/proc/swaps'))) {
    const result = native.swapoff(path);
    if (result !== 0) log.write('warning', '', `swap on ${path} stays in use: ${result}`);
  }
  let left = parseDataMounts(readText('/proc/self/mountinfo'));
  for (let round = 0; round < ROUNDS_MAX && left.length > 0; round++) {
    const busy = left.filter(({ point }) => native.umount(point, 0) !== 0);
    if (busy.length === left.length) break;
    left = busy;
  }
  for (const point of [...left.map((mount) => mount.point), '/']) {
    const result = native.mount('none', point, '', MS_REMOUNT | MS_RDONLY, '');
    // An initial ramdisk's root cannot be remounted, and holds nothing worth keeping.
    if (result !== 0 && point !== '/') log.write('warning', '', `${point} could not be unmounted or made read-only: ${result}`);
  }
  native.sync();
}
