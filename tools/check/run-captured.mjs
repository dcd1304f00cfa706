import { spawn } from 'node:child_process';
import { checkoutRoot } from '../set-up/checkout.mjs';

/**
 * Runs a checker in the checkout.
 *
 * @param {string} program
 * @param {readonly string[]} args
 * @returns {Promise<{ ok: boolean, output: string }>} whether it ended with status 0, and all it printed
 */
export function runCaptured(program, args) {
  return new Promise((resolve) => {
    const child = spawn(program, args, { cwd: checkoutRoot, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    child.stdout.setEncoding('utf8').on('data', (chunk) => (output += chunk));
    child.stderr.setEncoding('utf8').on('data', (chunk) => (output += chunk));
    child.on('error', (error) => resolve({ ok: false, output: error.message }));
    child.on('close', (code) => resolve({ ok: code === 0, output }));
  });
}
