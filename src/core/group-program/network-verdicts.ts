/**
 * The lists of IPAddressAllow= and IPAddressDeny= as entries of one map of the kernel in which the longest prefix decides. Pure.
 * Source: systemd.resource-control(5); bpf(2), BPF_MAP_TYPE_LPM_TRIE.
 *
 * What is allowed may, however long the prefix that denies it: so a denied network that lies within an allowed one is left out.
 */
import { parseIpv4, parseIpv6 } from '../unit-file/value/socket-address.ts';

/** Length of the prefix in bits, then the family in a word of its own, so that both families are in one map, then the address. */
export const NETWORK_KEY_BYTES = 24;
export const FAMILY_BITS = 32;
/** What stands for the family in a key. */
export const IPV4_MARK = 4;
export const IPV6_MARK = 6;
/** The value of a network that is denied; others have 1. */
export const DENIED = 0;
const ALLOWED = 1;

const ADDRESS_AT = 8;

export interface NetworkVerdict {
  readonly key: Uint8Array;
  /** 4 bytes. */
  readonly value: Uint8Array;
}

interface Network {
  readonly mark: number;
  readonly bits: number;
  readonly bytes: readonly number[];
}

/** Networks as the unit's definition has them. */
export function networkVerdicts(allow: readonly string[], deny: readonly string[]): readonly NetworkVerdict[] {
  const allowed = [...new Set(allow)].map(parseNetwork);
  const denied = [...new Set(deny)].map(parseNetwork).filter((network) => !allowed.some((larger) => covers(larger, network)));
  return [...denied.map((network) => entry(network, DENIED)), ...allowed.map((network) => entry(network, ALLOWED))];
}

function parseNetwork(text: string): Network {
  const [address = '', bits = ''] = text.split('/');
  const ipv4 = parseIpv4(address);
  if (ipv4 !== null) return { mark: IPV4_MARK, bits: Number(bits), bytes: ipv4 };
  return { mark: IPV6_MARK, bits: Number(bits), bytes: (parseIpv6(address) ?? []).flatMap((group) => [group >> 8, group & 0xff]) };
}

function covers(larger: Network, smaller: Network): boolean {
  if (larger.mark !== smaller.mark || larger.bits > smaller.bits) return false;
  return larger.bytes.every((byte, index) => {
    const bits = Math.min(8, Math.max(0, larger.bits - 8 * index));
    return ((byte ^ (smaller.bytes[index] ?? 0)) >> (8 - bits)) === 0;
  });
}

function entry({ mark, bits, bytes }: Network, verdict: number): NetworkVerdict {
  const key = new Uint8Array(NETWORK_KEY_BYTES);
  const view = new DataView(key.buffer);
  view.setUint32(0, FAMILY_BITS + bits, true);
  view.setUint32(4, mark, true);
  key.set(bytes, ADDRESS_AT);
  const value = new Uint8Array(4);
  value[0] = verdict;
  return { key, value };
}
