/** `--log-target` and `--log-level` to a log. */
import { constants } from 'node:fs';
import type { Fd } from '../base/brand.ts';
import type { LogLevel } from '../core/manager/effect.ts';
import type { ManagerLog } from '../host/engine.ts';
import { LOG_LEVELS, consoleTarget, fileTarget, kmsgTarget, managerLog, nullTarget, parseLogLevel } from '../host/logging/manager-log.ts';
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
  if (wishes.target !== null && !/^(auto|console|kmsg|null|file:\/.+)$/.test(wishes.target)) return `"${wishes.target}" is no log target: auto, console, kmsg, file:PATH or null`;
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

/**
 * `auto`: everything from `info` on is kept by logd beside the output of services, and what matters from `warning` on is shown on the
 * console as well. A level that was asked for holds for both.
 */
export function setUpLog(wishes: LogWishes, setUp: LogSetUp): ManagerLog {
  const { native, sink, colour, streams } = setUp;
  const level = wishes.level === null ? undefined : parseLogLevel(wishes.level);
  const target = wishes.target ?? 'auto';
  if (target === 'null') return managerLog(nullTarget, 'emerg');
  if (target === 'console') return managerLog(consoleTarget(sink, colour), level ?? 'info');
  if (target === 'kmsg') {
    const fd = native.open('/dev/kmsg', constants.O_WRONLY | constants.O_NONBLOCK, 0);
    return managerLog(typeof fd === 'string' ? consoleTarget(sink, colour) : kmsgTarget(native, fd), level ?? 'info');
  }
  if (target.startsWith('file:')) {
    const fd = native.open(target.slice('file:'.length), constants.O_WRONLY | constants.O_CREAT | constants.O_APPEND | constants.O_NONBLOCK, 0o640);
    if (typeof fd !== 'string') return managerLog(fileTarget(native, fd), level ?? 'info');
    const log = managerLog(consoleTarget(sink, colour), level ?? 'info');
    log.write('warning', '', `${target.slice('file:'.length)} cannot be written (${fd}), the log goes to the console`);
    return log;
  }
  const targets = [{ target: consoleTarget(sink, colour), level: level ?? 'warning' }];
  const stream: Fd | null = streams?.openManagerStream() ?? null;
  if (stream !== null) targets.push({ target: fileTarget(native, stream), level: level ?? 'info' });
  return managerLog(tee(targets), level ?? 'info');
}
