/** Which devices the processes of a control group may open and make, as a program. Pure. Source: the kernel's cgroup-v2, device controller. */
import { Assembler, label } from './assembler.ts';

/** Devices that may be used; null stands for all numbers. */
export interface DeviceGrant {
  readonly type: 'block' | 'char';
  readonly major: number | null;
  readonly minor: number | null;
  /** Of `r`, `w` and `m`. */
  readonly rights: string;
}

/** BPF_DEVCG_… of linux/bpf.h. */
const TYPES = { block: 1, char: 2 } as const;
const RIGHTS = { m: 1, r: 2, w: 4 } as const;
const ALL_RIGHTS = 7;
const TYPE_BITS = 0xffff;
const RIGHTS_SHIFT = 16;

/** struct bpf_cgroup_dev_ctx: type and rights in one word, major, minor. */
const AT_ACCESS = 0;
const AT_MAJOR = 4;
const AT_MINOR = 8;

/** Everything that no grant covers fails with EPERM. */
export function deviceProgram(grants: readonly DeviceGrant[]): Uint8Array {
  const program = new Assembler();
  program.loadWord(2, 1, AT_ACCESS);
  program.copy(3, 2);
  program.and(2, TYPE_BITS);
  program.shiftRight(3, RIGHTS_SHIFT);
  program.loadWord(4, 1, AT_MAJOR);
  program.loadWord(5, 1, AT_MINOR);
  for (const { type, major, minor, rights } of grants) {
    const next = label();
    program.jumpIf(2, '!=', TYPES[type], next);
    const granted = Object.entries(RIGHTS).reduce((bits, [right, bit]) => (rights.includes(right) ? bits | bit : bits), 0);
    if (granted !== ALL_RIGHTS) {
      program.copy(1, 3);
      program.and(1, ALL_RIGHTS & ~granted);
      program.jumpIf(1, '!=', 0, next);
    }
    if (major !== null) program.jumpIf(4, '!=', major, next);
    if (minor !== null) program.jumpIf(5, '!=', minor, next);
    program.exitWith(1);
    program.place(next);
  }
  program.exitWith(0);
  return program.finish();
}
