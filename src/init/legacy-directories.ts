/**
 * Tells programs that units and `systemctl` are the way to manage services here. Source: sd_booted(3).
 *
 * Debian's maintainer scripts, invoke-rc.d and Ansible look for the directory /run/systemd/system and then call `systemctl`. So it is made
 * only where the `systemctl` they would find is Heartwood's: another one would ask a bus that nobody serves, and make their scripts fail.
 * Puppet, Chef and the roles of Ansible ask for the name of process 1 as well.
 */
import { chmodSync, existsSync, mkdirSync, realpathSync } from 'node:fs';
import { controlClientPath } from '../host/program-paths.ts';

/** The name of process 1 where units and `systemctl` are the way: what `/proc/1/comm` has under systemd. */
export const BOOTED_NAME = 'systemd';

const MARKER = '/run/systemd/system';

/** Where maintainer scripts look for programs, in this order. */
const PATH = ['/usr/local/sbin', '/usr/local/bin', '/usr/sbin', '/usr/bin', '/sbin', '/bin'];

/** @returns null, or why programs are not told */
export function markBooted(): string | null {
  const found = PATH.map((directory) => `${directory}/systemctl`).find((path) => existsSync(path));
  if (found === undefined) return 'there is no systemctl; a link to Heartwood\'s makes package scripts start and stop services';
  try {
    if (realpathSync(found) !== realpathSync(controlClientPath())) return `${found} is not Heartwood's`;
    mkdirSync(MARKER, { recursive: true, mode: 0o755 });
    return null;
  } catch (error) {
    return `${MARKER} cannot be made: ${(error as NodeJS.ErrnoException).code ?? String(error)}`;
  }
}

/** /var/lock is a link to it since the days of init scripts; Apache and others make files there and expect it at boot: hier(7). */
const LOCK_DIRECTORY = '/run/lock';

/** Makes /run/lock on a fresh /run. What cannot be made is missed by those who need it, with a message of their own. */
export function makeLockDirectory(): void {
  if (existsSync(LOCK_DIRECTORY)) return;
  try {
    mkdirSync(LOCK_DIRECTORY);
    // mkdir's mode goes through the umask.
    chmodSync(LOCK_DIRECTORY, 0o1777);
  } catch {
    // A container's /run may be read-only.
  }
}
