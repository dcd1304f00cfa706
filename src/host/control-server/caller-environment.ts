/** Variables of whoever asks, as its process was started with them. */
import { readFileSync } from 'node:fs';

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
