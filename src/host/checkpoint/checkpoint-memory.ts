/**
 * The memory that outlives the engine: one memfd, mapped. What was stored there before a death is there after it.
 *
 *     offset   what
 *     0        header: the record of a death (native/addon/checkpoint-layout.h), then the words below
 *     4 KiB    a bit for each fd that lives through execve
 *     8 KiB    processes born in the batch in hand, and exits nobody was told of; written by native code
 *     …        what each kept fd is: a slot of text for each number
 *     …        ring of journal entries since the newest snapshot
 *     …        snapshots A and B, written alternately
 *     …        a notify message and signals that were read, and are in no event yet; written by native code
 *
 * A snapshot counts once its number stands in the header, which is the last store of writing it. Entries of the ring carry the
 * generation of the snapshot they follow, so the ring is empty as soon as a new one counts. Pages never touched take no memory.
 *
 * Versions of the layout: 1 (first); 2 (births and exits).
 */
import type { Fd, Pid } from '../../base/brand.ts';
import type { FaultPlace } from '../../control/requests.ts';
import { NOWHERE, type Position } from '../../core/manager/survival/replay.ts';
import { FAULT_POINTS } from '../faults/fault-points.ts';
import type { ArmedFault } from '../faults/fault-points.ts';
import type { NativeBinding, Outcome } from '../native.ts';
import { GrowingPart } from './growing-part.ts';

const MAGIC = 0x4857_4350;
/** Of the memory as a whole; the state within has a format of its own (core/manager/serialise). */
export const CHECKPOINT_LAYOUT = 2;

const KEPT_BITS_OFFSET = 4096;
/** Fds with higher numbers cannot be kept. Two for each service's pipe: enough for 16,000 services. */
const KEPT_FD_MAX = 32_768;
const BIRTHS_OFFSET = KEPT_BITS_OFFSET + KEPT_FD_MAX / 8;
const BIRTH_BYTES = 8;
const BIRTHS_MAX = 65_536;
const EXITS_OFFSET = BIRTHS_OFFSET + BIRTHS_MAX * BIRTH_BYTES;
const EXIT_BYTES = 48;
const EXITS_MAX = 8192;
const SLOTS_OFFSET = EXITS_OFFSET + EXITS_MAX * EXIT_BYTES;
/** A unit's name and its log identifier have 255 bytes at most; with what JSON makes of control characters it still fits. */
const SLOT_BYTES = 1024;
const RING_OFFSET = SLOTS_OFFSET + KEPT_FD_MAX * SLOT_BYTES;
/** Some 30,000 events: more than the queue of a manager that is not in trouble ever holds. */
const RING_BYTES = 8 << 20;
const SNAPSHOT_OFFSET = RING_OFFSET + RING_BYTES;
/** 1,000 units take about 1 MiB. */
const SNAPSHOT_BYTES_MAX = 32 << 20;
/** Native code's: what was read and is in no event yet (native/addon/in-hand.h). Behind all that older builds know. */
const IN_HAND_BYTES = 128 << 10;
const TOTAL_BYTES = SNAPSHOT_OFFSET + 2 * SNAPSHOT_BYTES_MAX + IN_HAND_BYTES;

/** Where things are, for those who look from outside: tests that damage them. */
export const CHECKPOINT_PLACES = { layout: 4, ring: RING_OFFSET, snapshots: [SNAPSHOT_OFFSET, SNAPSHOT_OFFSET + SNAPSHOT_BYTES_MAX] } as const;

/** UTF-8 needs no more for a unit of UTF-16. */
const BYTES_OF_LETTER_MAX = 3;

/** Length, generation and checksum before each entry of the ring. */
const ENTRY_HEAD_BYTES = 12;

/** Words of the header that native code writes, as indexes of 32-bit or 64-bit words. */
const WORD = { magic: 0, layout: 1, deathsInRow: 2, deathSignal: 3, deathCode: 4, controlFd: 5, faultPoint: 10, faultPasses: 11, faultDeaths: 12, faultSignal: 13, progress: 14, birthCount: 16, deathAsked: 19, faultIsLoop: 20 } as const;
const DOUBLE = { deathUsec: 3, aliveUsec: 4, stepping: 16, performing: 17, suspectStepping: 18, suspectPerforming: 19, suspectCount: 20, performingSequence: 21, birthEffect: 22, queuedSequence: 23 } as const;
/** The words of snapshot A, then those of B: generation (0 = never written), length, checksum. */
const SNAPSHOT_WORD = 64;
const SNAPSHOT_WORDS = 3;

/** Why the last engine is no more. `signal` 0: it executed itself anew on purpose. */
export interface Death {
  readonly signal: number;
  readonly code: number;
  readonly monotonicUsec: number;
  readonly inRow: number;
}

const encoder = new TextEncoder();
const decoder = new TextDecoder();

export class CheckpointMemory {
  readonly fd: Fd;
  readonly #native: NativeBinding;
  /** Header and bits of kept fds. */
  readonly #bytes: Uint8Array;
  readonly #words: Uint32Array;
  readonly #doubles: Float64Array;
  readonly #births: GrowingPart;
  readonly #slots: GrowingPart;
  readonly #ring: GrowingPart;
  readonly #snapshots: readonly [GrowingPart, GrowingPart];
  #generation = 0;
  #ringEnd = 0;

  private constructor(native: NativeBinding, fd: Fd, memory: ArrayBuffer) {
    this.#native = native;
    this.fd = fd;
    this.#bytes = new Uint8Array(memory);
    this.#words = new Uint32Array(memory, 0, KEPT_BITS_OFFSET / 4);
    this.#doubles = new Float64Array(memory, 0, KEPT_BITS_OFFSET / 8);
    this.#births = new GrowingPart(native, BIRTHS_OFFSET, BIRTHS_MAX * BIRTH_BYTES);
    this.#slots = new GrowingPart(native, SLOTS_OFFSET, KEPT_FD_MAX * SLOT_BYTES);
    this.#ring = new GrowingPart(native, RING_OFFSET, RING_BYTES);
    this.#snapshots = [new GrowingPart(native, SNAPSHOT_OFFSET, SNAPSHOT_BYTES_MAX), new GrowingPart(native, SNAPSHOT_OFFSET + SNAPSHOT_BYTES_MAX, SNAPSHOT_BYTES_MAX)];
  }

  /**
   * Maps the memory of a former engine, or makes a new one.
   *
   * @param inherited the memfd a former engine left; null makes one
   * @returns the errno when there can be none; EINVAL for a memfd that holds something else
   */
  static open(native: NativeBinding, inherited: Fd | null): Outcome<CheckpointMemory> {
    const fd = inherited ?? native.memfd('heartwood-checkpoint');
    if (typeof fd === 'string') return fd;
    native.setCloexec(fd, true);
    const mapped = native.checkpointMap(fd, TOTAL_BYTES);
    const memory = mapped === 0 ? native.checkpointPart(0, BIRTHS_OFFSET) : mapped;
    if (typeof memory === 'string') return memory;
    const checkpoint = new CheckpointMemory(native, fd, memory);
    if (inherited === null) checkpoint.#initialise();
    return checkpoint.#words[WORD.magic] === MAGIC && checkpoint.#words[WORD.layout] === CHECKPOINT_LAYOUT ? checkpoint : ('EINVAL' as Outcome<never>);
  }

  #initialise(): void {
    this.#words[WORD.layout] = CHECKPOINT_LAYOUT;
    this.setPosition(NOWHERE);
    this.#words[WORD.magic] = MAGIC;
  }

  // --- death and position

  get death(): Death {
    return {
      signal: this.#word(WORD.deathSignal) | 0, code: this.#word(WORD.deathCode) | 0,
      monotonicUsec: this.#double(DOUBLE.deathUsec), inRow: this.#word(WORD.deathsInRow),
    };
  }

  /** The engine is at work again. */
  setAlive(monotonicUsec: number): void {
    this.#doubles[DOUBLE.aliveUsec] = monotonicUsec;
  }

  /** When that was; 0 while the engine starts. */
  get aliveUsec(): number {
    return this.#double(DOUBLE.aliveUsec);
  }

  /** Something is behind the engine for good: deaths from now on are no longer in a row with those before. */
  noteProgress(): void {
    this.#words[WORD.progress] = this.#word(WORD.progress) + 1;
  }

  /** The socket that the rescue program is to serve. */
  setControlFd(fd: Fd): void {
    this.#words[WORD.controlFd] = fd;
  }

  get position(): Position {
    return { stepping: this.#double(DOUBLE.stepping), performing: this.#double(DOUBLE.performing), sequence: this.#double(DOUBLE.performingSequence) };
  }

  setPosition(position: Position): void {
    this.#doubles[DOUBLE.stepping] = position.stepping;
    this.#doubles[DOUBLE.performingSequence] = position.sequence;
    this.#doubles[DOUBLE.performing] = position.performing;
  }

  setStepping(sequence: number): void {
    this.#doubles[DOUBLE.stepping] = sequence;
  }

  /**
   * Notes that an engine died at this position.
   *
   * @param batchSequence sequence number of the first event of the batch in hand: the index of an effect alone names nothing
   * @returns how many have died there in a row
   */
  suspect(position: Position, batchSequence: number): number {
    const stepping = position.stepping >= 0 ? position.stepping : batchSequence;
    const same = this.#double(DOUBLE.suspectStepping) === stepping && this.#double(DOUBLE.suspectPerforming) === position.performing;
    const count = same ? this.#double(DOUBLE.suspectCount) + 1 : 1;
    this.#doubles[DOUBLE.suspectStepping] = stepping;
    this.#doubles[DOUBLE.suspectPerforming] = position.performing;
    this.#doubles[DOUBLE.suspectCount] = count;
    return count;
  }

  // --- drills

  armFault({ at, passes, deaths, signal }: ArmedFault): void {
    this.#words[WORD.faultPasses] = passes;
    this.#words[WORD.faultDeaths] = deaths;
    this.#words[WORD.faultSignal] = signal;
    this.#words[WORD.faultIsLoop] = deaths > 1 ? 1 : 0;
    this.#words[WORD.faultPoint] = FAULT_POINTS[at];
  }

  /** Somebody asked for the death that follows at once: it is no sign of a crash loop. */
  noteAskedDeath(): void {
    this.#words[WORD.deathAsked] = 1;
  }

  /** Dies here when a drill asks for it. */
  passFault(at: FaultPlace): void {
    if (this.#word(WORD.faultPoint) !== FAULT_POINTS[at]) return;
    if (this.#word(WORD.faultPasses) > 0) {
      this.#words[WORD.faultPasses] = this.#word(WORD.faultPasses) - 1;
      return;
    }
    const deaths = this.#word(WORD.faultDeaths) - 1;
    this.#words[WORD.faultDeaths] = deaths;
    if (deaths === 0) this.#words[WORD.faultPoint] = 0;
    if (this.#word(WORD.faultIsLoop) === 0) this.noteAskedDeath();
    process.kill(process.pid, this.#word(WORD.faultSignal));
  }

  /** Sequence number of the next event to be written down: what is read from now on will be told by that one or a later one. */
  setQueued(sequence: number): void {
    this.#doubles[DOUBLE.queuedSequence] = sequence;
  }

  // --- births

  /** Processes born of effects of the batch in hand, by the effect's index. Those that came to nothing are not among them. */
  births(): ReadonlyMap<number, Pid> {
    const found = new Map<number, Pid>();
    const count = Math.min(this.#word(WORD.birthCount), BIRTHS_MAX);
    const view = this.#births.view(count * BIRTH_BYTES);
    for (let index = 0; index < count; index++) {
      const pid = view.getInt32(index * BIRTH_BYTES + 4, true);
      if (pid > 0) found.set(view.getInt32(index * BIRTH_BYTES, true), pid as Pid);
    }
    return found;
  }

  /** Processes started from now on are born of this effect of the batch in hand. */
  setBirthEffect(index: number): void {
    this.#doubles[DOUBLE.birthEffect] = index;
  }

  /** All processes born are known by events now. */
  forgetBirths(): void {
    this.#words[WORD.birthCount] = 0;
  }

  // --- kept fds

  /** The fd lives through execve and is found again as `text`. False when it cannot be kept. */
  keep(fd: Fd, text: string): boolean {
    if (fd >= KEPT_FD_MAX) return false;
    const at = fd * SLOT_BYTES;
    const { read, written } = encoder.encodeInto(text, this.#slots.bytes(at + SLOT_BYTES).subarray(at + 2, at + SLOT_BYTES));
    if (read < text.length) return false;
    this.#slots.view(at + SLOT_BYTES).setUint16(at, written, true);
    // The bit is the last store: a slot counts when it is whole.
    this.#bytes[KEPT_BITS_OFFSET + (fd >> 3)] = (this.#bytes[KEPT_BITS_OFFSET + (fd >> 3)] as number) | (1 << (fd & 7));
    return true;
  }

  /** The fd is about to be closed. */
  drop(fd: Fd): void {
    if (fd >= KEPT_FD_MAX) return;
    this.#bytes[KEPT_BITS_OFFSET + (fd >> 3)] = (this.#bytes[KEPT_BITS_OFFSET + (fd >> 3)] as number) & ~(1 << (fd & 7));
  }

  /** All kept fds with their texts, ascending. */
  kept(): readonly (readonly [Fd, string])[] {
    const found: (readonly [Fd, string])[] = [];
    for (let byte = 0; byte < KEPT_FD_MAX / 8; byte++) {
      const bits = this.#bytes[KEPT_BITS_OFFSET + byte] as number;
      for (let bit = 0; bits !== 0 && bit < 8; bit++) {
        if (((bits >> bit) & 1) === 0) continue;
        const fd = byte * 8 + bit;
        const at = fd * SLOT_BYTES;
        const length = this.#slots.view(at + SLOT_BYTES).getUint16(at, true);
        found.push([fd as Fd, decoder.decode(this.#slots.bytes(at + SLOT_BYTES).subarray(at + 2, at + 2 + length))]);
      }
    }
    return found;
  }

  // --- snapshots

  /** Writes a snapshot over the older of the two; from then on the ring is empty. False when it is too long, and the former one counts. */
  writeSnapshot(text: string): boolean {
    const target = this.#snapshotGeneration(0) <= this.#snapshotGeneration(1) ? 0 : 1;
    const base = SNAPSHOT_WORD + target * SNAPSHOT_WORDS;
    this.#words[base] = 0;
    if (text.length > SNAPSHOT_BYTES_MAX) return false;
    const part = this.#snapshots[target];
    let { read, written } = encoder.encodeInto(text, part.bytes(text.length));
    // Most texts are ASCII. For one that is not there is all the room.
    if (read < text.length) ({ read, written } = encoder.encodeInto(text, part.bytes(SNAPSHOT_BYTES_MAX)));
    if (read < text.length) return false;
    this.#words[base + 1] = written;
    this.#words[base + 2] = this.#native.checksum(part.bytes(written).subarray(0, written));
    this.passFault('in-snapshot');
    this.#generation += 1;
    this.#ringEnd = 0;
    this.#words[base] = this.#generation;
    return true;
  }

  /** The whole snapshots, the newest first; `isNewest` tells whether the ring goes on from it. */
  readSnapshots(): readonly { readonly text: string; readonly isNewest: boolean }[] {
    const newest = Math.max(this.#snapshotGeneration(0), this.#snapshotGeneration(1));
    this.#generation = newest;
    const found: { readonly text: string; readonly isNewest: boolean; readonly generation: number }[] = [];
    for (const index of [0, 1] as const) {
      const generation = this.#snapshotGeneration(index);
      const base = SNAPSHOT_WORD + index * SNAPSHOT_WORDS;
      const length = Math.min(this.#word(base + 1), SNAPSHOT_BYTES_MAX);
      const bytes = this.#snapshots[index].bytes(length).subarray(0, length);
      if (generation === 0 || this.#native.checksum(bytes) !== this.#word(base + 2)) continue;
      found.push({ text: decoder.decode(bytes), isNewest: generation === newest, generation });
    }
    return found.sort((a, b) => b.generation - a.generation);
  }

  // --- the ring

  /** Appends an entry. False when the ring is full: a snapshot is overdue. */
  append(text: string): boolean {
    const at = this.#ringEnd;
    const textEnd = at + ENTRY_HEAD_BYTES + text.length * BYTES_OF_LETTER_MAX;
    if (textEnd > RING_BYTES) return false;
    // With the head of the next entry.
    const bytes = this.#ring.bytes(Math.min(textEnd + 2 * ENTRY_HEAD_BYTES, RING_BYTES));
    const view = this.#ring.view(bytes.length);
    const { written } = encoder.encodeInto(text, bytes.subarray(at + ENTRY_HEAD_BYTES, textEnd));
    // A multiple of four keeps the heads aligned.
    const end = at + ENTRY_HEAD_BYTES + ((written + 3) & ~3);
    // What an older generation left behind must not be taken for the next entry.
    if (end + ENTRY_HEAD_BYTES <= RING_BYTES) view.setUint32(end + 4, 0, true);
    view.setUint32(at, written, true);
    view.setUint32(at + 8, this.#native.checksum(bytes.subarray(at + ENTRY_HEAD_BYTES, at + ENTRY_HEAD_BYTES + written)), true);
    view.setUint32(at + 4, this.#generation, true);
    this.#ringEnd = end;
    return true;
  }

  get ringBytes(): number {
    return this.#ringEnd;
  }

  /**
   * The entries that follow the newest snapshot, in order, as far as they are whole; to be read once, before any is appended. What is
   * appended then takes the place of a damaged one.
   */
  readRing(): { readonly entries: readonly string[]; readonly isDamaged: boolean } {
    const entries: string[] = [];
    this.#ringEnd = 0;
    while (this.#ringEnd + ENTRY_HEAD_BYTES <= RING_BYTES) {
      const at = this.#ringEnd;
      const head = this.#ring.view(at + ENTRY_HEAD_BYTES);
      const length = head.getUint32(at, true);
      if (head.getUint32(at + 4, true) !== this.#generation) break;
      const end = at + ENTRY_HEAD_BYTES + length;
      if (end > RING_BYTES) return { entries, isDamaged: true };
      const bytes = this.#ring.bytes(end).subarray(at + ENTRY_HEAD_BYTES, end);
      if (this.#native.checksum(bytes) !== head.getUint32(at + 8, true)) return { entries, isDamaged: true };
      entries.push(decoder.decode(bytes));
      this.#ringEnd += ENTRY_HEAD_BYTES + ((length + 3) & ~3);
    }
    return { entries, isDamaged: false };
  }

  #snapshotGeneration(index: number): number {
    return this.#word(SNAPSHOT_WORD + index * SNAPSHOT_WORDS);
  }

  #word(index: number): number {
    return this.#words[index] as number;
  }

  #double(index: number): number {
    return this.#doubles[index] as number;
  }
}
