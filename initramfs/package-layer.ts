/** A layer of a daemon as Debian packs it: programs, libraries, configuration and unit files, without what only people or dpkg read. */
import { mkdtempSync, readFileSync, readdirSync, readlinkSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ArchiveEntry } from './newc-archive.ts';
import { runProgram } from './run-program.ts';

/** Nothing in the guest reads these, and they are half of a small package. */
const LEFT_OUT = /^usr\/share\/(?:doc|man|lintian|locale|bug|vim|apport|bash-completion)$|^etc\/(?:init\.d|logrotate\.d|ufw)$/;
/** The guest has one tree under /usr, and packages of older releases do not know it. */
const MERGED = /^(?=(?:bin|lib|lib64|sbin)(?:\/|$))/;

/**
 * @param archives tar archives as `packageArchives` returns them; maintainer scripts are not run
 * @returns what they hold; owner is root, as of everything in an image
 */
export function packageLayer(archives: readonly string[]): readonly ArchiveEntry[] {
  const root = mkdtempSync(join(tmpdir(), 'heartwood-packages-'));
  try {
    for (const archive of archives) runProgram('tar', ['-xpf', archive, '--no-same-owner', '-C', root], { debianPackage: 'tar' });
    return entriesBelow(root, '');
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}

function entriesBelow(root: string, directory: string): readonly ArchiveEntry[] {
  return readdirSync(join(root, directory), { withFileTypes: true }).flatMap((entry): readonly ArchiveEntry[] => {
    const member = join(directory, entry.name);
    if (LEFT_OUT.test(member)) return [];
    const path = member.replace(MERGED, 'usr/');
    const hostPath = join(root, member);
    if (entry.isSymbolicLink()) return [{ kind: 'symlink', path, target: readlinkSync(hostPath) }];
    if (!entry.isDirectory()) return [{ kind: 'file', path, mode: statSync(hostPath).mode & 0o777, content: readFileSync(hostPath) }];
    const inside = entriesBelow(root, member);
    // A directory that holds something comes with it; one that is empty is there to be written to.
    return inside.length === 0 ? [{ kind: 'directory', path, mode: 0o755 }] : inside;
  });
}
