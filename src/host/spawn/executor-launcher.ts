/** Starting a command through `unit-executor`, and hearing from it whether execve went through. */
import type { Errno, Pid } from '../../base/brand.ts';
import type { SpawnPlan } from './spawner.ts';

export type LaunchOutcome = { readonly pid: Pid } | { readonly errno: Errno; readonly stage: string };

export interface ExecutorLauncher {
  /** Starts the executor for the plan. What it reports later becomes `exec-done` or `exec-failed`. */
  launch(plan: SpawnPlan): LaunchOutcome;
  /** The process has been reaped: what it still had to report comes before its exit. */
  settle(pid: Pid): void;
}
