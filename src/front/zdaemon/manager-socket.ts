/** The client's side of the socket that the keeper serves: a command, and all that is answered. */
import { connect } from 'node:net';

const ANSWER_BYTES_MAX = 1 << 20;
const ANSWER_TIMEOUT_MSEC = 10_000;

/** @returns null when nobody listens there */
export function sendCommand(socketName: string, command: string): Promise<string | null> {
  return new Promise((resolve) => {
    const socket = connect(socketName);
    let text = '';
    socket.setEncoding('utf8');
    socket.setTimeout(ANSWER_TIMEOUT_MSEC, () => { socket.destroy(); });
    socket.on('connect', () => { socket.write(`${command}\n`); });
    socket.on('data', (chunk: string) => {
      text += chunk;
      if (text.length > ANSWER_BYTES_MAX) socket.destroy();
    });
    socket.on('error', () => undefined);
    socket.on('close', () => { resolve(text === '' ? null : text); });
  });
}

/** What the keeper says about itself. */
export interface KeeperStatus {
  /** As it was sent. */
  readonly raw: string;
  /** 0 = the program is down. */
  readonly pid: number;
  readonly managerPid: number;
  /** The start test has not succeeded yet. */
  readonly testing: boolean;
  readonly shouldBeUp: boolean;
  readonly args: string;
}

/** @returns null when no keeper is there */
export async function askStatus(socketName: string): Promise<KeeperStatus | null> {
  const raw = await sendCommand(socketName, 'status');
  if (raw === null) return null;
  const fields = new Map(raw.split('\n').map((line) => [line.slice(0, Math.max(0, line.indexOf('='))), line.slice(line.indexOf('=') + 1)]));
  return {
    raw, pid: Number(fields.get('application') ?? '0'), managerPid: Number(fields.get('manager') ?? '0'),
    testing: fields.get('testing') === '1', shouldBeUp: fields.get('should_be_up') === '1', args: fields.get('args') ?? '',
  };
}
