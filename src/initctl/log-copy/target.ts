/**
 * Where lines of the log are copied to: `--to=` of log-copy.
 *
 *     file:/var/log/app-%Y-%m-%d.log    appended; the letters of a layout make dated names
 *     status:/run/app.last              holds the newest line alone
 *     command:COMMAND LINE              gets the lines on its standard input
 *     udp:HOST:PORT                     a datagram a line
 *     syslog:HOST:PORT                  RFC 5424 over UDP
 *     gelf:HOST:PORT                    GELF 1.1 over UDP
 *     -                                 standard output
 */
import { parseLayout, type LineLayout } from './line-layout.ts';
import type { CopiedLine } from './log-line.ts';

export type Target =
  | { readonly kind: 'stdout' }
  | { readonly kind: 'file' | 'status'; readonly path: LineLayout }
  | { readonly kind: 'command'; readonly command: string }
  | { readonly kind: 'udp' | 'syslog' | 'gelf'; readonly host: string; readonly port: number };

/** @returns a sentence about what is wrong with it */
export function parseTarget(text: string): Target | string {
  if (text === '-') return { kind: 'stdout' };
  const colon = text.indexOf(':');
  const kind = text.slice(0, Math.max(0, colon));
  const rest = text.slice(colon + 1);
  switch (kind) {
    case 'file':
    case 'status': {
      if (!rest.startsWith('/')) return `${text}: a path from the root is wanted`;
      const path = parseLayout(rest);
      return typeof path === 'string' ? `${text}: ${path}` : { kind, path };
    }
    case 'command':
      return rest.trim() === '' ? `${text}: which command?` : { kind, command: rest };
    case 'udp':
    case 'syslog':
    case 'gelf': {
      const match = /^(?:\[([^\]]+)\]|([^:]+)):(\d{1,5})$/.exec(rest);
      const port = Number(match?.[3] ?? '0');
      if (match === null || port < 1 || port > 65_535) return `${text}: HOST:PORT is wanted`;
      return { kind, host: match[1] ?? match[2] ?? '', port };
    }
    default:
      return `${text}: it begins with none of file:, status:, command:, udp:, syslog:, gelf:, and is not -`;
  }
}

/** Facility daemon. */
const SYSLOG_FACILITY = 3;

/** Without the length: one datagram is one message. Source: RFC 5424, RFC 5426. */
export function syslogMessage(line: CopiedLine): string {
  const word = (text: string, most: number): string => text.replace(/[^\x21-\x7e]/g, '_').slice(0, most) || '-';
  const time = `${new Date(Math.floor(line.realtimeUsec / 1000)).toISOString().slice(0, 19)}.${String(line.realtimeUsec % 1_000_000).padStart(6, '0')}Z`;
  const pid = line.pid === null ? '-' : String(line.pid);
  return `<${String(SYSLOG_FACILITY * 8 + line.priority)}>1 ${time} ${word(line.host, 255)} ${word(line.identifier, 48)} ${pid} - - ${line.message}`;
}

/** A message of more bytes goes in several datagrams. Source: GELF 1.1; larger ones do not get through every network. */
const GELF_CHUNK_BYTES = 8_192;
const GELF_CHUNK_HEADER_BYTES = 12;
const GELF_CHUNKS_MAX = 128;

/**
 * The datagrams for one line.
 *
 * @param id eight bytes that no other message of this time has
 * @returns none for a line that is too long to be sent
 */
export function gelfDatagrams(line: CopiedLine, id: Uint8Array): readonly Buffer[] {
  const { message, host, realtimeUsec, priority, unit, identifier, pid } = line;
  const bytes = Buffer.from(JSON.stringify({
    version: '1.1', host, short_message: message === '' ? '-' : message, timestamp: realtimeUsec / 1_000_000, level: priority,
    _unit: unit, _identifier: identifier, ...(pid === null ? {} : { _pid: pid }),
  }));
  return gelfChunks(bytes, id, GELF_CHUNK_BYTES);
}

/**
 * A message of GELF as one datagram, or in chunks.
 *
 * @param id eight bytes that no other message of this time has @param chunkBytes of the longest datagram
 * @returns none for a message that is too long to be sent
 */
export function gelfChunks(bytes: Buffer, id: Uint8Array, chunkBytes: number): readonly Buffer[] {
  if (bytes.length <= chunkBytes) return [bytes];
  const size = chunkBytes - GELF_CHUNK_HEADER_BYTES;
  const count = Math.ceil(bytes.length / size);
  if (count > GELF_CHUNKS_MAX) return [];
  return Array.from({ length: count }, (_, index) => Buffer.concat([Buffer.from([0x1e, 0x0f]), id, Buffer.from([index, count]), bytes.subarray(index * size, (index + 1) * size)]));
}
