/**
 * Filters of system calls as programs for the kernel. Pure. Source: seccomp(2), and the kernel's filter.rst.
 *
 *     program   = load architecture, one jump for each architecture, verdict for others, section*
 *     section   = load number, search tree over the numbers, blocks of argument tests
 *
 * The search tree makes the cost of a call the logarithm of the filter's length. Only the lower half of an argument is looked at: the
 * kernel does not look at more of the flags, modes and families that are tested here.
 */
import { systemCallNumbers, type Architecture } from './numbers.ts';

/** What the kernel does with a call: SECCOMP_RET_… with its data. */
export type Verdict = number;
export const ALLOW: Verdict = 0x7fff_0000;
export const KILL_PROCESS: Verdict = 0x8000_0000;
export const LOG: Verdict = 0x7ffc_0000;
/** The call fails with this errno. */
export function failWith(errno: number): Verdict {
  return 0x0005_0000 | errno;
}

/** `(argument & mask)` equals `value`, or with `not` differs from it. `argument` counts from 0. */
export interface ArgumentTest {
  readonly argument: number;
  readonly mask: number;
  readonly value: number;
  readonly not: boolean;
}

/** Calls that do not exist on an architecture are passed over. Of several rules for one call the first whose tests all hold counts. */
export interface CallRule {
  readonly calls: Iterable<string>;
  readonly tests: readonly ArgumentTest[];
  readonly verdict: Verdict;
}

export interface CallFilter {
  /** For calls that no rule is about. */
  readonly fallback: Verdict;
  readonly rules: readonly CallRule[];
  /** For calls in a way that there is no table for: x32, 32-bit ARM. */
  readonly foreign: Verdict;
  /** Verdicts that hold for all calls of an architecture. */
  readonly architectures: Readonly<Partial<Record<Architecture, Verdict>>>;
}

/** Architectures whose calls a process of each may make, with AUDIT_ARCH_… of linux/audit.h. */
const CALLABLE: Readonly<Record<'x86-64' | 'arm64', readonly (readonly [Architecture, number])[]>> = {
  'x86-64': [['x86-64', 0xc000_003e], ['x86', 0x4000_0003]],
  arm64: [['arm64', 0xc000_00b7]],
};
export type NativeArchitecture = keyof typeof CALLABLE;

/** Numbers from here on are calls of x32. */
const X32_BIT = 0x4000_0000;

// Classic BPF, linux/filter.h.
const LOAD_WORD = 0x20;
const AND = 0x54;
const JUMP = 0x05;
const JUMP_EQUAL = 0x15;
const JUMP_GREATER_EQUAL = 0x35;
const RETURN = 0x06;
/** Places in struct seccomp_data; arguments are 64 bits wide and little-endian here. */
const AT_NUMBER = 0;
const AT_ARCHITECTURE = 4;
const AT_ARGUMENTS = 16;

interface Label { at: number }
interface Instruction { readonly code: number; readonly k: number; readonly whenTrue: number; readonly whenFalse: number; readonly target: Label | null }

class Assembler {
  readonly #code: Instruction[] = [];

  add(code: number, k: number): void {
    this.#code.push({ code, k, whenTrue: 0, whenFalse: 0, target: null });
  }

  /** Conditional jumps reach 255 instructions only; a plain jump reaches everywhere. */
  jumpIf(code: number, k: number, holds: boolean, target: Label): void {
    this.#code.push({ code, k, whenTrue: holds ? 0 : 1, whenFalse: holds ? 1 : 0, target: null });
    this.#code.push({ code: JUMP, k: 0, whenTrue: 0, whenFalse: 0, target });
  }

  place(label: Label): void {
    label.at = this.#code.length;
  }

  /** struct sock_filter for each instruction. */
  finish(): Uint8Array {
    const bytes = new Uint8Array(this.#code.length * 8);
    const view = new DataView(bytes.buffer);
    for (const [at, { code, k, whenTrue, whenFalse, target }] of this.#code.entries()) {
      view.setUint16(at * 8, code, true);
      view.setUint8(at * 8 + 2, whenTrue);
      view.setUint8(at * 8 + 3, whenFalse);
      view.setUint32(at * 8 + 4, target === null ? k : target.at - at - 1, true);
    }
    return bytes;
  }
}

/** The program for processes of an architecture, as an array of struct sock_filter. */
export function assembleFilter(filter: CallFilter, native: NativeArchitecture): Uint8Array {
  const assembler = new Assembler();
  const sections = CALLABLE[native].map(([architecture, audit]) => ({ architecture, audit, label: { at: 0 } }));
  assembler.add(LOAD_WORD, AT_ARCHITECTURE);
  for (const { audit, label } of sections) assembler.jumpIf(JUMP_EQUAL, audit, true, label);
  assembler.add(RETURN, filter.foreign);
  for (const { architecture, label } of sections) {
    assembler.place(label);
    addSection(assembler, filter, architecture);
  }
  return assembler.finish();
}

function addSection(assembler: Assembler, filter: CallFilter, architecture: Architecture): void {
  const whole = filter.architectures[architecture];
  if (whole !== undefined && architecture !== 'x86-64') {
    assembler.add(RETURN, whole);
    return;
  }
  assembler.add(LOAD_WORD, AT_NUMBER);
  if (architecture === 'x86-64') {
    const ours = { at: 0 };
    assembler.jumpIf(JUMP_GREATER_EQUAL, X32_BIT, false, ours);
    assembler.add(RETURN, filter.foreign);
    assembler.place(ours);
  }
  if (whole !== undefined) assembler.add(RETURN, whole);
  else addSearch(assembler, filter, rangesOf(filter, architecture));
}

/** What holds from a number up to the next range. */
interface Range { readonly from: number; readonly rules: readonly CallRule[] }

function rangesOf(filter: CallFilter, architecture: Architecture): readonly Range[] {
  const numbers = systemCallNumbers(architecture);
  const byNumber = new Map<number, CallRule[]>();
  for (const rule of filter.rules) {
    for (const call of rule.calls) {
      const number = numbers.get(call);
      if (number === undefined) continue;
      const known = byNumber.get(number);
      if (known === undefined) byNumber.set(number, [rule]);
      else known.push(rule);
    }
  }
  const none: readonly CallRule[] = [];
  const ranges: Range[] = [{ from: 0, rules: none }];
  const begin = (from: number, rules: readonly CallRule[]): void => {
    const last = ranges.at(-1);
    if (last?.from === from) ranges.pop();
    const before = ranges.at(-1);
    if (before === undefined || !isSame(before.rules, rules, filter.fallback)) ranges.push({ from, rules });
  };
  for (const number of [...byNumber.keys()].sort((a, b) => a - b)) {
    begin(number, byNumber.get(number) ?? none);
    begin(number + 1, none);
  }
  return ranges;
}

function isSame(a: readonly CallRule[], b: readonly CallRule[], fallback: Verdict): boolean {
  const [plainA, plainB] = [plainVerdict(a, fallback), plainVerdict(b, fallback)];
  return plainA !== null && plainA === plainB;
}

/** The verdict that needs no look at arguments; null when one is needed. */
function plainVerdict(rules: readonly CallRule[], fallback: Verdict): Verdict | null {
  const [first] = rules;
  if (first === undefined) return fallback;
  return first.tests.length === 0 ? first.verdict : null;
}

function addSearch(assembler: Assembler, filter: CallFilter, ranges: readonly Range[]): void {
  const [only] = ranges;
  if (only === undefined) return;
  if (ranges.length === 1) {
    addRules(assembler, filter.fallback, only.rules);
    return;
  }
  const middle = ranges.length >> 1;
  const upper = { at: 0 };
  assembler.jumpIf(JUMP_GREATER_EQUAL, (ranges[middle] as Range).from, true, upper);
  addSearch(assembler, filter, ranges.slice(0, middle));
  assembler.place(upper);
  addSearch(assembler, filter, ranges.slice(middle));
}

function addRules(assembler: Assembler, fallback: Verdict, rules: readonly CallRule[]): void {
  for (const { tests, verdict } of rules) {
    const next = { at: 0 };
    for (const { argument, mask, value, not } of tests) {
      assembler.add(LOAD_WORD, AT_ARGUMENTS + 8 * argument);
      assembler.add(AND, mask);
      assembler.jumpIf(JUMP_EQUAL, value, not, next);
    }
    assembler.add(RETURN, verdict);
    if (tests.length === 0) return;
    assembler.place(next);
  }
  assembler.add(RETURN, fallback);
}
