/**
 * What demos left that were killed before they could clean up: their directories, and their control groups.
 *
 * A name holds the pid of the program that made it. That program may be in another PID namespace which shares the directory, so a demo whose
 * manager still answers is left alone too.
 */
import { readdirSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { isAlive } from '../set-up/is-alive.mjs';

const PREFIX = 'heartwood-demo-';

/** What `mkdtemp` is to append its letters to. */
export function demoPrefix() {
  return `${PREFIX}${process.pid}-`;
}

/**
 * Removes the directories of demos that are over. What may not be removed is another user's, and left.
 *
 * @param {string} parent where the directories are
 * @returns {Promise<readonly string[]>} names of those that went
 */
export async function removeStaleDemos(parent) {
  const gone = [];
  for (const name of staleNames(parent)) {
    if (await answers(join(parent, name, 'control'))) continue;
    try {
      rmSync(join(parent, name), { recursive: true, force: true });
      gone.push(name);
    } catch {
      // Another user's.
    }
  }
  return gone;
}

/**
 * Names made by programs that do not run any more.
 *
 * @param {string} parent
 * @returns {readonly string[]}
 */
export function staleNames(parent) {
  return readdirSync(parent).filter((name) => {
    const pid = new RegExp(`^${PREFIX}(\\d+)-\\w+$`).exec(name)?.[1];
    return pid !== undefined && !isAlive(Number(pid));
  });
}

/** @returns {Promise<boolean>} */
function answers(path) {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.on('connect', () => {
      socket.destroy();
      resolve(true);
    });
    // Nobody there is an answer; being kept out is none, and then it is not ours to remove.
    socket.on('error', (error) => resolve(!('code' in error) || (error.code !== 'ENOENT' && error.code !== 'ECONNREFUSED')));
  });
}
