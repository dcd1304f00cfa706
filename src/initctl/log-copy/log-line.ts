/** A line of the log as `-o json` gives it, for those who copy it elsewhere. */

export interface CopiedLine {
  /** Microseconds since the epoch. */
  readonly realtimeUsec: number;
  /** The unit the line is about. */
  readonly unit: string;
  readonly identifier: string;
  /** null when it is not known. */
  readonly pid: number | null;
  /** 0 (emerg) to 7 (debug). */
  readonly priority: number;
  readonly host: string;
  readonly message: string;
  readonly place: LinePlace;
}

/** Where in the log a line is: in which chain, and behind which bytes of it. */
export interface LinePlace {
  readonly chain: string;
  readonly segment: number;
  readonly offset: number;
}

/** @returns null for what is no line of the log */
export function readCopiedLine(json: string): CopiedLine | null {
  let fields: Readonly<Record<string, unknown>>;
  try {
    fields = JSON.parse(json) as Readonly<Record<string, unknown>>;
  } catch {
    return null;
  }
  const word = (name: string): string => (typeof fields[name] === 'string' ? fields[name] : '');
  const cursor = /^u=(.*);s=(\d+);o=(\d+)$/.exec(word('__CURSOR'));
  if (cursor === null) return null;
  const { MESSAGE: message } = fields;
  return {
    realtimeUsec: Number(word('__REALTIME_TIMESTAMP')),
    unit: word('UNIT') === '' ? word('_SYSTEMD_UNIT') : word('UNIT'),
    identifier: word('SYSLOG_IDENTIFIER'),
    pid: word('_PID') === '' ? null : Number(word('_PID')),
    priority: Number(word('PRIORITY')),
    host: word('_HOSTNAME'),
    // Bytes that are no UTF-8 come as numbers.
    message: Array.isArray(message) ? Buffer.from(message as number[]).toString('latin1') : String(message),
    place: { chain: cursor[1] ?? '', segment: Number(cursor[2]), offset: Number(cursor[3]) },
  };
}

/** Whether the line is behind `place`; a line of another chain always is. */
export function isBehind(line: LinePlace, place: LinePlace | undefined): boolean {
  if (place === undefined) return true;
  return line.segment !== place.segment ? line.segment > place.segment : line.offset > place.offset;
}
