/**
 * What IPAccounting= has counted. The kernel keeps the map with the numbers as long as the program that counts is attached to the group:
 * it is found by way of the group, so nothing of it is lost when the engine dies.
 */
import type { Fd } from '../../base/brand.ts';
import type { IpCounts } from '../../core/property/property-row.ts';
import { COUNT_BYTES, COUNT_INDEX, type Direction } from '../../core/group-program/packet-program.ts';
import type { NativeBinding } from '../native.ts';

/** The names by which ours are known among all programs and maps of the machine. */
export const PROGRAM_NAME = 'heartwood';
export const COUNTS_MAP_NAME = 'heartwood_ip';

/** enum bpf_attach_type of linux/bpf.h. */
export const ATTACH_INGRESS = 0;

/** Numbers of our programs at a place of the group. Empty where nobody may ask. */
export function ownPrograms(native: NativeBinding, group: string, attachType: number): readonly number[] {
  const ids = native.bpfAttached(group, attachType);
  if (typeof ids === 'string') return [];
  return ids.filter((id) => {
    const program = native.bpfProgram(id);
    return typeof program !== 'string' && program.name === PROGRAM_NAME;
  });
}

/** The map of counts of a group, to be closed by the caller; null when nobody counts. */
export function openCounts(native: NativeBinding, group: string): Fd | null {
  for (const id of ownPrograms(native, group, ATTACH_INGRESS)) {
    const program = native.bpfProgram(id);
    const map = typeof program === 'string' ? undefined : program.maps.find(({ name }) => name === COUNTS_MAP_NAME);
    const fd = map === undefined ? 'ENOENT' : native.bpfMapOpen(map.id);
    if (typeof fd !== 'string') return fd;
  }
  return null;
}

/** @param group directory of the unit's control group, null when it has none */
export function readIpCounts(native: NativeBinding, group: string | null): IpCounts | null {
  const map = group === null ? null : openCounts(native, group);
  if (map === null) return null;
  const count = (direction: Direction): readonly [bytes: number, packets: number] => {
    const key = new Uint32Array([COUNT_INDEX[direction]]);
    const value = new Uint8Array(COUNT_BYTES);
    native.bpfMapGet(map, new Uint8Array(key.buffer), value);
    const [bytes = 0n, packets = 0n] = new BigUint64Array(value.buffer);
    return [Number(bytes), Number(packets)];
  };
  const [[ingressBytes, ingressPackets], [egressBytes, egressPackets]] = [count('ingress'), count('egress')];
  native.close(map);
  return { ingressBytes, ingressPackets, egressBytes, egressPackets };
}
