/**
 * `svscanboot [DIR]`: svscan for the whole life of a machine. What ran before is told to end, services get an environment with PATH alone,
 * and what svscan complains of stands in the command line of a readproctitle, for all to see.
 */
import { spawn, spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';

const DEFAULT_DIRECTORY = '/etc/service';
/** So many bytes of complaints can be seen. */
const VISIBLE_BYTES = 400;

/** Where services find programs, ours first. */
function searchPath(): string {
  return `${join(import.meta.dirname, '../bin')}:/command:/usr/local/bin:/usr/local/sbin:/bin:/sbin:/usr/bin:/usr/sbin:/usr/X11R6/bin`;
}

export function svscanboot(words: readonly string[]): Promise<number> {
  const directory = words[0] ?? DEFAULT_DIRECTORY;
  const native = (program: string): string => join(import.meta.dirname, 'native', program);
  const env = { PATH: searchPath() };
  const leftovers = listOrNothing(directory).flatMap((name) => [join(directory, name), join(directory, name, 'log')]);
  if (leftovers.length > 0) spawnSync(native('daemontools'), ['svc', '-dx', ...leftovers], { env, stdio: 'ignore' });
  // A shell's pipe, as what services write must be a file they can open anew. A group of its own, so that a signal reaches all of it.
  const both = '"$0" svscan "$1" 2>&1 | readproctitle service errors: "$2"';
  const shell = spawn('/bin/sh', ['-c', both, native('front'), directory, '.'.repeat(VISIBLE_BYTES)], { env, detached: true, stdio: 'ignore' });
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, () => { if (shell.pid !== undefined) process.kill(-shell.pid, signal); });
  return new Promise((resolve) => {
    shell.once('error', () => { resolve(1); });
    shell.once('exit', (status) => { resolve(status ?? 1); });
  });
}

function listOrNothing(directory: string): readonly string[] {
  try {
    return readdirSync(directory).filter((name) => !name.startsWith('.'));
  } catch {
    return [];
  }
}
