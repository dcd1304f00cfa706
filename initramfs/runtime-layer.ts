/** The first layer: Node and every shared library that anything in the image needs. Changes with Node's release and the host's libc. */
import { readFileSync } from 'node:fs';
import type { ArchiveEntry } from './newc-archive.ts';
import { sharedLibrariesOf } from './shared-libraries.ts';

/**
 * @param node the guest's Node
 * @param more other dynamically linked files of the image, such as the addon
 */
export function runtimeLayer(node: string, more: readonly string[]): readonly ArchiveEntry[] {
  const libraries = sharedLibrariesOf([node, ...more]);
  return [
    { kind: 'file', path: 'usr/bin/node', mode: 0o755, content: readFileSync(node) },
    ...libraries.map(({ guestPath, hostPath }) => ({ kind: 'file', path: guestPath, mode: 0o755, content: readFileSync(hostPath) }) as const),
    // One tree under /usr, as Debian has it.
    ...['bin', 'lib', 'lib64', 'sbin'].map((name) => ({ kind: 'symlink', path: name, target: `usr/${name}` }) as const),
    { kind: 'directory', path: 'usr/sbin', mode: 0o755 },
  ];
}
