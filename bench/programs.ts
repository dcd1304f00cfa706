import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';

/** The C programs of the benchmark; each file in `bench/programs` says what its program does. */
export const PROGRAM_NAMES = ['container', 'payload', 'stopwatch', 'killer', 'orphans', 'log-lines', 'dark-time'] as const;

/** Where the compiled programs appear inside a container. */
export const PROGRAMS_INSIDE = '/bench/bin';

/**
 * Compiles the programs into a directory. Static: a payload's own start must cost the same under every contestant
 * and wait for no dynamic linker.
 * @throws Error when there is no C compiler or a program does not compile
 */
export function compilePrograms(directory: string): void {
  mkdirSync(directory, { recursive: true });
  for (const name of PROGRAM_NAMES) {
    const source = join(import.meta.dirname, 'programs', `${name}.c`);
    execFileSync('gcc', ['-std=c11', '-O2', '-Wall', '-Wextra', '-static', '-o', join(directory, name), source], {
      stdio: ['ignore', 'inherit', 'inherit'],
    });
  }
}
