/**
 * The manager's own log: what it says about itself and its units, as distinct from the output of services (logd's).
 *
 * A line goes to one target. Nothing here ever waits: the console goes through the bounded `OutputSink`, /dev/kmsg never
 * blocks, and a file is written through pino, whose records a machine can read; pino is loaded with the first line
 * for a file, because most managers log to a console and should not pay for it.
 */
import type { Fd, UnitName } from '../../base/brand.ts';
import type { LogLevel } from '../../core/manager/effect.ts';
import type { ManagerLog } from '../engine.ts';
import type { NativeBinding } from '../native.ts';
import type { OutputSink } from './output-sink.ts';

/** Syslog's numbers, smaller is worse. */
export const LOG_LEVELS: Readonly<Record<LogLevel, number>> = {
  emerg: 0, alert: 1, crit: 2, err: 3, warning: 4, notice: 5, info: 6, debug: 7,
};

/** `--log-level=` accepts names and syslog numbers. `undefined` when it is neither. */
export function parseLogLevel(text: string): LogLevel | undefined {
  const names = Object.keys(LOG_LEVELS) as LogLevel[];
  if (text === 'error') return 'err';
  if (text === 'warn') return 'warning';
  return names.find((name) => name === text || String(LOG_LEVELS[name]) === text);
}

/** For messages. */
export const LOG_TARGETS_TEXT = 'auto, console, kmsg, file:PATH or null';

/** systemd's names of targets that only journald and syslog have: where messages go as usual. */
const USUAL_TARGETS: readonly string[] = ['journal', 'journal-or-kmsg', 'syslog', 'syslog-or-kmsg'];

/** A target as `--log-target=` takes it, or in systemd's words; null when it is none. */
export function asLogTarget(text: string): string | null {
  if (USUAL_TARGETS.includes(text)) return 'auto';
  if (text === 'console-prefixed') return 'console';
  return /^(auto|console|kmsg|null|file:\/.+)$/.test(text) ? text : null;
}

export interface LogRecord {
  readonly level: LogLevel;
  readonly unit: UnitName | '';
  readonly message: string;
  readonly fields: Readonly<Record<string, string | number>> | undefined;
}

/** Takes finished records; must not block. */
export interface LogTarget {
  write(record: LogRecord): void;
}

function plainText(record: LogRecord): string {
  // Some messages begin with their unit already.
  return record.unit === '' || record.message.startsWith(record.unit) ? record.message : `${record.unit}: ${record.message}`;
}

/** `heartwood: unit: message`, errors in red and warnings in yellow on a terminal. */
export function consoleTarget(sink: OutputSink, colour: boolean): LogTarget {
  return {
    write(record) {
      const text = `heartwood: ${plainText(record)}`;
      const number = LOG_LEVELS[record.level];
      const paint = !colour || number > 4 ? '' : number === 4 ? '\x1b[33m' : '\x1b[31m';
      sink.write(paint === '' ? `${text}\n` : `${paint}${text}\x1b[0m\n`);
    },
  };
}

/** The kernel cuts longer records itself (LOG_LINE_MAX is about 1 KiB); one write is one record. */
const KMSG_RECORD_BYTES_MAX = 976;

/** Lines in the kernel's ring, where `dmesg` and a serial console show them. */
export function kmsgTarget(native: NativeBinding, fd: Fd): LogTarget {
  return {
    write(record) {
      const text = `<${String(24 + LOG_LEVELS[record.level])}>heartwood[${String(process.pid)}]: ${plainText(record)}\n`;
      native.write(fd, Buffer.from(text, 'utf8').subarray(0, KMSG_RECORD_BYTES_MAX));
    },
  };
}

/** Records kept while pino is being loaded, and behind a full disk. */
const WAITING_RECORDS_MAX = 1000;

/** JSON records by pino, appended to the file behind `fd` (a regular file, or anything non-blocking). */
export function fileTarget(native: NativeBinding, fd: Fd): LogTarget {
  let waiting: LogRecord[] | null = [];
  let dropped = 0;
  let emit: (record: LogRecord) => void = () => undefined;
  const levels = Object.fromEntries((Object.keys(LOG_LEVELS) as LogLevel[]).map((name) => [name, (7 - LOG_LEVELS[name]) * 10 + 10]));
  const load = async (): Promise<void> => {
    const { pino } = await import('pino');
    const logger = pino(
      { level: 'debug', customLevels: levels, useOnlyCustomLevels: true, base: { pid: process.pid }, formatters: { level: (label) => ({ level: label }) } },
      { write(line: string) { if (typeof native.write(fd, Buffer.from(line, 'utf8')) === 'string') dropped += 1; } },
    ) as unknown as Record<LogLevel, (object: object, message: string) => void>;
    emit = (record) => {
      const lost = dropped;
      if (lost > 0) {
        dropped = 0;
        logger.warning({ lost }, 'lines of the log could not be written');
      }
      logger[record.level]({ ...(record.unit === '' ? {} : { unit: record.unit }), ...record.fields }, record.message);
    };
    for (const record of waiting ?? []) emit(record);
    waiting = null;
  };
  let loading = false;
  return {
    write(record) {
      if (waiting === null) {
        emit(record);
        return;
      }
      if (waiting.length < WAITING_RECORDS_MAX) waiting.push(record);
      else dropped += 1;
      if (!loading) {
        loading = true;
        void load();
      }
    },
  };
}

/** `--log-target=null`. */
export const nullTarget: LogTarget = { write() { /* Nobody wants it. */ } };

/** The log: drops what is less important than `level`, hands the rest to the target. */
export function managerLog(target: LogTarget, level: LogLevel): ManagerLog {
  const limit = LOG_LEVELS[level];
  return {
    write(recordLevel, unit, message, fields) {
      if (LOG_LEVELS[recordLevel] > limit) return;
      target.write({ level: recordLevel, unit, message, fields });
    },
  };
}
