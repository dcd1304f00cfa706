/** Whether the devices of the machine are the manager's to know. */
import { readFileSync } from 'node:fs';
import { parseMountInfo } from './mount-info.ts';

/**
 * In a container they are not: its /dev shows what its maker put there, and to wait for a device would be in vain. /sys is what tells of
 * devices; where it may only be read, the machine is somebody else's. Source: systemd.io, "Container Interface".
 */
export function hasDevices(mode: 'system' | 'container' | 'user'): boolean {
  return mode !== 'container' && !isSysReadOnly();
}

/** No /sys counts as one that may be written: nothing says whose the devices are. */
export function isSysReadOnly(): boolean {
  try {
    const sys = parseMountInfo(readFileSync('/proc/self/mountinfo', 'utf8')).findLast(({ where }) => where === '/sys');
    return sys?.options.split(',').includes('ro') ?? false;
  } catch {
    return false;
  }
}
