/**
 * `heartwood-script`: the process of a scripted unit (ExecScript=), and how commands reach it.
 *
 *   heartwood-script FILE                    runs the script
 *   heartwood-script --call COMMAND WORD…    has a command of the running script carried out, and prints its replies
 *   heartwood-script --check FILE            tells whether the text can be understood
 */
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { isMainThread } from 'node:worker_threads';
import { loadNative } from '../host/load-native.ts';
import { findOuterManager } from '../host/outer-manager.ts';
import { askScript, callSocketPath } from './call-socket.ts';
import { languageOf, type ScriptStart } from './port.ts';
import { ScriptHost } from './script-host.ts';
import { runWorker } from './worker/run-worker.ts';

const EXIT_USAGE = 2;

const HELP = `heartwood-script FILE
heartwood-script --call COMMAND [WORD…]
heartwood-script --check FILE

Runs a script of a unit (ExecScript=FILE in [Service]): JavaScript, TypeScript (.ts) or Lua (.lua, .sema).
See heartwood.unit(5).
`;

function fail(message: string): number {
  process.stderr.write(`heartwood-script: ${message}\n`);
  return 1;
}

async function call(command: string, words: readonly string[]): Promise<number> {
  const path = callSocketPath(process.env);
  if (path === null) return fail('this unit has no script: $RUNTIME_DIRECTORY and $HEARTWOOD_SCRIPT_SOCKET are not set');
  let status = 0;
  const error = await askScript(path, { command, words }, (answer) => {
    if ('reply' in answer) process.stdout.write(`${answer.reply.join(' ')}\n`);
    if ('error' in answer) status = fail(answer.error);
  });
  return error === null ? status : fail(`the script does not answer: ${error.message}`);
}

async function check(file: string): Promise<number> {
  try {
    const text = readFileSync(file, 'utf8');
    const start: ScriptStart = { file, text, language: languageOf(file, text), latched: [] };
    if (start.language === 'lua') (await import('./worker/lua.ts')).loadLua(start, () => undefined);
    else (await import('./worker/javascript.ts')).loadJavaScript(start, () => undefined);
    return 0;
  } catch (error) {
    return fail(error instanceof Error ? error.message : String(error));
  }
}

async function main(): Promise<number> {
  const [first, ...rest] = process.argv.slice(2);
  if (first === '--help' || first === '-h') {
    process.stdout.write(HELP);
    return 0;
  }
  if (first === undefined || (first.startsWith('--') && rest.length === 0)) {
    process.stderr.write(HELP);
    return EXIT_USAGE;
  }
  const [second = '', ...words] = rest;
  if (first === '--call') return call(second, words);
  if (first === '--check') return check(resolve(second));
  const watchdog = Number(process.env['WATCHDOG_USEC'] ?? '0');
  const native = loadNative();
  return new ScriptHost({
    file: resolve(first), callSocket: callSocketPath(process.env), up: process.env['HEARTWOOD_SCRIPT_UP'] !== 'no',
    watchdogUsec: watchdog > 0 ? watchdog : null, native, manager: findOuterManager(native, process.env),
  }).run();
}

if (isMainThread) {
  main().then(
    (status) => { process.exit(status); },
    (error: unknown) => { process.exit(fail(error instanceof Error ? (error.stack ?? error.message) : String(error))); },
  );
} else void runWorker();
