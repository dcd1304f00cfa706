/**
 * Reads the socket behind /dev/log, which the manager opens and keeps: while logd is away, messages wait in it.
 *
 * Each message goes to the syslog daemon at once, if there is one, and into the log when it is known whose it is. That is asked of the
 * manager, several at a time; messages wait for the answer in the order in which they came. What waits is bounded: above it
 * the socket is not read, and those who send to it wait, as they would for any reader of /dev/log that is slow.
 */
import type { Fd } from '../base/brand.ts';
import type { NativeBinding } from '../host/native.ts';
import {
  SENDER_ANSWER_MSEC, SENDER_BATCH_MAX, SENDER_FRESH_MSEC, SENDERS_KNOWN_MAX, SYSLOG_MESSAGE_BYTES_MAX, SYSLOG_MESSAGES_A_TURN, SYSLOG_WAITING_MAX,
} from './limits.ts';
import { NO_UNIT, type SenderQuestion, type SenderUnit } from './protocol.ts';
import { READABLE, type ReadySet } from './ready-set.ts';
import { readSenderGroup, readSenderName } from './sender.ts';
import type { SyslogForward } from './syslog-forward.ts';
import { parseSyslogMessage, type SyslogMessage } from './syslog-message.ts';

/** A message and all that is known of where it came from. */
export interface ReceivedMessage {
  readonly unit: SenderUnit;
  readonly pid: number | null;
  readonly identifier: string;
  readonly message: SyslogMessage;
}

export interface SyslogIntakeOptions {
  readonly native: Pick<NativeBinding, 'receiveDatagram' | 'readSmallFile' | 'setNonBlocking' | 'close'>;
  readonly ready: ReadySet;
  readonly fd: Fd;
  readonly forward: SyslogForward;
  /** Asks the manager; `answer` is to be called with the same id. */
  readonly ask: (id: number, processes: readonly SenderQuestion[]) => void;
  readonly store: (received: ReceivedMessage) => void;
}

/** Whose messages those of a process are until the manager has said; for ever when it knows nothing. */
const UNKNOWN: SenderUnit = { unit: NO_UNIT, invocationId: null, levelMax: 7 };

interface Sender {
  readonly pid: number;
  readonly group: string | null;
  /** null: not answered yet. */
  unit: SenderUnit | null;
  readonly freshUntilMsec: number;
}

interface Waiting {
  readonly sender: Sender;
  readonly identifier: string;
  readonly message: SyslogMessage;
}

export class SyslogIntake {
  readonly #options: SyslogIntakeOptions;
  readonly #buffer = Buffer.allocUnsafe(SYSLOG_MESSAGE_BYTES_MAX);
  readonly #known = new Map<number, Sender>();
  #waiting: Waiting[] = [];
  #question: { readonly id: number; readonly senders: readonly Sender[]; readonly timer: NodeJS.Timeout } | null = null;
  #nextQuestion = 1;
  #isClosed = false;
  #isReading = false;
  #onSettled: (() => void)[] = [];

  constructor(options: SyslogIntakeOptions) {
    this.#options = options;
    options.native.setNonBlocking(options.fd, true);
    this.#read(true);
  }

  /** The manager's answer. An answer to no question of ours is passed over: it came too late. */
  answer(id: number, units: readonly (SenderUnit | null)[]): void {
    if (this.#question?.id !== id) return;
    this.#resolve(units);
  }

  /** Takes what is in the socket now; `done` when all of it is stored. */
  settle(done: () => void): void {
    this.#receive(SYSLOG_WAITING_MAX);
    if (this.#waiting.length === 0) done();
    else this.#onSettled.push(done);
  }

  /** The manager is gone: what is left is stored without a unit. */
  end(): void {
    this.#receive(SYSLOG_WAITING_MAX);
    while (this.#question !== null) this.#resolve([]);
  }

  /** The same, and the socket is left to others. */
  close(): void {
    this.end();
    this.#read(false);
    this.#isClosed = true;
  }

  #read(on: boolean): void {
    if (on === this.#isReading || this.#isClosed) return;
    const { ready, fd } = this.#options;
    if (on) this.#isReading = ready.add(fd, READABLE, () => { this.#receive(SYSLOG_MESSAGES_A_TURN); });
    else {
      ready.remove(fd);
      this.#isReading = false;
    }
  }

  #receive(max: number): void {
    for (let count = 0; count < max && this.#waiting.length < SYSLOG_WAITING_MAX; count++) {
      const received = this.#options.native.receiveDatagram(this.#options.fd, this.#buffer);
      if (typeof received === 'string') break;
      if (received.bytes === 0) continue;
      // A copy: the message waits, and the next one is read into the same buffer.
      const datagram = Buffer.from(this.#buffer.subarray(0, received.bytes));
      this.#options.forward.send(datagram, received);
      const message = parseSyslogMessage(datagram);
      const pid = received.pid !== 0 ? received.pid : message.pid;
      const identifier = message.identifier ?? (pid === null ? null : readSenderName(this.#options.native, pid)) ?? 'unknown';
      this.#waiting.push({ sender: this.#senderOf(received.pid), identifier, message });
    }
    this.#proceed();
  }

  #senderOf(pid: number): Sender {
    const now = performance.now();
    const known = this.#known.get(pid);
    if (known !== undefined && known.freshUntilMsec > now) return known;
    this.#known.delete(pid);
    if (this.#known.size >= SENDERS_KNOWN_MAX) {
      const oldest = this.#known.keys().next();
      if (oldest.done !== true) this.#known.delete(oldest.value);
    }
    const sender: Sender = {
      pid, group: pid === 0 ? null : readSenderGroup(this.#options.native, pid),
      // In another PID namespace than ours: nobody could say.
      unit: pid === 0 ? UNKNOWN : null,
      freshUntilMsec: now + SENDER_FRESH_MSEC,
    };
    this.#known.set(pid, sender);
    return sender;
  }

  /** Stores what can be stored, and asks about the next ones. */
  #proceed(): void {
    let stored = 0;
    for (const { sender, identifier, message } of this.#waiting) {
      if (sender.unit === null) break;
      this.#options.store({ unit: sender.unit, pid: sender.pid === 0 ? message.pid : sender.pid, identifier, message });
      stored += 1;
    }
    this.#waiting.splice(0, stored);
    this.#ask();
    this.#read(this.#waiting.length < SYSLOG_WAITING_MAX);
    if (this.#waiting.length > 0) return;
    const settled = this.#onSettled;
    this.#onSettled = [];
    for (const done of settled) done();
  }

  #ask(): void {
    if (this.#question !== null) return;
    const senders: Sender[] = [];
    for (const { sender } of this.#waiting) {
      if (sender.unit !== null || senders.includes(sender)) continue;
      senders.push(sender);
      if (senders.length === SENDER_BATCH_MAX) break;
    }
    if (senders.length === 0) return;
    const id = this.#nextQuestion++;
    this.#question = { id, senders, timer: setTimeout(() => { this.#resolve([]); }, SENDER_ANSWER_MSEC) };
    this.#options.ask(id, senders.map(({ pid, group }) => ({ pid, group })));
  }

  #resolve(units: readonly (SenderUnit | null)[]): void {
    if (this.#question === null) return;
    const { senders, timer } = this.#question;
    clearTimeout(timer);
    this.#question = null;
    for (const [index, sender] of senders.entries()) sender.unit = units[index] ?? UNKNOWN;
    this.#proceed();
  }
}
