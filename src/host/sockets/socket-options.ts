/** setsockopt(2) for the settings of systemd.socket(5). Numbers are those of asm-generic/socket.h and of ip(7), ipv6(7), tcp(7). */
import type { Errno, Fd } from '../../base/brand.ts';
import type { SocketOptions } from '../../core/unit/socket.ts';
import type { NativeBinding } from '../native.ts';
import { AF_INET, AF_INET6, AF_NETLINK, AF_UNIX } from './address-bytes.ts';

const SOL_SOCKET = 1, IPPROTO_IP = 0, IPPROTO_TCP = 6, IPPROTO_IPV6 = 41, SOL_NETLINK = 270;
const SO_REUSEADDR = 2, SO_BROADCAST = 6, SO_SNDBUF = 7, SO_RCVBUF = 8, SO_KEEPALIVE = 9, SO_PRIORITY = 12, SO_REUSEPORT = 15, SO_PASSCRED = 16,
  SO_BINDTODEVICE = 25, SO_TIMESTAMP = 29, SO_SNDBUFFORCE = 32, SO_RCVBUFFORCE = 33, SO_PASSSEC = 34, SO_TIMESTAMPNS = 35, SO_MARK = 36;
const TCP_NODELAY = 1, TCP_KEEPIDLE = 4, TCP_KEEPINTVL = 5, TCP_KEEPCNT = 6, TCP_DEFER_ACCEPT = 9, TCP_CONGESTION = 13;
const IP_TOS = 1, IP_TTL = 2, IP_PKTINFO = 8, IP_FREEBIND = 15, IP_TRANSPARENT = 19;
const IPV6_UNICAST_HOPS = 16, IPV6_V6ONLY = 26, IPV6_RECVPKTINFO = 49, IPV6_TRANSPARENT = 75, IPV6_FREEBIND = 78;
const NETLINK_PKTINFO = 3;

export interface OptionTarget {
  readonly native: NativeBinding;
  readonly fd: Fd;
  readonly family: number;
  /** TCP and its like. */
  readonly isStream: boolean;
  /** An option that the kernel refused: the socket works without it. */
  readonly complain: (directive: string, errno: Errno) => void;
}

function int(value: number): Uint8Array {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32LE(value);
  return bytes;
}

function set({ native, fd, complain }: OptionTarget, directive: string, level: number, option: number, value: number | string | null | false): void {
  if (value === null || value === false) return;
  const result = native.socketOption(fd, level, option, typeof value === 'string' ? Buffer.from(`${value}\0`) : int(value));
  if (result !== 0) complain(directive, result);
}

function on(wanted: boolean): 1 | null {
  return wanted ? 1 : null;
}

/** What must be said before bind(2). An errno when the socket is no good without it. */
export function setBeforeBind(target: OptionTarget, options: SocketOptions): Errno | 0 {
  const { native, fd, family } = target;
  const isV6 = family === AF_INET6;
  if (isV6 && options.bindIpv6Only !== 'default') {
    const result = native.socketOption(fd, IPPROTO_IPV6, IPV6_V6ONLY, int(options.bindIpv6Only === 'ipv6-only' ? 1 : 0));
    if (result !== 0) return result;
  }
  if (family !== AF_INET && !isV6) return 0;
  if (options.bindToDevice !== null) {
    const result = native.socketOption(fd, SOL_SOCKET, SO_BINDTODEVICE, Buffer.from(`${options.bindToDevice}\0`));
    if (result !== 0) return result;
  }
  set(target, 'ReusePort', SOL_SOCKET, SO_REUSEPORT, on(options.reusePort));
  set(target, 'FreeBind', isV6 ? IPPROTO_IPV6 : IPPROTO_IP, isV6 ? IPV6_FREEBIND : IP_FREEBIND, on(options.freeBind));
  set(target, 'Transparent', isV6 ? IPPROTO_IPV6 : IPPROTO_IP, isV6 ? IPV6_TRANSPARENT : IP_TRANSPARENT, on(options.transparent));
  // A restarted socket must not wait for the old connections to be forgotten.
  set(target, 'ListenStream', SOL_SOCKET, SO_REUSEADDR, 1);
  return 0;
}

/** Everything else. */
export function setAfterBind(target: OptionTarget, options: SocketOptions): void {
  const { family, isStream } = target;
  const isIp = family === AF_INET || family === AF_INET6;
  if (isIp && isStream) {
    set(target, 'KeepAlive', SOL_SOCKET, SO_KEEPALIVE, on(options.keepAlive));
    set(target, 'KeepAliveTimeSec', IPPROTO_TCP, TCP_KEEPIDLE, options.keepAliveTimeSec);
    set(target, 'KeepAliveIntervalSec', IPPROTO_TCP, TCP_KEEPINTVL, options.keepAliveIntervalSec);
    set(target, 'KeepAliveProbes', IPPROTO_TCP, TCP_KEEPCNT, options.keepAliveProbes);
    set(target, 'DeferAcceptSec', IPPROTO_TCP, TCP_DEFER_ACCEPT, options.deferAcceptSec);
    set(target, 'NoDelay', IPPROTO_TCP, TCP_NODELAY, on(options.noDelay));
    set(target, 'TCPCongestion', IPPROTO_TCP, TCP_CONGESTION, options.tcpCongestion);
  }
  set(target, 'Broadcast', SOL_SOCKET, SO_BROADCAST, on(options.broadcast));
  set(target, 'PassCredentials', SOL_SOCKET, SO_PASSCRED, on(options.passCredentials && (family === AF_UNIX || family === AF_NETLINK)));
  set(target, 'PassSecurity', SOL_SOCKET, SO_PASSSEC, on(options.passSecurity));
  if (options.passPacketInfo) setPacketInfo(target);
  if (options.timestamping !== 'off') set(target, 'Timestamping', SOL_SOCKET, options.timestamping === 'us' ? SO_TIMESTAMP : SO_TIMESTAMPNS, 1);
  set(target, 'Priority', SOL_SOCKET, SO_PRIORITY, options.priority);
  setBuffer(target, 'ReceiveBuffer', SO_RCVBUFFORCE, SO_RCVBUF, options.receiveBufferBytes);
  setBuffer(target, 'SendBuffer', SO_SNDBUFFORCE, SO_SNDBUF, options.sendBufferBytes);
  set(target, 'Mark', SOL_SOCKET, SO_MARK, options.mark);
  if (!isIp) return;
  if (family === AF_INET) set(target, 'IPTOS', IPPROTO_IP, IP_TOS, options.ipTos);
  set(target, 'IPTTL', family === AF_INET ? IPPROTO_IP : IPPROTO_IPV6, family === AF_INET ? IP_TTL : IPV6_UNICAST_HOPS, options.ipTtl);
}

function setPacketInfo(target: OptionTarget): void {
  switch (target.family) {
    case AF_INET: set(target, 'PassPacketInfo', IPPROTO_IP, IP_PKTINFO, 1); return;
    case AF_INET6: set(target, 'PassPacketInfo', IPPROTO_IPV6, IPV6_RECVPKTINFO, 1); return;
    case AF_NETLINK: set(target, 'PassPacketInfo', SOL_NETLINK, NETLINK_PKTINFO, 1); return;
    default:
  }
}

/** Past the system's maximum where we may, else as much as the kernel gives. */
function setBuffer(target: OptionTarget, directive: string, forced: number, plain: number, bytes: number | null): void {
  if (bytes === null || target.native.socketOption(target.fd, SOL_SOCKET, forced, int(bytes)) === 0) return;
  set(target, directive, SOL_SOCKET, plain, bytes);
}
