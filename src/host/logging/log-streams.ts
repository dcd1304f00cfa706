/**
 * The pipes that carry the output of services to logd.
 *
 * One pipe for each activation of a unit: all its commands write to the same one, so that their lines stay in order. The manager
 * keeps the read end until logd says that the stream has ended, and never reads it; that is why a killed logd loses nothing.
 * It keeps the write end until the unit is released, to give it to the unit's next command.
 */
import type { Errno, Fd, InvocationId, Pid, UnitName } from '../../base/brand.ts';
import type { ExecContext } from '../../core/unit/exec-context.ts';
import { MANAGER_UNIT } from '../../logd/protocol.ts';
import type { FromLogd, StreamOrigin, ToLogd } from '../../logd/protocol.ts';
import type { KeptFds } from '../checkpoint/kept-fds.ts';
import type { NativeBinding } from '../native.ts';

/** A message to logd, and the fd that goes with it. */
export interface Packet {
  readonly message: ToLogd;
  readonly fd: Fd | null;
}

/** The connection to logd: sends, or keeps until it can. */
export interface LogdLink {
  /** `key` names what the message is about: a later message of the same key replaces one that has not gone out yet. */
  send(key: string, packet: Packet): void;
  /** There is something for logd to read: it is started if it does not run. */
  want(): void;
}

interface Stream {
  origin: StreamOrigin;
  readonly readEnd: Fd;
  /** null once the unit was released. */
  writeEnd: Fd | null;
  /** logd has been told of it, or will be by the next flush. */
  announced: boolean;
}

type OpenStream = Stream & { readonly writeEnd: Fd };

export interface LogStreamsOptions {
  readonly native: NativeBinding;
  readonly kept: KeptFds;
  /** Lines also go to the manager's stdout. */
  readonly echo: boolean;
}

export class LogStreams {
  readonly #options: LogStreamsOptions;
  #link: LogdLink | null = null;
  readonly #streams = new Map<number, Stream>();
  readonly #byUnit = new Map<UnitName, Stream>();
  #next = 1;

  constructor(options: LogStreamsOptions) {
    this.#options = options;
    this.#takeOver();
  }

  attach(link: LogdLink): void {
    this.#link = link;
  }

  /** Is anything there that logd has to be alive for? */
  get isNeeded(): boolean {
    return this.#streams.size > 0;
  }

  /**
   * The write end of the unit's stream, made when this activation has none. Stays owned by the table. The errno when there
   * can be no pipe: a service whose output would be lost is not started.
   */
  writeEnd(unit: UnitName, invocationId: InvocationId, exec: ExecContext, identifier: string): Fd | Errno {
    const current = this.#byUnit.get(unit);
    if (current !== undefined && current.origin.invocationId === invocationId && current.writeEnd !== null) return current.writeEnd;
    this.release(unit);
    const stream = this.#open({
      unit, invocationId, pid: null, identifier: exec.syslogIdentifier ?? identifier, output: 'both',
      priority: exec.syslogLevel & 7, levelPrefix: exec.syslogLevelPrefix, levelMax: exec.logLevelMax & 7, format: 'text',
    });
    if (typeof stream === 'string') return stream;
    this.#byUnit.set(unit, stream);
    return stream.writeEnd;
  }

  /** The pipe of the manager's own log; its write end never blocks and is the caller's to write to. */
  openManagerStream(): Fd | null {
    const former = this.#byUnit.get(MANAGER_UNIT as UnitName)?.writeEnd;
    if (former !== undefined && former !== null) return former;
    const stream = this.#open({
      unit: MANAGER_UNIT, invocationId: null, pid: process.pid, identifier: MANAGER_UNIT, output: 'both',
      priority: 6, levelPrefix: false, levelMax: 7, format: 'pino',
    });
    if (typeof stream === 'string') return null;
    this.#options.native.setNonBlocking(stream.writeEnd, true);
    this.#byUnit.set(MANAGER_UNIT as UnitName, stream);
    return stream.writeEnd;
  }

  /** A command of the unit was started: its lines carry its pid and name from now on. */
  noteProcess(unit: UnitName, pid: Pid, exec: ExecContext, identifier: string): void {
    const stream = this.#byUnit.get(unit);
    if (stream === undefined) return;
    const name = (exec.syslogIdentifier ?? identifier).slice(0, 255);
    stream.origin = { ...stream.origin, pid, identifier: name };
    this.#options.kept.keep(stream.readEnd, { is: 'log-read', origin: stream.origin });
    const number = stream.origin.stream;
    if (!stream.announced) this.#announce(stream);
    else this.#link?.send(`update ${String(number)}`, { message: { type: 'update', stream: number, pid, identifier: name }, fd: null });
  }

  /** The unit is down: no more commands will write. What is in the pipe is still stored. */
  release(unit: UnitName): void {
    const stream = this.#byUnit.get(unit);
    if (stream === undefined) return;
    this.#byUnit.delete(unit);
    if (stream.writeEnd !== null) this.#close(stream.writeEnd);
    stream.writeEnd = null;
    if (!stream.announced) this.#announce(stream);
  }

  /** The end: nobody writes any more but these units, whose pipes a next life takes over. */
  releaseAllBut(units: ReadonlySet<UnitName>): void {
    for (const unit of [...this.#byUnit.keys()]) if (!units.has(unit)) this.release(unit);
  }

  /** logd's word on a stream. */
  onMessage(message: Extract<FromLogd, { readonly type: 'ended' }>): void {
    const stream = this.#streams.get(message.stream);
    if (stream === undefined) return;
    this.#streams.delete(message.stream);
    this.#close(stream.readEnd);
    if (stream.writeEnd !== null) this.#close(stream.writeEnd);
    if (this.#byUnit.get(stream.origin.unit as UnitName) === stream) this.#byUnit.delete(stream.origin.unit as UnitName);
  }

  /** Everything a new logd has to be told, in the order of the streams' making. */
  allPackets(): readonly Packet[] {
    return [...this.#streams.values()].map((stream) => {
      stream.announced = true;
      return this.#packet(stream);
    });
  }

  #open(origin: Omit<StreamOrigin, 'stream'>): OpenStream | Errno {
    const pipe = this.#options.native.pipe(false);
    if (typeof pipe === 'string') return pipe;
    const [readEnd, writeEnd] = pipe;
    this.#options.native.setNonBlocking(readEnd, true);
    const stream: OpenStream = { origin: { ...origin, stream: this.#next, identifier: origin.identifier.slice(0, 255) }, readEnd, writeEnd, announced: false };
    this.#next += 1;
    this.#options.kept.keep(readEnd, { is: 'log-read', origin: stream.origin });
    this.#options.kept.keep(writeEnd, { is: 'log-write', stream: stream.origin.stream });
    this.#streams.set(stream.origin.stream, stream);
    this.#link?.want();
    return stream;
  }

  /** The pipes of a former engine. What logd was told of them is not known; it is told all again. */
  #takeOver(): void {
    const { kept } = this.#options;
    const writeEnds = new Map(kept.inherited('log-write').map(([fd, { stream }]) => [stream, fd]));
    for (const [readEnd, { origin }] of kept.inherited('log-read')) {
      const stream: Stream = { origin, readEnd, writeEnd: writeEnds.get(origin.stream) ?? null, announced: false };
      this.#streams.set(origin.stream, stream);
      if (stream.writeEnd !== null) this.#byUnit.set(origin.unit as UnitName, stream);
      this.#next = Math.max(this.#next, origin.stream + 1);
    }
    // That engine died between closing the one end and the other.
    for (const [stream, writeEnd] of writeEnds) if (!this.#streams.has(stream)) this.#close(writeEnd);
  }

  #close(fd: Fd): void {
    this.#options.kept.drop(fd);
    this.#options.native.close(fd);
  }

  #announce(stream: Stream): void {
    stream.announced = true;
    this.#link?.send(`open ${String(stream.origin.stream)}`, this.#packet(stream));
  }

  #packet(stream: Stream): Packet {
    return { message: { type: 'open', origin: stream.origin, echo: this.#options.echo && stream.origin.unit !== MANAGER_UNIT }, fd: stream.readEnd };
  }
}
