/**
 * Which manager a logd works for, so that it goes on only in segments written for the same one: two managers may by mistake, or by a
 * shared volume, be given the same log directory, and they may even run in the same boot of one machine.
 */
import { readFileSync, readlinkSync } from 'node:fs';

/** Field of /proc/PID/stat, counted behind the name, that holds the start time: the 22nd of all, see proc(5). */
const START_TIME_FIELD = 19;

/**
 * The manager's PID namespace, pid and start time: the same for every logd it starts, also after it has executed itself anew.
 * Without /proc only the pid is left, and the boot id must do.
 */
export function managerIdentity(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    // The name is in parentheses and may hold anything, spaces and parentheses included.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return `${readlinkSync('/proc/self/ns/pid')} ${pid} ${fields[START_TIME_FIELD] ?? ''}`;
  } catch {
    return String(pid);
  }
}
