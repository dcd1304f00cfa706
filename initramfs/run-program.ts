/** Runs a program of the machine to its end, for the builder's own needs. */
import { spawnSync } from 'node:child_process';
import { VmError } from './vm-error.ts';

export interface RunOptions {
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
  readonly input?: Uint8Array;
  /** The Debian package to name when there is no such program. */
  readonly debianPackage?: string;
}

/** A whole file system member of a package comes through here; what is larger is no kernel and no shell. */
const OUTPUT_BYTES_MAX = 256 * 1024 * 1024;

/**
 * @returns standard output
 * @throws VmError when the program is missing or fails, with the last lines of what it said
 */
export function runProgram(program: string, args: readonly string[], options: RunOptions = {}): Buffer {
  const { debianPackage, ...spawnOptions } = options;
  const run = spawnSync(program, args, { ...spawnOptions, maxBuffer: OUTPUT_BYTES_MAX });
  if (run.error !== undefined) {
    const isMissing = 'code' in run.error && run.error.code === 'ENOENT';
    if (isMissing && debianPackage !== undefined) throw new VmError(`missing ${program}: sudo apt-get install ${debianPackage}`);
    throw new VmError(`${program} cannot be run: ${run.error.message}`);
  }
  if (run.status !== 0) {
    const said = run.stderr.toString().trimEnd().split('\n').slice(-5).join('\n');
    throw new VmError(`${said}\n${program} ${args.join(' ')} failed (${run.signal ?? `exit status ${String(run.status)}`})`);
  }
  return run.stdout;
}
