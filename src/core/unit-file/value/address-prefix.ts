/** Networks as IPAddressAllow= has them: `10.0.0.0/8`, `::1`, and names for common ones. Source: systemd.resource-control(5). */
import { ok, problem, type Result } from '../../../base/result.ts';
import { parseUnsigned } from './number.ts';
import { parseIpv4, parseIpv6 } from './socket-address.ts';

const NAMED: ReadonlyMap<string, readonly string[]> = new Map([
  ['any', ['0.0.0.0/0', '::/0']], ['localhost', ['127.0.0.0/8', '::1/128']],
  ['link-local', ['169.254.0.0/16', 'fe80::/64']], ['multicast', ['224.0.0.0/4', 'ff00::/8']],
]);

/** Every name that means this machine (RFC 6761), as systemd takes it. */
const LOCALHOST = /^(?:.*\.)?localhost(?:\.localdomain)?\.?$/i;

const IPV4_BITS = 32;
const IPV6_BITS = 128;

/** The networks a word stands for, in canonical form: bits behind the prefix are cleared. */
export function parseAddressPrefix(word: string): Result<readonly string[]> {
  const named = NAMED.get(LOCALHOST.test(word) ? 'localhost' : word);
  if (named !== undefined) return ok(named);
  const slash = word.indexOf('/');
  const address = slash < 0 ? word : word.slice(0, slash);
  const ipv4 = parseIpv4(address);
  const ipv6 = ipv4 === null && address.includes(':') ? parseIpv6(address) : null;
  const bitsMax = ipv4 === null ? IPV6_BITS : IPV4_BITS;
  const bits = slash < 0 ? ok(bitsMax) : parseUnsigned(word.slice(slash + 1), bitsMax);
  if (!bits.ok || (ipv4 === null && ipv6 === null)) return problem(`'${word.slice(0, 60)}' is not a network such as 10.0.0.0/8, fe80::/64 or localhost`);
  const text = ipv4 !== null ? masked(ipv4, 8, bits.value).join('.') : formatIpv6(masked(ipv6 ?? [], 16, bits.value));
  return ok([`${text}/${String(bits.value)}`]);
}

/** Groups of `width` bits with all but the first `bits` cleared. */
function masked(groups: readonly number[], width: number, bits: number): readonly number[] {
  return groups.map((group, index) => {
    const keep = Math.min(width, Math.max(0, bits - index * width));
    return group & ~(2 ** (width - keep) - 1);
  });
}

/** RFC 5952: the longest run of two or more zero groups, the first of several, becomes `::`. */
export function formatIpv6(groups: readonly number[]): string {
  let [start, length] = [-1, 1];
  for (let i = 0; i < groups.length; i += 1) {
    let end = i;
    while (groups[end] === 0) end += 1;
    if (end - i > length) [start, length] = [i, end - i];
  }
  const hex = (part: readonly number[]): string => part.map((group) => group.toString(16)).join(':');
  return start < 0 ? hex(groups) : `${hex(groups.slice(0, start))}::${hex(groups.slice(start + length))}`;
}
