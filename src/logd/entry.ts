/** A line as its reader sees it: the manager's own JSON lines are understood, everything else is taken as it is. */
import type { LogLine } from './segment-reader.ts';

export interface LogEntry {
  readonly line: LogLine;
  /** The unit the line is about: for the manager's lines the one it speaks of. */
  readonly unit: string;
  readonly identifier: string;
  readonly pid: number | null;
  readonly priority: number;
  readonly text: Buffer;
  /** Other members of a JSON line; null for text. */
  readonly fields: Readonly<Record<string, unknown>> | null;
}

const LEVEL_NAMES: Readonly<Record<string, number>> = {
  emerg: 0, alert: 1, crit: 2, fatal: 2, err: 3, error: 3, warning: 4, warn: 4, notice: 5, info: 6, debug: 7, trace: 7,
};

/** Understands a line. A JSON line that is none is shown as text. */
export function readEntry(line: LogLine): LogEntry {
  const { origin } = line;
  const plain: LogEntry = {
    line, unit: origin.unit, identifier: origin.identifier, pid: origin.pid, priority: line.priority, text: line.text, fields: null,
  };
  if (origin.format !== 'pino' || line.loss !== null || line.text[0] !== 0x7b) return plain;
  let value: Record<string, unknown>;
  try {
    value = JSON.parse(line.text.toString('utf8')) as Record<string, unknown>;
  } catch {
    return plain;
  }
  const { level, msg, unit, pid, ...fields } = value;
  const about = typeof unit === 'string' && unit !== '' ? unit : null;
  const said = typeof msg === 'string' ? msg : '';
  return {
    line, identifier: origin.identifier, fields,
    unit: about ?? origin.unit,
    pid: typeof pid === 'number' ? pid : origin.pid,
    priority: readLevel(level) ?? line.priority,
    text: Buffer.from(about === null ? said : `${about}: ${said}`),
  };
}

/** Names of syslog and of pino; pino's numbers (10 trace to 60 fatal); null for anything else. */
function readLevel(level: unknown): number | null {
  if (typeof level === 'string') return LEVEL_NAMES[level] ?? null;
  if (typeof level !== 'number') return null;
  return level >= 60 ? 2 : level >= 50 ? 3 : level >= 40 ? 4 : level >= 30 ? 6 : 7;
}
