/**
 * One build at a time in a checkout: `npm start` beside `npm test` must not write the same files.
 * The lock is a file with the owner's pid; an owner that is gone left a stale lock, which the next one takes over.
 */
import { linkSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { distDirectory } from './checkout.mjs';
import { SetUpError } from './set-up-error.mjs';
import { isAlive } from './is-alive.mjs';

/** A clean build takes about a minute on a slow machine; ten say that something hangs. */
const LOCK_WAIT_MS = 10 * 60_000;
const LOCK_POLL_MS = 100;

/**
 * @template T
 * @param {() => Promise<T>} work
 * @returns {Promise<T>}
 */
export async function withBuildLock(work) {
  const lock = join(distDirectory, '.build-lock');
  const mine = `${lock}.${process.pid}`;
  try {
    // Written first and linked into place, so that nobody ever reads a lock without its owner.
    writeFileSync(mine, String(process.pid));
  } catch (error) {
    // Somebody else's checkout: there is nothing we could spoil. A build that is not current will say what it cannot write.
    if (error.code === 'EACCES' || error.code === 'EROFS') return work();
    throw error;
  }
  try {
    await takeLock(lock, mine);
    try {
      return await work();
    } finally {
      rmSync(lock, { force: true });
    }
  } finally {
    rmSync(mine, { force: true });
  }
}

async function takeLock(lock, mine) {
  const deadline = performance.now() + LOCK_WAIT_MS;
  let told = false;
  for (;;) {
    try {
      linkSync(mine, lock);
      return;
    } catch (error) {
      if (error.code !== 'EEXIST') throw error;
    }
    const owner = ownerOf(lock);
    if (owner !== null && !isAlive(owner)) {
      rmSync(lock, { force: true });
      continue;
    }
    if (performance.now() > deadline) throw new SetUpError(`another build (pid ${owner}) holds dist/.build-lock for too long`);
    if (!told) console.log(`build: waiting for another build (pid ${owner})`);
    told = true;
    await sleep(LOCK_POLL_MS);
  }
}

/** The owner's pid; null when the lock was just given back. */
function ownerOf(lock) {
  try {
    return Number(readFileSync(lock, 'utf8'));
  } catch {
    return null;
  }
}
