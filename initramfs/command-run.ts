/** `--exec`: one command in a machine of its own, from the kernel's start to its power-off. */
import type { MachineOptions, Sink } from './machine.ts';
import { runConnected } from './machine.ts';
import { VmError } from './vm-error.ts';

export interface CommandRun {
  /** The command's standard output and errors, as they come. */
  readonly output: Sink;
  readonly errors: Sink;
  /** Kernel messages and status lines. */
  readonly console: Sink;
  /** From the kernel's start to the power-off. Emulation is 15 to 30 times slower than the machine it runs on. */
  readonly limitMs: number;
}

/** Enough to see why a boot failed: the last screens of the console. */
const CONSOLE_KEPT_BYTES = 8 * 1024;

/** The guest did not do what it was asked. */
export class GuestError extends VmError {
  /** The last of what was on the console, for a caller who has not shown it. */
  readonly consoleTail: string;

  constructor(message: string, consoleTail: string) {
    super(message);
    this.consoleTail = consoleTail;
  }
}

/** The report is two short lines; a guest that writes more is not ours. */
const REPORT_BYTES_MAX = 1024;

/**
 * @returns the command's exit status, as the guest's shell tells it (128 + n for signal n)
 * @throws GuestError when the machine ended without a report, was too slow, or reported but did not power off
 */
export async function runCommand(machine: MachineOptions, run: CommandRun): Promise<number> {
  let report = '';
  let consoleTail = '';
  const limit = AbortSignal.timeout(run.limitMs);
  await runConnected(
    machine,
    {
      output: run.output,
      errors: run.errors,
      console: (chunk) => {
        consoleTail = (consoleTail + chunk.toString('latin1')).slice(-CONSOLE_KEPT_BYTES);
        run.console(chunk);
      },
      report: (chunk) => {
        report = (report + chunk.toString('latin1')).slice(0, REPORT_BYTES_MAX);
      },
    },
    limit,
  );
  const status = /^exit (\d{1,3})\r?$/m.exec(report)?.[1];
  const problem = problemOf(status, limit.aborted, report, run.limitMs);
  if (problem !== null) throw new GuestError(problem, consoleTail);
  return Number(status);
}

function problemOf(status: string | undefined, isLate: boolean, report: string, limitMs: number): string | null {
  const refused = /^power-off-refused (\d+)/m.exec(report)?.[1];
  if (refused !== undefined) return `the command ended with status ${String(status)}, but the guest's power-off was refused (initctl: ${refused})`;
  if (isLate && status !== undefined) return `the command ended with status ${status}, but the guest was not off after ${limitMs / 1000} s`;
  if (isLate) return `the guest did not run the command within ${limitMs / 1000} s`;
  if (status === undefined) return 'the guest ended without running the command to its end';
  return null;
}
