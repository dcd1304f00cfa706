/** Which of the three ways to run, when the command line does not say. */
import { existsSync, readlinkSync } from 'node:fs';
import type { Mode } from './options.ts';

/** Inode of the first PID namespace (linux/proc_ns.h, PROC_PID_INIT_INO): whoever has it is on the machine itself. */
const INITIAL_PID_NAMESPACE = 'pid:[4026531836]';

export interface Surroundings {
  readonly pid: number;
  readonly uid: number;
  /** `$container`, set by container managers. */
  readonly container: string | undefined;
  /** Marks of a container: a namespace of its own, or the files docker and podman leave. */
  readonly looksLikeContainer: boolean;
}

export interface ChosenMode {
  readonly mode: Mode;
  /** For the first line of the log. */
  readonly why: string;
}

/** Pure: the rule itself. */
export function chooseMode(surroundings: Surroundings): ChosenMode {
  const { pid, container, looksLikeContainer } = surroundings;
  if (container !== undefined && container !== '') return { mode: 'container', why: `$container is "${container}"` };
  if (pid === 1 && looksLikeContainer) return { mode: 'container', why: 'PID 1 of a container' };
  if (pid === 1) return { mode: 'system', why: 'PID 1 of the machine' };
  return { mode: 'user', why: 'not PID 1' };
}

/** Reads what the rule needs. */
export function readSurroundings(): Surroundings {
  return {
    pid: process.pid,
    uid: process.getuid?.() ?? 0,
    container: process.env['container'],
    looksLikeContainer: existsSync('/.dockerenv') || existsSync('/run/.containerenv') || hasOwnPidNamespace(),
  };
}

function hasOwnPidNamespace(): boolean {
  try {
    return readlinkSync('/proc/self/ns/pid') !== INITIAL_PID_NAMESPACE;
  } catch {
    // Without /proc we are early in the life of a machine.
    return false;
  }
}
