/** Opens what one Listen…= line says. Source: systemd.socket(5); what happens to nodes that are there already is as in systemd. */
import { constants, chownSync, fstatSync, mkdirSync, unlinkSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Errno, Fd } from '../../base/brand.ts';
import { NETLINK_FAMILIES } from '../../core/unit-file/value/socket-address.ts';
import type { Listen, ListenSocketKind, SocketAddress, SocketUnit } from '../../core/unit/socket.ts';
import type { NativeBinding, Outcome } from '../native.ts';
import { AF_INET6, AF_NETLINK, addressBytes, familyOf, netlinkBytes } from './address-bytes.ts';
import { setAfterBind, setBeforeBind, type OptionTarget } from './socket-options.ts';

const SOCK_STREAM = 1, SOCK_DGRAM = 2, SOCK_RAW = 3, SOCK_SEQPACKET = 5;
const SOCKET_TYPES: Readonly<Record<ListenSocketKind, number>> = { Stream: SOCK_STREAM, Datagram: SOCK_DGRAM, SequentialPacket: SOCK_SEQPACKET };
const PROTOCOLS = { udplite: 136, sctp: 132, mptcp: 262 } as const;
/** listen(2) takes an int. */
const BACKLOG_MAX = 0x7fff_ffff;

/** Who shall own nodes in the file system; null leaves the manager's own id. */
export interface NodeOwner {
  readonly uid: number | null;
  readonly gid: number | null;
}

export interface OpenContext {
  readonly native: NativeBinding;
  readonly unit: SocketUnit;
  readonly owner: NodeOwner;
  readonly complain: (directive: string, errno: Errno) => void;
}

export function openListen(context: OpenContext, listen: Listen): Outcome<Fd> {
  const { native, unit } = context;
  switch (listen.kind) {
    case 'Stream':
    case 'Datagram':
    case 'SequentialPacket': return openSocket(context, listen.kind, listen.address, listen.portOnly);
    case 'Netlink': return openNetlink(context, listen.family, listen.group);
    case 'FIFO': return openFifo(context, listen.path);
    case 'Special': return openSpecial(context, listen.path);
    case 'MessageQueue': {
      const { messageQueueMaxMessages, messageQueueMessageBytes } = unit.options;
      return withUmask(native, unit.socketMode, () => native.queueOpen(listen.path, unit.socketMode, messageQueueMaxMessages ?? 0, messageQueueMessageBytes ?? 0));
    }
    case 'USBFunction': return 'ENOTSUP' as Errno;
  }
}

/** The unspecified address of the older protocol, for a port on a machine without IPv6. */
function withoutIpv6(address: SocketAddress): SocketAddress {
  return { family: 'ipv4', address: [0, 0, 0, 0], port: 'port' in address ? address.port : 0 };
}

function openSocket(context: OpenContext, kind: ListenSocketKind, address: SocketAddress, portOnly: boolean): Outcome<Fd> {
  const { native, unit } = context;
  const { options } = unit;
  const type = SOCKET_TYPES[kind];
  const family = familyOf(address);
  const fd = native.socketOpen(family, type, options.protocol === null ? 0 : PROTOCOLS[options.protocol]);
  if (fd === 'EAFNOSUPPORT' && portOnly && family === AF_INET6) return openSocket(context, kind, withoutIpv6(address), false);
  if (typeof fd === 'string') return fd;
  const target: OptionTarget = { native, fd, family, isStream: kind === 'Stream', complain: context.complain };
  const failure = setBeforeBind(target, options) || bind(context, fd, address) || (kind === 'Datagram' ? 0 : native.socketListen(fd, Math.min(options.backlog, BACKLOG_MAX)));
  if (failure !== 0) {
    native.close(fd);
    return failure;
  }
  setAfterBind(target, options);
  return fd;
}

function bind(context: OpenContext, fd: Fd, address: SocketAddress): Errno | 0 {
  const { native, unit } = context;
  const bytes = addressBytes(address);
  if (address.family !== 'unix') return native.socketBind(fd, bytes);
  makeParents(address.path, unit.directoryMode);
  return withUmask(native, unit.socketMode, () => {
    const result = native.socketBind(fd, bytes);
    // A node left by somebody before us; only who has its socket open can still be reached through it.
    return result === 'EADDRINUSE' && remove(address.path) ? native.socketBind(fd, bytes) : result;
  }) || giveTo(context, address.path);
}

function openNetlink(context: OpenContext, family: string, group: number): Outcome<Fd> {
  const { native, unit } = context;
  const fd = native.socketOpen(AF_NETLINK, SOCK_RAW, NETLINK_FAMILIES[family] ?? 0);
  if (typeof fd === 'string') return fd;
  const failure = native.socketBind(fd, netlinkBytes(group));
  if (failure !== 0) {
    native.close(fd);
    return failure;
  }
  setAfterBind({ native, fd, family: AF_NETLINK, isStream: false, complain: context.complain }, unit.options);
  return fd;
}

function openFifo(context: OpenContext, path: string): Outcome<Fd> {
  const { native, unit } = context;
  makeParents(path, unit.directoryMode);
  const made = withUmask(native, unit.socketMode, () => native.makeFifo(path, unit.socketMode));
  if (made !== 0 && made !== 'EEXIST') return made;
  // For writing too: with a writer of our own there is no end of file when the last one of others leaves.
  const fd = native.open(path, constants.O_RDWR | constants.O_NONBLOCK | constants.O_NOFOLLOW, 0);
  if (typeof fd === 'string') return fd;
  const failure = fstatSync(fd).isFIFO() ? giveTo(context, path) : 'EEXIST' as Errno;
  if (failure !== 0) {
    native.close(fd);
    return failure;
  }
  const { pipeSizeBytes } = unit.options;
  const sized = pipeSizeBytes === null ? 0 : native.setPipeSize(fd, pipeSizeBytes);
  if (typeof sized === 'string') context.complain('PipeSize', sized);
  return fd;
}

function openSpecial({ native, unit }: OpenContext, path: string): Outcome<Fd> {
  const fd = native.open(path, (unit.writable ? constants.O_RDWR : constants.O_RDONLY) | constants.O_NONBLOCK | constants.O_NOFOLLOW, 0);
  if (typeof fd === 'string') return fd;
  const stat = fstatSync(fd);
  if (stat.isFile() || stat.isCharacterDevice()) return fd;
  native.close(fd);
  return 'EEXIST' as Errno;
}

/** The node gets exactly `mode` at its birth: a chmod afterwards would leave a moment for the wrong peer. */
function withUmask<T>(native: NativeBinding, mode: number, make: () => T): T {
  const before = native.umask(~mode & 0o777);
  try {
    return make();
  } finally {
    native.umask(before);
  }
}

function giveTo({ owner }: OpenContext, path: string): Errno | 0 {
  const UNCHANGED = -1;
  if (owner.uid === null && owner.gid === null) return 0;
  try {
    chownSync(path, owner.uid ?? UNCHANGED, owner.gid ?? UNCHANGED);
    return 0;
  } catch (error) {
    return errnoOf(error);
  }
}

/** What cannot be made shows when the node itself cannot. */
export function makeParents(path: string, mode: number): void {
  try {
    mkdirSync(dirname(path), { recursive: true, mode });
  } catch {
    // The error of bind(2) or mkfifo(3) says it better.
  }
}

function remove(path: string): boolean {
  try {
    unlinkSync(path);
    return true;
  } catch {
    return false;
  }
}

export function errnoOf(error: unknown): Errno {
  return ((error as NodeJS.ErrnoException).code ?? 'EIO') as Errno;
}
