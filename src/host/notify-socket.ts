/**
 * The notify socket: sd_notify(3) messages of services, by datagram with the kernel's word on who sent them. A message that an engine has
 * received and died of, or before it told of it, is taken by the next one.
 *
 * The sender is mapped to its unit by what the manager knows of its processes. A message from nobody's process is forged or too late and
 * is dropped with a line in the log. Whether a process of the *right* unit may speak for it (NotifyAccess=) is the core's decision.
 */
import { HELD_DEATHS_MAX } from './checkpoint/held-deaths.ts';
import type { Fd, Pid, UnitName } from '../base/brand.ts';
import { POLL_IN } from './engine.ts';
import type { ManagerLog } from './engine.ts';
import { storeKey } from '../core/machine/service/fd-store.ts';
import type { KeptFds } from './checkpoint/kept-fds.ts';
import type { FdTable } from './fd-table.ts';
import type { NativeBinding, NotifyMessage } from './native.ts';
import type { PollSet } from './poll-set.ts';

/** Messages read in one wake-up. A service that floods the socket delays the others by one round, no more. */
const MESSAGES_MAX = 256;
/** Fields of one message; a real one has fewer than ten. */
const FIELDS_MAX = 64;
/** Room for the READY=1 of a thousand services that start at the same moment. */
const RECEIVE_BUFFER_BYTES = 8 * 1024 * 1024;
/** Nothing is ever sent. */
const SEND_BUFFER_BYTES = 4096;
/** Complaints about strangers: not more than this in a row for one boot, they could fill a disk. */
const COMPLAINTS_MAX = 100;

export interface NotifyOptions {
  readonly native: NativeBinding;
  readonly poll: PollSet;
  readonly log: ManagerLog;
  readonly fds: FdTable;
  readonly kept: KeptFds;
  /** Path of the socket; made with mode 0666 because services of every user send to it. */
  readonly path: string;
  readonly unitOf: (pid: Pid) => UnitName | null;
  /** How many events a former engine had written down; null in a first engine. */
  readonly formerlyQueued: number | null;
  readonly onNotify: (unit: UnitName, pid: Pid, fields: readonly (readonly [string, string])[], fds: readonly string[]) => void;
}

/** `KEY=value` lines of a message, in order. Lines without `=` mean nothing. */
export function parseNotifyFields(text: string): readonly (readonly [string, string])[] {
  const fields: (readonly [string, string])[] = [];
  for (const line of text.split('\n')) {
    const at = line.indexOf('=');
    if (at <= 0) continue;
    if (fields.length === FIELDS_MAX) break;
    fields.push([line.slice(0, at), line.slice(at + 1)]);
  }
  return fields;
}

export class NotifySocket {
  readonly #options: NotifyOptions;
  readonly #fd: Fd;
  #nextStored = 1;
  #tookOver = false;
  #complaints = 0;

  private constructor(options: NotifyOptions, fd: Fd) {
    this.#options = options;
    this.#fd = fd;
    // Names are never given out again, also not by a later engine.
    for (const name of options.fds.names()) this.#nextStored = Math.max(this.#nextStored, Number(name.slice(name.lastIndexOf(':') + 1)) + 1 || 0);
  }

  /** null and a log line when it cannot be made: services then start without $NOTIFY_SOCKET. */
  static open(options: NotifyOptions): NotifySocket | null {
    const { native, poll, log, path, kept } = options;
    const fd = kept.inherited('notify')[0]?.[0] ?? native.unixDatagram(path, 0o666);
    if (typeof fd === 'string') {
      log.write('err', '', `the notify socket ${path} cannot be made: ${fd}`);
      return null;
    }
    kept.keep(fd, { is: 'notify' });
    native.setSocketBuffers(fd, RECEIVE_BUFFER_BYTES, SEND_BUFFER_BYTES);
    const socket = new NotifySocket(options, fd);
    poll.add(fd, POLL_IN, () => { socket.receive(); }, 'notify');
    return socket;
  }

  get path(): string {
    return this.#options.path;
  }

  /** Reads what is there, up to a bound; also called before exits are reported. */
  receive(): void {
    this.#takeOver();
    for (let count = 0; count < MESSAGES_MAX; count++) {
      const message = this.#options.native.receiveNotify(this.#fd);
      if (typeof message === 'string') return;
      this.#handle(message);
    }
  }

  #takeOver(): void {
    if (this.#tookOver) return;
    this.#tookOver = true;
    const { native, formerlyQueued } = this.#options;
    const held = native.heldNotify();
    if (typeof held === 'string') return;
    if (held.at === formerlyQueued && held.deaths < HELD_DEATHS_MAX) {
      this.#handle(held);
      return;
    }
    if (held.at === formerlyQueued) this.#options.log.write('crit', '', `the manager died twice of a notify message of pid ${String(held.pid)}; it is left out`);
    // Else the event is in the journal, and was only not crossed out here.
    native.notifyTold();
    this.#closeAll(held.fds);
  }

  #handle(message: NotifyMessage): void {
    const pid = message.pid as Pid;
    const unit = message.pid === 0 ? null : this.#options.unitOf(pid);
    if (unit === null || message.truncated) {
      this.#options.native.notifyTold();
      this.#closeAll(message.fds);
      this.#complain(unit, message);
      return;
    }
    const fields = parseNotifyFields(message.text);
    const stored = fields.some(([key, value]) => key === 'FDSTORE' && value === '1') ? this.#store(unit, fields, message.fds) : [];
    this.#options.onNotify(unit, pid, fields, stored);
    this.#options.native.notifyTold();
    // A barrier (BARRIER=1) is answered by closing its fd: all earlier messages are written down by now.
    if (stored.length === 0) this.#closeAll(message.fds);
  }

  /** Puts passed fds into the table of fds. */
  #store(unit: UnitName, fields: readonly (readonly [string, string])[], fds: readonly Fd[]): readonly string[] {
    const given = fields.find(([key]) => key === 'FDNAME')?.[1] ?? 'stored';
    // FDNAME= as sd_pid_notify_with_fds(3) allows it: printable ASCII without a colon, 255 at most.
    const name = /^[\x20-\x39\x3b-\x7e]{1,255}$/.test(given) ? given : 'stored';
    const isPolled = !fields.some(([key, value]) => key === 'FDPOLL' && value === '0');
    return fds.map((fd) => {
      const key = storeKey({ unit, name, number: this.#nextStored, isPolled });
      this.#nextStored += 1;
      this.#options.fds.add(key, fd);
      return key;
    });
  }

  #closeAll(fds: readonly Fd[]): void {
    for (const fd of fds) this.#options.native.close(fd);
  }

  #complain(unit: UnitName | null, message: NotifyMessage): void {
    this.#complaints += 1;
    if (this.#complaints > COMPLAINTS_MAX) return;
    const why = message.truncated ? 'it is too long' : 'its sender belongs to no unit';
    const last = this.#complaints === COMPLAINTS_MAX ? '; further ones are dropped without a word' : '';
    this.#options.log.write('warning', unit ?? '', `a notify message of pid ${String(message.pid)} (uid ${String(message.uid)}) was dropped, ${why}${last}`);
  }
}
