/** The facts behind `%` specifiers, each read once, when a unit first asks for it. Source: systemd.unit(5), "SPECIFIERS". */
import { existsSync, readFileSync } from 'node:fs';
import type { SpecifierContext } from '../../core/unit-file/specifiers.ts';
import { operatingSystem } from '../operating-system.ts';

export interface SpecifierFactsOptions {
  readonly mode: 'system' | 'user';
  /** Prefix for offline verbs, '' for the running system. */
  readonly root: string;
  readonly uid: number;
  readonly gid: number;
  /** HOME, SHELL, USER and the XDG_… variables. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** `%t`: /run, or the user's runtime directory. */
  readonly runtimeRoot: string;
}

/** systemd's names for what Node calls the architecture. */
const ARCHITECTURES: ReadonlyMap<string, string> = new Map([
  ['x64', 'x86-64'], ['ia32', 'x86'], ['arm64', 'arm64'], ['arm', 'arm'], ['ppc64', 'ppc64-le'], ['s390x', 's390x'], ['riscv64', 'riscv64'], ['loong64', 'loongarch64'],
]);

/** The facts. What cannot be read is `null` or '', and the specifier that needs it says so. */
export function readSpecifierFacts(options: SpecifierFactsOptions): SpecifierContext {
  const { environment, mode, root } = options;
  const os = once(() => parseShellAssignments(readText(`${root}/etc/os-release`) ?? readText(`${root}/usr/lib/os-release`) ?? ''));
  const machineInfo = once(() => parseShellAssignments(readText(`${root}/etc/machine-info`) ?? ''));
  const account = once(() => readAccount(options));
  const machineId = once(() => readId(`${root}/etc/machine-id`));
  const bootId = once(() => readId('/proc/sys/kernel/random/boot_id'));
  const hostname = once(() => (root === '' ? operatingSystem().hostname() : readText(`${root}/etc/hostname`)?.trim()) || 'localhost');
  const kernelRelease = once(() => operatingSystem().release());
  const home = (): string => (mode === 'user' ? environment['HOME'] : undefined) ?? account().home;
  const ofUser = (variable: string, below: string): string => environment[variable] ?? `${home()}/${below}`;
  const stateHome = (): string => ofUser('XDG_STATE_HOME', '.local/state');
  const temporary = environment['TMPDIR'] ?? environment['TEMP'] ?? environment['TMP'];
  return {
    architecture: ARCHITECTURES.get(process.arch) ?? process.arch,
    get machineId() { return machineId(); },
    get bootId() { return bootId(); },
    get hostname() { return hostname(); },
    get prettyHostname() { return machineInfo().get('PRETTY_HOSTNAME') ?? null; },
    get kernelRelease() { return kernelRelease(); },
    get osId() { return os().get('ID') ?? 'linux'; },
    get osVersionId() { return os().get('VERSION_ID') ?? ''; },
    get osVariantId() { return os().get('VARIANT_ID') ?? ''; },
    get osBuildId() { return os().get('BUILD_ID') ?? ''; },
    get osImageId() { return os().get('IMAGE_ID') ?? ''; },
    get osImageVersion() { return os().get('IMAGE_VERSION') ?? ''; },
    get userName() { return account().name; },
    uid: options.uid,
    get groupName() { return account().groupName; },
    gid: options.gid,
    get home() { return home(); },
    get shell() { return (mode === 'user' ? environment['SHELL'] : undefined) ?? account().shell; },
    runtimeRoot: options.runtimeRoot,
    get stateRoot() { return mode === 'system' ? '/var/lib' : stateHome(); },
    get cacheRoot() { return mode === 'system' ? '/var/cache' : ofUser('XDG_CACHE_HOME', '.cache'); },
    get logsRoot() { return mode === 'system' ? '/var/log' : `${stateHome()}/log`; },
    get configurationRoot() { return mode === 'system' ? '/etc' : ofUser('XDG_CONFIG_HOME', '.config'); },
    get sharedDataRoot() { return mode === 'system' ? '/usr/share' : ofUser('XDG_DATA_HOME', '.local/share'); },
    temporaryDirectory: temporary ?? '/tmp',
    persistentTemporaryDirectory: temporary ?? '/var/tmp',
  };
}

/** The same answer each time, worked out when it is first asked for. */
function once<T>(read: () => T): () => T {
  let known: { readonly value: T } | null = null;
  return () => (known ??= { value: read() }).value;
}

function readText(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return null;
  }
}

/** An id of 128 bits, with or without dashes; null when the file has none (`uninitialized`). */
function readId(path: string): string | null {
  const id = (readText(path) ?? '').trim().replaceAll('-', '').toLowerCase();
  return /^[0-9a-f]{32}$/.test(id) ? id : null;
}

interface Account {
  readonly name: string;
  readonly home: string;
  readonly shell: string;
  readonly groupName: string;
}

/**
 * From /etc/passwd and /etc/group alone: a look-up through the name service could ask the network, which waits for
 * services that this manager has yet to start.
 */
function readAccount(options: SpecifierFactsOptions): Account {
  const { root, uid, gid } = options;
  const user = findLine(readText(`${root}/etc/passwd`), 2, uid);
  const group = findLine(readText(`${root}/etc/group`), 2, gid);
  const isRoot = uid === 0;
  return {
    name: user?.[0] ?? (isRoot ? 'root' : options.environment['USER'] ?? String(uid)),
    home: isRoot ? '/root' : user?.[5] ?? '/',
    shell: isRoot ? rootShell(root) : user?.[6] ?? '/bin/sh',
    groupName: group?.[0] ?? (gid === 0 ? 'root' : String(gid)),
  };
}

/** Not what /etc/passwd says: the same with and without one. Source: systemd 252's behaviour for %s. */
function rootShell(root: string): string {
  return existsSync(`${root}/bin/bash`) ? '/bin/bash' : '/bin/sh';
}

function findLine(text: string | null, field: number, id: number): readonly string[] | null {
  for (const line of (text ?? '').split('\n')) {
    const fields = line.split(':');
    if (fields[field] === String(id)) return fields;
  }
  return null;
}

/** `NAME=value` lines of os-release(5) and machine-info(5); values may be quoted. */
function parseShellAssignments(text: string): ReadonlyMap<string, string> {
  const values = new Map<string, string>();
  for (const line of text.split('\n')) {
    const match = /^([A-Z][A-Z0-9_]*)=(?:"((?:[^"\\]|\\.)*)"|'([^']*)'|([^\s"']*))\s*$/.exec(line);
    if (match !== null) values.set(match[1] as string, (match[2]?.replace(/\\(.)/g, '$1')) ?? match[3] ?? match[4] ?? '');
  }
  return values;
}
