/** Lines of tasks as GELF 1.1 over UDP. */
import { randomBytes } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { isIPv6 } from 'node:net';
import { hostname } from 'node:os';
import { gzipSync } from 'node:zlib';
import { gelfChunks } from '../../initctl/log-copy/target.ts';
import type { Graylog } from './configuration.ts';

/** Longer messages are packed, and then sent in chunks of this size: what an Ethernet carries in one piece. */
const DATAGRAM_BYTES = 1_400;
/** What is longer even when packed is dropped. */
const MESSAGE_BYTES_MAX = 65_000;

export type SendLine = (task: string, line: string) => void;

/** The datagrams of one line; none when it is too long. */
export function gelfMessage(graylog: Pick<Graylog, 'level' | 'addFields'>, task: string, line: string, nowMsec: number): readonly Buffer[] {
  const extra = Object.fromEntries(Object.entries(graylog.addFields).map(([name, value]) => [name.startsWith('_') ? name : `_${name}`, value]));
  const bytes = Buffer.from(JSON.stringify({ version: '1.1', host: hostname(), short_message: line === '' ? '-' : line, timestamp: nowMsec / 1000, level: graylog.level, _service: task, ...extra }));
  const packed = bytes.length > DATAGRAM_BYTES ? gzipSync(bytes) : bytes;
  return bytes.length > MESSAGE_BYTES_MAX ? [] : gelfChunks(packed, randomBytes(8), DATAGRAM_BYTES);
}

export function openGraylog(graylog: Graylog | null): SendLine {
  if (graylog === null) return () => undefined;
  const socket = createSocket(isIPv6(graylog.host) ? 'udp6' : 'udp4');
  // Nobody listens: with UDP that is no reason to stop.
  socket.on('error', () => undefined);
  socket.unref();
  return (task, line) => {
    for (const datagram of gelfMessage(graylog, task, line, Date.now())) socket.send(datagram, graylog.port, graylog.host, () => undefined);
  };
}
