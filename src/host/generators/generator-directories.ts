/** Where generators are, and which of them are run. Sources: systemd.generator(7), systemd.environment-generator(7). */
import { readdirSync, readlinkSync, statSync } from 'node:fs';
import { isProgram } from './is-program.ts';

export interface GeneratorDirectories {
  readonly units: readonly string[];
  readonly environment: readonly string[];
}

/** Only these could not be replaced by an administrator: a program of one's own stands in /run, /etc or /usr/local. */
const VENDOR = /^(?:\/usr)?\/lib\//;

/**
 * @param isUsed false with a load path that was asked for in place of the built-in one: nothing of the machine's is then looked at, but
 *   what $SYSTEMD_GENERATOR_PATH and $SYSTEMD_ENVIRONMENT_GENERATOR_PATH name
 */
export function generatorDirectories(scope: 'system' | 'user', isUsed: boolean, environment: Readonly<Record<string, string | undefined>>): GeneratorDirectories {
  const runtime = environment['XDG_RUNTIME_DIR'];
  const roots = [
    ...(scope === 'user' && runtime !== undefined ? [`${runtime}/systemd`] : []),
    '/run/systemd', '/etc/systemd', '/usr/local/lib/systemd', '/usr/lib/systemd', '/lib/systemd',
  ];
  const builtIn = (kind: string): readonly string[] => (isUsed ? roots.map((root) => `${root}/${scope}-${kind}`) : []);
  return {
    units: withOverride(builtIn('generators'), environment['SYSTEMD_GENERATOR_PATH']),
    environment: withOverride(builtIn('environment-generators'), environment['SYSTEMD_ENVIRONMENT_GENERATOR_PATH']),
  };
}

function withOverride(builtIn: readonly string[], given: string | undefined): readonly string[] {
  if (given === undefined || given === '') return builtIn;
  const directories = given.split(':').filter((each) => each !== '');
  return given.endsWith(':') ? [...directories, ...builtIn] : directories;
}

export interface FoundGenerator {
  readonly name: string;
  /** null = masked by a link to /dev/null or an empty file. */
  readonly path: string | null;
  /** It came with the system, and nobody chose it in its place. */
  readonly isVendor: boolean;
}

/** All generators by name, in the order of their names; the first directory that has a name counts. */
export function findGenerators(directories: readonly string[]): readonly FoundGenerator[] {
  const found = new Map<string, FoundGenerator>();
  for (const directory of directories) {
    for (const name of namesIn(directory)) {
      if (found.has(name)) continue;
      const path = `${directory}/${name}`;
      if (isMask(path)) found.set(name, { name, path: null, isVendor: false });
      else if (isProgram(path)) found.set(name, { name, path, isVendor: VENDOR.test(path) });
    }
  }
  return [...found.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
}

function namesIn(directory: string): readonly string[] {
  try {
    return readdirSync(directory).filter((name) => !name.startsWith('.') && !/(?:~|\.dpkg-[a-z]+|\.rpm[a-z]+|\.bak|\.swp)$/.test(name));
  } catch {
    return [];
  }
}

function isMask(path: string): boolean {
  try {
    if (readlinkSync(path) === '/dev/null') return true;
  } catch {
    // No link.
  }
  const stat = statSync(path, { throwIfNoEntry: false });
  return stat !== undefined && stat.isFile() && stat.size === 0;
}
