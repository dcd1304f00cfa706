/**
 * The directory for sockets and other things that end with the manager.
 *
 * The wanted one when it can be written; else a private one below the temporary directory, of a fixed name so that a client
 * finds it; else below /dev/shm. On a machine without any writable place sockets live in the abstract name space, and nothing else
 * is kept.
 */
import { accessSync, constants, lstatSync, mkdirSync } from 'node:fs';
import type { Mode } from './options.ts';

export interface RuntimeDirectory {
  /** null: nothing can be written anywhere. */
  readonly path: string | null;
  /** Why it is not the one everybody expects; '' when it is. */
  readonly complaint: string;
}

function makeWritable(path: string, mode: number): boolean {
  try {
    mkdirSync(path, { recursive: true, mode });
    accessSync(path, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

/** In a directory that everybody may write, only a directory of our own that nobody else can look into will do. */
function makePrivate(path: string, uid: number): boolean {
  try {
    mkdirSync(path, { mode: 0o700 });
  } catch {
    // It may be there from before.
  }
  try {
    const stat = lstatSync(path);
    accessSync(path, constants.W_OK);
    return stat.isDirectory() && stat.uid === uid && (stat.mode & 0o077) === 0;
  } catch {
    return false;
  }
}

/** @param option `--runtime-dir`, which is taken or complained about, never silently replaced */
export function chooseRuntimeDirectory(mode: Mode, option: string | null, environment: Readonly<Record<string, string | undefined>>, uid: number): RuntimeDirectory {
  const xdg = environment['XDG_RUNTIME_DIR'];
  const wanted = option ?? (mode === 'user' ? (xdg === undefined ? null : `${xdg}/heartwood`) : '/run/heartwood');
  if (wanted !== null && makeWritable(wanted, mode === 'user' ? 0o700 : 0o755)) return { path: wanted, complaint: '' };
  const name = `heartwood-${String(uid)}`;
  const candidates = [environment['TMPDIR'] ?? '/tmp', '/dev/shm'].map((directory) => `${directory}/${name}`);
  const path = candidates.find((candidate) => makePrivate(candidate, uid)) ?? null;
  if (wanted === null && path !== null) return { path, complaint: '' };
  const failed = wanted === null ? 'there is no runtime directory' : `${wanted} cannot be written`;
  return { path, complaint: path === null ? `${failed}, nor can anything else: sockets have abstract names, nothing is kept` : `${failed}: ${path} is used` };
}
