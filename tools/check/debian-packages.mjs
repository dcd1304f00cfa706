/**
 * What the whole test run needs from Debian beyond the build: installed when we are root on a Debian machine, else named.
 * Tests that need a missing program skip themselves and say so.
 */
import { spawnSync } from 'node:child_process';
import { isOnPath, isRoot } from '../set-up/prerequisites.mjs';

/** A program that tells the package is there, and the package. */
const NEEDED = [
  { program: 'unshare', package: 'util-linux' },
  { program: 'debootstrap', package: 'debootstrap' },
  { program: 'qemu-system-x86_64', package: 'qemu-system-x86' },
  { program: 'valgrind', package: 'valgrind' },
  { program: 'zstd', package: 'zstd' },
  { program: 'mandoc', package: 'mandoc' },
  { program: 'chromium', package: 'chromium' },
  { program: 'curl', package: 'curl' },
];

/** Prints what it does; never throws: the tests themselves tell what they miss. */
export function installDebianPackages() {
  const sbin = `${process.env.PATH}:/usr/sbin:/sbin`;
  process.env.PATH = sbin;
  const missing = NEEDED.filter(({ program }) => !isOnPath(program)).map((needed) => needed.package);
  if (missing.length === 0) return;
  const command = `apt-get install -y --no-install-recommends ${missing.join(' ')}`;
  if (!isRoot() || !isOnPath('apt-get')) {
    console.log(`some tests will be skipped; to run them: sudo ${command}`);
    return;
  }
  console.log(`installing ${missing.join(', ')}`);
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  spawnSync('apt-get', ['update', '-qq'], { stdio: ['ignore', 'ignore', 'inherit'], env });
  spawnSync('apt-get', command.split(' ').slice(1), { stdio: ['ignore', 'ignore', 'inherit'], env });
}
