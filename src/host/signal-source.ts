/**
 * Signals to the manager, read from a signalfd: nothing is lost, and nothing runs in the middle of something else. What an engine has read
 * and died before it told of it, the next one tells.
 */
import { HELD_DEATHS_MAX } from './checkpoint/held-deaths.ts';
import { assert } from '../base/assert.ts';
import type { Fd } from '../base/brand.ts';
import { SIGHUP, SIGINT, SIGPWR, SIGQUIT, SIGRTMAX, SIGRTMIN, SIGTERM, SIGTSTP, SIGTTIN, SIGTTOU, SIGUSR1, SIGUSR2, SIGWINCH } from '../base/signals.ts';
import { POLL_IN } from './engine.ts';
import type { NativeBinding, SignalRecord } from './native.ts';
import type { PollSet } from './poll-set.ts';

/** As events name them. */
export type ManagerSignal = 'SIGTERM' | 'SIGINT' | 'SIGPWR' | 'SIGHUP' | 'SIGUSR1' | 'SIGUSR2' | 'SIGWINCH' | `SIGRTMIN+${number}`;

const NAMES: ReadonlyMap<number, ManagerSignal> = new Map([
  [SIGTERM, 'SIGTERM'], [SIGINT, 'SIGINT'], [SIGPWR, 'SIGPWR'], [SIGHUP, 'SIGHUP'], [SIGUSR1, 'SIGUSR1'], [SIGUSR2, 'SIGUSR2'], [SIGWINCH, 'SIGWINCH'],
] as const);

/** The event's name for a signal number; null for those that are no message to the manager. */
export function managerSignal(signal: number): ManagerSignal | null {
  return signal >= SIGRTMIN && signal <= SIGRTMAX ? `SIGRTMIN+${signal - SIGRTMIN}` : (NAMES.get(signal) ?? null);
}

/** SIGTTIN and SIGTTOU would stop the manager when it touches a terminal it is not in the foreground of; SIGUSR1 would open Node's debugger. */
const READ_SIGNALS: readonly number[] = [
  SIGHUP, SIGINT, SIGQUIT, SIGUSR1, SIGUSR2, SIGTERM, SIGTSTP, SIGTTIN, SIGTTOU, SIGWINCH, SIGPWR,
  ...Array.from({ length: SIGRTMAX - SIGRTMIN + 1 }, (_, index) => SIGRTMIN + index),
];


/** Reads in one wake-up; the rest is still ready at the next. */
const READS_MAX = 16;

/**
 * Blocks the signals and watches for them.
 *
 * @param onSignal one signal other than SIGCHLD
 * @param onChild  children have ended, once however many; `reap` tells which
 * @returns what tells the signals that a former engine has read; it gets how many events that engine had written down
 */
export function watchSignals(native: NativeBinding, poll: PollSet, onSignal: (record: SignalRecord) => void, onChild: () => void): { takeOver(formerlyQueued: number): void } {
  const fd = native.signalOpen(READ_SIGNALS);
  assert(typeof fd !== 'string', `signals can be received: ${String(fd)}`);
  const tell = (record: SignalRecord): void => {
    onSignal(record);
    native.signalTold();
  };
  poll.add(fd, POLL_IN, () => { readSignals(native, fd, tell); }, 'signal');
  poll.addChildren(onChild);
  return {
    takeOver: (formerlyQueued) => {
      const { records, at, deaths } = native.heldSignals();
      for (const [index, record] of records.entries()) {
        // Of the first the event is in the journal, and it was only not crossed out here; or it would make this engine die, too.
        if (index === 0 && (at !== formerlyQueued || deaths >= HELD_DEATHS_MAX)) native.signalTold();
        else tell(record);
      }
    },
  };
}

function readSignals(native: NativeBinding, fd: Fd, onSignal: (record: SignalRecord) => void): void {
  for (let reads = 0; reads < READS_MAX; reads++) {
    const records = native.signalRead(fd);
    if (typeof records === 'string' || records.length === 0) break;
    for (const record of records) onSignal(record);
  }
}
