/**
 * Tells when the kernel says that devices came or went: netlink(7), NETLINK_KOBJECT_UEVENT. Nodes below /dev are watched with inotify;
 * these events are for what is below /sys alone, as network interfaces are.
 */
import { POLL_IN, type ManagerLog } from '../engine.ts';
import type { NativeBinding } from '../native.ts';
import type { PollSet } from '../poll-set.ts';
import { AF_NETLINK, netlinkBytes } from '../sockets/address-bytes.ts';

/** Numbers of socket(2) and <linux/netlink.h>, the same on all of Linux's machines. */
const SOCK_DGRAM = 2;
const NETLINK_KOBJECT_UEVENT = 15;
/** Multicast group of the kernel itself. */
const KERNEL_GROUP = 1;

/** A uevent is at most 2 KiB of text; what it says is looked up in /sys, so that a longer one does no harm. */
const EVENT_BYTES = 2048;
/** Read at one wake-up; the rest at the next. */
const EVENTS_MAX = 256;

export interface UeventOptions {
  readonly native: NativeBinding;
  readonly poll: PollSet;
  readonly log: ManagerLog;
  /** Once for all events of a wake-up; some may have been lost. */
  readonly onEvents: () => void;
}

export function watchUevents({ native, poll, log, onEvents }: UeventOptions): void {
  const fd = native.socketOpen(AF_NETLINK, SOCK_DGRAM, NETLINK_KOBJECT_UEVENT);
  const bound = typeof fd === 'string' ? fd : native.socketBind(fd, netlinkBytes(KERNEL_GROUP));
  if (typeof fd === 'string' || typeof bound === 'string') {
    log.write('info', '', `devices that come and go below /sys will not be noticed: ${String(bound)}`);
    if (typeof fd !== 'string') native.close(fd);
    return;
  }
  const into = new Uint8Array(EVENT_BYTES);
  poll.add(fd, POLL_IN, () => {
    for (let count = 0; count < EVENTS_MAX; count++) {
      const received = native.receive(fd, into);
      // ENOBUFS: some were lost, and there may be more.
      if (received === 'EAGAIN' || (typeof received === 'string' && received !== 'ENOBUFS')) break;
    }
    onEvents();
  }, 'cgroup');
}
