/**
 * logd itself: takes what is in the pipes of services and stores it, whatever the disk does.
 *
 * When a write fails, room is made first (the oldest segments go). When that does not help, bytes are thrown away and counted rather
 * than left in the pipes: a full disk must not stop services. After `STORAGE_RETRY_MSEC` the disk is tried again, and in the file
 * a record says how much is missing.
 */
import { readSync } from 'node:fs';
import type { Fd } from '../base/brand.ts';
import type { NativeBinding } from '../host/native.ts';
import type { Catalog } from './catalog.ts';
import { makeEchoStream, type Echo, type EchoStream } from './echo.ts';
import type { Loss } from './frame.ts';
import { BUSY_PIPE_BYTES, INTAKE_BYTES, OPEN_SEGMENTS_MAX, MESSAGE_STREAMS_MAX, STORAGE_RETRY_MSEC, STREAMS_MAX, SYNC_DELAY_MSEC } from './limits.ts';
import type { OutputStream, WrittenStream } from './output-stream.ts';
import { NO_UNIT, SYSLOG_STREAM, type FromLogd, type StreamOrigin } from './protocol.ts';
import { HANGUP, READABLE, type ReadySet } from './ready-set.ts';
import type { Writer } from './segment-recovery.ts';
import type { SegmentPlace } from './segment-place.ts';
import type { ReceivedMessage } from './syslog-intake.ts';
import { addLoss, UnitLog, type Intake, type StoredBytes } from './unit-log.ts';

/** Segments removed for one intake on a full disk before giving up: others fill the disk faster than we empty it. */
const MAKE_ROOM_TRIES = 16;

export interface LogKeeperOptions {
  readonly native: NativeBinding;
  readonly ready: ReadySet;
  readonly writer: Writer;
  /** Finds the best place there is now. `removed` is to be called for units whose newest segment had to go. */
  readonly choosePlace: (removed: (unit: string) => void) => SegmentPlace;
  readonly echo: Echo | null;
  readonly tell: (message: FromLogd) => void;
  /** Bytes of the unit were stored. */
  readonly onStored: (unit: string) => void;
}

interface Held {
  readonly stream: OutputStream;
  readonly echo: EchoStream | null;
  isPolled: boolean;
}

export class LogKeeper {
  readonly #options: LogKeeperOptions;
  readonly #streams = new Map<number, Held>();
  /** By unit: what came from /dev/log. The one used longest ago is first. */
  readonly #messages = new Map<string, WrittenStream>();
  /** In the order in which their segments were opened: the first are the ones to put to sleep. */
  readonly #logs = new Map<string, UnitLog>();
  readonly #scratchPipe: readonly [Fd, Fd];
  /** Bytes to be thrown away or echoed pass through here. */
  readonly #buffer = Buffer.allocUnsafe(INTAKE_BYTES);
  readonly #paused = new Set<Held>();
  #place: SegmentPlace;
  /** The place does not take bytes at present. */
  #failure: { readonly errno: string; readonly retry: NodeJS.Timeout } | null = null;
  #syncTimer: NodeJS.Timeout | null = null;

  constructor(options: LogKeeperOptions) {
    this.#options = options;
    const pipe = options.native.pipe(true);
    if (typeof pipe === 'string') throw new Error(`no pipe: ${pipe}`);
    this.#scratchPipe = pipe;
    this.#place = options.choosePlace((unit) => { this.#logs.get(unit)?.forget(); });
  }

  get catalog(): Catalog {
    return this.#place;
  }

  /** No stream is open. */
  get isEmpty(): boolean {
    return this.#streams.size === 0;
  }

  get place(): SegmentPlace {
    return this.#place;
  }

  /** Takes over the read end of a pipe; the fd belongs to the keeper from now on. */
  open(origin: StreamOrigin, echo: boolean, fd: Fd): void {
    const { native, tell } = this.#options;
    const known = this.#streams.get(origin.stream);
    if (known !== undefined) {
      // A manager that executed itself anew tells everything again, because it cannot know what the former one had sent.
      native.close(fd);
      this.update(origin.stream, origin);
      return;
    }
    if (this.#streams.size >= STREAMS_MAX) {
      native.close(fd);
      tell({ type: 'trouble', code: 'protocol', unit: origin.unit, message: `more than ${STREAMS_MAX} streams` });
      return;
    }
    native.setNonBlocking(fd, true);
    const stream: OutputStream = { origin, fd, echo, bytes: 0, loss: null, isGrown: false, continues: false };
    const held: Held = {
      stream, isPolled: false,
      echo: echo && this.#options.echo !== null ? makeEchoStream(origin.unit, origin.levelPrefix) : null,
    };
    this.#streams.set(origin.stream, held);
    this.#poll(held);
  }

  update(number: number, change: { readonly pid: number | null; readonly identifier: string }): void {
    const held = this.#streams.get(number);
    if (held === undefined) return;
    // What is in the pipe was written before.
    this.#drain(held);
    held.stream.origin = { ...held.stream.origin, pid: change.pid, identifier: change.identifier };
    this.#logs.get(held.stream.origin.unit)?.redefine(held.stream);
  }

  /** Stores what is in the pipe, then forgets the stream. */
  close(number: number): void {
    const held = this.#streams.get(number);
    if (held === undefined) return;
    if (this.#drain(held) !== 'ended') this.#ended(held);
  }

  /** Stores a message that came from /dev/log, and echoes it when that is wanted. */
  storeMessage(received: ReceivedMessage, echo: boolean): void {
    const { facility, level, text } = received.message;
    // Each of its lines is one of the log, so that all of them have the priority.
    const prefix = `<${String(facility * 8 + level)}>`;
    const lines = Buffer.from(`${prefix}${text.toString('latin1').replaceAll('\n', `\n${prefix}`)}\n`, 'latin1');
    const stream = this.#messageStream(received);
    const { unit, levelPrefix, levelMax } = stream.origin;
    const intake = this.#failure === null ? this.#withRoom(unit, () => this.#logOf(unit).append(stream, lines)) : null;
    if (intake?.kind === 'failed') this.#failed(intake.errno);
    if (this.#failure !== null) addLoss(stream, lines, this.#failure.errno);
    if (!echo || level > levelMax || this.#options.echo === null) return;
    this.#options.echo.feed(makeEchoStream(unit === NO_UNIT ? received.identifier : unit, levelPrefix), lines);
  }

  /** Stores what is in all pipes now. */
  drainAll(): void {
    for (const held of [...this.#streams.values()]) this.#drain(held);
  }

  /** `done` is called when what was stored so far is on the disk. */
  sync(done: () => void): void {
    if (this.#syncTimer !== null) clearTimeout(this.#syncTimer);
    this.#syncTimer = null;
    let waiting = 1;
    const oneDone = (): void => {
      waiting -= 1;
      if (waiting === 0) done();
    };
    for (const log of this.#logs.values()) {
      waiting += 1;
      log.sync(oneDone);
    }
    oneDone();
  }

  /** Looks for a better place, and goes on there. */
  reopen(): void {
    for (const log of this.#logs.values()) log.seal();
    this.#logs.clear();
    if (this.#failure !== null) clearTimeout(this.#failure.retry);
    this.#failure = null;
    this.#place = this.#options.choosePlace((unit) => { this.#logs.get(unit)?.forget(); });
  }

  // --- intake

  #poll(held: Held): void {
    held.isPolled = this.#options.ready.add(held.stream.fd, READABLE, (events) => {
      // HANGUP alone: no bytes are left, and nobody is left to write more.
      if (events === HANGUP) this.#ended(held);
      else this.#take(held, true);
    });
    // Not a pipe but something that cannot be polled (a regular file): all there is is there now.
    if (!held.isPolled && this.#drain(held) !== 'ended') this.#ended(held);
  }

  /** Takes until the pipe is empty, but no more than a full pipe: its writer may be faster than we are. */
  #drain(held: Held): Intake['kind'] {
    let kind: Intake['kind'] = 'empty';
    for (let taken = 0; taken <= INTAKE_BYTES;) {
      const before = held.stream.bytes;
      kind = this.#take(held, false);
      if (kind !== 'stored') break;
      taken += Math.max(1, held.stream.bytes - before);
    }
    return kind;
  }

  /** @param mayPause leave the bytes in the pipe when the echo is full */
  #take(held: Held, mayPause: boolean): Intake['kind'] {
    const { stream } = held;
    if (mayPause && held.echo !== null && this.#options.echo?.isFull === true) {
      this.#pause(held);
      return 'empty';
    }
    if (this.#failure !== null) return this.#discard(held);
    const log = this.#logOf(stream.origin.unit);
    const intake = this.#withRoom(stream.origin.unit, () => log.take(stream));
    switch (intake.kind) {
      case 'ended':
        this.#ended(held);
        break;
      case 'failed':
        this.#failed(intake.errno);
        return this.#discard(held);
      case 'stored':
      case 'empty':
        break;
    }
    return intake.kind;
  }

  /** On a full disk the oldest segments go until it works, or until that does not help. */
  #withRoom(unit: string, attempt: () => Intake): Intake {
    let intake = attempt();
    for (let tries = 0; intake.kind === 'failed' && tries < MAKE_ROOM_TRIES; tries++) {
      if (!isDiskFull(intake.errno) || !this.#place.makeRoom(unit)) break;
      intake = attempt();
    }
    return intake;
  }

  /** The unit's stream of messages, with the origin of this one. */
  #messageStream({ unit: { unit, invocationId, levelMax }, pid, identifier }: ReceivedMessage): WrittenStream {
    let stream = this.#messages.get(unit);
    const before = stream?.origin;
    if (stream !== undefined && before?.pid === pid && before.identifier === identifier && before.invocationId === invocationId && before.levelMax === levelMax) return stream;
    const origin: StreamOrigin = {
      stream: SYSLOG_STREAM, unit, invocationId, pid, identifier, output: 'syslog', priority: 6, levelPrefix: true, levelMax, format: 'text',
    };
    stream = { bytes: 0, loss: null, continues: false, ...stream, origin };
    this.#messages.delete(unit);
    if (this.#messages.size >= MESSAGE_STREAMS_MAX) {
      const oldest = this.#messages.keys().next();
      if (oldest.done !== true) this.#messages.delete(oldest.value);
    }
    this.#messages.set(unit, stream);
    this.#logs.get(unit)?.redefine(stream);
    return stream;
  }

  #stored(stream: WrittenStream, where: StoredBytes): void {
    const held = this.#streams.get(stream.origin.stream);
    const echo = held?.echo ?? null;
    if (echo !== null) {
      // Still in the page cache: the bytes did not come through this process on their way into the file.
      for (let at = 0; at < where.bytes;) {
        const got = readSync(where.fd, this.#buffer, 0, Math.min(this.#buffer.length, where.bytes - at), where.offset + at);
        if (got === 0) break;
        this.#options.echo?.feed(echo, this.#buffer.subarray(0, got));
        at += got;
      }
    }
    if (held !== undefined && where.bytes >= BUSY_PIPE_BYTES && !held.stream.isGrown) {
      held.stream.isGrown = true;
      // Refused above /proc/sys/fs/pipe-user-pages-soft: then it stays as it is, only slower.
      this.#options.native.setPipeSize(held.stream.fd, INTAKE_BYTES);
    }
    this.#syncTimer ??= setTimeout(() => { this.sync(() => undefined); }, SYNC_DELAY_MSEC).unref();
    this.#options.onStored(stream.origin.unit);
  }

  #ended(held: Held): void {
    const { stream } = held;
    const number = stream.origin.stream;
    if (!this.#streams.delete(number)) return;
    this.#paused.delete(held);
    this.#options.ready.remove(stream.fd);
    this.#logs.get(stream.origin.unit)?.end(stream);
    if (stream.loss !== null) this.#tellLoss(stream, stream.loss);
    if (held.echo !== null) this.#options.echo?.end(held.echo);
    this.#options.native.close(stream.fd);
    this.#options.onStored(stream.origin.unit);
    this.#options.tell({ type: 'ended', stream: number, bytes: stream.bytes });
  }

  /** The log of the unit, with an fd to spare for it. */
  #logOf(unit: string): UnitLog {
    let log = this.#logs.get(unit);
    if (log?.isOpen === true) return log;
    log ??= new UnitLog(unit, {
      native: this.#options.native, place: this.#place, writer: this.#options.writer, scratchPipe: this.#scratchPipe,
      streamOf: (number) => this.#streams.get(number)?.stream,
      onStored: (stream, where) => { this.#stored(stream, where); },
    });
    this.#logs.delete(unit);
    this.#logs.set(unit, log);
    let open = 0;
    for (const other of this.#logs.values()) if (other.isOpen) open += 1;
    for (const other of this.#logs.values()) {
      if (open < OPEN_SEGMENTS_MAX) break;
      if (other === log || !other.isOpen) continue;
      other.sleep();
      open -= 1;
    }
    return log;
  }

  // --- when storing fails

  #failed(errno: string): void {
    if (this.#failure !== null) return;
    this.#failure = { errno, retry: setTimeout(() => { this.#retry(); }, STORAGE_RETRY_MSEC) };
    const where = this.#place.directory ?? 'memory';
    const message = `cannot store the output of services in ${where} (${errno}): it is thrown away and counted until that works again`;
    this.#options.tell({ type: 'trouble', code: 'storage', unit: null, message });
  }

  #discard(held: Held): Intake['kind'] {
    const { stream } = held;
    const got = this.#options.native.read(stream.fd, this.#buffer);
    if (got === 'EAGAIN') return 'empty';
    if (got === 0 || typeof got === 'string') {
      this.#ended(held);
      return 'ended';
    }
    const bytes = this.#buffer.subarray(0, got);
    addLoss(stream, bytes, this.#failure?.errno ?? 'EIO');
    stream.bytes += got;
    if (held.echo !== null) this.#options.echo?.feed(held.echo, bytes);
    return 'stored';
  }

  #retry(): void {
    this.#failure = null;
    for (const stream of [...[...this.#streams.values()].map((held) => held.stream), ...this.#messages.values()]) {
      if (stream.loss === null) continue;
      const { loss } = stream;
      const log = this.#logOf(stream.origin.unit);
      const noted = this.#withRoom(stream.origin.unit, () => log.noteLoss(stream));
      if (noted.kind === 'failed') {
        this.#failed(noted.errno);
        return;
      }
      this.#tellLoss(stream, loss);
    }
  }

  #tellLoss(stream: WrittenStream, loss: Loss): void {
    const { unit } = stream.origin;
    const message = `${loss.lines} lines (${loss.bytes} bytes) of ${unit} were lost: ${loss.reason}`;
    this.#options.tell({ type: 'trouble', code: 'lost', unit, message });
  }

  // --- when the echo is slow

  #pause(held: Held): void {
    // Out of the set, not only silent: a closed pipe is reported whatever is asked for.
    this.#options.ready.remove(held.stream.fd);
    this.#paused.add(held);
  }

  /** The echo takes lines again. */
  resume(): void {
    for (const held of this.#paused) {
      this.#paused.delete(held);
      this.#poll(held);
    }
  }
}

function isDiskFull(errno: string): boolean {
  return errno === 'ENOSPC' || errno === 'EDQUOT';
}
