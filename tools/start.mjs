#!/usr/bin/env node
// npm start: boots the demo system (units/demo) as PID 1 of private namespaces.
//
// With a terminal: boot status lines, then a prompt that takes the verbs of initctl; Ctrl-D or poweroff shuts down in order.
// Without: boots, prints `initctl status` and `initctl list`, powers off; exit status 0 only if every wanted unit came up.
import './build.mjs';
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const { bootDemo } = await import('./start/namespaces.mjs');
const { demoPrefix, removeStaleDemos } = await import('./start/stale-demos.mjs');
const { checkoutRoot, distDirectory } = await import('./set-up/checkout.mjs');
const { SetUpError } = await import('./set-up/set-up-error.mjs');

/** Far more than a boot takes; then the state is printed as it is, and is the answer. */
const BOOT_LIMIT_MS = 60_000;
/** An orderly stop is bounded by the units' own time-outs; beyond this it is ended the hard way. */
const STOP_LIMIT_MS = 120_000;
const POLL_MS = 10;

const interactive = process.stdin.isTTY === true && process.stdout.isTTY === true;
await removeStaleDemos(tmpdir());
const directory = mkdtempSync(join(tmpdir(), demoPrefix()));
const socket = join(directory, 'control');
const clientEnv = { ...process.env, HEARTWOOD_SOCKET: socket };

let demo;
try {
  demo = bootDemo({ runtimeDirectory: directory, showStatus: true, terminal: interactive });
} catch (error) {
  rmSync(directory, { recursive: true, force: true });
  if (!(error instanceof SetUpError)) throw error;
  console.error(error.message);
  process.exit(1);
}
demo.console.pipe(process.stdout, { end: false });
// Whatever ends this program early takes the demo with it.
process.on('exit', demo.stop);
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => void powerOff());
const ended = demo.ended.then((status) => ({ status }));

const booted = await bootEnds();
let status = booted ? 0 : 1;
if (booted && interactive) {
  await prompt();
} else if (booted) {
  console.log('\n$ initctl status');
  await client([join(checkoutRoot, 'bin/initctl'), 'status'], 'inherit');
  console.log('\n$ initctl list');
  await client([join(checkoutRoot, 'bin/initctl'), 'list'], 'inherit');
  const state = await client([join(checkoutRoot, 'bin/initctl'), 'is-system-running'], 'pipe');
  if (state.output.trim() !== 'running') status = 1;
}
await powerOff();
rmSync(directory, { recursive: true, force: true });
process.exit(status);

/** Gives the terminal to the prompt, and with it what the demo says meanwhile: only the prompt can put that above the line being typed. */
function prompt() {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [join(distDirectory, 'initctl.js'), 'prompt', '--console'], {
      env: { ...clientEnv, HEARTWOOD_CONSOLE_FD: '3' }, stdio: ['inherit', 'inherit', 'inherit', 'pipe'],
    });
    const above = /** @type {import('node:stream').Writable} */ (child.stdio[3]);
    demo.console.unpipe(process.stdout);
    demo.console.pipe(above);
    // A prompt that dies reads no more; its exit follows.
    above.on('error', () => undefined);
    child.on('close', () => {
      demo.console.unpipe(above);
      demo.console.pipe(process.stdout, { end: false });
      resolve(undefined);
    });
  });
}

/** @returns {Promise<boolean>} false when the manager ended instead */
async function bootEnds() {
  const deadline = performance.now() + BOOT_LIMIT_MS;
  let over = false;
  void ended.then(() => (over = true));
  while (!over && performance.now() < deadline) {
    if (existsSync(socket)) {
      const { output } = await client([join(checkoutRoot, 'bin/initctl'), 'is-system-running'], 'pipe');
      if (['running', 'degraded', 'maintenance'].includes(output.trim())) return true;
    }
    await pause();
  }
  return !over;
}

async function powerOff() {
  if (existsSync(socket)) await client([join(checkoutRoot, 'bin/initctl'), 'poweroff'], 'ignore');
  const late = setTimeout(demo.stop, STOP_LIMIT_MS);
  await ended;
  clearTimeout(late);
}

function pause() {
  return new Promise((resolve) => setTimeout(resolve, POLL_MS));
}

/** Runs a client of the demo's manager to its end. */
function client(command, stdio) {
  return new Promise((resolve) => {
    const child = spawn(command[0], command.slice(1), { env: clientEnv, stdio: [stdio === 'inherit' ? 'inherit' : 'ignore', stdio, stdio] });
    let output = '';
    child.stdout?.setEncoding('utf8').on('data', (chunk) => (output += chunk));
    child.on('error', (error) => resolve({ status: 1, output: error.message }));
    child.on('close', (code) => resolve({ status: code ?? 1, output }));
  });
}
