/**
 * Hands what comes from /dev/log on to a syslog daemon, where systemd's journal would: rsyslog and syslog-ng listen at this path when they
 * run under a manager of units. Never waits: a daemon that does not keep up misses messages, and is told of in the log.
 */
import type { Fd } from '../base/brand.ts';
import type { NativeBinding } from '../host/native.ts';
import { FORWARD_REPORT_MSEC } from './limits.ts';

/** Where a syslog daemon under systemd listens. Source: systemd's "Writing syslog Daemons Which Cooperate Nicely With systemd". */
export const SYSLOG_DAEMON_PATH = '/run/systemd/journal/syslog';

const AF_UNIX = 1;
const SOCK_DGRAM = 2;
/** Nobody listens there; or a daemon was killed, and its socket is left. */
const NOBODY: readonly string[] = ['ENOENT', 'ECONNREFUSED', 'ENOTDIR'];

export interface Credentials {
  readonly pid: number;
  readonly uid: number;
  readonly gid: number;
}

export interface SyslogForwardOptions {
  readonly native: Pick<NativeBinding, 'socketOpen' | 'sendDatagram'>;
  readonly path: string;
  /** Told at most once a while: so many messages did not go out. */
  readonly onMissed: (count: number, errno: string) => void;
}

export class SyslogForward {
  readonly #options: SyslogForwardOptions;
  #socket: Fd | null = null;
  #missed = 0;
  #report: NodeJS.Timeout | null = null;

  constructor(options: SyslogForwardOptions) {
    this.#options = options;
  }

  /** Sends the datagram as it came, in its sender's name where that is allowed, so that the daemon sees who wrote it. */
  send(datagram: Uint8Array, sender: Credentials): void {
    const socket = this.#open();
    if (socket === null) return;
    const { native, path } = this.#options;
    let sent = native.sendDatagram(socket, path, datagram, sender.pid, sender.uid, sender.gid);
    // The sender is gone, or we may not speak for others.
    if (sent === 'ESRCH' || sent === 'EPERM') sent = native.sendDatagram(socket, path, datagram, 0, 0, 0);
    if (typeof sent === 'string' && !NOBODY.includes(sent)) this.#miss(sent);
  }

  #open(): Fd | null {
    if (this.#socket !== null) return this.#socket;
    const socket = this.#options.native.socketOpen(AF_UNIX, SOCK_DGRAM, 0);
    if (typeof socket === 'string') {
      this.#miss(socket);
      return null;
    }
    this.#socket = socket;
    return socket;
  }

  /** The first is told at once, the others together later: each report is a line of the log itself. */
  #miss(errno: string): void {
    this.#missed += 1;
    if (this.#report !== null) return;
    this.#tell(errno);
    this.#report = setTimeout(() => {
      this.#report = null;
      if (this.#missed > 0) this.#tell(errno);
    }, FORWARD_REPORT_MSEC);
  }

  #tell(errno: string): void {
    this.#options.onMissed(this.#missed, errno);
    this.#missed = 0;
  }
}
