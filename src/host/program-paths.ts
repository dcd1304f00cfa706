/** Where the manager's own programs are, in a built checkout, in an installed package and when run from source. */
import { existsSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** How to start one of our programs. */
export interface ProgramCommand {
  readonly path: string;
  /** Arguments before the program's own. */
  readonly arguments: readonly string[];
  readonly environment: readonly string[];
  readonly directory: string;
}

/** A bundle lies in `dist/`, this file two folders below the checkout. */
const isBundle = import.meta.filename.endsWith('.cjs');
const builtDirectory = isBundle ? import.meta.dirname : join(dirname(dirname(import.meta.dirname)), 'dist');

/**
 * As for the manager (native/launcher/launcher.c): memory is given back by ourselves, after work and never in idleness. Unlike the manager's,
 * logd's code is compiled for the machine, since in a storm of lines it is what counts.
 */
const LOGD_NODE_FLAGS = ['--max-semi-space-size=1', '--no-memory-reducer', '--expose-gc', '--single-threaded-gc', '--no-short-builtin-calls'];

/** logd: the bundle, or the source when the manager itself runs from source. */
export function logdCommand(): ProgramCommand {
  // Nothing of the manager's environment is of use to it, and NODE_* settings only slow it down.
  const environment = ['PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'];
  if (isBundle || !process.execArgv.includes('--import')) {
    return { path: process.execPath, arguments: [...LOGD_NODE_FLAGS, join(builtDirectory, 'logd.js')], environment, directory: '/' };
  }
  const checkout = dirname(builtDirectory);
  return { path: process.execPath, arguments: [...LOGD_NODE_FLAGS, ...process.execArgv, join(checkout, 'src/logd/main.ts')], environment, directory: checkout };
}

/** The C program that stands between clone and a service's own program. null when it is not built. */
export function executorPath(): string | null {
  const path = join(builtDirectory, 'native/unit-executor');
  return existsSync(path) ? path : null;
}

/**
 * How the manager is executed anew: through the launcher, so that what is true at a first start is true again; from source as it
 * was started.
 *
 * @param words the manager's own command line
 */
export function managerCommand(words: readonly string[]): { readonly path: string; readonly argv: readonly string[] } {
  const launcher = join(builtDirectory, 'native/launcher');
  if (isBundle && existsSync(launcher)) return { path: launcher, argv: ['heartwood', ...words] };
  return { path: process.execPath, argv: [process.execPath, ...process.execArgv, process.argv[1] ?? '', ...words] };
}

/** The program for when the manager cannot go on; null when it is not built. */
export function rescuePath(): string | null {
  const path = join(builtDirectory, 'native/stage0');
  return existsSync(path) ? path : null;
}

/** The control client, which is `initctl` and `systemctl`. */
export function controlClientPath(): string {
  return join(builtDirectory, 'native/initctl');
}

/** The names people call: links to the built programs. */
export function ownProgramDirectory(): string {
  return join(dirname(builtDirectory), 'bin');
}

/** The folder of unit files that come with Heartwood. */
export function shippedUnitDirectory(): string {
  return join(dirname(builtDirectory), 'units');
}

/** What tells this build from others: the identity of its file. One that runs from source is like no other. */
export function programStamp(): string {
  if (!isBundle) return `source ${String(process.pid)} ${String(Date.now())}`;
  const { dev, ino, size, mtimeMs } = statSync(import.meta.filename);
  return [dev, ino, size, mtimeMs].join(':');
}
