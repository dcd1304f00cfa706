/** Entries as text or JSON, in journalctl(1)'s output formats. Pure but for the time zone, which is the process's. */
import { isUtf8 } from 'node:buffer';
import type { LogEntry } from './entry.ts';
import { NO_UNIT } from './protocol.ts';

/** The formats of `-o`, in the order in which help shows them. */
export const OUTPUT_FORMATS = [
  'short', 'short-precise', 'short-iso', 'short-iso-precise', 'short-full', 'short-monotonic', 'short-unix', 'with-unit', 'verbose',
  'json', 'json-pretty', 'json-seq', 'cat',
] as const;
export type OutputFormat = (typeof OUTPUT_FORMATS)[number];

export interface RenderOptions {
  readonly format: OutputFormat;
  /** Name of this host; null leaves the word out. */
  readonly hostname: string | null;
  readonly utc: boolean;
  /** Errors red, warnings yellow, notices bold, debug grey; colours a service chose for itself are kept too. */
  readonly colour: boolean;
  /** Control bytes become visible (`\x1b`). Off only for `cat` into something that is no terminal: then bytes come as they were. */
  readonly escape: boolean;
}

/** The entry with its line end. Bytes rather than text, because a service may write anything. */
export function renderEntry(entry: LogEntry, options: RenderOptions): Uint8Array | string {
  switch (options.format) {
    case 'cat':
      return options.escape ? `${paint(entry, options)}\n` : Buffer.concat([entry.text, Buffer.from('\n')]);
    case 'json':
      return `${JSON.stringify(fieldsOf(entry, options))}\n`;
    case 'json-pretty':
      return `${JSON.stringify(fieldsOf(entry, options), null, '\t')}\n`;
    case 'json-seq':
      return `\x1e${JSON.stringify(fieldsOf(entry, options))}\n`;
    case 'verbose':
      return renderVerbose(entry, options);
    default: {
      const who = options.format === 'with-unit' ? entry.unit : printable(Buffer.from(entry.identifier));
      const process = entry.pid === null ? who : `${who}[${entry.pid}]`;
      const host = options.hostname === null ? '' : `${options.hostname} `;
      return `${formatTime(entry, options)} ${host}${process}: ${paint(entry, options)}\n`;
    }
  }
}

/**
 * The entry as a JSON value, under the names journald uses, so that programs made for `journalctl -o json` understand it. `MESSAGE` is an
 * array of byte values when it is not UTF-8. `_LINE_BREAK` is there when the line did not end with a newline; `_CONTINUES` when its
 * beginning is the entry before; `LOST_LINES` and `LOST_BYTES` when the entry stands for what is missing.
 */
export function fieldsOf(entry: LogEntry, options: Pick<RenderOptions, 'hostname'>): Record<string, unknown> {
  const { line } = entry;
  const { origin } = line;
  return {
    __CURSOR: cursorOf(entry),
    __REALTIME_TIMESTAMP: String(line.realtimeUsec),
    __MONOTONIC_TIMESTAMP: String(line.monotonicUsec),
    _BOOT_ID: origin.bootId,
    ...(options.hostname === null ? {} : { _HOSTNAME: options.hostname }),
    PRIORITY: String(entry.priority),
    ...(origin.output === 'syslog' && line.facility !== null ? { SYSLOG_FACILITY: String(line.facility) } : {}),
    SYSLOG_IDENTIFIER: entry.identifier,
    ...(entry.pid === null ? {} : { _PID: String(entry.pid) }),
    ...(origin.unit === NO_UNIT ? {} : { _SYSTEMD_UNIT: origin.unit }),
    ...(entry.unit === origin.unit ? {} : { UNIT: entry.unit }),
    ...(origin.invocationId === null ? {} : { _SYSTEMD_INVOCATION_ID: origin.invocationId }),
    _TRANSPORT: origin.format === 'pino' ? 'manager' : origin.output === 'syslog' ? 'syslog' : 'stdout',
    ...(origin.output === 'syslog' ? {} : { _STREAM: origin.output }),
    ...(line.ending === 'newline' ? {} : { _LINE_BREAK: line.ending === 'cut' ? 'line-max' : 'eof' }),
    ...(line.continues ? { _CONTINUES: '1' } : {}),
    ...(line.loss === null ? {} : { LOST_LINES: String(line.loss.lines), LOST_BYTES: String(line.loss.bytes) }),
    ...(entry.fields === null ? {} : { FIELDS: entry.fields }),
    MESSAGE: isUtf8(entry.text) ? entry.text.toString('utf8') : [...entry.text],
  };
}

/** Names one entry among all: unit, segment and the offset behind the line. */
export function cursorOf(entry: LogEntry): string {
  const { line } = entry;
  return `u=${line.origin.unit};s=${line.sequence};o=${line.offset}`;
}

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'] as const;
const WEEKDAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'] as const;

interface WallTime {
  readonly year: number;
  /** 1 to 12. */
  readonly month: number;
  readonly monthName: string;
  readonly day: number;
  readonly weekday: string;
  readonly clock: string;
  /** `+0100`. */
  readonly offset: string;
  /** `CET`. */
  readonly zone: string;
}

function formatTime(entry: LogEntry, options: RenderOptions): string {
  const { realtimeUsec, monotonicUsec } = entry.line;
  const fraction = String(Math.floor(realtimeUsec % 1_000_000)).padStart(6, '0');
  switch (options.format) {
    case 'short-unix':
      return `${Math.floor(realtimeUsec / 1_000_000)}.${fraction}`;
    case 'short-monotonic': {
      const rest = String(Math.floor(monotonicUsec % 1_000_000)).padStart(6, '0');
      return `[${String(Math.floor(monotonicUsec / 1_000_000)).padStart(5)}.${rest}]`;
    }
    default:
  }
  const time = wallTime(realtimeUsec, options.utc);
  const date = `${time.year}-${two(time.month)}-${two(time.day)}`;
  switch (options.format) {
    case 'short-iso':
      return `${date}T${time.clock}${time.offset}`;
    case 'short-iso-precise':
      return `${date}T${time.clock}.${fraction}${time.offset}`;
    case 'short-full':
    case 'with-unit':
    case 'verbose':
      return `${time.weekday} ${date} ${time.clock}${options.format === 'verbose' ? `.${fraction}` : ''} ${time.zone}`;
    case 'short-precise':
      return `${time.monthName} ${two(time.day)} ${time.clock}.${fraction}`;
    default:
      return `${time.monthName} ${two(time.day)} ${time.clock}`;
  }
}

/** Lines come in bursts: the fields of a second are worked out once, not for each line. */
let lastWall: { readonly second: number; readonly utc: boolean; readonly time: WallTime } | null = null;

function wallTime(realtimeUsec: number, utc: boolean): WallTime {
  const second = Math.floor(realtimeUsec / 1_000_000);
  if (lastWall !== null && lastWall.second === second && lastWall.utc === utc) return lastWall.time;
  const date = new Date(second * 1000);
  // The same getters serve both: a date shifted by the zone's offset, read as UTC, shows the local fields.
  const offsetMinutes = utc ? 0 : -date.getTimezoneOffset();
  const local = new Date(date.getTime() + offsetMinutes * 60_000);
  const absolute = Math.abs(offsetMinutes);
  const time: WallTime = {
    year: local.getUTCFullYear(), month: local.getUTCMonth() + 1, monthName: MONTHS[local.getUTCMonth()] ?? '', day: local.getUTCDate(),
    weekday: WEEKDAYS[local.getUTCDay()] ?? '',
    clock: `${two(local.getUTCHours())}:${two(local.getUTCMinutes())}:${two(local.getUTCSeconds())}`,
    offset: `${offsetMinutes < 0 ? '-' : '+'}${two(Math.floor(absolute / 60))}${two(absolute % 60)}`,
    zone: utc ? 'UTC' : zoneName(date),
  };
  lastWall = { second, utc, time };
  return time;
}

function zoneName(date: Date): string {
  const parts = new Intl.DateTimeFormat('en-GB', { timeZoneName: 'short' }).formatToParts(date);
  return parts.find((part) => part.type === 'timeZoneName')?.value ?? '';
}

function two(value: number): string {
  return value < 10 ? `0${value}` : String(value);
}

function renderVerbose(entry: LogEntry, options: RenderOptions): string {
  const { __CURSOR: cursor, MESSAGE: _message, ...fields } = fieldsOf(entry, options);
  const shown = Object.entries(fields).filter(([name]) => !name.startsWith('__'));
  const lines = shown.map(([name, value]) => `    ${name}=${typeof value === 'string' ? value : JSON.stringify(value)}`);
  return [`${formatTime(entry, options)} [${String(cursor)}]`, ...lines, `    MESSAGE=${printable(entry.text)}`, ''].join('\n');
}

// ESC [ … m, which only changes colours. Everything else that begins with ESC could move the cursor or worse.
const COLOUR_SEQUENCE = /\x1b\[[0-9;:]*m/g;
const CONTROL = /[\x00-\x08\x0a-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g;
const RESET = '\x1b[0m';

function paint(entry: LogEntry, options: RenderOptions): string {
  if (!options.colour) return printable(entry.text);
  const text = decode(entry.text);
  const colour = entry.priority <= 3 ? '\x1b[1;31m' : entry.priority === 4 ? '\x1b[1;33m' : entry.priority === 5 ? '\x1b[1m' : entry.priority === 7 ? '\x1b[90m' : '';
  let shown = '';
  let from = 0;
  let hasOwnColours = false;
  for (const match of text.matchAll(COLOUR_SEQUENCE)) {
    shown += escapeControls(text.slice(from, match.index)) + match[0];
    from = match.index + match[0].length;
    hasOwnColours = true;
  }
  shown += escapeControls(text.slice(from));
  return colour !== '' || hasOwnColours ? `${colour}${shown}${RESET}` : shown;
}

/** Text that is safe on any terminal: colours are left out, other control characters and bytes that are no UTF-8 become `\xNN`. */
export function printable(bytes: Buffer): string {
  return escapeControls(decode(bytes).replace(COLOUR_SEQUENCE, ''));
}

function escapeControls(text: string): string {
  return text.replace(CONTROL, (character) => {
    const code = character.charCodeAt(0);
    return code > 0xff ? `\\u${code.toString(16).padStart(4, '0')}` : `\\x${code.toString(16).padStart(2, '0')}`;
  });
}

/** UTF-8, with every byte that is none as `\xNN`. */
function decode(bytes: Buffer): string {
  if (isUtf8(bytes)) return bytes.toString('utf8');
  let text = '';
  for (let at = 0; at < bytes.length;) {
    const length = sequenceLength(bytes, at);
    text += length === 0 ? `\\x${bytes.toString('hex', at, at + 1)}` : bytes.toString('utf8', at, at + length);
    at += Math.max(1, length);
  }
  return text;
}

/** Bytes of the valid UTF-8 sequence at `at`; 0 when there is none. */
function sequenceLength(bytes: Buffer, at: number): number {
  const first = bytes[at] ?? 0;
  const length = first < 0x80 ? 1 : first >= 0xc2 && first < 0xe0 ? 2 : first >= 0xe0 && first < 0xf0 ? 3 : first >= 0xf0 && first < 0xf5 ? 4 : 0;
  return length > 0 && at + length <= bytes.length && isUtf8(bytes.subarray(at, at + length)) ? length : 0;
}
