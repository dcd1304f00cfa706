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
 * The bundles and their loaders, laid out as in `dist/` because they find each other by relative paths. Code caches are left out:
 * they belong to the Node that made them.
 */
const BUNDLE_FILES: readonly string[] = ['package.json', ...['heartwood', 'logd', 'initctl', 'simulate'].flatMap((name) => [`${name}.js`, `${name}.cjs`])];

/** Becomes /init, and is of no use elsewhere. */
const STAGE0 = 'stage0';

const GUEST_DIST = 'usr/lib/heartwood/dist';

/** What the console is for in this machine; a login prompt needs programs that are not here. */
const PROMPT_UNIT = 'console-prompt.service';

const LINKS: readonly (readonly [path: string, target: string])[] = [
  ['usr/bin/heartwood', '../lib/heartwood/dist/native/launcher'],
  ['usr/bin/initctl', '../lib/heartwood/dist/native/initctl'],
  ['usr/bin/systemctl', '../lib/heartwood/dist/native/initctl'],
  // Where they are looked for by name; the programs look beside themselves.
  ['usr/lib/heartwood/system', 'units/system'],
  ['usr/bin/heartwood-notify', '../lib/heartwood/dist/native/heartwood-notify'],
  ['usr/bin/heartwood-terminal', '../lib/heartwood/dist/native/heartwood-terminal'],
  [`etc/heartwood/system/getty.target.wants/${PROMPT_UNIT}`, `../${PROMPT_UNIT}`],
];

const DIRECTORIES: readonly (readonly [path: string, mode: number])[] = [
  ['dev', 0o755], ['proc', 0o555], ['sys', 0o555], ['run', 0o755], ['tmp', 0o1777], ['root', 0o700],
  ['var/lib', 0o755], ['var/log', 0o755], ['var/tmp', 0o1777], ['etc/heartwood/system', 0o755],
];

export function systemLayer(sources: SystemSources): readonly ArchiveEntry[] {
  return [
    { kind: 'file', path: 'init', mode: 0o755, content: builtFile(sources, `native/${STAGE0}`) },
    // Node aborts when one of its first three fds is closed and there is no /dev/null; the kernel opens /dev/console for them.
    { kind: 'character-device', path: 'dev/console', mode: 0o600, major: 5, minor: 1 },
    { kind: 'character-device', path: 'dev/null', mode: 0o666, major: 1, minor: 3 },
    ...DIRECTORIES.map(([path, mode]) => ({ kind: 'directory', path, mode }) as const),
    ...BUNDLE_FILES.map((name) => ({ kind: 'file', path: `${GUEST_DIST}/${name}`, mode: 0o644, content: builtFile(sources, name) }) as const),
    ...nativePrograms(sources),
    ...LINKS.map(([path, target]) => ({ kind: 'symlink', path, target }) as const),
    ...treeEntries(sources.unitsDirectory, 'usr/lib/heartwood/units/system'),
    ...treeEntries(join(import.meta.dirname, 'guest/etc'), 'etc'),
    { kind: 'file', path: `etc/heartwood/system/${PROMPT_UNIT}`, mode: 0o644, content: readFileSync(join(import.meta.dirname, 'guest', PROMPT_UNIT)) },
  ];
}

/** The addon and all programs that the native build makes, however many there are. */
function nativePrograms(sources: SystemSources): readonly ArchiveEntry[] {
  return readdirSync(join(sources.distDirectory, 'native'))
    .filter((name) => name !== STAGE0 && !name.endsWith('.json'))
    .map((name) => ({ kind: 'file', path: `${GUEST_DIST}/native/${name}`, mode: 0o755, content: builtFile(sources, `native/${name}`) }));
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
