/**
 * A socket unit as its files say: what to listen on, how, and which service it is for. Source: systemd.socket(5).
 */
import type { UnitName, Usec } from '../../base/brand.ts';
import type { CgroupContext, ExecCommand, ExecContext, KillContext } from './exec-context.ts';
import type { UnitCommon } from './unit-common.ts';

/** An address a socket is bound to. Ports are in host byte order. */
export type SocketAddress =
  | { readonly family: 'unix'; readonly path: string }
  /** `@name`: Linux's abstract name space; `name` without the `@`. */
  | { readonly family: 'abstract'; readonly name: string }
  /** Four numbers of 0 to 255. */
  | { readonly family: 'ipv4'; readonly address: readonly number[]; readonly port: number }
  /** Eight groups of 16 bits. `scope` is the name or number of an interface, '' for none. */
  | { readonly family: 'ipv6'; readonly address: readonly number[]; readonly port: number; readonly scope: string }
  /** `cid` null listens on any. */
  | { readonly family: 'vsock'; readonly cid: number | null; readonly port: number };

export type ListenSocketKind = 'Stream' | 'Datagram' | 'SequentialPacket';

/** One Listen…= line. */
export type Listen =
  | {
      readonly kind: ListenSocketKind;
      readonly address: SocketAddress;
      /** Only a port was given: IPv6 is meant, and IPv4 where the kernel has no IPv6. */
      readonly portOnly: boolean;
    }
  | { readonly kind: 'FIFO' | 'Special' | 'MessageQueue' | 'USBFunction'; readonly path: string }
  | { readonly kind: 'Netlink'; readonly family: string; readonly group: number };

/** Settings of the sockets themselves; null and false leave the kernel's default. */
export interface SocketOptions {
  readonly protocol: 'udplite' | 'sctp' | 'mptcp' | null;
  readonly bindIpv6Only: 'default' | 'both' | 'ipv6-only';
  /** listen(2); the kernel caps it. */
  readonly backlog: number;
  readonly bindToDevice: string | null;
  readonly reusePort: boolean;
  readonly freeBind: boolean;
  readonly transparent: boolean;
  readonly broadcast: boolean;
  readonly passCredentials: boolean;
  readonly passSecurity: boolean;
  readonly passPacketInfo: boolean;
  readonly timestamping: 'off' | 'us' | 'ns';
  readonly keepAlive: boolean;
  readonly keepAliveTimeSec: number | null;
  readonly keepAliveIntervalSec: number | null;
  readonly keepAliveProbes: number | null;
  readonly noDelay: boolean;
  readonly deferAcceptSec: number | null;
  readonly priority: number | null;
  readonly receiveBufferBytes: number | null;
  readonly sendBufferBytes: number | null;
  readonly ipTos: number | null;
  readonly ipTtl: number | null;
  readonly mark: number | null;
  readonly tcpCongestion: string | null;
  readonly pipeSizeBytes: number | null;
  readonly messageQueueMaxMessages: number | null;
  readonly messageQueueMessageBytes: number | null;
}

/** At most `burst` in `intervalUsec`; a zero in either means no limit. */
export interface RateLimit {
  readonly intervalUsec: Usec;
  readonly burst: number;
}

export interface SocketUnit extends UnitCommon {
  readonly kind: 'socket';
  /** In file order; never empty in a loaded unit. */
  readonly listen: readonly Listen[];
  readonly options: SocketOptions;
  /** Name or decimal id of the owner of nodes in the file system; null = the manager's own. */
  readonly socketUser: string | null;
  readonly socketGroup: string | null;
  readonly socketMode: number;
  readonly directoryMode: number;
  /** Every connection gets an instance of the service. */
  readonly accept: boolean;
  /** ListenSpecial= is opened for writing too. */
  readonly writable: boolean;
  readonly flushPending: boolean;
  readonly maxConnections: number;
  /** 0 = no limit. */
  readonly maxConnectionsPerSource: number;
  /** The service that the sockets are for; null with Accept=yes. */
  readonly service: UnitName | null;
  readonly removeOnStop: boolean;
  readonly symlinks: readonly string[];
  /** What the service is told of the fds; null = the unit's name, or `connection`. */
  readonly fileDescriptorName: string | null;
  /** More activations than this fail the unit. */
  readonly triggerLimit: RateLimit;
  /** More readiness of the fds than this makes the manager look away for the rest of the interval. */
  readonly pollLimit: RateLimit;
  readonly execStartPre: readonly ExecCommand[];
  readonly execStartPost: readonly ExecCommand[];
  readonly execStopPre: readonly ExecCommand[];
  readonly execStopPost: readonly ExecCommand[];
  /** TimeoutSec=; null waits for ever. */
  readonly timeoutUsec: Usec | null;
  readonly exec: ExecContext;
  readonly kill: KillContext;
  readonly cgroup: CgroupContext;
}

/** The nodes in the file system that the unit makes. */
export function nodePathsOf(unit: Pick<SocketUnit, 'listen'>): readonly string[] {
  return unit.listen.flatMap((listen) => {
    if (listen.kind === 'FIFO') return [listen.path];
    return 'address' in listen && listen.address.family === 'unix' ? [listen.address.path] : [];
  });
}

/** As `Listen=` of `show` has it: `/run/a.sock`, `@name`, `[::]:22`, `127.0.0.1:53`, `vsock:2:80`, `audit 0`. */
export function listenText(listen: Listen): string {
  if ('path' in listen) return listen.path;
  return listen.kind === 'Netlink' ? `${listen.family} ${String(listen.group)}` : addressText(listen.address);
}

export function addressText(address: SocketAddress): string {
  switch (address.family) {
    case 'unix': return address.path;
    case 'abstract': return `@${address.name}`;
    case 'ipv4': return `${address.address.join('.')}:${String(address.port)}`;
    case 'ipv6': return `[${ipv6Text(address.address)}]:${String(address.port)}${address.scope === '' ? '' : `%${address.scope}`}`;
    case 'vsock': return `vsock:${address.cid === null ? '' : String(address.cid)}:${String(address.port)}`;
  }
}

/** RFC 5952: the longest run of two or more zero groups becomes `::`; an IPv4-mapped address keeps its dots. */
export function ipv6Text(groups: readonly number[]): string {
  if (groups.slice(0, 5).every((group) => group === 0) && groups[5] === 0xffff) {
    const [high = 0, low = 0] = groups.slice(6);
    return `::ffff:${[high >> 8, high & 255, low >> 8, low & 255].join('.')}`;
  }
  let from = -1, length = 1;
  for (let start = 0; start < groups.length; start++) {
    let end = start;
    while (groups[end] === 0) end++;
    if (end - start > length) [from, length] = [start, end - start];
  }
  const hex = (part: readonly number[]): string => part.map((group) => group.toString(16)).join(':');
  return from < 0 ? hex(groups) : `${hex(groups.slice(0, from))}::${hex(groups.slice(from + length))}`;
}
