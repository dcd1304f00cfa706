import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import type { Writable } from 'node:stream';
import { EXIT } from '../exit-status.ts';

/**
 * Runs a command with everything that is this process's own. Node cannot become it, as the native client does: it waits and ends alike.
 *
 * @returns its exit status, 128 and the number of the signal that ended it
 */
export function runInPlace(words: readonly string[], stderr: Writable): Promise<number> {
  const [program = '', ...rest] = words;
  return new Promise((resolve) => {
    // Signals of the terminal reach it without help, and are its business.
    const ignore = (): void => undefined;
    process.on('SIGINT', ignore);
    const child = spawn(program, rest, { stdio: 'inherit' });
    child.once('error', (error) => {
      stderr.write(`Failed to execute ${program}: ${error.message}\n`);
      resolve(EXIT.failed);
    });
    child.once('exit', (code, signal) => {
      process.off('SIGINT', ignore);
      resolve(code ?? 128 + (signal === null ? 0 : constants.signals[signal]));
    });
  });
}
