/** What the process of whoever asks was started with, and where it is. */
import { readFileSync, readlinkSync } from 'node:fs';

/**
 * @param names `null` = all
 * @returns `NAME=value` each; nothing for a process that is gone
 */
export function callerEnvironment(pid: number, names: readonly string[] | null): readonly string[] {
  if (names?.length === 0) return [];
  try {
    const wanted = names === null ? null : new Set(names);
    const nameOf = (assignment: string): string => assignment.slice(0, assignment.indexOf('='));
    return readFileSync(`/proc/${String(pid)}/environ`, 'utf8').split('\0').filter((each) => each.includes('=') && (wanted === null || wanted.has(nameOf(each))));
  } catch {
    return [];
  }
}

/** Its working directory; null for a process that is gone, or of another pid namespace. */
export function callerDirectory(pid: number): string | null {
  try {
    return readlinkSync(`/proc/${String(pid)}/cwd`);
  } catch {
    return null;
  }
}
