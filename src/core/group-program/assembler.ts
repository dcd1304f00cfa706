/**
 * Programs for the kernel's virtual machine, as the bytes that bpf(2) loads. Pure. Source: the kernel's BPF instruction set document.
 *
 * The kernel refuses a program with instructions that cannot be reached, so what is never jumped to must not be added: see `isUsed`.
 */

/** R0 is the result, R1 to R5 arguments which calls destroy, R6 to R9 survive calls, R10 is the end of the stack. */
export type Register = 0 | 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 | 9 | 10;
export const STACK_END: Register = 10;

/** A place in the program that is jumped to. */
export interface Label {
  at: number;
  isUsed: boolean;
}

export function label(): Label {
  return { at: -1, isUsed: false };
}

const LOAD_WORD = 0x61;
const STORE_WORD_CONSTANT = 0x62;
const ATOMIC_ADD_DOUBLE = 0xdb;
const LOAD_CONSTANT_DOUBLE = 0x18;
/** In the place of the source register: the constant is the fd of a map. */
const CONSTANT_IS_MAP = 1;
const MOVE_CONSTANT = 0xb7;
const MOVE_REGISTER = 0xbf;
const ADD_CONSTANT = 0x07;
const AND_WORD_CONSTANT = 0x54;
const SHIFT_RIGHT_CONSTANT = 0x77;
/** The lower 16 bits from network to host order. */
const FROM_BIG_ENDIAN = 0xdc;
const JUMP = 0x05;
const CALL = 0x85;
const EXIT = 0x95;
const JUMPS = { '==': 0x15, '>': 0x25, '!=': 0x55, '<': 0xa5 } as const;

const INSTRUCTION_BYTES = 8;

interface Instruction {
  readonly code: number;
  readonly to: Register;
  readonly from: number;
  readonly offset: number;
  readonly constant: number;
  readonly target: Label | null;
}

export class Assembler {
  readonly #code: Instruction[] = [];

  /** `to` = the 32 bits at `from` + offset. */
  loadWord(to: Register, from: Register, offset: number): void {
    this.#add(LOAD_WORD, { to, from, offset });
  }

  /** The 32 bits at `to` + offset = constant. */
  storeWord(to: Register, offset: number, constant: number): void {
    this.#add(STORE_WORD_CONSTANT, { to, offset, constant });
  }

  /** The 64 bits at `to` + offset grow by `from`, whoever else adds to them. */
  addAtomically(to: Register, offset: number, from: Register): void {
    this.#add(ATOMIC_ADD_DOUBLE, { to, from, offset });
  }

  loadMap(to: Register, fd: number): void {
    this.#add(LOAD_CONSTANT_DOUBLE, { to, from: CONSTANT_IS_MAP, constant: fd });
    this.#add(0, {});
  }

  set(to: Register, constant: number): void {
    this.#add(MOVE_CONSTANT, { to, constant });
  }

  copy(to: Register, from: Register): void {
    this.#add(MOVE_REGISTER, { to, from });
  }

  add(to: Register, constant: number): void {
    this.#add(ADD_CONSTANT, { to, constant });
  }

  and(to: Register, constant: number): void {
    this.#add(AND_WORD_CONSTANT, { to, constant });
  }

  shiftRight(to: Register, bits: number): void {
    this.#add(SHIFT_RIGHT_CONSTANT, { to, constant: bits });
  }

  fromNetworkOrder16(to: Register): void {
    this.#add(FROM_BIG_ENDIAN, { to, constant: 16 });
  }

  /** @param constant below 2^31, as it is extended with its sign */
  jumpIf(register: Register, operator: keyof typeof JUMPS, constant: number, target: Label): void {
    target.isUsed = true;
    this.#add(JUMPS[operator], { to: register, constant, target });
  }

  jump(target: Label): void {
    target.isUsed = true;
    this.#add(JUMP, { target });
  }

  /** @param helper number of a function of the kernel, linux/bpf.h */
  call(helper: number): void {
    this.#add(CALL, { constant: helper });
  }

  /** Ends the program with this result. */
  exitWith(result: number): void {
    this.set(0, result);
    this.#add(EXIT, {});
  }

  place(target: Label): void {
    target.at = this.#code.length;
  }

  /** struct bpf_insn for each instruction. */
  finish(): Uint8Array {
    const bytes = new Uint8Array(this.#code.length * INSTRUCTION_BYTES);
    const view = new DataView(bytes.buffer);
    for (const [index, { code, to, from, offset, constant, target }] of this.#code.entries()) {
      const at = index * INSTRUCTION_BYTES;
      view.setUint8(at, code);
      view.setUint8(at + 1, from << 4 | to);
      view.setInt16(at + 2, target === null ? offset : target.at - index - 1, true);
      view.setInt32(at + 4, constant, true);
    }
    return bytes;
  }

  #add(code: number, parts: Partial<Omit<Instruction, 'code'>>): void {
    this.#code.push({ code, to: 0, from: 0, offset: 0, constant: 0, target: null, ...parts });
  }
}
