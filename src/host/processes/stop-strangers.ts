/**
 * Ends processes nobody can take over, before anything is started beside them: asked first, killed when they do not listen. It waits, and
 * the whole manager with it: at this point nothing else can be done.
 */
import type { Pid } from '../../base/brand.ts';
import { SIGCONT, SIGKILL, SIGTERM } from '../../base/signals.ts';
import type { NativeBinding } from '../native.ts';
import { readProcess } from './process-table.ts';

/** Less than half of what the guard takes for a hang. */
const PATIENCE_MSEC = 5000;
const KILL_PATIENCE_MSEC = 1000;
const LOOK_MSEC = 20;

function isAlive(native: NativeBinding, pid: Pid): boolean {
  const entry = readProcess(native, pid);
  return entry !== null && entry.state !== 'Z' && entry.state !== 'X';
}

function waitUntilGone(native: NativeBinding, pids: readonly Pid[], patienceMsec: number): readonly Pid[] {
  const sleeper = new Int32Array(new SharedArrayBuffer(4));
  let left = pids.filter((pid) => isAlive(native, pid));
  for (let waited = 0; left.length > 0 && waited < patienceMsec; waited += LOOK_MSEC) {
    Atomics.wait(sleeper, 0, 0, LOOK_MSEC);
    left = left.filter((pid) => isAlive(native, pid));
  }
  return left;
}

/** @returns those that could not be ended */
export function stopStrangers(native: NativeBinding, pids: readonly Pid[]): readonly Pid[] {
  for (const signal of [SIGTERM, SIGCONT]) for (const pid of pids) native.kill(pid, signal);
  const stubborn = waitUntilGone(native, pids, PATIENCE_MSEC);
  for (const pid of stubborn) native.kill(pid, SIGKILL);
  return waitUntilGone(native, stubborn, KILL_PATIENCE_MSEC);
}
