/** Reading /proc: one process at a time, or all of them. Never blocks: /proc's stat files are answered from memory. */
import { readFileSync, readdirSync } from 'node:fs';
import type { Pid } from '../../base/brand.ts';
import type { NativeBinding } from '../native.ts';

/** A stat line is under 1 KiB; an environment is what execve allows at most (a quarter of the stack limit, 2 MiB by default). */
const STAT_BYTES_MAX = 4096;
const ENVIRONMENT_BYTES_MAX = 2 * 1024 * 1024;

export interface ProcessEntry {
  readonly pid: Pid;
  readonly parent: number;
  readonly group: number;
  readonly session: number;
  /** Start time in clock ticks since boot: with the pid it names a process for good. */
  readonly startTicks: number;
  readonly state: string;
  readonly isKernelThread: boolean;
}

/** linux/sched.h */
const PF_KTHREAD = 0x0020_0000;

/** One process. null when it is gone, or when there is no /proc. A zombie is an entry with state `Z`. */
export function readProcess(native: NativeBinding, pid: number): ProcessEntry | null {
  // Through the addon, because a thrown ENOENT costs more than the reading.
  const text = native.readSmallFile(`/proc/${String(pid)}/stat`, STAT_BYTES_MAX);
  if (!text.includes(')')) return null;
  // The name in parentheses may itself contain spaces and parentheses; everything after the last one is regular.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return {
    pid: pid as Pid,
    state: fields[0] ?? '?',
    parent: Number(fields[1]),
    group: Number(fields[2]),
    session: Number(fields[3]),
    startTicks: Number(fields[19]),
    isKernelThread: (Number(fields[6]) & PF_KTHREAD) !== 0,
  };
}

/**
 * Children of this process, zombies among them. One reading instead of one for each; a child may be missing, for the kernel does not
 * promise the list to be whole while children come and go, and without CONFIG_PROC_CHILDREN there is none. proc_pid_children(5).
 */
export function readChildren(): ReadonlySet<number> {
  try {
    // The list is that of a thread: after an execve there is one, and the main thread starts all processes.
    return new Set(readFileSync(`/proc/self/task/${String(process.pid)}/children`, 'latin1').split(' ').map(Number));
  } catch {
    return new Set();
  }
}

/**
 * Those of `candidates` that descend from `ancestor`, without itself. One whose parent is gone is nobody's descendant any more.
 *
 * @param candidates processes of one unit: parents outside of it are not followed
 */
export function descendantsOf(native: NativeBinding, ancestor: Pid, candidates: readonly Pid[]): readonly Pid[] {
  const parents = new Map(candidates.map((pid) => [pid as number, readProcess(native, pid)?.parent ?? 0]));
  const descends = (pid: Pid): boolean => {
    // A chain of parents that changes while it is read could lead in a circle.
    const seen = new Set<number>();
    for (let up = parents.get(pid); up !== undefined && !seen.has(up); up = parents.get(up)) {
      if (up === ancestor) return true;
      seen.add(up);
    }
    return false;
  };
  return candidates.filter((pid) => pid !== ancestor && descends(pid));
}

/** All processes that are not zombies, ascending by pid; empty without /proc. */
export function readAllProcesses(native: NativeBinding): readonly ProcessEntry[] {
  let names: string[];
  try {
    names = readdirSync('/proc');
  } catch {
    return [];
  }
  const entries: ProcessEntry[] = [];
  for (const name of names) {
    if (!/^[1-9][0-9]*$/.test(name)) continue;
    const entry = readProcess(native, Number(name));
    if (entry !== null && entry.state !== 'Z' && entry.state !== 'X') entries.push(entry);
  }
  return entries.sort((a, b) => a.pid - b.pid);
}

/** Value of one variable of a process's initial environment; null when unset or not readable for us. */
export function readEnvironmentVariable(native: NativeBinding, pid: number, name: string): string | null {
  const text = native.readSmallFile(`/proc/${String(pid)}/environ`, ENVIRONMENT_BYTES_MAX);
  const prefix = `${name}=`;
  const found = text.split('\0').find((assignment) => assignment.startsWith(prefix));
  return found === undefined ? null : found.slice(prefix.length);
}
