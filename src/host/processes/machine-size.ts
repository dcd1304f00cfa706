/** What percentages in TasksMax= and Memory…= are of. */
import { readFileSync } from 'node:fs';
import { operatingSystem } from '../operating-system.ts';

/** Tasks of the whole machine where the kernel does not say: its own limit. Source: proc_sys_kernel(5), pid_max. */
const TASKS_OF_KERNEL = 4_194_304;

function readNumber(path: string): number {
  try {
    const number = Number.parseInt(readFileSync(path, 'latin1'), 10);
    return Number.isFinite(number) && number > 0 ? number : TASKS_OF_KERNEL;
  } catch {
    return TASKS_OF_KERNEL;
  }
}

let tasks: number | null = null;

/** Tasks the kernel lets there be at once, the smaller of its two limits. Asked once: whoever changes them starts the manager after that. */
export function tasksOfMachine(): number {
  tasks ??= Math.min(readNumber('/proc/sys/kernel/threads-max'), readNumber('/proc/sys/kernel/pid_max'));
  return tasks;
}

/** Bytes of memory. */
export function memoryOfMachine(): number {
  return operatingSystem().totalmem();
}
