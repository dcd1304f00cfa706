/**
 * Understands what programs send to /dev/log: the local form of RFC 3164, as syslog(3) and logger(1) write it.
 *
 *     message  = [ "<" priority ">" ] [ time " " ] [ tag ] text
 *     priority = 1 to 3 digits: facility * 8 + level
 *     time     = "Nov 21 15:04:05", 15 bytes; the day may have a space in front
 *     tag      = identifier [ "[" pid "]" ] ":" [ " " ]      without blanks
 *
 * Everything is optional, because nothing keeps a program from sending what it likes: what is not there is text.
 */

/** LOG_USER and LOG_INFO of syslog(3): what a message without a priority counts as. */
const DEFAULT_PRIORITY = 14;
/** The highest that exists: local7.debug. */
const PRIORITY_MAX = 191;
/** A longer word in front of a colon is no program's name. */
const IDENTIFIER_BYTES_MAX = 255;

export interface SyslogMessage {
  /** 0 (emerg) to 7 (debug). */
  readonly level: number;
  /** 0 (kern) to 23 (local7). */
  readonly facility: number;
  /** null: the message has no tag. */
  readonly identifier: string | null;
  /** What the tag says; the kernel knows better who sent it. null when it says nothing. */
  readonly pid: number | null;
  /** Without trailing blanks, line ends and NULs. May hold line ends, and any byte. */
  readonly text: Buffer;
}

/** Never fails. The text is a view into `datagram`. */
export function parseSyslogMessage(datagram: Buffer): SyslogMessage {
  const end = trimmedEnd(datagram);
  const head = readPriority(datagram, end);
  let at = skipBlanks(datagram, head.at, end);
  at = skipBlanks(datagram, skipTime(datagram, at, end), end);
  const tag = readTag(datagram, at, end);
  return {
    level: head.priority & 7, facility: head.priority >> 3, identifier: tag?.identifier ?? null, pid: tag?.pid ?? null,
    text: datagram.subarray(tag?.at ?? at, end),
  };
}

const isBlank = (byte: number | undefined): boolean => byte === 0x20 || (byte !== undefined && byte >= 0x09 && byte <= 0x0d);

function trimmedEnd(bytes: Buffer): number {
  let end = bytes.length;
  while (end > 0 && (bytes[end - 1] === 0 || isBlank(bytes[end - 1]))) end--;
  return end;
}

function skipBlanks(bytes: Buffer, from: number, end: number): number {
  let at = from;
  while (at < end && isBlank(bytes[at])) at++;
  return at;
}

function readPriority(bytes: Buffer, end: number): { readonly priority: number; readonly at: number } {
  const digits = /^<(\d{1,3})>/.exec(bytes.toString('latin1', 0, Math.min(end, 5)))?.[1];
  const priority = Number(digits ?? PRIORITY_MAX + 1);
  return priority > PRIORITY_MAX ? { priority: DEFAULT_PRIORITY, at: 0 } : { priority, at: (digits ?? '').length + 2 };
}

/** The time is the sender's, in a zone and a year it does not tell: the kernel's clock at the receipt is kept instead. */
function skipTime(bytes: Buffer, at: number, end: number): number {
  return /^[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d $/.test(bytes.toString('latin1', at, Math.min(end, at + 16))) ? at + 16 : at;
}

interface Tag {
  readonly identifier: string;
  readonly pid: number | null;
  /** Where the text begins. */
  readonly at: number;
}

function readTag(bytes: Buffer, at: number, end: number): Tag | null {
  const word = bytes.toString('utf8', at, Math.min(end, at + IDENTIFIER_BYTES_MAX + 16));
  const [whole, identifier, pid] = /^([^\s:[\]]+|\S+?)(?:\[(\d{1,10})\])?:(?=\s|$)/.exec(word) ?? [];
  if (whole === undefined || identifier === undefined || Buffer.byteLength(identifier) > IDENTIFIER_BYTES_MAX) return null;
  const behind = at + Buffer.byteLength(whole);
  return { identifier, pid: pid === undefined || Number(pid) === 0 ? null : Number(pid), at: Math.min(end, behind + 1) };
}
