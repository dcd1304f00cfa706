/**
 * Programs of control groups: what a unit may reach, as the kernel is told.
 *
 * Nothing has to be kept for them. The kernel holds a program as long as it is attached, and takes it away with the group: so they are in
 * force while the engine is dead, and the next engine finds them by their name.
 */
import { readFileSync } from 'node:fs';
import type { Fd, UnitName } from '../../base/brand.ts';
import { bindProgram } from '../../core/group-program/bind-program.ts';
import { deviceProgram } from '../../core/group-program/device-program.ts';
import { NETWORK_KEY_BYTES, networkVerdicts } from '../../core/group-program/network-verdicts.ts';
import { COUNT_BYTES, packetProgram, type PacketRules } from '../../core/group-program/packet-program.ts';
import type { CgroupContext } from '../../core/unit/exec-context.ts';
import { UNLIMITED_ACCESS, limitsDevices, type GroupAccess } from '../../core/unit/group-access.ts';
import type { Errno } from '../../base/brand.ts';
import type { NativeBinding } from '../native.ts';
import { deviceGrants } from './device-grants.ts';
import type { NotEffective } from './group-attributes.ts';
import { ATTACH_INGRESS, COUNTS_MAP_NAME, PROGRAM_NAME, openCounts, ownPrograms } from './ip-counts.ts';

/** A place where programs are attached: numbers of linux/bpf.h. */
interface Place {
  readonly attachType: number;
  readonly programType: number;
  /** What the kernel wants to know of a program of this kind when it is loaded, else 0. */
  readonly expectedType: number;
}

const INGRESS: Place = { attachType: ATTACH_INGRESS, programType: 8, expectedType: 0 };
const EGRESS: Place = { attachType: 1, programType: 8, expectedType: 0 };
const DEVICE: Place = { attachType: 6, programType: 15, expectedType: 0 };
const BIND_IPV4: Place = { attachType: 8, programType: 18, expectedType: 8 };
const BIND_IPV6: Place = { attachType: 9, programType: 18, expectedType: 9 };
const PLACES: readonly Place[] = [DEVICE, INGRESS, EGRESS, BIND_IPV4, BIND_IPV6];

const MAP_ARRAY = 2;
const MAP_LPM_TRIE = 11;
/** BPF_F_NO_PREALLOC, which the kernel wants for this kind of map. */
const NO_PREALLOCATION = 1;
/** Ingress and egress. */
const COUNTS = 2;

/** The part of a group this file deals with. */
export interface ProgrammedGroup {
  readonly unit: UnitName;
  /** Relative to the root, `/system.slice/nginx.service`. */
  readonly path: string;
  /** What its programs were made from; '' = it has none, null = a former engine has attached what there is. */
  programs: string | null;
  /** What could not be attached. */
  refusedPrograms: readonly NotEffective[];
}

/** Everything that the programs of one group are made from. */
interface Wishes {
  readonly access: GroupAccess;
  /** The lists of the unit and of the slices it is in. */
  readonly allow: readonly string[];
  readonly deny: readonly string[];
}

export interface GroupProgramsOptions {
  readonly native: NativeBinding;
  /** Directory of the manager's own group. */
  readonly root: string;
  /** What a slice's files ask of its group; null when it is not loaded. */
  readonly contextOf: (slice: UnitName) => CgroupContext | null;
}

export class GroupPrograms {
  readonly #options: GroupProgramsOptions;

  constructor(options: GroupProgramsOptions) {
    this.#options = options;
  }

  /** Attaches what the unit asks for now in place of what it asked for before; what could not be had is in `group.refusedPrograms` afterwards. */
  apply(group: ProgrammedGroup, context: CgroupContext): void {
    const wishes = this.#wishesOf(group.unit, context);
    const made = wishes === null ? '' : JSON.stringify(wishes);
    if (made === group.programs) return;
    group.programs = made;
    const directory = `${this.#options.root}${group.path}`;
    if (wishes === null) for (const place of PLACES) this.#replace(directory, place, null);
    group.refusedPrograms = wishes === null ? [] : [...this.#limitDevices(directory, wishes.access), ...this.#filterPackets(directory, wishes), ...this.#limitBinding(directory, wishes.access)];
  }

  /**
   * As in systemd, the lists of a slice count for the units in it, where an allowed network of the unit comes before a denied one of the
   * slice; so they are in the programs of these and not in one of the slice.
   */
  #wishesOf(unit: UnitName, context: CgroupContext): Wishes | null {
    const [allow, deny]: [string[], string[]] = [[], []];
    if (!unit.endsWith('.slice')) {
      for (let at: CgroupContext | null = context; at !== null; at = at.slice === null ? null : this.#options.contextOf(at.slice)) {
        if (at.access === null) continue;
        allow.push(...at.access.ipAddressAllow);
        deny.push(...at.access.ipAddressDeny);
      }
    }
    if (context.access === null && allow.length === 0 && deny.length === 0) return null;
    return { access: context.access ?? UNLIMITED_ACCESS, allow, deny };
  }

  #limitDevices(directory: string, access: GroupAccess): readonly NotEffective[] {
    const program = limitsDevices(access) ? deviceProgram(deviceGrants(access)) : null;
    return refusals(this.#replace(directory, DEVICE, program), [access.devicesAskedBy]);
  }

  #limitBinding(directory: string, { socketBindAllow, socketBindDeny }: GroupAccess): readonly NotEffective[] {
    // Without a rule that denies, everything may.
    const isLimited = socketBindDeny.length > 0;
    const why = this.#replace(directory, BIND_IPV4, isLimited ? bindProgram('ipv4', socketBindAllow, socketBindDeny) : null)
      || this.#replace(directory, BIND_IPV6, isLimited ? bindProgram('ipv6', socketBindAllow, socketBindDeny) : null);
    return refusals(why, socketBindAllow.length > 0 ? ['SocketBindAllow', 'SocketBindDeny'] : ['SocketBindDeny']);
  }

  #filterPackets(directory: string, { access, allow, deny }: Wishes): readonly NotEffective[] {
    const { ipAccounting, networkInterfaces } = access;
    const directives = [
      ...(ipAccounting ? ['IPAccounting'] : []), ...(allow.length > 0 ? ['IPAddressAllow'] : []), ...(deny.length > 0 ? ['IPAddressDeny'] : []),
      ...(networkInterfaces === null ? [] : ['RestrictNetworkInterfaces']),
    ];
    if (directives.length === 0) {
      this.#replace(directory, INGRESS, null);
      this.#replace(directory, EGRESS, null);
      return [];
    }
    const networksMap = deny.length > 0 ? this.#makeNetworks(allow, deny) : null;
    const countsMap = ipAccounting ? this.#openCounts(directory) : null;
    const why = typeof networksMap === 'string' ? refusal(networksMap) : typeof countsMap === 'string' ? refusal(countsMap)
      : this.#replacePackets(directory, { networksMap, countsMap, interfaces: networkInterfaces === null ? null : { isAllowList: networkInterfaces.isAllowList, indexes: indexesOf(networkInterfaces.names) } });
    for (const map of [networksMap, countsMap]) if (typeof map === 'number') this.#options.native.close(map);
    return refusals(why, directives);
  }

  #replacePackets(directory: string, rules: PacketRules): string {
    return this.#replace(directory, INGRESS, packetProgram('ingress', rules)) || this.#replace(directory, EGRESS, packetProgram('egress', rules));
  }

  #makeNetworks(allow: readonly string[], deny: readonly string[]): Fd | Errno {
    const { native } = this.#options;
    const verdicts = networkVerdicts(allow, deny);
    const [first] = verdicts;
    const map = native.bpfMapCreate(MAP_LPM_TRIE, NETWORK_KEY_BYTES, first?.value.length ?? 4, verdicts.length, NO_PREALLOCATION, `${PROGRAM_NAME}_net`);
    if (typeof map === 'string') return map;
    for (const { key, value } of verdicts) {
      const set = native.bpfMapSet(map, key, value);
      if (set === 0) continue;
      native.close(map);
      return set;
    }
    return map;
  }

  /** What was counted since the start of the unit is counted on from. */
  #openCounts(directory: string): Fd | Errno {
    const { native } = this.#options;
    return openCounts(native, directory) ?? native.bpfMapCreate(MAP_ARRAY, 4, COUNT_BYTES, COUNTS, 0, COUNTS_MAP_NAME);
  }

  /**
   * The new program is attached before the former ones go, so that there is no moment without one.
   *
   * @param program null: none is wanted
   * @returns '' or why the group is as it was
   */
  #replace(directory: string, { attachType, programType, expectedType }: Place, program: Uint8Array | null): string {
    const { native } = this.#options;
    const former = ownPrograms(native, directory, attachType);
    if (program !== null) {
      const fd = native.bpfLoad(programType, expectedType, PROGRAM_NAME, program);
      if (typeof fd === 'string') return refusal(fd);
      const attached = native.bpfAttach(directory, attachType, fd);
      native.close(fd);
      if (attached !== 0) return `the program cannot be attached to the control group: ${attached}`;
    }
    for (const id of former) native.bpfDetach(directory, attachType, id);
    return '';
  }
}

/** What the kernel's answer to a program or a map means. */
function refusal(errno: Errno): string {
  if (errno === 'EPERM') return 'the manager may not load programs into the kernel here: EPERM';
  return `the kernel does not take the program: ${errno}`;
}

function refusals(why: string, directives: readonly string[]): readonly NotEffective[] {
  return why === '' ? [] : directives.map((directive) => ({ directive, why }));
}

/** Of the manager's network name space; interfaces that there are not are left out. */
function indexesOf(names: readonly string[]): readonly number[] {
  return names.flatMap((name) => {
    try {
      return [Number(readFileSync(`/sys/class/net/${name}/ifindex`, 'utf8'))];
    } catch {
      return [];
    }
  });
}
