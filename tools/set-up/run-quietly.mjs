/** Runs a build tool and shows its output only when it fails. */
import { spawn } from 'node:child_process';
import { checkoutRoot } from './checkout.mjs';
import { SetUpError } from './set-up-error.mjs';

/** Compilers print pages; the cause of a failure is near its end. */
const OUTPUT_KEPT_BYTES = 64 * 1024;

/**
 * @param {string} program
 * @param {readonly string[]} args
 * @param {string} title names the step in the error message
 * @param {NodeJS.ProcessEnv} env
 * @returns {Promise<string>} the last part of its output
 */
export function runQuietly(program, args, title, env = process.env) {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { cwd: checkoutRoot, env, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    const keep = (chunk) => {
      output = (output + chunk).slice(-OUTPUT_KEPT_BYTES);
    };
    child.stdout.setEncoding('utf8').on('data', keep);
    child.stderr.setEncoding('utf8').on('data', keep);
    child.on('error', (error) => reject(new SetUpError(`${title} cannot be run: ${error.message}`)));
    child.on('close', (code, signal) => {
      if (code === 0) resolve(output);
      else reject(new SetUpError(`${output}\n${title} failed (${signal ?? `exit status ${code}`})`));
    });
  });
}
