/**
 * The random pool remembers over a reboot: what a shutdown saves is stirred in by the next boot. The kernel gives no credit for it, so a
 * copied or empty seed does no harm. Source: random(4), "Configuration"; systemd-random-seed.service(8), whose file is shared.
 */
import { closeSync, existsSync, fsyncSync, mkdirSync, openSync, readFileSync, readSync, writeFileSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';

const SYSTEMD_SEED = '/var/lib/systemd/random-seed';
const OWN_SEED = '/var/lib/heartwood/random-seed';
/** The pool holds 256 bits; twice that since the file's age is unknown, as random(4) proposes 512 bytes at most. */
const SEED_BYTES = 512;
/** Nobody else may know what the next boot begins with. */
const SEED_MODE = 0o600;

/** @param root for tests: what stands before the paths below /var */
export function loadRandomSeed(root = '', pool = '/dev/urandom'): void {
  for (const path of [SYSTEMD_SEED, OWN_SEED]) {
    try {
      writeFileSync(pool, readFileSync(root + path));
      return;
    } catch {
      // No such file, or no such device: the kernel gathers its own.
    }
  }
}

/** At the very end, while files can still be written. A disk that cannot be written has no seed to be remembered. */
export function saveRandomSeed(root = ''): void {
  const path = root + (existsSync(root + SYSTEMD_SEED) ? SYSTEMD_SEED : OWN_SEED);
  const seed = Buffer.alloc(SEED_BYTES);
  try {
    const pool = openSync('/dev/urandom', 'r');
    readSync(pool, seed, 0, SEED_BYTES, null);
    closeSync(pool);
    mkdirSync(dirname(path), { recursive: true, mode: 0o755 });
    const file = openSync(path, 'w', SEED_MODE);
    writeSync(file, seed);
    fsyncSync(file);
    closeSync(file);
  } catch {
    // A read-only root.
  }
}
