/**
 * logd as the manager's child: started when there is something to log, started again when it dies, told everything anew then.
 *
 * Messages go out without waiting. Those that do not fit into the socket wait in a queue keyed by what they are about,
 * so that it never grows beyond a few entries for each stream.
 */
import type { Fd, Pid, UnitName } from '../../base/brand.ts';
import type { CrashReport } from '../../control/crash-record.ts';
import type { ProbeKind } from '../../core/unit/probe.ts';
import type { LineQuestion } from '../../core/manager/line-questions.ts';
import { PROTOCOL_VERSION, MESSAGE_BYTES_MAX, decodeFromLogd, encodeMessage, encodeReport } from '../../logd/protocol.ts';
import type { FromLogd, SenderQuestion, SenderUnit } from '../../logd/protocol.ts';
import { monotonicMsec } from '../clock.ts';
import { POLL_IN, POLL_OUT } from '../engine.ts';
import type { ManagerLog } from '../engine.ts';
import type { KeptFds } from '../checkpoint/kept-fds.ts';
import type { NativeBinding } from '../native.ts';
import type { PollSet } from '../poll-set.ts';
import type { ProgramCommand } from '../program-paths.ts';
import type { LogdLink, LogStreams, Packet } from './log-streams.ts';

/** First wait before a logd that died is started again; doubled each time, so that a broken one costs nothing. */
const RESTART_DELAY_MSEC_MIN = 50;
const RESTART_DELAY_MSEC_MAX = 10_000;
/** Failures that wait for logd. More at once are told of in the log alone. */
const REPORTS_MAX = 256;
/** A logd that ran this long was healthy: the next restart is quick again. */
const HEALTHY_MSEC = 10_000;

export interface LogdOptions {
  readonly native: NativeBinding;
  readonly kept: KeptFds;
  readonly poll: PollSet;
  readonly log: ManagerLog;
  readonly streams: LogStreams;
  readonly command: ProgramCommand;
  readonly arguments: readonly string[];
  readonly bootId: string;
  /** Where logd's own complaints and echoed lines go. */
  readonly stderr: Fd;
  readonly nullFd: Fd;
  /** The manager's stdout for echoed lines, or null. */
  readonly echo: Fd | null;
  /** The socket behind /dev/log, or null when it is not ours. */
  readonly syslog: Fd | null;
  /** Whose messages those of a process are. */
  readonly whose: (process: SenderQuestion) => SenderUnit | null;
  /** Lines that are waited for: what a logd that begins is asked. */
  readonly questions: () => readonly LineQuestion[];
  /** There is a line that was asked for. */
  readonly onSeen: (unit: UnitName, token: number, line: string) => void;
  /** Tells the reaper whose child this is. */
  readonly onSpawned: (pid: Pid, onExit: () => void) => void;
}

export class LogdProcess implements LogdLink {
  readonly #options: LogdOptions;
  readonly #outbox = new Map<string, Packet>();
  readonly #buffer = new Uint8Array(MESSAGE_BYTES_MAX);
  readonly #reports = new Map<string, CrashReport>();
  #socket: Fd | null = null;
  #pid: Pid | null = null;
  #wantsOut = false;
  #startedAt = 0;
  #delayMsec = RESTART_DELAY_MSEC_MIN;
  #restart: NodeJS.Timeout | null = null;
  #wanted = false;
  /** The socket behind /dev/log is in the poll set. */
  #isSyslogAwaited = false;
  #ending: (() => void) | null = null;

  constructor(options: LogdOptions) {
    this.#options = options;
    const former = options.kept.inherited('logd')[0];
    if (former !== undefined) this.#connect(former[0], former[1].pid);
    else {
      this.#wanted = this.#options.streams.isNeeded;
      this.#awaitSyslog();
    }
  }

  /** A machine that says nothing needs no logd: the first message to /dev/log starts it. */
  #awaitSyslog(): void {
    const { poll, syslog } = this.#options;
    if (syslog === null || this.#wanted) return;
    this.#isSyslogAwaited = true;
    poll.add(syslog, POLL_IN, () => {
      this.want();
      this.flush();
    }, 'control');
  }

  /** Something comes its way, or did: one that died is started again after a while, not at once by the message it may have died of. */
  get #isNeeded(): boolean {
    return this.#options.streams.isNeeded || this.#options.syslog !== null;
  }

  /** From now on logd reads what is there. */
  #leaveSyslog(): void {
    const { poll, syslog } = this.#options;
    if (syslog !== null && this.#isSyslogAwaited) poll.remove(syslog);
    this.#isSyslogAwaited = false;
  }

  get pid(): Pid | null {
    return this.#pid;
  }

  want(): void {
    this.#wanted = true;
  }

  send(key: string, packet: Packet): void {
    this.#outbox.delete(key);
    this.#outbox.set(key, packet);
  }

  /** A unit has failed: what is known of it becomes a record. One that has not gone out yet is replaced by a newer one of the unit. */
  report(report: CrashReport): void {
    if (this.#reports.size >= REPORTS_MAX) return;
    this.#reports.delete(report.unit);
    this.#reports.set(report.unit, report);
    this.want();
  }

  /** Asks for a line of a unit's log: when it comes, or is there, `onSeen` is called. */
  seek({ unit, probe, token, invocationId, check }: LineQuestion): void {
    this.send(`seek ${probe} ${unit}`, { message: { type: 'seek', unit, name: probe, token, invocationId, pattern: check.pattern, fromStart: probe !== 'liveness' }, fd: null });
  }

  /** Nobody waits for the line any more. */
  unseek(unit: UnitName, probe: ProbeKind): void {
    this.send(`seek ${probe} ${unit}`, { message: { type: 'unseek', unit, name: probe }, fd: null });
  }

  /** Starts logd if it is wanted, and sends what waits. Called at the end of a turn, after services were started. */
  flush(): void {
    if (this.#socket === null) {
      if (this.#wanted && this.#restart === null && this.#ending === null) this.#start();
      return;
    }
    this.#sendWaiting(this.#socket);
  }

  /** Lets logd store the rest and end. `done` is called when it has, at once when it does not run. */
  end(done: () => void): void {
    if (this.#restart !== null) clearTimeout(this.#restart);
    this.#restart = null;
    if (this.#pid === null) {
      done();
      return;
    }
    this.#ending = done;
    this.send('end', { message: { type: 'end' }, fd: null });
    if (this.#socket !== null) this.#sendWaiting(this.#socket);
    this.#disconnect();
  }

  #start(): void {
    this.#leaveSyslog();
    const { native, command } = this.#options;
    const pair = native.socketPair('seqpacket');
    if (typeof pair === 'string') {
      this.#retry(`no socket: ${pair}`);
      return;
    }
    const [ours, theirs] = pair;
    const { echo } = this.#options;
    const result = native.spawn({
      path: command.path,
      argv: [command.path, ...command.arguments, ...this.#options.arguments, ...(echo === null ? [] : ['--echo-fd', '4'])],
      env: command.environment,
      stdio: [this.#options.nullFd, this.#options.nullFd, this.#options.stderr],
      extraFds: echo === null ? [theirs] : [theirs, echo],
      cwd: command.directory,
      umask: 0o027,
      credentials: null,
      limits: [],
      nice: null,
      oomScoreAdjust: null,
      noNewPrivileges: false,
      ignoreSigpipe: true,
      newSession: true,
      cgroupFd: -1,
      pidEnvIndexes: [],
      controllingTty: -1,
    });
    native.close(theirs);
    if ('errno' in result) {
      native.close(ours);
      this.#retry(`${result.stage}: ${result.errno}`);
      return;
    }
    native.close(result.pidfd);
    native.setNonBlocking(ours, true);
    this.#options.kept.keep(ours, { is: 'logd', pid: result.pid });
    // What waited for the old one is part of what a new one is told.
    this.#outbox.clear();
    this.send('hello', { message: { type: 'hello', version: PROTOCOL_VERSION, bootId: this.#options.bootId }, fd: null });
    this.#connect(ours, result.pid);
    this.#sendWaiting(ours);
  }

  /** A logd that runs, just started or left by a former engine, is told of all pipes. */
  #connect(socket: Fd, pid: Pid): void {
    this.#pid = pid;
    this.#socket = socket;
    this.#startedAt = monotonicMsec(this.#options.native);
    this.#options.onSpawned(pid, () => { this.#onExit(); });
    this.#options.poll.add(socket, POLL_IN, (ready) => { this.#onReady(socket, ready); }, 'control');
    const { syslog, echo } = this.#options;
    if (syslog !== null) this.send('syslog', { message: { type: 'syslog', echo: echo !== null }, fd: syslog });
    for (const packet of this.#options.streams.allPackets()) this.send(`open ${packet.message.type === 'open' ? String(packet.message.origin.stream) : ''}`, packet);
    for (const question of this.#options.questions()) this.seek(question);
  }

  #sendWaiting(socket: Fd): void {
    for (const [key, { message, fd }] of this.#outbox) {
      const result = this.#options.native.sendWithFds(socket, encodeMessage(message), fd === null ? [] : [fd]);
      if (result === 'EAGAIN' || result === 'ENOBUFS' || result === 'ETOOMANYREFS') {
        this.#wantOut(socket, true);
        return;
      }
      // Any other failure means that logd is gone; its exit is on its way, and a new one is told everything.
      if (typeof result === 'string') return;
      this.#outbox.delete(key);
    }
    // After the pipes they are about, so that the last lines can be found.
    for (const [unit, report] of this.#reports) {
      const result = this.#options.native.sendWithFds(socket, encodeReport(report), []);
      if (result === 'EAGAIN' || result === 'ENOBUFS') {
        this.#wantOut(socket, true);
        return;
      }
      if (typeof result === 'string') return;
      this.#reports.delete(unit);
    }
    this.#wantOut(socket, false);
  }

  #wantOut(socket: Fd, on: boolean): void {
    if (this.#wantsOut === on) return;
    this.#wantsOut = on;
    this.#options.poll.modify(socket, on ? POLL_IN | POLL_OUT : POLL_IN);
  }

  #onReady(socket: Fd, ready: number): void {
    if ((ready & POLL_OUT) !== 0) this.#sendWaiting(socket);
    if ((ready & ~POLL_OUT) === 0) return;
    for (let count = 0; count < 256; count++) {
      const size = this.#options.native.receive(socket, this.#buffer);
      if (size === 'EAGAIN' || size === 'EINTR') return;
      if (typeof size === 'string' || size === 0) {
        this.#disconnect();
        return;
      }
      const message = decodeFromLogd(this.#buffer.subarray(0, size));
      if (message === null) this.#options.log.write('err', '', 'logd sent something that is no message');
      else this.#onMessage(message);
    }
  }

  #onMessage(message: FromLogd): void {
    switch (message.type) {
      case 'ready':
        if (message.directory === null) this.#options.log.write('warning', '', 'output of services is kept in memory only, no log directory can be written');
        break;
      case 'ended':
        this.#options.streams.onMessage(message);
        break;
      case 'flushed':
        break;
      case 'whose':
        // It asks again only when it was answered, so that at most one answer waits.
        this.send('senders', { message: { type: 'senders', id: message.id, units: message.processes.map(this.#options.whose) }, fd: null });
        this.flush();
        break;
      case 'seen':
        this.#options.onSeen(message.unit as UnitName, message.token, message.line);
        break;
      case 'trouble':
        this.#options.log.write('warning', '', `logd: ${message.message}`, { code: message.code });
        break;
    }
  }

  #disconnect(): void {
    if (this.#socket === null) return;
    this.#options.poll.remove(this.#socket);
    this.#options.kept.drop(this.#socket);
    this.#options.native.close(this.#socket);
    this.#socket = null;
    this.#wantsOut = false;
  }

  #onExit(): void {
    this.#disconnect();
    this.#pid = null;
    if (this.#ending !== null) {
      this.#ending();
      return;
    }
    if (monotonicMsec(this.#options.native) - this.#startedAt >= HEALTHY_MSEC) this.#delayMsec = RESTART_DELAY_MSEC_MIN;
    this.#retry('it ended');
  }

  #retry(why: string): void {
    if (!this.#isNeeded || this.#ending !== null) {
      this.#wanted = false;
      return;
    }
    this.#options.log.write('err', '', `logd is started again in ${String(this.#delayMsec)} ms: ${why}`);
    this.#restart = setTimeout(() => {
      this.#restart = null;
      this.#wanted = true;
      this.flush();
    }, this.#delayMsec);
    this.#delayMsec = Math.min(this.#delayMsec * 2, RESTART_DELAY_MSEC_MAX);
  }
}
