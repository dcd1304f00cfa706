/**
 * The conversation between the manager and logd, and how logd is started. Pure: both processes import it.
 *
 * ## Start contract
 *
 *     logd --directory DIR [--directory DIR …] --query-socket PATH [--echo-fd N] [--syslog-daemon PATH]
 *
 * - fd 0, 1: /dev/null. fd 2: where logd's own complaints go (the manager's stderr). fd 3 (`CONTROL_FD`): one end of a
 *   SOCK_SEQPACKET socket pair; the manager keeps the other end. fd 4 (when `--echo-fd 4` is given): the manager's stdout, for
 *   the lines of streams opened with `echo`.
 * - `--syslog-daemon` names another socket than /run/systemd/journal/syslog to forward to.
 * - The first `--directory` that can be written is used (made with mode 0750 when missing). With none logd keeps a bounded ring in
 *   memory. Pass `/var/log/heartwood` first and `RUNTIME/log.d` second (`logDirectories` in `query.ts` gives the same list to
 *   readers, so that both agree).
 * - logd ends when the manager's end of the socket is closed after `end`. Closed without it, the manager was killed, and its services run
 *   on: logd keeps their pipes, so that no write of theirs fails, and stores their lines until the last of them has ended. The next
 *   manager starts a logd of its own for what it starts. SIGTERM, SIGINT and SIGHUP are ignored, because the last words of services
 *   during a shutdown are wanted.
 *
 * ## Order of messages
 *
 * One packet is one message: JSON in UTF-8, at most `MESSAGE_BYTES_MAX`. The manager sends `hello`, then an `open` for each stream
 * it holds, each with the read end of the pipe as its only passed fd. logd answers `ready` once.
 * - The manager keeps the read ends, and never reads them. When logd dies it starts another and sends `hello` and all `open`s again,
 *   with the same stream numbers: nothing is lost and nothing is stored twice (docs/log-format.md states the guarantee).
 * - `ended` tells that every writer has closed and all bytes are stored: the manager closes its read end and forgets the stream.
 *   If it holds a write end itself (to give to later processes of the unit) it must close that first, else a stream never ends.
 * - The manager's own log is a stream like any other: a pipe whose non-blocking write end it keeps for itself (a full pipe means
 *   drop and count), opened with unit `MANAGER_UNIT` and format `pino`. So its lines have the same guarantee, and lines written
 *   before logd runs wait in the pipe.
 * - The socket behind /dev/log is kept by the manager too, and given to each logd with `syslog`. What a process sends there belongs to
 *   the unit the manager names when logd asks `whose`.
 * - Whichever side sends must not block: on EAGAIN the manager queues (the queue is bounded by its number of streams).
 *
 * ## Versions
 *
 * 1: first version. Since then `syslog`, `senders`, `whose`, `crash`, `end`, `seek` and `unseek` have come, which an older one of either side answers with `trouble`.
 */
import type { InvocationId } from '../base/brand.ts';
import type { CrashReport } from '../control/crash-record.ts';

export const PROTOCOL_VERSION = 1;
/** Where logd finds its end of the socket pair. */
export const CONTROL_FD = 3;
/** The longest packet either side sends or accepts; the longest real one (an `open` with a 255-byte unit name) is under 2 KiB. */
export const MESSAGE_BYTES_MAX = 16 * 1024;
/** The unit under which the manager's own log is kept. Has no type suffix, so no real unit can have this name. */
export const MANAGER_UNIT = 'heartwood';
/** The same for messages to /dev/log that come from a process of no unit. */
export const NO_UNIT = 'no-unit';
/** Stream numbers are kept as unsigned 32-bit numbers in the files; this one is not the manager's: a unit's messages to /dev/log. */
export const SYSLOG_STREAM = 0xffff_fffe;
export const STREAM_MAX = SYSLOG_STREAM - 1;

/** What is written about a stream in front of its bytes, so that a reader can say whose line it is. */
export interface StreamOrigin {
  /** Chosen by the manager, 1 to `STREAM_MAX`, never reused within a boot. */
  readonly stream: number;
  readonly unit: string;
  readonly invocationId: InvocationId | null;
  /** The process the pipe was made for; null when it is not known. */
  readonly pid: number | null;
  /** SyslogIdentifier=, else the base name of the command: the word before `[pid]:`. */
  readonly identifier: string;
  readonly output: 'stdout' | 'stderr' | 'both' | 'syslog';
  /** SyslogLevel= (and facility left out): the priority of a line that does not name its own, 0 (emerg) to 7 (debug). */
  readonly priority: number;
  /** SyslogLevelPrefix=: a leading `<N>` of a line is its priority. */
  readonly levelPrefix: boolean;
  /** LogLevelMax=: lines of a higher number are not shown. */
  readonly levelMax: number;
  /** `pino`: each line is a JSON object of the manager's own log. */
  readonly format: 'text' | 'pino';
}

/** The unit a process belongs to, as far as the log has to know it. */
export interface SenderUnit {
  readonly unit: string;
  readonly invocationId: InvocationId | null;
  /** LogLevelMax= */
  readonly levelMax: number;
}

/** What is asked of the manager. */
export interface SenderQuestion {
  readonly pid: number;
  /** Path of its control group as /proc shows it; null when it could not be read any more, or is no path a unit's group has. */
  readonly group: string | null;
}

export type ToLogd =
  /** `bootId`: 32 hexadecimal digits; new for every boot of the machine or start of a container. Survives a re-exec. */
  | { readonly type: 'hello'; readonly version: number; readonly bootId: string }
  /** Take over a pipe (one fd is passed along). `echo`: each line also goes to the echo fd, as `name: text`. */
  | { readonly type: 'open'; readonly origin: StreamOrigin; readonly echo: boolean }
  /** From now on the stream's lines belong to another process (ExecStartPre=, then ExecStart=). */
  | { readonly type: 'update'; readonly stream: number; readonly pid: number | null; readonly identifier: string }
  /** Store what is in the pipe now and forget the stream, although a writer may be left. Answered by `ended`. */
  | { readonly type: 'close'; readonly stream: number }
  /** Limits; each null keeps what is in force. */
  | { readonly type: 'settings'; readonly unitBytesMax: number | null; readonly totalBytesMax: number | null }
  /** Store what is in all pipes now, sync the files and empty the echo. Answered by `flushed` with the same id. */
  | { readonly type: 'flush'; readonly id: number }
  /** Try the directories again from the first (/var may have been mounted meanwhile), and go on there. Answered by `ready`. */
  | { readonly type: 'reopen' }
  /** Take over the socket behind /dev/log (one fd is passed along). `echo` as in `open`. */
  | { readonly type: 'syslog'; readonly echo: boolean }
  /** Answers `whose`, in its order; null for a process of no unit. */
  | { readonly type: 'senders'; readonly id: number; readonly units: readonly (SenderUnit | null)[] }
  /**
   * Answer with `seen` when this invocation of the unit has written a line with this text (`linePattern`), or when it does. `fromStart`: also
   * in what it wrote before. A question of the same name about the unit is replaced.
   */
  | { readonly type: 'seek'; readonly unit: string; readonly name: string; readonly token: number; readonly invocationId: InvocationId; readonly pattern: string; readonly fromStart: boolean }
  | { readonly type: 'unseek'; readonly unit: string; readonly name: string }
  /** The manager ends in order: when it closes the socket, logd ends too. */
  | { readonly type: 'end' }
  /** A unit has failed: write a record of it. */
  | { readonly type: 'crash'; readonly report: CrashReport };

export type FromLogd =
  /** `directory` is null when lines are kept in memory only. */
  | { readonly type: 'ready'; readonly version: number; readonly directory: string | null }
  | { readonly type: 'ended'; readonly stream: number; readonly bytes: number }
  | { readonly type: 'flushed'; readonly id: number }
  /** Which units these processes, which sent to /dev/log, belong to. One question at a time. */
  | { readonly type: 'whose'; readonly id: number; readonly processes: readonly SenderQuestion[] }
  /** Answers `seek`. */
  | { readonly type: 'seen'; readonly unit: string; readonly token: number; readonly line: string }
  /** Something the manager's log should say: a full disk, lines lost, a message not understood. */
  | { readonly type: 'trouble'; readonly code: 'storage' | 'lost' | 'protocol'; readonly unit: string | null; readonly message: string };

/** The bytes of one packet. A message that would be too long is a programmer's mistake and throws. */
export function encodeMessage(message: ToLogd | FromLogd): Uint8Array {
  const bytes = new TextEncoder().encode(JSON.stringify(message));
  if (bytes.length > MESSAGE_BYTES_MAX) throw new RangeError(`message of ${bytes.length} bytes, at most ${MESSAGE_BYTES_MAX}`);
  return bytes;
}

/** A report of a failure. One that is too long, because of what a service said or of long names, goes without what is least needed. */
export function encodeReport(report: CrashReport): Uint8Array {
  const attempts: readonly CrashReport[] = [report, { ...report, before: [] }, { ...report, before: [], files: [], statusText: '' }];
  for (const each of attempts) {
    const bytes = new TextEncoder().encode(JSON.stringify({ type: 'crash', report: each } satisfies ToLogd));
    if (bytes.length <= MESSAGE_BYTES_MAX) return bytes;
  }
  throw new RangeError(`the report of the failure of ${report.unit} is too long`);
}

/** Understands a packet sent by the manager; null when it is none. */
export function decodeToLogd(packet: Uint8Array): ToLogd | null {
  const value = parseObject(packet);
  if (value === null) return null;
  switch (value['type']) {
    case 'hello':
      return isWhole(value['version']) && isHexId(value['bootId']) ? (value as unknown as ToLogd) : null;
    case 'open':
      return isOrigin(value['origin']) && typeof value['echo'] === 'boolean' ? (value as unknown as ToLogd) : null;
    case 'update':
      return isStream(value['stream']) && isPidOrNull(value['pid']) && typeof value['identifier'] === 'string'
        ? (value as unknown as ToLogd) : null;
    case 'close':
      return isStream(value['stream']) ? (value as unknown as ToLogd) : null;
    case 'settings':
      return isWholeOrNull(value['unitBytesMax']) && isWholeOrNull(value['totalBytesMax']) ? (value as unknown as ToLogd) : null;
    case 'flush':
      return isWhole(value['id']) ? (value as unknown as ToLogd) : null;
    case 'reopen':
      return { type: 'reopen' };
    case 'end':
      return { type: 'end' };
    case 'syslog':
      return typeof value['echo'] === 'boolean' ? (value as unknown as ToLogd) : null;
    case 'crash':
      return isReport(value['report']) ? (value as unknown as ToLogd) : null;
    case 'seek':
      return isUnitText(value['unit']) && typeof value['name'] === 'string' && isWhole(value['token']) && isHexId(value['invocationId'])
        && typeof value['pattern'] === 'string' && typeof value['fromStart'] === 'boolean' ? (value as unknown as ToLogd) : null;
    case 'unseek':
      return isUnitText(value['unit']) && typeof value['name'] === 'string' ? (value as unknown as ToLogd) : null;
    case 'senders':
      return isWhole(value['id']) && Array.isArray(value['units']) && value['units'].every((unit) => unit === null || isSenderUnit(unit))
        ? (value as unknown as ToLogd) : null;
    default:
      return null;
  }
}

/** Understands a packet sent by logd; null when it is none. */
export function decodeFromLogd(packet: Uint8Array): FromLogd | null {
  const value = parseObject(packet);
  if (value === null) return null;
  switch (value['type']) {
    case 'ready':
      return isWhole(value['version']) && isTextOrNull(value['directory']) ? (value as unknown as FromLogd) : null;
    case 'ended':
      return isStream(value['stream']) && isWhole(value['bytes']) ? (value as unknown as FromLogd) : null;
    case 'flushed':
      return isWhole(value['id']) ? (value as unknown as FromLogd) : null;
    case 'whose':
      return isWhole(value['id']) && Array.isArray(value['processes']) && value['processes'].every(isSenderQuestion)
        ? (value as unknown as FromLogd) : null;
    case 'seen':
      return isUnitText(value['unit']) && isWhole(value['token']) && typeof value['line'] === 'string' ? (value as unknown as FromLogd) : null;
    case 'trouble':
      return typeof value['code'] === 'string' && typeof value['message'] === 'string' && isTextOrNull(value['unit'])
        ? (value as unknown as FromLogd) : null;
    default:
      return null;
  }
}

/** A name that can be a directory of its own: what systemd.unit(5) allows in unit names, and nothing that is a path. */
export function isUnitDirectoryName(name: string): boolean {
  return name.length > 0 && name.length <= 255 && /^[A-Za-z0-9:_.\\@-]+$/.test(name) && name !== '.' && name !== '..';
}

function parseObject(packet: Uint8Array): Record<string, unknown> | null {
  if (packet.length > MESSAGE_BYTES_MAX) return null;
  try {
    const value: unknown = JSON.parse(new TextDecoder().decode(packet));
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : null;
  } catch {
    return null;
  }
}

function isOrigin(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  const origin = value as Record<string, unknown>;
  return isStream(origin['stream'])
    && typeof origin['unit'] === 'string' && isUnitDirectoryName(origin['unit'])
    && (origin['invocationId'] === null || isHexId(origin['invocationId']))
    && isPidOrNull(origin['pid'])
    && typeof origin['identifier'] === 'string' && origin['identifier'].length <= 255
    && (origin['output'] === 'stdout' || origin['output'] === 'stderr' || origin['output'] === 'both')
    && isPriority(origin['priority']) && typeof origin['levelPrefix'] === 'boolean' && isPriority(origin['levelMax'])
    && (origin['format'] === 'text' || origin['format'] === 'pino');
}

/** Only what logd itself goes by. */
function isReport(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  const { unit, times } = value as Record<string, unknown>;
  return typeof unit === 'string' && isUnitDirectoryName(unit) && typeof times === 'object' && times !== null && isWhole((times as Record<string, unknown>)['failedUsec']);
}

function isSenderUnit(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  const { unit, invocationId, levelMax } = value as Record<string, unknown>;
  return typeof unit === 'string' && isUnitDirectoryName(unit) && (invocationId === null || isHexId(invocationId)) && isPriority(levelMax);
}

function isSenderQuestion(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  const { pid, group } = value as Record<string, unknown>;
  return isWhole(pid) && pid !== 0 && isTextOrNull(group);
}

const isWhole = (value: unknown): boolean => typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
const isWholeOrNull = (value: unknown): boolean => value === null || isWhole(value);
const isUnitText = (value: unknown): boolean => typeof value === 'string' && isUnitDirectoryName(value);
const isTextOrNull = (value: unknown): boolean => value === null || typeof value === 'string';
const isPidOrNull = (value: unknown): boolean => value === null || (isWhole(value) && value !== 0);
const isPriority = (value: unknown): boolean => isWhole(value) && (value as number) <= 7;
const isStream = (value: unknown): boolean => isWhole(value) && (value as number) >= 1 && (value as number) <= STREAM_MAX;
const isHexId = (value: unknown): boolean => typeof value === 'string' && /^[0-9a-f]{32}$/.test(value);
