/**
 * What may stand behind ListenStream= and its kin. Grammar, source systemd.socket(5):
 *
 *     address := '/' path | '@' name | port | ipv4 ':' port | '[' ipv6 ']' ':' port ['%' scope] | 'vsock:' [cid] ':' port
 */
import { ok, problem, type Result } from '../../../base/result.ts';
import { parseUnsigned } from './number.ts';
import type { Listen, ListenSocketKind, SocketAddress } from '../../unit/socket.ts';

/** sun_path of unix(7), with the NUL at its end, or at its beginning for an abstract name. */
const UNIX_PATH_BYTES_MAX = 107;
const PORT_MAX = 65_535;
const CID_MAX = 0xffff_ffff;
/** The unspecified address, for a port alone. */
const ANY_IPV6: readonly number[] = [0, 0, 0, 0, 0, 0, 0, 0];

export function parseListen(kind: ListenSocketKind, text: string): Result<Listen> {
  const number = parseUnsigned(text, Number.MAX_SAFE_INTEGER);
  const isPort = number.ok;
  const address = number.ok ? withPort(String(number.value), (port) => ({ family: 'ipv6', address: ANY_IPV6, port, scope: '' })) : parseAddress(text);
  if (!address.ok) return address;
  const { family } = address.value;
  if (kind === 'SequentialPacket' && family !== 'unix' && family !== 'abstract') return problem('sequential packets are for Unix sockets only');
  return ok({ kind, address: address.value, portOnly: isPort });
}

export function parseAddress(text: string): Result<SocketAddress> {
  if (text.startsWith('/') || text.startsWith('@')) return parseUnix(text);
  const vsock = /^vsock:([0-9]*):([0-9]+)$/.exec(text);
  if (vsock !== null) {
    const [, cid = '', port = ''] = vsock;
    if (Number(cid) > CID_MAX || Number(port) > CID_MAX) return problem(`'${text}' is out of range; both numbers have 32 bits`);
    return ok({ family: 'vsock', cid: cid === '' ? null : Number(cid), port: Number(port) });
  }
  const bracketed = /^\[([^\]%]+)\]:([0-9]+)(?:%([\w.-]{1,15}))?$/.exec(text);
  if (bracketed !== null) {
    const [, host = '', port = '', scope = ''] = bracketed;
    const address = parseIpv6(host);
    return address === null ? problem(`'${host}' is not an IPv6 address`) : withPort(port, (number) => ({ family: 'ipv6', address, port: number, scope }));
  }
  const dotted = /^([0-9.]+):([0-9]+)$/.exec(text);
  if (dotted !== null) {
    const [, host = '', port = ''] = dotted;
    const address = parseIpv4(host);
    return address === null ? problem(`'${host}' is not an IPv4 address`) : withPort(port, (number) => ({ family: 'ipv4', address, port: number }));
  }
  return problem(`'${text.slice(0, 80)}' is not an address: a path, @name, port, 127.0.0.1:80, [::1]:80 or vsock:CID:PORT`);
}

function withPort(text: string, make: (port: number) => SocketAddress): Result<SocketAddress> {
  const port = Number(text);
  return port >= 1 && port <= PORT_MAX ? ok(make(port)) : problem(`port ${text} is not in the range 1 to ${String(PORT_MAX)}`);
}

function parseUnix(text: string): Result<SocketAddress> {
  if (bytesIn(text) > UNIX_PATH_BYTES_MAX) return problem(`the path is longer than ${String(UNIX_PATH_BYTES_MAX)} bytes, the most a Unix socket may have`);
  if (text.startsWith('@')) return text === '@' ? problem('the name is empty') : ok({ family: 'abstract', name: text.slice(1) });
  const parts = text.split('/').filter((part) => part !== '' && part !== '.');
  if (parts.length === 0) return problem(`'${text}' cannot be the path of a socket`);
  return ok({ family: 'unix', path: `/${parts.join('/')}` });
}

/** Length in UTF-8. */
function bytesIn(text: string): number {
  let bytes = 0;
  for (const character of text) {
    const code = character.codePointAt(0) ?? 0;
    bytes += code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
  }
  return bytes;
}

export function parseIpv4(text: string): readonly number[] | null {
  const parts = text.split('.');
  if (parts.length !== 4 || !parts.every((part) => /^(?:0|[1-9][0-9]{0,2})$/.test(part) && Number(part) <= 255)) return null;
  return parts.map(Number);
}

/** Eight groups; null when it is none. The last two may be written as an IPv4 address. */
export function parseIpv6(text: string): readonly number[] | null {
  const halves = text.split('::');
  if (halves.length > 2) return null;
  const [head, tail] = [groupsOf(halves[0] ?? ''), halves.length === 2 ? groupsOf(halves[1] ?? '') : []];
  if (head === null || tail === null) return null;
  const missing = 8 - head.length - tail.length;
  if (halves.length === 1 ? missing !== 0 : missing < 1) return null;
  return [...head, ...Array.from({ length: missing }, () => 0), ...tail];
}

function groupsOf(text: string): readonly number[] | null {
  if (text === '') return [];
  const groups: number[] = [];
  const parts = text.split(':');
  for (const [index, part] of parts.entries()) {
    if (part.includes('.') && index === parts.length - 1) {
      const dotted = parseIpv4(part);
      if (dotted === null) return null;
      const [a = 0, b = 0, c = 0, d = 0] = dotted;
      groups.push(a << 8 | b, c << 8 | d);
      continue;
    }
    if (!/^[0-9a-fA-F]{1,4}$/.test(part)) return null;
    groups.push(Number.parseInt(part, 16));
  }
  return groups;
}

/** Families of netlink(7) by the names that systemd uses. */
export const NETLINK_FAMILIES: Readonly<Record<string, number>> = {
  route: 0, firewall: 3, 'inet-diag': 4, nflog: 5, xfrm: 6, selinux: 7, iscsi: 8, audit: 9, 'fib-lookup': 10, connector: 11,
  netfilter: 12, 'ip6-fw': 13, dnrtmsg: 14, 'kobject-uevent': 15, generic: 16, scsitransport: 18, ecryptfs: 19, rdma: 20,
};

/** `audit`, `kobject-uevent 1`. */
export function parseNetlink(text: string): Result<Listen> {
  const [, family = '', group = '0'] = /^(\S+)(?:\s+([0-9]+))?$/.exec(text) ?? [];
  if (!Object.hasOwn(NETLINK_FAMILIES, family)) return problem(`'${text.slice(0, 80)}' is not a netlink family such as audit or kobject-uevent`);
  return ok({ kind: 'Netlink', family, group: Number(group) });
}
