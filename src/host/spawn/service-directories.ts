/** RuntimeDirectory= and its kin: their removal when a unit stops. Made by the executor. Source: systemd.exec(5). */
import { lstatSync, readlinkSync, rmSync, unlinkSync } from 'node:fs';
import { join } from 'node:path';
import type { DirectoryKind, ServiceDirectory } from '../../core/unit/exec-context.ts';

/**
 * Removes directories of a unit with what is in them, and links that were made to them.
 *
 * @returns the errors, as `ERRNO path`
 */
export function removeDirectories(roots: Readonly<Record<DirectoryKind, string>>, directories: readonly ServiceDirectory[], kinds: readonly DirectoryKind[]): readonly string[] {
  const errors: string[] = [];
  for (const directory of directories) {
    if (!kinds.includes(directory.kind)) continue;
    const root = roots[directory.kind];
    for (const link of directory.links) removeLink(join(root, link), directory.path);
    const path = join(root, directory.path);
    try {
      // A symbolic link in its place is removed as a link: what it points to is not ours.
      rmSync(path, { recursive: true, force: true, maxRetries: 0 });
    } catch (error) {
      errors.push(`${(error as NodeJS.ErrnoException).code ?? 'EIO'} ${path}`);
    }
  }
  return errors;
}

/** Only a link that leads to the directory; anything else was put there by somebody. */
function removeLink(link: string, target: string): void {
  try {
    if (!lstatSync(link).isSymbolicLink()) return;
    const to = readlinkSync(link);
    if (to === target || to.endsWith(`/${target}`)) unlinkSync(link);
  } catch {
    // It is gone already.
  }
}
