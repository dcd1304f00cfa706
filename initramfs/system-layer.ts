/** The second layer: Heartwood itself, its units, and the few files that every program expects in /etc. */
import { existsSync, readFileSync, readdirSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import type { ArchiveEntry } from './newc-archive.ts';
import { VmError } from './vm-error.ts';

export interface SystemSources {
  /** What the build made. */
  readonly distDirectory: string;
  /** The shipped system units. */
  readonly unitsDirectory: string;
}

/** The addon: the one file here that the dynamic linker loads. */
export const ADDON = 'native/heartwood.node';

/**
 * The programs, as in `dist/`; they find each other by relative paths. Code caches are left out: they belong to the Node that
 * made them, and two runs that record one do not give the same bytes.
 */
const PROGRAM_FILES: readonly (readonly [name: string, mode: number])[] = [
  ['package.json', 0o644],
  ...['heartwood', 'logd', 'initctl'].flatMap((name) => [[`${name}.js`, 0o644], [`${name}.cjs`, 0o644]] as const),
  [ADDON, 0o755],
  ['native/unit-executor', 0o755],
  ['native/launcher', 0o755],
  ['native/initctl', 0o755],
];

const GUEST_DIST = 'usr/lib/heartwood/dist';

const LINKS: readonly (readonly [path: string, target: string])[] = [
  ['usr/bin/heartwood', '../lib/heartwood/dist/native/launcher'],
  ['usr/bin/initctl', '../lib/heartwood/dist/native/initctl'],
  ['usr/bin/systemctl', '../lib/heartwood/dist/native/initctl'],
];

const DIRECTORIES: readonly (readonly [path: string, mode: number])[] = [
  ['dev', 0o755], ['proc', 0o555], ['sys', 0o555], ['run', 0o755], ['tmp', 0o1777], ['root', 0o700],
  ['var/lib', 0o755], ['var/log', 0o755], ['var/tmp', 0o1777], ['etc/heartwood/system', 0o755],
];

export function systemLayer(sources: SystemSources): readonly ArchiveEntry[] {
  return [
    { kind: 'file', path: 'init', mode: 0o755, content: builtFile(sources, 'native/stage0') },
    // Node aborts when one of its first three fds is closed and there is no /dev/null; the kernel opens /dev/console for them.
    { kind: 'character-device', path: 'dev/console', mode: 0o600, major: 5, minor: 1 },
    { kind: 'character-device', path: 'dev/null', mode: 0o666, major: 1, minor: 3 },
    ...DIRECTORIES.map(([path, mode]) => ({ kind: 'directory', path, mode }) as const),
    ...PROGRAM_FILES.map(([name, mode]) => ({ kind: 'file', path: `${GUEST_DIST}/${name}`, mode, content: builtFile(sources, name) }) as const),
    ...LINKS.map(([path, target]) => ({ kind: 'symlink', path, target }) as const),
    ...treeEntries(sources.unitsDirectory, 'usr/lib/heartwood/system'),
    ...treeEntries(join(import.meta.dirname, 'guest/etc'), 'etc'),
  ];
}

function builtFile(sources: SystemSources, name: string): Buffer {
  const path = join(sources.distDirectory, name);
  if (!existsSync(path)) throw new VmError(`${path} is missing: npm run build`);
  return readFileSync(path);
}

/** Files and links below a directory of the host. Modes are set here, because a checkout's follow the umask of whoever made it. */
function treeEntries(hostDirectory: string, guestDirectory: string): readonly ArchiveEntry[] {
  return readdirSync(hostDirectory, { withFileTypes: true }).flatMap((entry): readonly ArchiveEntry[] => {
    const hostPath = join(hostDirectory, entry.name);
    const path = `${guestDirectory}/${entry.name}`;
    if (entry.isDirectory()) return treeEntries(hostPath, path);
    if (entry.isSymbolicLink()) return [{ kind: 'symlink', path, target: readlinkSync(hostPath) }];
    return [{ kind: 'file', path, mode: 0o644, content: readFileSync(hostPath) }];
  });
}
