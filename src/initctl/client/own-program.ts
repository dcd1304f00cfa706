/** Programs beside initctl that do what would make every client larger. */
import { spawn } from 'node:child_process';
import { dirname, join } from 'node:path';
import type { OwnProgram } from '../verb.ts';
import { EXIT } from '../exit-status.ts';

/** A bundle lies in `dist/`, this file three folders below the checkout. */
const isBundle = import.meta.filename.endsWith('.cjs');
const SOURCES: Readonly<Record<OwnProgram, string>> = { simulate: 'src/sim/main.ts', front: 'src/front/main.ts' };

/** @returns its exit status; that of a failure when it could not be started or was killed */
export function runOwnProgram(program: OwnProgram, words: readonly string[]): Promise<number> {
  const checkout = join(dirname(dirname(import.meta.dirname)), '..');
  const script = isBundle ? [join(import.meta.dirname, `${program}.js`)] : [...process.execArgv, join(checkout, SOURCES[program])];
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [...script, ...words], { stdio: 'inherit' });
    child.on('error', () => { resolve(EXIT.failed); });
    child.on('exit', (status) => { resolve(status ?? EXIT.failed); });
  });
}
