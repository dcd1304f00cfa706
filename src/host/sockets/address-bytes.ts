/** Socket addresses as the kernel has them: struct sockaddr of each family, in the byte order of x86 and ARM. */
import { assert } from '../../base/assert.ts';
import { ipv6Text, type SocketAddress } from '../../core/unit/socket.ts';
import { IS_LITTLE_ENDIAN, operatingSystem } from '../operating-system.ts';

export const AF_UNIX = 1;
export const AF_INET = 2;
export const AF_INET6 = 10;
export const AF_NETLINK = 16;
export const AF_VSOCK = 40;

/** VMADDR_CID_ANY of vsock(7). */
const ANY_CID = 0xffff_ffff;

assert(IS_LITTLE_ENDIAN, 'addresses are composed for little-endian machines');

export function familyOf(address: SocketAddress): number {
  switch (address.family) {
    case 'unix':
    case 'abstract': return AF_UNIX;
    case 'ipv4': return AF_INET;
    case 'ipv6': return AF_INET6;
    case 'vsock': return AF_VSOCK;
  }
}

/** The bytes for bind(2). An interface that does not exist counts as none. */
export function addressBytes(address: SocketAddress): Uint8Array {
  switch (address.family) {
    case 'unix': return withFamily(AF_UNIX, Buffer.from(`${address.path}\0`));
    case 'abstract': return withFamily(AF_UNIX, Buffer.from(`\0${address.name}`));
    case 'ipv4': {
      const rest = Buffer.alloc(14);
      rest.writeUInt16BE(address.port, 0);
      rest.set(address.address, 2);
      return withFamily(AF_INET, rest);
    }
    case 'ipv6': {
      const rest = Buffer.alloc(26);
      rest.writeUInt16BE(address.port, 0);
      for (const [index, group] of address.address.entries()) rest.writeUInt16BE(group, 6 + 2 * index);
      rest.writeUInt32LE(scopeNumber(address.scope), 22);
      return withFamily(AF_INET6, rest);
    }
    case 'vsock': {
      const rest = Buffer.alloc(14);
      rest.writeUInt32LE(address.port, 2);
      rest.writeUInt32LE(address.cid ?? ANY_CID, 6);
      return withFamily(AF_VSOCK, rest);
    }
  }
}

/** netlink(7): any port, one multicast group mask. */
export function netlinkBytes(group: number): Uint8Array {
  const rest = Buffer.alloc(10);
  rest.writeUInt32LE(group, 6);
  return withFamily(AF_NETLINK, rest);
}

function withFamily(family: number, rest: Uint8Array): Uint8Array {
  const bytes = Buffer.alloc(2 + rest.length);
  bytes.writeUInt16LE(family, 0);
  bytes.set(rest, 2);
  return bytes;
}

function scopeNumber(scope: string): number {
  if (/^[0-9]+$/.test(scope)) return Number(scope);
  const own = Object.entries(operatingSystem().networkInterfaces()).find(([name]) => name === scope)?.[1];
  return own?.map((each) => ('scopeid' in each ? each.scopeid ?? 0 : 0)).find((id) => id !== 0) ?? 0;
}

/** One end of a connection. An IPv4 address that comes as an IPv6 one is told as what it is. */
export interface End {
  readonly family: 'ipv4' | 'ipv6' | 'vsock' | 'unix' | 'other';
  /** '' for Unix sockets. */
  readonly address: string;
  readonly port: string;
}

const OTHER: End = { family: 'other', address: '', port: '' };

/** Reads what getpeername(2) or getsockname(2) gave. */
export function readEnd(bytes: Uint8Array): End {
  const buffer = Buffer.from(bytes);
  if (buffer.length < 2) return OTHER;
  switch (buffer.readUInt16LE(0)) {
    case AF_UNIX: return { family: 'unix', address: '', port: '' };
    case AF_INET: return { family: 'ipv4', address: [...buffer.subarray(4, 8)].join('.'), port: String(buffer.readUInt16BE(2)) };
    case AF_INET6: {
      const groups = Array.from({ length: 8 }, (_, index) => buffer.readUInt16BE(8 + 2 * index));
      const port = String(buffer.readUInt16BE(2));
      const mapped = groups.slice(0, 5).every((group) => group === 0) && groups[5] === 0xffff;
      return mapped ? { family: 'ipv4', address: [...buffer.subarray(20, 24)].join('.'), port } : { family: 'ipv6', address: ipv6Text(groups), port };
    }
    case AF_VSOCK: return { family: 'vsock', address: String(buffer.readUInt32LE(8)), port: String(buffer.readUInt32LE(4)) };
    default: return OTHER;
  }
}

