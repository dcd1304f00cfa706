/**
 * The socket behind /dev/log, where syslog(3) sends: opened here so that it outlives logd, read by logd alone.
 *
 * It is at the place of systemd's journal, /run/systemd/journal/dev-log, with /dev/log as a link to it: a syslog daemon that finds itself
 * under a manager of units leaves /dev/log to that manager, and expects to be handed the messages (logd's syslog-forward.ts). Whoever
 * listens at /dev/log already, a syslog daemon or the host of a container, is left alone.
 */
import { lstatSync, mkdirSync, symlinkSync, unlinkSync } from 'node:fs';
import type { Fd } from '../../base/brand.ts';
import type { KeptFds } from '../checkpoint/kept-fds.ts';
import type { NativeBinding } from '../native.ts';
import { parseMountInfo } from '../storage/mount-info.ts';

const SOCKET_DIRECTORY = '/run/systemd/journal';
const SOCKET_PATH = `${SOCKET_DIRECTORY}/dev-log`;
const LINK_PATH = '/dev/log';

/** Room for what a boot of a thousand services says before logd runs. Source of the size: systemd-journald-dev-log.socket. */
const RECEIVE_BUFFER_BYTES = 8 * 1024 * 1024;
/** A machine with ten thousand mounts has some MiB of them. */
const MOUNT_INFO_BYTES_MAX = 16 << 20;
/** Nothing is ever sent. */
const SEND_BUFFER_BYTES = 4096;

export interface SyslogSocketOptions {
  readonly native: NativeBinding;
  readonly kept: KeptFds;
  /** The manager is that of the machine: /dev is its own, whatever is mounted there. */
  readonly isMachine: boolean;
}

/** Why there is none, or why programs will not find it. */
export interface SyslogSocketOutcome {
  readonly fd: Fd | null;
  /** '' when all is well. */
  readonly complaint: string;
}

/** Opens it, or takes that of a former engine. */
export function openSyslogSocket({ native, kept, isMachine }: SyslogSocketOptions): SyslogSocketOutcome {
  const former = kept.inherited('syslog')[0]?.[0];
  if (former !== undefined) return { fd: former, complaint: '' };
  if (!isMachine && isDevOfMachine(native.readSmallFile('/proc/self/mountinfo', MOUNT_INFO_BYTES_MAX))) {
    return { fd: null, complaint: `/dev is that of the machine: messages to ${LINK_PATH} are the machine's, and not in the log` };
  }
  for (const path of [LINK_PATH, SOCKET_PATH]) {
    if (isServed(native, path)) return { fd: null, complaint: `somebody listens at ${path}: messages to it are not in the log` };
  }
  try {
    mkdirSync(SOCKET_DIRECTORY, { recursive: true, mode: 0o755 });
    remove(SOCKET_PATH);
  } catch (error) {
    return { fd: null, complaint: `${SOCKET_PATH} cannot be made: ${codeOf(error)}` };
  }
  const fd = native.unixDatagram(SOCKET_PATH, 0o666);
  if (typeof fd === 'string') return { fd: null, complaint: `${SOCKET_PATH} cannot be made: ${fd}` };
  kept.keep(fd, { is: 'syslog' });
  native.setSocketBuffers(fd, RECEIVE_BUFFER_BYTES, SEND_BUFFER_BYTES);
  try {
    remove(LINK_PATH);
    symlinkSync(SOCKET_PATH, LINK_PATH);
    return { fd, complaint: '' };
  } catch (error) {
    return { fd, complaint: `${LINK_PATH} cannot be made, programs that log there are not heard: ${codeOf(error)}` };
  }
}

/**
 * Whether the kernel's own file system of devices is at /dev: there is one of it, so that who has it in a container shares it with the
 * machine. Containers have a /dev of their own.
 *
 * @param mountInfo /proc/self/mountinfo
 */
export function isDevOfMachine(mountInfo: string): boolean {
  return parseMountInfo(mountInfo).findLast(({ where }) => where === '/dev')?.type === 'devtmpfs';
}

/** Whether a socket there, of whichever type, has somebody behind it. */
function isServed(native: NativeBinding, path: string): boolean {
  const fd = native.unixConnect(path, 'datagram');
  if (typeof fd !== 'string') {
    native.close(fd);
    return true;
  }
  // A listener for streams; or one we may not send to, and then it is not ours to replace either.
  return fd === 'EPROTOTYPE' || fd === 'EACCES' || fd === 'EPERM';
}

/** What is left of an earlier life: a dead socket, or a link to one. Anything else at this place is an error. */
function remove(path: string): void {
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (found === undefined) return;
  if (!found.isSocket() && !found.isSymbolicLink()) throw Object.assign(new Error(`${path} is no socket`), { code: 'EEXIST' });
  unlinkSync(path);
}

function codeOf(error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? String(error);
}
