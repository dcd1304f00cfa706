/** Messages of pmtr: to standard error, and to syslog where there is one. Source: syslog(3), RFC 3164. */
import type { Fd } from '../../base/brand.ts';
import { loadNative } from '../../host/load-native.ts';

const SYSLOG_PATH = '/dev/log';
/** Facility daemon, severity info. */
const PRIORITY = 3 * 8 + 6;
/** What a syslog daemon takes in one datagram, whichever it is. */
const MESSAGE_BYTES_MAX = 8_000;
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

export function logTo(program: string): (line: string) => void {
  const native = loadNative();
  const tag = `${program}[${String(process.pid)}]`;
  let socket: Fd | null = null;
  const send = (bytes: Buffer): boolean => {
    if (socket === null) {
      const connected = native.unixConnect(SYSLOG_PATH, 'datagram');
      if (typeof connected === 'string') return true;
      socket = connected;
    }
    if (typeof native.send(socket, bytes) !== 'string') return true;
    // The daemon was started anew, and listens elsewhere under the same name.
    native.close(socket);
    socket = null;
    return false;
  };
  return (line) => {
    process.stderr.write(`${line}\n`);
    const bytes = Buffer.from(`<${String(PRIORITY)}>${timestamp(new Date())} ${tag}: ${line}`).subarray(0, MESSAGE_BYTES_MAX);
    if (!send(bytes)) send(bytes);
  };
}

function timestamp(now: Date): string {
  const two = (value: number): string => String(value).padStart(2, '0');
  return `${MONTHS[now.getMonth()] ?? ''} ${String(now.getDate()).padStart(2)} ${two(now.getHours())}:${two(now.getMinutes())}:${two(now.getSeconds())}`;
}
