/** Opens what OpenFile= names. */
import { constants, statSync } from 'node:fs';
import type { Errno, Fd } from '../../base/brand.ts';
import type { OpenFile } from '../../core/unit/open-file.ts';
import type { NativeBinding } from '../native.ts';

const FLAGS: Readonly<Record<OpenFile['access'], number>> = {
  'read-write': constants.O_RDWR, 'read-only': constants.O_RDONLY, append: constants.O_RDWR | constants.O_APPEND, truncate: constants.O_RDWR | constants.O_TRUNC,
};

export type OpenedFiles =
  /** The names of those that are there, in order, each with its fd; whoever gets them closes them. */
  | { readonly ok: true; readonly files: readonly (readonly [name: string, fd: Fd])[] }
  | { readonly ok: false; readonly errno: Errno; readonly path: string };

/** All of them, but for optional ones that cannot be opened. */
export function openFiles(native: NativeBinding, wanted: readonly OpenFile[]): OpenedFiles {
  const files: (readonly [string, Fd])[] = [];
  for (const file of wanted) {
    const fd = openOne(native, file);
    if (typeof fd !== 'string') files.push([file.name, fd]);
    else if (!file.isOptional) {
      for (const [, opened] of files) native.close(opened);
      return { ok: false, errno: fd, path: file.path };
    }
  }
  return { ok: true, files };
}

function openOne(native: NativeBinding, { path, access }: OpenFile): Fd | Errno {
  if (isSocket(path)) return native.unixConnect(path, 'stream');
  // A FIFO whose other end is not there must not hold up the manager.
  const fd = native.open(path, FLAGS[access] | constants.O_NOCTTY | constants.O_NONBLOCK, 0);
  if (typeof fd !== 'string') native.setNonBlocking(fd, false);
  return fd;
}

function isSocket(path: string): boolean {
  try {
    return statSync(path).isSocket();
  } catch {
    return false;
  }
}
