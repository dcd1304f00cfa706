/** Tells when the wall clock was set (also by waking from sleep), and when the machine's time zone changed. */
import type { Fd } from '../../base/brand.ts';
import type { UnstampedEvent } from '../../core/manager/event.ts';
import { POLL_IN, type ManagerLog } from '../engine.ts';
import type { NativeBinding } from '../native.ts';
import type { PollSet } from '../poll-set.ts';
import { readLocalZone } from '../unit-loader/time-zones.ts';
import { IN_CLOSE_WRITE, IN_CREATE, IN_DELETE, IN_MOVED_TO } from './inotify-flags.ts';

const ZONE_DIRECTORY = '/etc';
const ZONE_FILE = 'localtime';

export interface ClockWatchOptions {
  readonly native: NativeBinding;
  readonly poll: PollSet;
  readonly log: ManagerLog;
  readonly submit: (event: UnstampedEvent) => void;
}

/**
 * @returns ends the watch of the time zone. To be called before the process ends: what is still watched by inotify(7) then, the kernel
 *   forgets in some ten milliseconds, for which the end of the process waits. A watch taken back is forgotten by itself.
 */
export function watchClock(options: ClockWatchOptions): () => void {
  watchWallClock(options);
  return watchTimeZone(options);
}

function watchWallClock({ native, poll, log, submit }: ClockWatchOptions): void {
  const fd = native.clockChangeFd();
  if (typeof fd === 'string') {
    log.write('warning', '', `changes of the wall clock will not be noticed: ${fd}`);
    return;
  }
  poll.add(fd, POLL_IN, () => {
    // The change has disarmed it. A new one is simpler than arming the old one again, and happens as rarely.
    poll.remove(fd);
    native.close(fd);
    submit({ event: 'clock-changed', seen: true });
    watchWallClock({ native, poll, log, submit });
  }, 'timer');
}

function watchTimeZone({ native, poll, submit }: ClockWatchOptions): () => void {
  const fd = native.inotifyOpen();
  if (typeof fd === 'string') return () => undefined;
  // What replacing a file or link by another does to its directory.
  const watch = native.inotifyAdd(fd, ZONE_DIRECTORY, IN_CLOSE_WRITE | IN_MOVED_TO | IN_CREATE | IN_DELETE);
  if (typeof watch === 'string') {
    // A container without /etc has one time zone for ever.
    native.close(fd);
    return () => undefined;
  }
  poll.add(fd, POLL_IN, () => {
    if (!readsZoneChange(native, fd)) return;
    forgetOwnZone();
    submit({ event: 'timezone-changed', zone: readLocalZone(process.env) });
  }, 'timer');
  return () => {
    native.inotifyRemove(fd, watch);
    poll.remove(fd);
    native.close(fd);
  };
}

function readsZoneChange(native: NativeBinding, fd: Fd): boolean {
  const records = native.inotifyRead(fd);
  return typeof records !== 'string' && records.some((record) => record.name === ZONE_FILE);
}

/** The interpreter looks for the local zone once, and anew whenever TZ is touched: what it prints is to be in the new one. */
function forgetOwnZone(): void {
  if (process.env['TZ'] !== undefined) return;
  process.env['TZ'] = 'UTC';
  delete process.env['TZ'];
}
