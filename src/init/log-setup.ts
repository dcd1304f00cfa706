/** `--log-target` and `--log-level` to a log. */
import { constants } from 'node:fs';
import type { Errno, Fd } from '../base/brand.ts';
import type { LogLevel } from '../core/manager/effect.ts';
import type { ManagerLog } from '../host/engine.ts';
import { asLogTarget, LOG_LEVELS, LOG_TARGETS_TEXT, consoleTarget, fileTarget, kmsgTarget, managerLog, nullTarget, parseLogLevel } from '../host/logging/manager-log.ts';
import type { LogTarget } from '../host/logging/manager-log.ts';
import type { LogStreams } from '../host/logging/log-streams.ts';
import type { NativeBinding } from '../host/native.ts';
import type { OutputSink } from '../host/logging/output-sink.ts';

export interface LogWishes {
  /** As given; null = auto. */
  readonly target: string | null;
  readonly level: string | null;
}

export interface LogSetUp {
  readonly native: NativeBinding;
  readonly sink: OutputSink;
  readonly colour: boolean;
  /** The manager's own stream to logd; null when there is no logd in this mode. */
  readonly streams: LogStreams | null;
  readonly system: boolean;
}

/** What is wrong with the options, or null. To be asked before anything is started. */
export function checkLogWishes(wishes: LogWishes): string | null {
  if (wishes.level !== null && parseLogLevel(wishes.level) === undefined) return `"${wishes.level}" is no log level`;
  if (wishes.target !== null && asLogTarget(wishes.target) === null) return `"${wishes.target}" is no log target: ${LOG_TARGETS_TEXT}`;
  return null;
}

/** Several targets, each with a limit of its own. */
function tee(targets: readonly { readonly target: LogTarget; readonly level: LogLevel }[]): LogTarget {
  return {
    write(record) {
      for (const { target, level } of targets) if (LOG_LEVELS[record.level] <= LOG_LEVELS[level]) target.write(record);
    },
  };
}

/** A log whose level and target can be changed while it is in use. */
export interface AdjustableLog extends ManagerLog {
  /** null = what was wished for at first. */
  adjust(level: string | null, target: string | null): void;
}

/** The log as it was wished for. */
export function setUpLog(wishes: LogWishes, setUp: LogSetUp): AdjustableLog {
  // A target is opened once, however often it is gone back to.
  const files = new Map<string, LogTarget | Errno>();
  const open = (path: string, make: (fd: Fd) => LogTarget, flags: number): LogTarget | Errno => {
    let target = files.get(path);
    if (target === undefined) {
      const fd = setUp.native.open(path, constants.O_WRONLY | constants.O_NONBLOCK | flags, 0o640);
      target = typeof fd === 'string' ? fd : make(fd);
      // What cannot be written now may be later.
      if (typeof target !== 'string') files.set(path, target);
    }
    return target;
  };
  let current = makeLog(wishes, setUp, open);
  return {
    write(level, unit, message, fields) { current.write(level, unit, message, fields); },
    adjust(level, target) { current = makeLog({ level: level ?? wishes.level, target: target ?? wishes.target }, setUp, open); },
  };
}

type OpenTarget = (path: string, make: (fd: Fd) => LogTarget, flags: number) => LogTarget | Errno;

/**
 * `auto`: everything from `info` on is kept by logd beside the output of services, and what matters from `warning` on is shown on the
 * console as well. A level that was asked for holds for both.
 */
function makeLog(wishes: LogWishes, setUp: LogSetUp, open: OpenTarget): ManagerLog {
  const { native, sink, colour, streams } = setUp;
  const level = wishes.level === null ? undefined : parseLogLevel(wishes.level);
  const target = wishes.target === null ? 'auto' : (asLogTarget(wishes.target) ?? 'auto');
  if (target === 'null') return managerLog(nullTarget, 'emerg');
  if (target === 'console') return managerLog(consoleTarget(sink, colour), level ?? 'info');
  if (target === 'kmsg') {
    const kmsg = open('/dev/kmsg', (fd) => kmsgTarget(native, fd), 0);
    return managerLog(typeof kmsg === 'string' ? consoleTarget(sink, colour) : kmsg, level ?? 'info');
  }
  if (target.startsWith('file:')) {
    const path = target.slice('file:'.length);
    const file = open(path, (fd) => fileTarget(native, fd), constants.O_CREAT | constants.O_APPEND);
    if (typeof file !== 'string') return managerLog(file, level ?? 'info');
    const log = managerLog(consoleTarget(sink, colour), level ?? 'info');
    log.write('warning', '', `${path} cannot be written (${file}), the log goes to the console`);
    return log;
  }
  const targets = [{ target: consoleTarget(sink, colour), level: level ?? 'warning' }];
  const stream: Fd | null = streams?.openManagerStream() ?? null;
  if (stream !== null) targets.push({ target: fileTarget(native, stream), level: level ?? 'info' });
  return managerLog(tee(targets), level ?? 'info');
}
