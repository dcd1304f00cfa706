/** Every way the manager can die in on a running system, and how its deaths are counted. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import type { Rig } from './rig.ts';

export interface WayToDie {
  readonly name: string;
  /** Makes the manager die; the death may come a moment after this ends. */
  readonly happen: (rig: Rig) => unknown;
}

/** What root's kill(1) can send that would end any other program. SIGKILL and SIGSTOP do not reach process 1. */
const SIGNALS = ['SIGSEGV', 'SIGABRT', 'SIGBUS', 'SIGFPE', 'SIGILL', 'SIGTRAP', 'SIGSYS'] as const;
/** Mistakes of the program itself: `initctl fault HOW`. */
const MISTAKES = ['abort', 'exit', 'throw', 'reject', 'loop', 'native-loop', 'recursion', 'native-recursion', 'out-of-memory'] as const;

async function mustDo(rig: Rig, ...words: readonly string[]): Promise<void> {
  const { status, stderr } = await rig.initctl(...words);
  assert.equal(status, 0, `initctl ${words.join(' ')}: ${stderr}`);
}

/** Deaths that need nothing but a manager started with HEARTWOOD_FAULTS=1. */
export const WAYS_TO_DIE: readonly WayToDie[] = [
  ...SIGNALS.map((signal) => ({ name: `kill -${signal.slice(3)}`, happen: (rig: Rig) => { rig.signal(signal); } })),
  { name: 'daemon-reexec', happen: (rig) => mustDo(rig, 'daemon-reexec') },
  ...MISTAKES.map((how) => ({ name: `fault ${how}`, happen: (rig: Rig) => mustDo(rig, 'fault', how) })),
];

/** How often the manager has come back so far; its log must go to the console. */
export function deaths(console: string): number {
  return [...console.matchAll(/the manager (died|hung|called exit|executed itself anew)/g)].length;
}

/** Lets it happen, and waits until the manager has come back from it. */
export async function survive(rig: Rig, { name, happen }: WayToDie): Promise<void> {
  const before = deaths(rig.console);
  await happen(rig);
  await rig.until(() => deaths(rig.console) > before, { what: `the manager to come back after ${name}` });
}

/** Lines of /proc/PID/stat of children the manager has not reaped; those of services are their parents' concern. */
export function zombies(rig: Rig): readonly string[] {
  return rig.processes().map(({ pid }) => {
    try {
      return readFileSync(`/proc/${String(pid)}/stat`, 'utf8');
    } catch {
      return '';
    }
  }).filter((stat) => stat.slice(stat.lastIndexOf(')')).startsWith(`) Z ${String(rig.pid)} `));
}
