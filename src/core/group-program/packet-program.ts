/**
 * Which packets the processes of a control group may send and get, and how many there were, as a program. Pure. Source:
 * systemd.resource-control(5), IPAddressAllow=, RestrictNetworkInterfaces=, IPAccounting=.
 */
import { Assembler, STACK_END, label, type Label } from './assembler.ts';
import { DENIED, FAMILY_BITS, IPV4_MARK, IPV6_MARK, NETWORK_KEY_BYTES } from './network-verdicts.ts';

export type Direction = 'ingress' | 'egress';

export interface PacketRules {
  /** fd of the map that `networkVerdicts` fills; null = all addresses. */
  readonly networksMap: number | null;
  /** Numbers of interfaces; null = all. */
  readonly interfaces: { readonly isAllowList: boolean; readonly indexes: readonly number[] } | null;
  /** fd of an array with an entry of `COUNT_BYTES` for each direction; null = nobody counts. */
  readonly countsMap: number | null;
}

/** Of an entry of the map of counts: bytes and packets, 64 bits each. */
export const COUNT_BYTES = 16;
export const COUNT_INDEX: Readonly<Record<Direction, number>> = { ingress: 0, egress: 1 };
const PACKETS_AT = 8;

/** struct __sk_buff. */
const AT_LENGTH = 0;
const AT_PROTOCOL = 16;
const AT_INTERFACE = 40;
/** ETH_P_IP and ETH_P_IPV6 in network order, read on a machine that has the lower byte first. */
const IPV4 = 0x0008;
const IPV6 = 0xdd86;
/** Where the address of the other side is in a packet, and how long it is. */
const ADDRESSES = {
  ipv4: { ingress: 12, egress: 16, bytes: 4 },
  ipv6: { ingress: 8, egress: 24, bytes: 16 },
} as const;

const MAP_LOOKUP = 1;
const LOAD_PACKET_BYTES = 26;

const KEY_AT = -NETWORK_KEY_BYTES;
const ADDRESS_AT = KEY_AT + 8;
/** The key of the map of counts; what was in its place is not needed any more. */
const INDEX_AT = -4;

export function packetProgram(direction: Direction, rules: PacketRules): Uint8Array {
  const program = new Assembler();
  const refused = label();
  if (rules.interfaces?.isAllowList === true && rules.interfaces.indexes.length === 0) {
    // No way would lead to anything else, which the kernel does not have.
    program.exitWith(0);
    return program.finish();
  }
  program.copy(6, 1);
  if (rules.interfaces !== null) addInterfaces(program, rules.interfaces, refused);
  if (rules.networksMap !== null) addNetworks(program, direction, rules.networksMap, refused);
  if (rules.countsMap !== null) addCount(program, direction, rules.countsMap);
  program.exitWith(1);
  if (refused.isUsed) {
    program.place(refused);
    program.exitWith(0);
  }
  return program.finish();
}

function addInterfaces(program: Assembler, { isAllowList, indexes }: NonNullable<PacketRules['interfaces']>, refused: Label): void {
  const listed = label();
  program.loadWord(2, 6, AT_INTERFACE);
  for (const index of indexes) program.jumpIf(2, '==', index, isAllowList ? listed : refused);
  if (!isAllowList) return;
  program.jump(refused);
  program.place(listed);
}

/** Packets of other families than IP are none of these lists' business. */
function addNetworks(program: Assembler, direction: Direction, map: number, refused: Label): void {
  const [notIpv4, lookup, passed] = [label(), label(), label()];
  program.loadWord(7, 6, AT_PROTOCOL);
  for (let at = KEY_AT; at < 0; at += 4) program.storeWord(STACK_END, at, 0);
  program.jumpIf(7, '!=', IPV4, notIpv4);
  addAddress(program, IPV4_MARK, ADDRESSES.ipv4[direction], ADDRESSES.ipv4.bytes);
  program.jump(lookup);
  program.place(notIpv4);
  program.jumpIf(7, '!=', IPV6, passed);
  addAddress(program, IPV6_MARK, ADDRESSES.ipv6[direction], ADDRESSES.ipv6.bytes);
  program.place(lookup);
  program.loadMap(1, map);
  program.copy(2, STACK_END);
  program.add(2, KEY_AT);
  program.call(MAP_LOOKUP);
  program.jumpIf(0, '==', 0, passed);
  program.loadWord(1, 0, 0);
  program.jumpIf(1, '==', DENIED, refused);
  program.place(passed);
}

function addAddress(program: Assembler, mark: number, at: number, bytes: number): void {
  program.storeWord(STACK_END, KEY_AT, FAMILY_BITS + 8 * bytes);
  program.storeWord(STACK_END, KEY_AT + 4, mark);
  program.copy(1, 6);
  program.set(2, at);
  program.copy(3, STACK_END);
  program.add(3, ADDRESS_AT);
  program.set(4, bytes);
  program.call(LOAD_PACKET_BYTES);
}

function addCount(program: Assembler, direction: Direction, map: number): void {
  const missing = label();
  program.storeWord(STACK_END, INDEX_AT, COUNT_INDEX[direction]);
  program.loadMap(1, map);
  program.copy(2, STACK_END);
  program.add(2, INDEX_AT);
  program.call(MAP_LOOKUP);
  program.jumpIf(0, '==', 0, missing);
  program.loadWord(1, 6, AT_LENGTH);
  program.addAtomically(0, 0, 1);
  program.set(1, 1);
  program.addAtomically(0, PACKETS_AT, 1);
  program.place(missing);
}
