/** Reading /proc: one process at a time, or all of them. Never blocks: /proc's stat files are answered from memory. */
import { readFileSync, readdirSync } from 'node:fs';
import type { Pid } from '../../base/brand.ts';

export interface ProcessEntry {
  readonly pid: Pid;
  readonly parent: number;
  readonly group: number;
  readonly session: number;
  /** Start time in clock ticks since boot: with the pid it names a process for good. */
  readonly startTicks: number;
  readonly state: string;
}

/** One process. null when it is gone, or when there is no /proc. A zombie is an entry with state `Z`. */
export function readProcess(pid: number): ProcessEntry | null {
  let text: string;
  try {
    text = readFileSync(`/proc/${String(pid)}/stat`, 'latin1');
  } catch {
    return null;
  }
  // The name in parentheses may itself contain spaces and parentheses; everything after the last one is regular.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return {
    pid: pid as Pid,
    state: fields[0] ?? '?',
    parent: Number(fields[1]),
    group: Number(fields[2]),
    session: Number(fields[3]),
    startTicks: Number(fields[19]),
  };
}

/** All processes that are not zombies, ascending by pid; empty without /proc. */
export function readAllProcesses(): readonly ProcessEntry[] {
  let names: string[];
  try {
    names = readdirSync('/proc');
  } catch {
    return [];
  }
  const entries: ProcessEntry[] = [];
  for (const name of names) {
    if (!/^[1-9][0-9]*$/.test(name)) continue;
    const entry = readProcess(Number(name));
    if (entry !== null && entry.state !== 'Z' && entry.state !== 'X') entries.push(entry);
  }
  return entries.sort((a, b) => a.pid - b.pid);
}

/** Value of one variable of a process's initial environment; null when unset or not readable for us. */
export function readEnvironmentVariable(pid: number, name: string): string | null {
  let text: string;
  try {
    text = readFileSync(`/proc/${String(pid)}/environ`, 'latin1');
  } catch {
    return null;
  }
  const prefix = `${name}=`;
  const found = text.split('\0').find((assignment) => assignment.startsWith(prefix));
  return found === undefined ? null : found.slice(prefix.length);
}
