import { readFileSync, readdirSync, readlinkSync } from 'node:fs';

const KIB = 1024;

/** Memory of one or more processes, in bytes. Source: proc_pid_smaps(5), the rolled-up file. */
export interface Memory {
  readonly rss: number;
  /** Shared pages divided by the number of processes that share them. */
  readonly pss: number;
  /** Pages nobody else has and that cannot be dropped: what the process really costs. */
  readonly privateDirty: number;
}

/** What one or more processes did with the processor. */
export interface Activity {
  readonly cpuNsec: number;
  /** Voluntary and involuntary: each means that a thread had been woken. */
  readonly contextSwitches: number;
}

/** Processes inside a PID namespace, as host PIDs. `pid` is any process in it. */
export function pidsInNamespaceOf(pid: number): number[] {
  const wanted = readlinkSync(`/proc/${pid}/ns/pid`);
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((name) => readOr(() => readlinkSync(`/proc/${name}/ns/pid`), '') === wanted)
    .map(Number);
}

/** The kernel's short name of a process, empty when it is gone. */
export function commandName(pid: number): string {
  return readOr(() => readFileSync(`/proc/${pid}/comm`, 'utf8').trim(), '');
}

/** Memory of some processes together. Processes that ended meanwhile count as nothing. */
export function memoryOf(pids: readonly number[]): Memory {
  const total = { rss: 0, pss: 0, privateDirty: 0 };
  for (const pid of pids) {
    const text = readOr(() => readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'), '');
    const field = (name: string): number => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(text)?.[1] ?? 0) * KIB;
    total.rss += field('Rss');
    total.pss += field('Pss');
    total.privateDirty += field('Private_Dirty');
  }
  return total;
}

/** What all threads of some processes have done since they began. Threads that ended are not in it. */
export function activityOf(pids: readonly number[]): Activity {
  let cpuNsec = 0;
  let contextSwitches = 0;
  for (const pid of pids) {
    for (const thread of readOr(() => readdirSync(`/proc/${pid}/task`), [])) {
      const directory = `/proc/${pid}/task/${thread}`;
      cpuNsec += Number(readOr(() => readFileSync(`${directory}/schedstat`, 'utf8'), '0').split(' ')[0]);
      for (const match of readOr(() => readFileSync(`${directory}/status`, 'utf8'), '').matchAll(/ctxt_switches:\s+(\d+)/g)) {
        contextSwitches += Number(match[1]);
      }
    }
  }
  return { cpuNsec, contextSwitches };
}

/** A process may end between being listed and being read. */
function readOr<T>(read: () => T, gone: T): T {
  try {
    return read();
  } catch {
    return gone;
  }
}
